//! Whoever asks for it has all that is kept of his number deleted: timelines, records, recordings, promises. A proof
//! stays.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::callbacks::{self, Callback};
use crate::console::{Answer, Code, EventLog, NewDeletion, Problem};
use crate::dialling::Numbering;
use crate::recordings::store::remove_call;
use crate::records::store::{Callers, Journals, Records, SipMessages, Timelines, prove};
use crate::records::{Deletion, Left, Removed, StillThere};
use crate::words::{CallId, Moment, PhoneNumber};

use super::keeper::{Job, Keeper};
use super::requests::Reply;
use super::{Desk, clock};

/// Calls of one number that are deleted in one go: whoever has more asks again.
const CALLS_MAX: usize = 10_000;

impl Desk {
    /// The files are deleted beside the desk, once the keeper has written what is on its way to them; one number at a time.
    pub(super) fn delete_number(&mut self, asked: NewDeletion, reply: Reply, now: Moment) {
        // Two at once would take each other's missing files for faults.
        if self.duty.deleting.strong_count() > 0 {
            let _ = reply.send(Err(Code::DeskBusy.into()));
            return;
        }
        let numbering = self.house.numbering.clone();
        let wanted = numbering.canonical(asked.number.reveal());
        let is_wanted = |number: &PhoneNumber| numbering.canonical(number) == wanted;
        let deletion = Deletion {
            id: self.new_call_id().to_string(),
            at_utc: clock::utc(),
            by: asked.by,
            reason: asked.reason,
            done: false,
            calls: Vec::new(),
            left: Vec::new(),
            more: false,
            removed: Removed::default(),
            callbacks: 0,
        };
        let (number, by) = (asked.number, deletion.by.clone());
        self.tell_queue(callbacks::Input::NumberDeleted { number, by }, now);
        self.ended.forget(|call| {
            let number = call.caller.as_ref();
            number.is_some_and(|number| is_wanted(number.reveal()))
        });
        let unsaved = self.unsaved_of(is_wanted);
        let work = Arc::new(Deleting {
            state: self.house.state.clone(),
            recordings: self.recordings.folder().to_owned(),
            numbering,
            wanted,
            live: self.calls.ids().into_iter().collect(),
            events: Arc::clone(&self.chronicle.events),
            keeper: self.keeper.clone(),
            unsaved,
        });
        self.duty.deleting = Arc::downgrade(&work);
        tokio::task::spawn_blocking(move || {
            let answer = work.run(deletion);
            // Who has the answer may ask again at once.
            drop(work);
            let _ = reply.send(answer);
        });
    }
}

impl Desk {
    fn unsaved_of(&self, is_wanted: impl Fn(&PhoneNumber) -> bool) -> u64 {
        let rows = self.promises.queue.unsaved().rows();
        let is_his = |row: &&Callback| is_wanted(row.promise.number.reveal());
        rows.filter(is_his).count() as u64
    }
}

/// What is needed beside the desk.
pub(super) struct Deleting {
    state: PathBuf,
    recordings: PathBuf,
    numbering: Numbering,
    /// In the form for comparing.
    wanted: PhoneNumber,
    live: BTreeSet<CallId>,
    events: Arc<EventLog>,
    keeper: Keeper,
    /// Promises to the number that are in memory only.
    unsaved: u64,
}

impl Deleting {
    fn run(&self, mut deletion: Deletion) -> Result<Answer, Problem> {
        let callers = Callers::new(&self.state);
        let calls = self.find(&callers, &mut deletion).and_then(|calls| {
            // Before anything goes: a crash in the middle leaves a trace.
            prove(&self.state, &deletion)?;
            Ok(calls)
        });
        let calls = calls.map_err(|why| {
            tracing::error!(%why, "delete by number");
            Problem::from(Code::NotDeleted)
        })?;
        self.delete(&callers, calls, &mut deletion);
        self.forget_promises(&mut deletion);
        deletion.done = true;
        if let Err(why) = prove(&self.state, &deletion) {
            tracing::error!(deletion = deletion.id, %why, "prove a deletion");
            deletion.done = false;
        }
        tracing::info!(
            deletion = deletion.id,
            calls = deletion.calls.len(),
            left = deletion.left.len(),
            recordings = deletion.removed.recordings,
            "deleted by number"
        );
        Ok(Answer::Deleted(Box::new(deletion)))
    }

    /// After what is on its way to the keeper already: the promises were cancelled.
    fn forget_promises(&self, deletion: &mut Deletion) {
        let (told, forgotten) = oneshot::channel();
        let handed_over = self.keeper.must(Job::Forget(self.wanted.clone(), told));
        let forgotten = handed_over
            .then(|| forgotten.blocking_recv().ok())
            .flatten();
        let Some(Ok(forgotten)) = forgotten else {
            tracing::error!(deletion = deletion.id, "delete the promises to a number");
            // At least one: nobody knows.
            deletion.callbacks = self.unsaved.max(1);
            return;
        };
        deletion.removed.callbacks = forgotten.callbacks;
        deletion.removed.attempts = forgotten.attempts;
        deletion.callbacks = forgotten.left + self.unsaved;
    }

    /// The calls that are over; those that go on are left.
    fn find(&self, callers: &Callers, deletion: &mut Deletion) -> io::Result<BTreeSet<CallId>> {
        let found = callers.of(|number| self.numbering.canonical(number) == self.wanted)?;
        let (live, over): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|call| self.is_live(*call, deletion.at_utc));
        deletion.left = live
            .into_iter()
            .map(|call| left(call, StillThere::Live))
            .collect();
        deletion.more = over.len() > CALLS_MAX;
        let over: BTreeSet<CallId> = over.into_iter().take(CALLS_MAX).collect();
        deletion.calls = over.iter().copied().collect();
        Ok(over)
    }

    /// One that began meanwhile is, too.
    fn is_live(&self, call: CallId, asked: Timestamp) -> bool {
        let asked = u64::try_from(asked.as_millisecond()).unwrap_or(0);
        self.live.contains(&call) || call.unix_ms() >= asked
    }

    /// Whose call it was is forgotten last: what failed is found again.
    fn delete(&self, callers: &Callers, calls: BTreeSet<CallId>, deletion: &mut Deletion) {
        let mut gone = BTreeSet::new();
        for call in calls {
            match self.delete_files(call, deletion) {
                Ok(()) => {
                    gone.insert(call);
                }
                Err(why) => fail([call], &why, deletion),
            }
        }
        match Records::delete(&self.state, &gone) {
            Ok(records) => deletion.removed.records = records,
            Err(why) => fail(std::mem::take(&mut gone), &why, deletion),
        }
        self.events.forget(&gone);
        if let Err(why) = callers.forget(&gone) {
            fail(std::mem::take(&mut gone), &why, deletion);
        }
        deletion.calls = gone.into_iter().collect();
    }

    fn delete_files(&self, call: CallId, deletion: &mut Deletion) -> io::Result<()> {
        let (files, bytes) = remove_call(&self.recordings, call, deletion.at_utc)?;
        deletion.removed.recordings += files;
        deletion.removed.bytes += bytes;
        let had_timeline = Timelines::delete(&self.state, call)?;
        deletion.removed.timelines += u64::from(had_timeline);
        Journals::delete(&self.state, call)?;
        SipMessages::delete(&self.state, call)?;
        Ok(())
    }
}

fn fail(calls: impl IntoIterator<Item = CallId>, why: &io::Error, deletion: &mut Deletion) {
    for call in calls {
        tracing::error!(%call, %why, "delete what is kept of a call");
        deletion.left.push(left(call, StillThere::Failed));
    }
}

fn left(call: CallId, because: StillThere) -> Left {
    Left { call, because }
}
