use super::clock::Clock;
use super::commits::{Noted, OnDisk, Purpose};
use super::{Action, Alarm, Commit, News, OPEN_MAX, Queue, Refusal, SETTLED_MAX};
use crate::callbacks::{Attempt, Callback, CallbackId, CancelledBecause, Outcome, Promise, State};
use crate::words::{PhoneNumber, Pii};

impl Queue {
    /// Takes in the rows found at the start; an attempt without an outcome is settled by policy.
    pub(super) fn load(&mut self, callbacks: Vec<Callback>, clock: Clock) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut resumed = Vec::new();
        for callback in callbacks {
            if callback.is_settled() {
                self.settled.push_back(callback);
                continue;
            }
            let (id, attempt) = (callback.id, callback.attempt().cloned());
            let row = self.new_row(callback, OnDisk::Same, clock);
            self.rows.insert(id, row);
            if let Some(attempt) = attempt {
                actions.extend(self.resume(id, attempt, clock));
                resumed.push(id);
            }
        }
        for id in resumed {
            actions.extend(self.merge_reopened(id, clock));
        }
        let surplus = self.settled.len().saturating_sub(SETTLED_MAX);
        self.settled.drain(..surplus);
        actions
    }

    /// We crashed in `attempt`: dialled again only where the policy says so, and not for ever.
    fn resume(&mut self, id: CallbackId, attempt: Attempt, clock: Clock) -> Vec<Action> {
        let Some(row) = self.rows.get_mut(&id) else {
            return Vec::new();
        };
        let callback = &mut row.callback;
        callback.failures = callback.failures.saturating_add(1);
        let attempt = attempt.ended(Outcome::Unknown, clock.utc);
        callback.state = if self.rules.redials_after_crash(callback) {
            State::Open
        } else {
            let attempt = attempt.clone();
            State::Uncertain { attempt }
        };
        let mut actions = vec![row.told(News::Uncertain)];
        actions.extend(self.keep(id, Some((id, attempt))));
        actions
    }

    pub(super) fn note(&mut self, id: CallbackId, promise: Promise, clock: Clock) -> Vec<Action> {
        let promise = promise.bounded();
        if let Some(known) = self.known(&promise) {
            return known;
        }
        let refused = |refusal| Action::Tell {
            id,
            origin: promise.origin,
            kind: promise.kind,
            news: News::Refused(refusal),
        };
        if self.rules.numbering.is_emergency(promise.number.reveal()) {
            return vec![refused(Refusal::EmergencyNumber)];
        }
        if self.rows.len() >= OPEN_MAX {
            let full = Action::Alarm(Alarm::QueueFull);
            return vec![refused(Refusal::TooMany), full];
        }
        let due = self.rules.dial_time(&promise, promise.due);
        let moved = due != promise.due;
        let promise = Promise { due, ..promise };
        let callback = Callback::new(id, promise);
        vec![match self.open_for(&callback.promise.number) {
            Some(older) => self.merge(callback, older, moved, clock),
            None => self.insert(callback, moved, clock),
        }]
    }

    /// The answer to a retry (D26): none while its first commit is under way, another commit if
    /// that one failed.
    fn known(&mut self, promise: &Promise) -> Option<Vec<Action>> {
        let same = |known: &&Callback| known.promise.is_retry_of(promise);
        let known = self.list().find(same)?.clone();
        let id = known.merged_into().unwrap_or(known.id);
        let noted = Noted {
            id,
            origin: promise.origin,
            kind: promise.kind,
            due: self.get(id).map_or(promise.due, |kept| kept.promise.due),
            moved: known.promise.due > promise.due,
        };
        let on_disk = self.rows.get(&known.id).map(|row| row.on_disk);
        Some(match on_disk {
            Some(OnDisk::Never) if self.has_pending(known.id) => Vec::new(),
            Some(OnDisk::Never) => vec![self.commit(Purpose::Note(noted), vec![known], None)],
            Some(OnDisk::Older | OnDisk::Same) | None => vec![noted.tell(Commit::Saved)],
        })
    }

    fn open_for(&self, number: &Pii<PhoneNumber>) -> Option<CallbackId> {
        let whose = self.whose(number);
        let mut rows = self.rows.values();
        let open = rows.find(|row| row.callback.is_open() && row.whose == whose)?;
        Some(open.callback.id)
    }

    fn insert(&mut self, callback: Callback, moved: bool, clock: Clock) -> Action {
        let noted = Noted {
            id: callback.id,
            origin: callback.promise.origin,
            kind: callback.promise.kind,
            due: callback.promise.due,
            moved,
        };
        let row = self.new_row(callback.clone(), OnDisk::Never, clock);
        self.rows.insert(callback.id, row);
        self.commit(Purpose::Note(noted), vec![callback], None)
    }

    /// The older row takes the younger one's promise over; both are written at once (D26).
    fn merge(&mut self, younger: Callback, into: CallbackId, moved: bool, clock: Clock) -> Action {
        let (origin, kind) = (younger.promise.origin, younger.promise.kind);
        let asked = younger.promise.due;
        let rows = self.join(younger, into, clock);
        let due = self.get(into).map_or(asked, |older| older.promise.due);
        let noted = Noted {
            id: into,
            origin,
            kind,
            due,
            moved: moved && due == asked,
        };
        self.commit(Purpose::Note(noted), rows, None)
    }

    /// Once its row is open again, it takes over what its number was promised meanwhile.
    pub(super) fn merge_reopened(&mut self, id: CallbackId, clock: Clock) -> Option<Action> {
        let reopened = self.rows.get(&id)?;
        let mut others = self.rows.values().filter(|other| other.id() != id);
        let younger = others.find(|other| {
            let open = reopened.callback.is_open() && other.callback.is_open();
            open && other.whose == reopened.whose
        })?;
        let rows = self.join(younger.callback.clone(), id, clock);
        Some(self.commit(Purpose::Keep, rows, None))
    }

    /// Both rows as they stand afterwards.
    fn join(&mut self, mut younger: Callback, into: CallbackId, clock: Clock) -> Vec<Callback> {
        younger.state = State::Cancelled {
            why: CancelledBecause::Merged { into },
        };
        let new = self.new_row(younger.clone(), OnDisk::Never, clock);
        let row = self.rows.entry(younger.id).or_insert(new);
        row.callback.state = younger.state.clone();
        let (due, next) = (row.due, row.next);
        let mut rows = vec![younger];
        if let (Some(older), Some(younger)) = (self.rows.get_mut(&into), rows.first()) {
            older.callback.absorb(&younger.promise);
            older.due = older.due.min(due);
            older.next = older.next.min(next);
            rows.push(older.callback.clone());
        }
        rows
    }
}
