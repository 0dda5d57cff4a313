//! The seats as the PBX should take them, told by its feature codes (pause, do not disturb).
//!
//! Invariants: pure; a seat has one such call at a time, the desk [`CALLS_AT_ONCE`]; the last wish counts, and what
//! the PBX has taken is not told again; a failure that may pass is tried once more.

mod code;
mod extension;
mod wish;

#[cfg(test)]
mod day;
#[cfg(test)]
mod tests;

pub use code::Code;

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use crate::words::{Moment, SeatId};

use extension::{Extension, Late};

/// Calls to feature codes at a time: after a start the seats of a desk wait for each other, not the PBX for all of them.
pub const CALLS_AT_ONCE: usize = 4;

/// Seats with feature codes: what the PBX took, what it should take, and the calls between.
#[derive(Debug, Default)]
pub struct TowardsPbx {
    extensions: BTreeMap<SeatId, Extension>,
    /// Those that something is to be done for.
    restless: BTreeSet<SeatId>,
    /// When it was last asked what to do.
    polled: Moment,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Calls this code by the seat's line.
    Dial(SeatId, Code),
    /// Its call was answered, and has lasted long enough.
    HangUp(SeatId),
    /// Nobody answered in time: the INVITE is taken back. News of its end must follow.
    TakeBack(SeatId, Told),
}

/// What came of a call to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub code: Code,
    pub outcome: Result<(), Failure>,
    /// It is tried once more.
    pub again: bool,
}

/// News of a seat's call to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Answered,
    Failed(Failure),
    HungUp,
}

/// Why the PBX did not take a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// With this SIP status.
    Refused(u16),
    NoAnswer,
    /// The INVITE did not leave: no registrar, no port, no room.
    NoWay,
}

impl Failure {
    /// The same may be taken in a while: the server's trouble, not its word about the code.
    fn may_pass(self) -> bool {
        match self {
            Self::Refused(status) => status == 408 || (500..600).contains(&status),
            Self::NoAnswer | Self::NoWay => true,
        }
    }

    /// The PBX may have taken the code all the same.
    fn leaves_doubt(self) -> bool {
        self != Self::NoWay && self.may_pass()
    }
}

impl TowardsPbx {
    /// A seat whose PBX has keys for these; what it believes of the seat is not known.
    pub fn add(&mut self, seat: SeatId, codes: BTreeSet<Code>, now: Moment) {
        self.extensions.insert(seat, Extension::new(codes, now));
    }

    /// How the seat stands now.
    pub fn stands(&mut self, seat: &SeatId, state: State, now: Moment) {
        if let Some(extension) = self.extensions.get_mut(seat) {
            extension.stands(state, now);
            self.look_at(seat);
        }
    }

    /// News of the seat's call; what there is to tell of it.
    pub fn heard(&mut self, seat: &SeatId, news: News, now: Moment) -> Option<Told> {
        let told = self.extensions.get_mut(seat)?.heard(news, now);
        self.look_at(seat);
        told
    }

    /// The next thing to be done, until there is nothing. `is_open` says whether a seat's line can call by now; where
    /// it cannot, its codes wait.
    pub fn poll(&mut self, is_open: impl Fn(&SeatId) -> bool, now: Moment) -> Option<Action> {
        self.polled = now;
        self.end_late(now).or_else(|| self.dial(is_open, now))
    }

    /// When to poll next, unless something happens before.
    pub fn timeout(&self) -> Option<Moment> {
        let waiting = self.restless.iter();
        let waiting = waiting.filter_map(|seat| self.extensions.get(seat));
        waiting.filter_map(|it| it.timeout(self.polled)).min()
    }

    fn end_late(&mut self, now: Moment) -> Option<Action> {
        let extensions = &mut self.extensions;
        let mut restless = self.restless.iter();
        let (seat, late) = restless.find_map(|seat| {
            let late = extensions.get_mut(seat)?.late(now)?;
            Some((seat.clone(), late))
        })?;
        self.look_at(&seat);
        Some(match late {
            Late::Answered => Action::HangUp(seat),
            Late::Unanswered(told) => Action::TakeBack(seat, told),
        })
    }

    fn dial(&mut self, is_open: impl Fn(&SeatId) -> bool, now: Moment) -> Option<Action> {
        let extensions = &mut self.extensions;
        let has_call = |seat: &&SeatId| extensions.get(*seat).is_some_and(Extension::has_call);
        if self.restless.iter().filter(has_call).count() >= CALLS_AT_ONCE {
            return None;
        }
        let mut restless = self.restless.iter();
        restless.find_map(|seat| {
            let extension = extensions.get_mut(seat)?;
            let code = extension.due(now).filter(|_| is_open(seat))?;
            extension.dial(code, now);
            Some(Action::Dial(seat.clone(), code))
        })
    }

    fn look_at(&mut self, seat: &SeatId) {
        let extension = self.extensions.get(seat);
        if extension.is_some_and(Extension::is_settled) {
            self.restless.remove(seat);
        } else {
            self.restless.insert(seat.clone());
        }
    }
}
