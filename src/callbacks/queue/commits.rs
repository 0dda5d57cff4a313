use std::time::Duration;

use jiff::Timestamp;

use super::clock::Clock;
use super::{Action, Alarm, Commit, News, Queue, SETTLED_MAX, Ticket};
use crate::callbacks::{Attempt, Callback, CallbackId, Kind};
use crate::words::CallId;

/// After a failed commit, how long until the next try.
pub(super) const SAVE_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Rows written in one go when the store works again.
const SAVE_AGAIN_ROWS: usize = 100;

/// What the disk knows of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDisk {
    Never,
    Older,
    Same,
}

/// A commit whose answer is not here yet.
#[derive(Debug)]
pub(super) struct Pending {
    ids: Vec<CallbackId>,
    purpose: Purpose,
}

#[derive(Debug)]
pub(super) enum Purpose {
    /// Somebody waits to hear that it may be promised.
    Note(Noted),
    /// The INVITE waits for it.
    Begin(CallbackId, Attempt),
    Keep,
}

#[derive(Debug)]
pub(super) struct Noted {
    pub(super) id: CallbackId,
    pub(super) origin: Option<CallId>,
    pub(super) kind: Kind,
    pub(super) due: Timestamp,
    pub(super) moved: bool,
}

impl Noted {
    pub(super) fn tell(self, commit: Commit) -> Action {
        let (due, moved) = (self.due, self.moved);
        Action::Tell {
            id: self.id,
            origin: self.origin,
            kind: self.kind,
            news: match commit {
                Commit::Saved => News::Noted { due, moved },
                Commit::NotSaved => News::NotNoted,
            },
        }
    }
}

impl Queue {
    pub(super) fn commit(
        &mut self,
        purpose: Purpose,
        rows: Vec<Callback>,
        attempt: Option<(CallbackId, Attempt)>,
    ) -> Action {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let ids = rows.iter().map(|row| row.id).collect();
        self.commits.insert(ticket, Pending { ids, purpose });
        Action::Commit {
            ticket,
            rows,
            attempt,
        }
    }

    /// Writes a row as it stands.
    pub(super) fn keep(
        &mut self,
        id: CallbackId,
        attempt: Option<(CallbackId, Attempt)>,
    ) -> Option<Action> {
        let callback = self.rows.get(&id)?.callback.clone();
        Some(self.commit(Purpose::Keep, vec![callback], attempt))
    }

    pub(super) fn committed(
        &mut self,
        ticket: Ticket,
        commit: Commit,
        clock: Clock,
    ) -> Vec<Action> {
        let Some(pending) = self.commits.remove(&ticket) else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        if commit == Commit::NotSaved {
            self.save_again = Some(clock.now + SAVE_AGAIN_AFTER);
            actions.push(Action::Alarm(Alarm::StoreFailed));
        }
        match pending.purpose {
            Purpose::Note(noted) => actions.push(noted.tell(commit)),
            Purpose::Begin(id, attempt) => {
                actions.extend(self.begin_committed(id, attempt, commit, clock));
            }
            Purpose::Keep => {}
        }
        for id in pending.ids {
            self.mark(id, commit);
        }
        actions
    }

    /// Notes what the disk knows; a settled row leaves once it is written.
    fn mark(&mut self, id: CallbackId, commit: Commit) {
        let Some(row) = self.row(id) else { return };
        row.on_disk = match (commit, row.on_disk) {
            (Commit::Saved, _) => OnDisk::Same,
            (Commit::NotSaved, OnDisk::Never) => OnDisk::Never,
            (Commit::NotSaved, OnDisk::Older | OnDisk::Same) => OnDisk::Older,
        };
        let written = row.on_disk == OnDisk::Same && row.callback.is_settled();
        if written && !self.has_pending(id) {
            self.retire(id);
        }
    }

    pub(super) fn has_pending(&self, id: CallbackId) -> bool {
        self.commits
            .values()
            .any(|pending| pending.ids.contains(&id))
    }

    fn retire(&mut self, id: CallbackId) {
        if let Some(row) = self.rows.remove(&id) {
            self.settled.push_back(row.callback);
        }
        while self.settled.len() > SETTLED_MAX {
            self.settled.pop_front();
        }
    }

    pub(super) fn save_again(&mut self, clock: Clock) -> Option<Action> {
        self.save_again.take_if(|at| *at <= clock.now)?;
        let unsaved = self.rows.values().filter(|row| row.on_disk != OnDisk::Same);
        let mut rows: Vec<Callback> = unsaved.map(|row| row.callback.clone()).collect();
        if rows.is_empty() {
            return None;
        }
        if rows.len() > SAVE_AGAIN_ROWS {
            rows.truncate(SAVE_AGAIN_ROWS);
            self.save_again = Some(clock.now + SAVE_AGAIN_AFTER);
        }
        Some(self.commit(Purpose::Keep, rows, None))
    }
}
