//! Whose turn it is when a seat is free: the line, of live callers and of one who was promised that he keeps his place.
//!
//! A seat that becomes free goes to whoever has waited longest, live or promised (D26). Of the promised ones the first is
//! known here by his place alone: a seat that would be his is kept for him until the book has said whose he is.

use std::collections::BTreeSet;

use super::{Given, Seat, Seating, choosing};
use crate::words::{CallId, Moment, SeatId};

/// What callbacks could have this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openings {
    pub seats: BTreeSet<SeatId>,
    /// Since when the live caller waits who has one of them otherwise: only who was in the line before him may have it.
    /// None where nobody live waits: then they are for any promise.
    pub live: Option<Moment>,
}

impl Seating {
    /// The place of the first in the line who was promised a call and can be called now; whether it is another than before.
    pub fn keep_place(&mut self, place: Option<Moment>) -> bool {
        let before = std::mem::replace(&mut self.promised, place);
        before != place
    }

    /// Since when the call waits for a seat, or waited: his place in the line.
    pub fn place_of(&self, call: CallId) -> Option<Moment> {
        self.seekers.get(call).map(|seeker| seeker.since)
    }

    /// Seats that became free go to the calls that wait, the longest first, but none past one who was promised his place;
    /// where all are rung they join those that ring already.
    pub fn serve(&mut self, now: Moment) -> Vec<Given> {
        let mut given = Vec::new();
        for call in self.seekers.in_turn(self.rules.ring) {
            if !self.has_free() || self.waits_for_a_promised_one(call) {
                break;
            }
            let seats = self.give(call, now);
            if !seats.is_empty() {
                given.push(Given { call, seats });
            }
        }
        given
    }

    /// Whether one who was promised a call was in the line before this call, or this call has seats that ring already.
    pub(super) fn waits_for_a_promised_one(&self, call: CallId) -> bool {
        let seeker = self.seekers.get(call);
        let has_come_later =
            |place: Moment| seeker.is_none_or(|seeker| !seeker.waits() || place < seeker.since);
        self.promised.is_some_and(has_come_later)
    }

    /// The seats that a callback could have now, and before whom.
    ///
    /// Where live callers wait it is those that are kept for one who was first: a live caller whom none of them could serve
    /// keeps nobody from them.
    pub fn openings(&self, now: Moment) -> Openings {
        let free = |(id, seat): (&SeatId, &Seat)| seat.is_free().then(|| id.clone());
        let seats: BTreeSet<SeatId> = self.seats.iter().filter_map(free).collect();
        if seats.is_empty() || !self.seekers.is_any_waiting() {
            return Openings { seats, live: None };
        }
        let live = self.next_live().unwrap_or(now);
        match self.promised {
            Some(place) if place < live => Openings {
                seats,
                live: Some(live),
            },
            Some(_) | None => Openings::default(),
        }
    }

    /// Since when the first live caller waits whom a free seat could serve.
    fn next_live(&self) -> Option<Moment> {
        let waiting = self.seekers.in_turn(self.rules.ring).into_iter();
        let waiting = waiting.filter_map(|call| self.seekers.get(call));
        let last = self.last_turn.as_ref();
        let mut served = waiting.filter(|seeker| {
            let seats = choosing::choose(&self.seats, &self.rules, seeker, last);
            seeker.waits() && !seats.is_empty()
        });
        served.next().map(|seeker| seeker.since)
    }
}
