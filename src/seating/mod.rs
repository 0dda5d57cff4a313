//! The seats of the desk: how each stands, and which of them takes which call.
//!
//! Invariants: pure; a seat has one call at a time and a call one seat; a seat that refused a call is not rung
//! again for it; what changes is told by `poll_change`, once, in its order.

mod change;
mod choice;
mod choosing;
mod fault;
mod refusal;
mod rules;
mod seat;
mod seeking;
mod state;
pub mod towards_pbx;
mod turns;
mod wrap_up;

#[cfg(test)]
mod tests;

pub use change::{By, Change, Standing};
pub use choice::Choice;
pub use fault::Fault;
pub use refusal::Refusal;
pub use rules::{Note, Ring, Rules, WrapUpRules};
pub use seat::{NewSeat, Seat};
pub use seeking::{Rings, Wanted};
pub use state::State;
pub use turns::Openings;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::words::{CallId, Moment, SeatId};

use seat::Work;
use seeking::Seekers;

/// The seats of the desk and the calls that want one.
#[derive(Debug, Default)]
pub struct Seating {
    rules: Rules,
    seats: BTreeMap<SeatId, Seat>,
    seekers: Seekers,
    /// Since when the first in the line waits of those who were promised a call and can be called now.
    promised: Option<Moment>,
    /// Whose turn was the last, where seats are rung in turn.
    last_turn: Option<SeatId>,
    changes: VecDeque<Change>,
}

/// A call, and the seats to be rung for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub call: CallId,
    pub seats: Vec<SeatId>,
}

/// How a seat that was rung did not take the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declined {
    /// The rep said no: he is not asked again for this call.
    Refused,
    /// It could not be reached, or nobody answered.
    Missed,
}

/// Changes that nobody has taken; past it the oldest are not told. One input changes each seat a few times at most.
const CHANGES_MAX: usize = 8_192;

/// Who has rung for less is not absent when the call gives up on those who rang.
const ABSENT_AFTER: Duration = Duration::from_secs(10);

impl Seating {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }

    pub fn add(&mut self, id: SeatId, seat: NewSeat, now: Moment) {
        self.seats.insert(id, Seat::new(seat, now));
    }

    /// Takes up how the seat stood when the last run ended; its call has ended with that run.
    pub fn recall(&mut self, id: &SeatId, last: Standing, now: Moment) {
        let Some(seat) = self.seats.get_mut(id) else {
            return;
        };
        let from = last.state;
        seat.recall(last);
        seat.release(&self.rules.wrap_up, now);
        let to = seat.standing();
        if to.state != from {
            let by = By::Agent;
            self.tell(Change::new(id, by, from, to, now));
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub fn iter(&self) -> impl Iterator<Item = (&SeatId, &Seat)> {
        self.seats.iter()
    }

    pub fn get(&self, id: &SeatId) -> Option<&Seat> {
        self.seats.get(id)
    }

    /// What changed since it was asked last, the oldest first.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    // What the rep says

    /// On a call and in the wrap-up it takes effect after that.
    pub fn choose(&mut self, id: &SeatId, choice: Choice, now: Moment) -> Result<(), Refusal> {
        if let Choice::OnBreak { reason } = &choice
            && !self.rules.break_reasons.contains(reason)
        {
            return Err(Refusal::UnknownReason);
        }
        let comes = choice == Choice::Available;
        self.change(id, By::Rep, now, |seat, _| {
            seat.choose(choice);
            Ok(())
        })?;
        if comes {
            self.seekers.try_again(id);
        }
        Ok(())
    }

    pub fn extend_wrap_up(&mut self, id: &SeatId, now: Moment) -> Result<(), Refusal> {
        self.change(id, By::Rep, now, |seat, rules| {
            seat.wrap_up_mut()?.extend(&rules.wrap_up, now)
        })
    }

    pub fn end_wrap_up(&mut self, id: &SeatId, now: Moment) -> Result<(), Refusal> {
        self.change(id, By::Rep, now, |seat, _| seat.end_wrap_up())
    }

    /// A note was written for a call; whether a seat is at work for it.
    pub fn noted(&mut self, call: CallId, now: Moment) -> bool {
        let Some(id) = self.seat_of(call) else {
            return false;
        };
        let noted = self.change(&id, By::Rep, now, |seat, _| {
            seat.noted();
            Ok(())
        });
        noted.is_ok()
    }

    /// The seat that talks for this call, or talked for it and wraps it up.
    pub fn seat_of(&self, call: CallId) -> Option<SeatId> {
        let mut seats = self.seats.iter();
        let (id, _) = seats.find(|(_, seat)| seat.works_for(call))?;
        Some(id.clone())
    }

    // What keeps a seat from taking calls

    /// A fault begins or ends; whether that is news.
    pub fn set_fault(&mut self, id: &SeatId, fault: Fault, is: bool, now: Moment) -> bool {
        let is_news = self.change(id, By::Agent, now, |seat, _| Ok(seat.set_fault(fault, is)));
        let is_news = is_news.unwrap_or(false);
        if is_news && !is {
            // Who lost his rep by a dead phone has him back by a new one.
            self.seekers.try_again(id);
        }
        is_news
    }

    /// It has another phone than before: calls that missed it may ring it.
    pub fn is_there_anew(&mut self, id: &SeatId) {
        self.seekers.try_again(id);
    }

    /// How the seat's headset is: the one fault it has, or none; whether that is news.
    pub fn set_device(&mut self, id: &SeatId, fault: Option<Fault>, now: Moment) -> bool {
        let set = |is_news, of| self.set_fault(id, of, fault == Some(of), now) | is_news;
        let mut faults = Fault::OF_DEVICE;
        // The new one first: between the two it is not free.
        faults.sort_by_key(|of| fault != Some(*of));
        faults.into_iter().fold(false, set)
    }

    /// They do not answer the call, or do not speak on it (D6): not rung again until they say that they are
    /// there. Who has hardly been rung is not meant, and may be rung again.
    pub fn mark_absent(&mut self, call: CallId, now: Moment) {
        for id in self.seekers.seats_of(call) {
            let seat = self.seats.get(&id);
            if seat.is_some_and(|seat| seat.has_just_begun_ringing(ABSENT_AFTER, now)) {
                self.stop_ringing(&id, call, By::Call, now);
                self.seekers.unring(call, &id);
            } else {
                self.set_fault(&id, Fault::Absent, true, now);
            }
        }
    }

    // Calls

    /// Rings the seats that a call should have; none when it has to wait for one.
    pub fn seek(&mut self, wanted: Wanted, now: Moment) -> Vec<SeatId> {
        let call = wanted.call;
        // A callback has the seat that it was claimed for, and whoever dials has his own.
        let has_its_own = wanted.seat.is_some();
        self.seekers.seek(wanted, now);
        if !has_its_own && self.waits_for_a_promised_one(call) {
            return Vec::new();
        }
        self.give(call, now)
    }

    fn give(&mut self, call: CallId, now: Moment) -> Vec<SeatId> {
        let last = self.last_turn.as_ref();
        let chosen = self.seekers.get(call).map_or_else(Vec::new, |seeker| {
            choosing::choose(&self.seats, &self.rules, seeker, last)
        });
        for id in &chosen {
            let rung = self.change(id, By::Call, now, |seat, _| {
                seat.work = Work::Ringing(call);
                Ok(())
            });
            if rung.is_ok() {
                self.seekers.ring(call, id);
            }
        }
        self.last_turn = chosen.last().cloned().or(self.last_turn.take());
        chosen
    }

    /// The seat has the call; the others that were rung for it, to be told so.
    pub fn pick_up(&mut self, call: CallId, id: &SeatId, now: Moment) -> Vec<SeatId> {
        let taken = self.change(id, By::Rep, now, |seat, _| Ok(seat.pick_up(call)));
        if taken != Ok(true) {
            return Vec::new();
        }
        let others = self.seekers.take(call, id);
        for other in &others {
            self.stop_ringing(other, call, By::Call, now);
        }
        others
    }

    /// Rings one more seat for a call that has one: it is to move there. False where that seat is not free.
    pub fn ring_besides(&mut self, call: CallId, id: &SeatId, now: Moment) -> bool {
        if !self.seats.get(id).is_some_and(Seat::is_free) {
            return false;
        }
        let rung = self.change(id, By::Rep, now, |seat, _| {
            seat.work = Work::Ringing(call);
            Ok(())
        });
        self.seekers.ring(call, id);
        rung.is_ok()
    }

    /// The seats that ring beside the one that has the call ring no more.
    pub fn stay(&mut self, call: CallId, now: Moment) {
        for id in self.seekers.ringing_for(call) {
            self.decline(call, &id, Declined::Missed, now);
        }
    }

    /// The call is with this seat from now on. The one it had is free without a wrap-up, for the talk goes on.
    pub fn move_to(&mut self, call: CallId, id: &SeatId, now: Moment) {
        let had = self.seekers.taken_by(call);
        self.pick_up(call, id, now);
        if let Some(had) = had {
            let left = self.change(&had, By::Rep, now, |seat, _| {
                seat.work = Work::Idle;
                Ok(())
            });
            debug_assert!(left.is_ok(), "calls have seats that are there");
        }
    }

    /// One of those that are rung does not take the call; whether others still ring.
    pub fn decline(&mut self, call: CallId, id: &SeatId, how: Declined, now: Moment) -> bool {
        let by = match how {
            Declined::Refused => By::Rep,
            Declined::Missed => By::Call,
        };
        self.stop_ringing(id, call, by, now);
        self.seekers.decline(call, id, how)
    }

    /// The call lets go of its seats, and waits for none; they are not rung again for it.
    pub fn let_go(&mut self, call: CallId, now: Moment) -> Vec<SeatId> {
        let seats = self.seekers.let_go(call);
        for id in &seats {
            let released = self.change(id, By::Call, now, |seat, rules| {
                if seat.has(call) {
                    seat.release(&rules.wrap_up, now);
                }
                Ok(())
            });
            debug_assert!(released.is_ok(), "calls have seats that are there");
        }
        seats
    }

    /// Its rep was never with the caller: there is nothing to wrap up.
    pub fn spare_wrap_up(&mut self, call: CallId, now: Moment) {
        let Some(id) = self.seekers.taken_by(call) else {
            return;
        };
        let spared = self.change(&id, By::Call, now, |seat, _| {
            if seat.has(call) {
                seat.work = Work::Idle;
            }
            Ok(())
        });
        debug_assert!(spared.is_ok(), "calls have seats that are there");
    }

    /// The call is over; whether it had asked for a seat.
    pub fn forget(&mut self, call: CallId, now: Moment) -> bool {
        self.let_go(call, now);
        self.seekers.forget(call)
    }

    fn stop_ringing(&mut self, id: &SeatId, call: CallId, by: By, now: Moment) {
        let stopped = self.change(id, by, now, |seat, _| {
            if seat.work == Work::Ringing(call) {
                seat.work = Work::Idle;
            }
            Ok(())
        });
        debug_assert!(stopped.is_ok(), "calls ring seats that are there");
    }

    // The whole desk

    /// Some seat could take a call now.
    pub fn has_free(&self) -> bool {
        self.seats.values().any(Seat::is_free)
    }

    /// Some rep is there, if only for the next call.
    pub fn is_staffed(&self) -> bool {
        self.seats.values().any(Seat::is_staffed)
    }

    pub fn has_absent(&self) -> bool {
        self.seats
            .values()
            .any(|seat| seat.has_fault(Fault::Absent))
    }

    /// Some live call waits for a seat.
    pub fn is_anybody_waiting(&self) -> bool {
        self.seekers.is_any_waiting()
    }

    /// How many seats stand so.
    pub fn count(&self, state: State) -> usize {
        let stands = |seat: &&Seat| seat.state() == state;
        self.seats.values().filter(stands).count()
    }

    // Time

    /// When to call `tick` next.
    pub fn timeout(&self) -> Option<Moment> {
        self.seats.values().filter_map(Seat::timeout).min()
    }

    /// Ends the wrap-ups that are due.
    pub fn tick(&mut self, now: Moment) {
        let is_due = |(_, seat): &(&SeatId, &Seat)| seat.timeout().is_some_and(|at| at <= now);
        let due = self.seats.iter().filter(is_due).map(|(id, _)| id.clone());
        for id in due.collect::<Vec<_>>() {
            let timed_out = self.change(&id, By::Agent, now, |seat, _| {
                seat.time_out(now);
                Ok(())
            });
            debug_assert!(timed_out.is_ok(), "it was just found");
        }
    }

    // Changes

    /// Does something to a seat, and tells how it stands otherwise then.
    fn change<T>(
        &mut self,
        id: &SeatId,
        by: By,
        now: Moment,
        act: impl FnOnce(&mut Seat, &Rules) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let seat = self.seats.get_mut(id).ok_or(Refusal::UnknownSeat)?;
        let before = seat.standing();
        let done = act(seat, &self.rules)?;
        let after = seat.standing();
        if after != before {
            let lasted = seat.follow(&before, now);
            let change = Change::new(id, by, before.state, after, now);
            self.tell(Change { lasted, ..change });
        }
        Ok(done)
    }

    fn tell(&mut self, change: Change) {
        if self.changes.len() >= CHANGES_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }
}
