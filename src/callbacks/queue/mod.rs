//! A desk's part in keeping promises, pure: inputs and the time go in, actions come out.
//!
//! The promises themselves are in a book that other desks may share: it is asked by [`Order`]s. Here is what is asked,
//! what this desk has in flight, and what could not be written yet.

mod asking;
mod clock;
mod holding;
mod line;
mod live;
mod words;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use self::clock::Clock;
use self::holding::{Held, How};
use self::line::Place;
use super::{CallbackId, LiveCall, Memory, Order, Rules};
use crate::words::{CallId, DeskId, Moment, SeatId};

pub use self::words::{Action, Alarm, Input, Ticket, Timer};

#[derive(Debug)]
pub struct Queue {
    desk: DeskId,
    rules: Rules,
    /// How often a book that others write into as well is looked at; they may say so earlier.
    poll: Option<Duration>,
    clock: Option<Clock>,
    /// What this desk had claimed in an earlier life is in nobody's hands: from then on a claim of ours is ours.
    begun: bool,
    /// Seats that could take a callback this moment.
    seats: BTreeSet<SeatId>,
    /// Since when the live caller waits who has one of them otherwise.
    live_since: Option<Moment>,
    /// The first place in the book's line, as it was told last.
    place: Option<Place>,
    /// Until then the answer to a claim is waited for by live callers, too.
    claim_by: Option<Moment>,
    /// Attempts of ours that are in flight.
    held: BTreeMap<CallbackId, Held>,
    /// Calls of ours that are up.
    live: BTreeMap<CallId, LiveCall>,
    asked: BTreeMap<Ticket, Order>,
    next_ticket: u64,
    /// What the book could not do, the oldest first.
    again: VecDeque<Order>,
    ask_again: Option<Moment>,
    renew: Option<Moment>,
    /// Promises that could not be written.
    memory: Memory,
    /// When a book that others write into is looked at next.
    peek: Option<Moment>,
    /// When the book has something for us; a claim that brought nothing waits for it.
    next: Option<Moment>,
    /// Whether there may be something to claim.
    may_claim: bool,
    /// Whether something may be late.
    may_look: bool,
}

impl Queue {
    /// A desk's queue; `poll` where other desks have the same book.
    pub fn new(desk: DeskId, rules: Rules, poll: Option<Duration>) -> Self {
        Self {
            desk,
            memory: Memory::new(rules.clone()),
            rules,
            poll,
            clock: None,
            begun: false,
            seats: BTreeSet::new(),
            live_since: None,
            place: None,
            claim_by: None,
            held: BTreeMap::new(),
            live: BTreeMap::new(),
            asked: BTreeMap::new(),
            next_ticket: 0,
            again: VecDeque::new(),
            ask_again: None,
            renew: None,
            peek: None,
            next: None,
            may_claim: false,
            may_look: false,
        }
    }

    /// Takes in what happened; also called with [`Input::Tick`] when [`Queue::timeout`] says so.
    pub fn handle(&mut self, input: Input, now: Moment, utc: Timestamp) -> Vec<Action> {
        let (clock, jumped) = self.read_clock(now, utc);
        let mut actions = Vec::from_iter(jumped);
        actions.extend(match input {
            Input::Started => {
                let desk = self.desk.clone();
                self.may_look = true;
                self.peek = self.poll.map(|poll| now + poll);
                vec![self.ask(Order::Restart { desk })]
            }
            Input::Promised { id, promise } => self.promised(id, promise, clock),
            Input::SeatsReady { seats, live } => {
                self.seats_are(seats, live);
                Vec::new()
            }
            Input::Answered { ticket, turn } => self.answered(ticket, turn, clock),
            Input::Ended {
                id,
                attempt,
                outcome,
                cause,
                live,
            } => {
                let how = How {
                    outcome,
                    cause,
                    live,
                };
                self.ended((id, attempt), how, clock)
            }
            Input::CallLive(call) => Vec::from_iter(self.call_is_live(call, clock)),
            Input::DialsByHand(call) => vec![self.dials_by_hand(call, clock)],
            Input::CallOver { call } => vec![self.call_is_over(call)],
            Input::CallerJoined { number } => {
                let at = clock.at();
                self.also_in_memory(Order::Joined { number, at }, clock)
            }
            Input::NumberDeleted { number, by } => {
                self.also_in_memory(Order::Withdraw { number, by }, clock)
            }
            Input::Wished { id, wish, by } => {
                self.also_in_memory(Order::Wish { id, wish, by }, clock)
            }
            Input::Stirred => {
                self.peek = Some(now);
                Vec::from_iter(self.renewal(clock))
            }
            Input::Recovered => {
                self.ask_again = self.ask_again.map(|_| now);
                Vec::new()
            }
            Input::Tick => Vec::new(),
        });
        self.give_up_on_claim(clock);
        actions.extend(self.ask_again(clock));
        actions.extend(self.keep_claims(clock));
        actions.extend(self.peek(clock));
        self.turn_to_book(clock);
        actions.extend(self.claim(clock));
        actions.extend(self.look(clock));
        actions
    }

    /// When to call `handle` next, and why.
    pub fn timeout(&self) -> Option<(Moment, Timer)> {
        [
            self.next.map(|at| (at, Timer::Book)),
            self.peek.map(|at| (at, Timer::Book)),
            self.claim_by.map(|at| (at, Timer::Claim)),
            self.renew.map(|at| (at, Timer::Renew)),
            self.ask_again.map(|at| (at, Timer::AskAgain)),
            self.look_at_clock().map(|at| (at, Timer::LookAtClock)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// Promises that could not be written: they are in no book.
    pub fn unsaved(&self) -> &Memory {
        &self.memory
    }

    /// Something in the book is due or late.
    fn turn_to_book(&mut self, clock: Clock) {
        if self.next.take_if(|at| *at <= clock.now).is_some() {
            (self.may_claim, self.may_look) = (true, true);
        }
    }

    /// A question that costs little: a thousand desks ask it every second.
    fn peek(&mut self, clock: Clock) -> Option<Action> {
        self.peek.take_if(|at| *at <= clock.now)?;
        self.peek = self.poll.map(|poll| clock.now + poll);
        Some(self.ask(Order::Peek))
    }

    /// What is late is told once all that can be dialled is: that is not late.
    fn look(&mut self, clock: Clock) -> Vec<Action> {
        if !self.may_look || self.can_claim() || self.is_claiming() {
            return Vec::new();
        }
        self.may_look = false;
        let desk = self.desk.clone();
        let held = self.claims();
        let order = Order::Look { desk, held };
        if self.is_restoring() {
            // The book tells of what it has just got.
            return vec![self.ask(order)];
        }
        self.also_in_memory(order, clock)
    }

    /// The book, or the memory, has something for us then.
    fn wake_at(&mut self, at: Option<Timestamp>, clock: Clock) {
        let at = at.map(|at| clock.moment_of(at));
        self.next = [self.next, at].into_iter().flatten().min();
    }
}
