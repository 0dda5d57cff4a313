//! The calls that want a seat, in the order in which they came.

use std::collections::{BTreeMap, BTreeSet};

use super::{Declined, Ring};
use crate::words::{CallId, Moment, SeatId};

/// What kind of seat a call wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub call: CallId,
    /// The seat that should have it, if it is free.
    pub seat: Option<SeatId>,
    /// What the rep should know.
    pub skill: Option<String>,
    pub rings: Rings,
}

/// How many seats a call may ring at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    /// A call of ours is for one rep.
    One,
    AsTheRulesSay,
}

/// One call, and how far it has come.
#[derive(Debug)]
pub(super) struct Seeker {
    pub(super) wanted: Wanted,
    /// When it first wanted one. Kept for the whole call: who is declined or loses his rep does not go to the end of the line.
    pub(super) since: Moment,
    /// Of those who came at the same moment.
    place: u64,
    /// It wants a seat and has none.
    waits: bool,
    ringing: BTreeSet<SeatId>,
    taken: Option<SeatId>,
    /// Not rung for it, for now: they did not take it, or lost it.
    tried: BTreeSet<SeatId>,
    /// Never rung for it again.
    refused: BTreeSet<SeatId>,
}

/// All of them; the desk's maximum of calls bounds them.
#[derive(Debug, Default)]
pub(super) struct Seekers {
    calls: BTreeMap<CallId, Seeker>,
    places: u64,
}

impl Seeker {
    pub(super) fn may_ring(&self, seat: &SeatId) -> bool {
        !self.tried.contains(seat) && !self.refused.contains(seat)
    }

    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    fn is_ringing(&self) -> bool {
        !self.ringing.is_empty()
    }
}

impl Seekers {
    pub(super) fn get(&self, call: CallId) -> Option<&Seeker> {
        self.calls.get(&call)
    }

    /// From now on the call waits, until a seat is rung for it.
    pub(super) fn seek(&mut self, wanted: Wanted, now: Moment) {
        if let Some(seeker) = self.calls.get_mut(&wanted.call) {
            (seeker.wanted, seeker.waits) = (wanted, true);
            return;
        }
        self.places += 1;
        let seeker = Seeker {
            since: now,
            place: self.places,
            waits: true,
            ringing: BTreeSet::new(),
            taken: None,
            tried: BTreeSet::new(),
            refused: BTreeSet::new(),
            wanted,
        };
        self.calls.insert(seeker.wanted.call, seeker);
    }

    /// Who may have a seat that becomes free: who waits, and then who rings where all seats are rung.
    pub(super) fn in_turn(&self, ring: Ring) -> Vec<CallId> {
        let mut turns: Vec<(bool, u64, CallId)> = self
            .calls
            .iter()
            .filter(|(_, seeker)| seeker.waits || Self::rings_more(seeker, ring))
            .map(|(call, seeker)| (!seeker.waits, seeker.place, *call))
            .collect();
        turns.sort_unstable();
        turns.into_iter().map(|(_, _, call)| call).collect()
    }

    fn rings_more(seeker: &Seeker, ring: Ring) -> bool {
        // One that has a rep and rings is being moved: it rings whom its rep chose.
        ring == Ring::All
            && seeker.wanted.rings == Rings::AsTheRulesSay
            && seeker.taken.is_none()
            && seeker.is_ringing()
    }

    pub(super) fn is_any_waiting(&self) -> bool {
        self.calls.values().any(|seeker| seeker.waits)
    }

    /// Those that ring for it, or the one that has it.
    pub(super) fn seats_of(&self, call: CallId) -> Vec<SeatId> {
        let seeker = self.calls.get(&call);
        let seats = seeker.map(|seeker| seeker.ringing.iter().chain(&seeker.taken));
        seats.into_iter().flatten().cloned().collect()
    }

    pub(super) fn ring(&mut self, call: CallId, seat: &SeatId) {
        if let Some(seeker) = self.calls.get_mut(&call) {
            seeker.waits = false;
            // What it wished for counts once.
            seeker.wanted.seat = None;
            seeker.ringing.insert(seat.clone());
        }
    }

    /// As if it had never rung.
    pub(super) fn unring(&mut self, call: CallId, seat: &SeatId) {
        if let Some(seeker) = self.calls.get_mut(&call) {
            seeker.ringing.remove(seat);
        }
    }

    pub(super) fn ringing_for(&self, call: CallId) -> Vec<SeatId> {
        let seeker = self.calls.get(&call);
        seeker.map_or_else(Vec::new, |seeker| seeker.ringing.iter().cloned().collect())
    }

    pub(super) fn taken_by(&self, call: CallId) -> Option<SeatId> {
        self.calls.get(&call)?.taken.clone()
    }

    /// The seat has it; the others that rang.
    pub(super) fn take(&mut self, call: CallId, seat: &SeatId) -> Vec<SeatId> {
        let Some(seeker) = self.calls.get_mut(&call) else {
            return Vec::new();
        };
        seeker.taken = Some(seat.clone());
        let rang = std::mem::take(&mut seeker.ringing).into_iter();
        rang.filter(|other| other != seat).collect()
    }

    /// Whether others still ring.
    pub(super) fn decline(&mut self, call: CallId, seat: &SeatId, how: Declined) -> bool {
        let Some(seeker) = self.calls.get_mut(&call) else {
            return false;
        };
        seeker.ringing.remove(seat);
        match how {
            Declined::Refused => seeker.refused.insert(seat.clone()),
            Declined::Missed => seeker.tried.insert(seat.clone()),
        };
        seeker.is_ringing()
    }

    /// The seats that it had or rang; it wants none for now.
    pub(super) fn let_go(&mut self, call: CallId) -> Vec<SeatId> {
        let Some(seeker) = self.calls.get_mut(&call) else {
            return Vec::new();
        };
        seeker.waits = false;
        let rang = std::mem::take(&mut seeker.ringing);
        let had = seeker.taken.take();
        // Who was to take over from the one it had is there for it all the same.
        match &had {
            Some(had) => drop(seeker.tried.insert(had.clone())),
            None => seeker.tried.extend(rang.iter().cloned()),
        }
        rang.into_iter().chain(had).collect()
    }

    /// The seat is there anew: calls that missed it may ring it.
    pub(super) fn try_again(&mut self, seat: &SeatId) {
        for seeker in self.calls.values_mut() {
            seeker.tried.remove(seat);
        }
    }

    pub(super) fn forget(&mut self, call: CallId) -> bool {
        self.calls.remove(&call).is_some()
    }
}
