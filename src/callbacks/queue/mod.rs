//! The queue of promises, pure: inputs and the time go in, actions come out.

mod clock;
mod commits;
mod dialling;
mod noting;
mod words;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use self::clock::Clock;
use self::commits::{OnDisk, Pending};
use super::{Callback, CallbackId, Rules, State};
use crate::words::{Moment, PhoneNumber, Pii, SeatId};

pub use self::words::{Action, Alarm, Commit, Input, News, Refusal, Ticket, Timer, Wish};

/// Promises kept open at once; one more is refused, and an alarm is raised.
const OPEN_MAX: usize = 10_000;

/// Settled promises kept for the list and for late retries; the oldest leave first.
const SETTLED_MAX: usize = 1_000;

/// Every promise that is not kept yet, and the last that were.
#[derive(Debug)]
pub struct Queue {
    rules: Rules,
    rows: BTreeMap<CallbackId, Row>,
    settled: VecDeque<Callback>,
    /// Seats that could take a callback this moment.
    seats: BTreeSet<SeatId>,
    commits: BTreeMap<Ticket, Pending>,
    next_ticket: u64,
    save_again: Option<Moment>,
    clock: Option<Clock>,
}

/// A promise in memory, with its times on the clock that does not jump (D1).
#[derive(Debug)]
struct Row {
    callback: Callback,
    /// His number as all ways to write it are compared (D26).
    whose: PhoneNumber,
    due: Moment,
    next: Moment,
    on_disk: OnDisk,
    overdue_told: bool,
    /// Set while we hang up an attempt: what the callback becomes then.
    withdrawn: Option<State>,
}

impl Queue {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            rows: BTreeMap::new(),
            settled: VecDeque::new(),
            seats: BTreeSet::new(),
            commits: BTreeMap::new(),
            next_ticket: 0,
            save_again: None,
            clock: None,
        }
    }

    /// Takes in what happened; also called with [`Input::Tick`] when [`Queue::timeout`] says so.
    pub fn handle(&mut self, input: Input, now: Moment, utc: Timestamp) -> Vec<Action> {
        let clock = Clock { now, utc };
        let mut actions = self.watch_clock(clock);
        actions.extend(match input {
            Input::Loaded(callbacks) => self.load(callbacks, clock),
            Input::Promised { id, promise } => self.note(id, promise, clock),
            Input::SeatsReady(seats) => {
                self.seats = seats;
                Vec::new()
            }
            Input::Committed { ticket, commit } => self.committed(ticket, commit, clock),
            Input::Ended {
                id,
                attempt,
                outcome,
            } => self.ended(id, attempt, outcome, clock),
            Input::CallerJoined { number } => self.caller_joined(&number),
            Input::Wished { id, wish } => self.wished(id, wish, clock),
            Input::Tick => Vec::new(),
        });
        actions.extend(self.save_again(clock));
        actions.extend(self.start_due(clock));
        actions.extend(self.tell_overdue(clock));
        actions
    }

    /// When to call `handle` next, and why.
    pub fn timeout(&self) -> Option<(Moment, Timer)> {
        let seen = self.clock.map_or(Moment::ZERO, |clock| clock.now);
        let open = || self.rows.values().filter(|row| row.callback.is_open());
        // What is due and was not begun waits for a seat or for another attempt, not for the time.
        let due = open().map(|row| row.next).filter(|next| *next > seen);
        let due = due.min().filter(|_| !self.seats.is_empty());
        let overdue = open().filter_map(|row| self.overdue_at(row)).min();
        [
            due.map(|at| (at, Timer::Due)),
            overdue.map(|at| (at, Timer::Overdue)),
            self.save_again.map(|at| (at, Timer::SaveAgain)),
            self.look_at_clock().map(|at| (at, Timer::LookAtClock)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// All that are not settled, then the last settled ones, the oldest first.
    pub fn list(&self) -> impl Iterator<Item = &Callback> {
        let open = self.rows.values().map(|row| &row.callback);
        open.chain(&self.settled)
    }

    pub fn get(&self, id: CallbackId) -> Option<&Callback> {
        self.list().find(|callback| callback.id == id)
    }

    /// Promises that somebody still waits for: what a shift hands over.
    pub fn unsettled(&self) -> usize {
        let rows = self.rows.values();
        rows.filter(|row| !row.callback.is_settled()).count()
    }

    fn row(&mut self, id: CallbackId) -> Option<&mut Row> {
        self.rows.get_mut(&id)
    }

    /// What is not settled for whoever has this number, however it is written.
    pub fn unsettled_for(&self, number: &Pii<PhoneNumber>) -> Option<&Callback> {
        let whose = self.whose(number);
        let mut rows = self.rows.values();
        let row = rows.find(|row| row.whose == whose && !row.callback.is_settled())?;
        Some(&row.callback)
    }

    fn is_in_flight(&self, number: &Pii<PhoneNumber>) -> bool {
        let whose = self.whose(number);
        let mut rows = self.rows.values();
        rows.any(|row| row.callback.attempt().is_some() && row.whose == whose)
    }

    fn whose(&self, number: &Pii<PhoneNumber>) -> PhoneNumber {
        self.rules.numbering.canonical(number.reveal())
    }

    fn new_row(&self, callback: Callback, on_disk: OnDisk, clock: Clock) -> Row {
        Row {
            due: clock.moment_of(callback.promise.due),
            next: clock.moment_of(callback.next),
            whose: self.whose(&callback.promise.number),
            callback,
            on_disk,
            overdue_told: false,
            withdrawn: None,
        }
    }

    fn overdue_at(&self, row: &Row) -> Option<Moment> {
        let untried = row.callback.is_open() && row.callback.attempts == 0 && !row.overdue_told;
        untried.then(|| row.due + self.rules.overdue_after)
    }

    fn tell_overdue(&mut self, clock: Clock) -> Vec<Action> {
        let overdue: Vec<CallbackId> = self
            .rows
            .iter()
            .filter(|(_, row)| self.overdue_at(row).is_some_and(|at| at <= clock.now))
            .map(|(id, _)| *id)
            .collect();
        for id in &overdue {
            if let Some(row) = self.row(*id) {
                row.overdue_told = true;
            }
        }
        let alarm = |id| Action::Alarm(Alarm::Overdue { id });
        overdue.into_iter().map(alarm).collect()
    }
}

impl Row {
    fn id(&self) -> CallbackId {
        self.callback.id
    }

    fn dial_at(&mut self, next: Timestamp, clock: Clock) {
        self.callback.next = next;
        self.next = clock.moment_of(next);
    }

    fn told(&self, news: News) -> Action {
        Action::Tell {
            id: self.id(),
            origin: self.callback.promise.origin,
            kind: self.callback.promise.kind,
            news,
        }
    }
}
