//! One thread that writes to disk: promises, live calls, timelines. Nobody waits for it in a call.

use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use crate::callbacks::store::{Forgotten, Kept as History, Store, StoreError};
use crate::callbacks::{Callback, CallbackId, Order, Rules, Ticket, Turn};
use crate::failpoint::{self, Failpoint};
use crate::records::store::{
    Callers, Journals, Records, SeatFile, SipMessages, Timelines, TimelinesError,
};
use crate::records::{Entry, SipMessage};
use crate::words::{CallId, PhoneNumber, Pii, SeatId};

use super::wishes::Shown;
use super::{leaving, uncertain};

/// What is to be written.
#[derive(Debug)]
pub(super) enum Job {
    Order {
        ticket: Ticket,
        order: Order,
        at: Timestamp,
    },
    /// The promises as they stand once all that came before is done.
    List(oneshot::Sender<Result<Vec<Callback>, StoreError>>),
    /// One of them with its attempts, and what was wished of it.
    Show(CallbackId, oneshot::Sender<Shown>),
    /// Promises after this one, with their attempts.
    History(
        Option<CallbackId>,
        oneshot::Sender<Result<Vec<History>, StoreError>>,
    ),
    /// What is settled for this caller is deleted.
    Forget(PhoneNumber, oneshot::Sender<Result<Forgotten, StoreError>>),
    /// What was settled before then is deleted.
    Expire(Timestamp),
    /// Told once all that came before is written.
    Written(oneshot::Sender<()>),
    /// How many this seat is to keep.
    Owed(SeatId),
    /// Those whose last attempt has no known end.
    Uncertain,
    Entry(Entry),
    /// Whole lines of a call's journal.
    Journal(CallId, Vec<u8>),
    /// What was said in a call by SIP.
    SipMessage(CallId, Box<SipMessage>),
    /// The same of a call that is over.
    SipAfterwards(CallId, Box<SipMessage>),
    /// A note that was written after the call.
    Afterwards(Entry),
    /// A seat stands otherwise.
    Seat(Entry),
    /// Whose call it is.
    Caller(CallId, Pii<PhoneNumber>),
}

/// The files beside the database.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) timelines: Timelines,
    pub(super) journals: Journals,
    pub(super) sip_messages: SipMessages,
    pub(super) records: Records,
    pub(super) callers: Callers,
    pub(super) seats: SeatFile,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Kept {
    /// Nothing, where the book could not be written.
    Turned { ticket: Ticket, turn: Option<Turn> },
    /// So many promises; none where they could not be read.
    Owed { seat: SeatId, count: Option<usize> },
    /// The seats whose attempts have no known end, one for each.
    Uncertain(Vec<SeatId>),
    /// So many promises were old enough to be deleted.
    Expired(u64),
    /// Something could not be written; once for each time the disk turns bad.
    Failed { disk_full: bool },
    /// What failed before is written again.
    Recovered,
    /// Another desk wrote into the book.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only a server tells")
    )]
    Stirred,
}

/// Jobs on their way to disk, 16 bytes each until they are there. Past it timeline entries, and whose call it is, are dropped and counted; commits fail (D24).
const JOBS_MAX: usize = 8_192;

/// Jobs that are looked through for orders that can be done together.
const TOGETHER_MAX: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Keeper {
    /// The room for all jobs is there from the start: so they are small.
    jobs: SyncSender<Box<Job>>,
    dropped: Arc<AtomicU64>,
}

impl Keeper {
    /// Starts the thread. It ends when every `Keeper` is dropped and all jobs are done.
    pub(super) fn start(
        store: Box<dyn Store>,
        rules: Rules,
        files: Files,
        kept: mpsc::Sender<Kept>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (jobs, todo) = sync_channel(JOBS_MAX);
        let worker = Worker {
            store,
            rules,
            files,
            kept,
            failing: false,
            orders: Vec::new(),
            tickets: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || worker.work(&todo))?;
        Ok((
            Self {
                jobs,
                dropped: Arc::default(),
            },
            thread,
        ))
    }

    /// Hands over a job that must be done; `false` when the keeper is overwhelmed.
    pub(super) fn must(&self, job: Job) -> bool {
        self.jobs.try_send(Box::new(job)).is_ok()
    }

    /// Hands over a job that may be lost when the disk cannot follow.
    pub(super) fn spare(&self, job: Job) {
        if let Err(TrySendError::Full(_)) = self.jobs.try_send(Box::new(job)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

struct Worker {
    store: Box<dyn Store>,
    rules: Rules,
    files: Files,
    kept: mpsc::Sender<Kept>,
    failing: bool,
    /// Orders that wait, and their tickets.
    orders: Vec<(Order, Timestamp)>,
    tickets: Vec<Ticket>,
}

impl Worker {
    fn work(mut self, todo: &Receiver<Box<Job>>) {
        while let Ok(job) = todo.recv() {
            let more = todo.try_iter().take(TOGETHER_MAX);
            for job in iter::once(job).chain(more) {
                self.do_it(*job);
            }
            self.take_orders();
        }
    }

    /// Orders that wait one behind the other are done together.
    fn do_it(&mut self, job: Job) {
        if !matches!(job, Job::Order { .. }) {
            self.take_orders();
        }
        match job {
            Job::Order { ticket, order, at } => {
                self.tickets.push(ticket);
                self.orders.push((order, at));
            }
            Job::List(listed) => {
                // Who has left does not want to know.
                let _ = listed.send(self.store.callbacks());
            }
            Job::Show(id, shown) => {
                let _ = shown.send(self.show(id));
            }
            Job::History(after, told) => {
                let _ = told.send(self.store.history(after));
            }
            Job::Forget(whose, told) => {
                let _ = told.send(self.store.forget(&whose));
            }
            Job::Expire(before) => self.expire(before),
            Job::Written(told) => {
                // Who has left does not want to know.
                let _ = told.send(());
            }
            Job::Owed(seat) => {
                let rows = self.store.callbacks();
                let rows = self.watch(rows);
                let is_owed = |row: &&Callback| leaving::is_owed_by(row, &seat);
                let count = rows.map(|rows| rows.iter().filter(is_owed).count());
                self.tell(Kept::Owed { seat, count });
            }
            Job::Uncertain => {
                // That it can be read does not say that it can be written; where it cannot, it is asked again.
                if let Ok(rows) = self.store.uncertain() {
                    let seats = rows.iter().filter_map(uncertain::tried_by);
                    self.tell(Kept::Uncertain(seats.cloned().collect()));
                }
            }
            Job::Entry(entry) => {
                let written = self.files.timelines.append(&entry);
                self.watch_files(written);
                let added = self.files.records.add(&entry);
                self.watch_file(added);
            }
            Job::Journal(call, lines) => {
                let written = self.files.journals.append(call, &lines);
                self.watch_file(written);
            }
            Job::SipMessage(call, message) => {
                let written = self.files.sip_messages.append(call, &message);
                self.watch_file(written);
            }
            Job::SipAfterwards(call, message) => {
                let written = self.files.sip_messages.append_afterwards(call, &message);
                self.watch_file(written);
            }
            Job::Afterwards(entry) => {
                let written = self.files.timelines.append_afterwards(&entry);
                self.watch_files(written);
            }
            Job::Seat(entry) => {
                let written = self.files.seats.append(&entry);
                self.watch_file(written);
            }
            Job::Caller(call, number) => {
                let added = self.files.callers.add(call, number);
                self.watch_file(added);
            }
        }
    }

    fn take_orders(&mut self) {
        if self.orders.is_empty() {
            return;
        }
        let orders = std::mem::take(&mut self.orders);
        let turns = self.store.take_all(&orders, &self.rules);
        let tickets = std::mem::take(&mut self.tickets);
        for ((ticket, (order, _)), turn) in iter::zip(tickets, &orders).zip(turns) {
            let turn = self.watch(turn);
            if let Some(turn) = &turn {
                committed(order, turn);
            }
            self.tell(Kept::Turned { ticket, turn });
            if let Order::CallOver { .. } = order {
                let caught_up = self.files.callers.catch_up();
                self.watch_file(caught_up);
            }
        }
    }

    /// Some at a time, so that what is urgent need not wait for long.
    fn expire(&mut self, before: Timestamp) {
        let expired = self.store.expire(before);
        if let Some(count) = self.watch(expired).filter(|count| *count > 0) {
            self.tell(Kept::Expired(count));
        }
    }

    fn show(&mut self, id: CallbackId) -> Shown {
        match self.store.callback(id)? {
            Some(callback) => Ok(Some(History {
                attempts: self.store.attempts(id)?,
                wishes: self.store.wishes(id)?,
                callback,
            })),
            None => Ok(None),
        }
    }

    fn watch<T>(&mut self, saved: Result<T, StoreError>) -> Option<T> {
        match saved {
            Ok(saved) => {
                // What is kept elsewhere for the book is safe, and the book is no better for it.
                if !self.store.is_behind() && std::mem::take(&mut self.failing) {
                    self.tell(Kept::Recovered);
                }
                Some(saved)
            }
            Err(problem) => {
                self.fail(&problem, matches!(problem, StoreError::Full));
                None
            }
        }
    }

    /// The files tell a failure once by themselves.
    fn watch_files(&mut self, written: Result<(), TimelinesError>) {
        if let Err(problem) = written {
            // The next row that is written says that it is over.
            self.failing = true;
            error!(%problem, "write a timeline");
            self.tell(Kept::Failed {
                disk_full: problem.alarm() == "disk-full",
            });
        }
    }

    fn watch_file(&mut self, written: io::Result<()>) {
        if let Err(problem) = written {
            self.fail(&problem, problem.kind() == io::ErrorKind::StorageFull);
        }
    }

    /// Told once for each time it turns bad, not once a job.
    fn fail(&mut self, problem: &dyn std::error::Error, disk_full: bool) {
        if !std::mem::replace(&mut self.failing, true) {
            error!(%problem, "write to the state folder");
            self.tell(Kept::Failed { disk_full });
        }
    }

    /// The desk is gone when nobody listens: nothing is left to tell.
    fn tell(&self, kept: Kept) {
        let _ = self.kept.blocking_send(kept);
    }
}

/// Where a test may stop us: it is on disk, and nobody knows.
fn committed(order: &Order, turn: &Turn) {
    if let Order::Note { .. } = order {
        failpoint::reached(Failpoint::NoteCommitted);
    }
    if let Order::Claim(_) = order
        && !turn.attempts.is_empty()
    {
        failpoint::reached(Failpoint::AttemptCommitted);
    }
}
