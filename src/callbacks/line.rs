//! The line of those who wait for a seat: the live callers, and those who were promised that they keep their place in it.
//!
//! A seat that becomes free goes to whoever has waited longest, live or promised (D26). So a live caller who was first is
//! never overtaken, and a promised one who was first is not either, from when he can be dialled: one whose due time, retry,
//! quiet hours or own seat say "not yet" holds no seat back. Promises without a place have their turn when nobody waits.
//!
//! The seats are given by `seating`, which keeps one for the place that `Queue::place` tells; whose it
//! is the book says, for other desks look after the same line.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{Callback, CallbackId, Kind};

impl Kind {
    /// Whether its caller was in the line, or past it, when he was promised a call: his turn comes when it would have come.
    pub fn keeps_place(self) -> bool {
        match self {
            Self::Waiting | Self::Crash | Self::LineFault => true,
            Self::Complaint | Self::Rep | Self::Expert | Self::Supervisor => false,
        }
    }
}

/// What is less has its turn first: who is in the line, the longest there before all others; then the strongest kind, and
/// of that what was due first.
type Turn = (
    bool,
    Option<Timestamp>,
    Reverse<Kind>,
    Timestamp,
    CallbackId,
);

impl Callback {
    pub(super) fn turn(&self) -> Turn {
        let place = self.promise.place;
        let kind = Reverse(self.promise.kind);
        (place.is_none(), place, kind, self.next, self.id)
    }

    /// Whether its caller was in the line before then; where nobody live waits, any promise may have its turn.
    pub(super) fn comes_before(&self, live: Option<Timestamp>) -> bool {
        let place = self.promise.place;
        live.is_none_or(|since| place.is_some_and(|place| place < since))
    }

    /// His place, if any seat may dial him by then.
    pub(super) fn place_at(&self, at: Timestamp) -> Option<Timestamp> {
        let is_any_seats = self.own_until.is_none_or(|until| until <= at);
        self.promise
            .place
            .filter(|_| self.is_due(at) && is_any_seats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callbacks::rules::samples::promise;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn row(n: u64, kind: Kind, place: Option<i64>) -> Callback {
        let mut promise = promise(kind, at(100));
        promise.place = place.map(at);
        Callback::new(CallbackId::new(n, [0; 10]), promise)
    }

    #[test]
    fn the_line_has_its_turn_by_place_and_before_all_others() {
        let mut rows = [
            row(1, Kind::Complaint, None),
            row(2, Kind::Supervisor, None),
            row(3, Kind::LineFault, Some(20)),
            row(4, Kind::Waiting, Some(10)),
        ];
        rows.sort_by_key(Callback::turn);
        let kinds = rows.map(|row| row.promise.kind);
        let line = [Kind::Waiting, Kind::LineFault];
        assert_eq!(kinds, [line[0], line[1], Kind::Supervisor, Kind::Complaint]);
    }

    #[test]
    fn a_live_caller_is_overtaken_by_nobody_who_came_after_him() {
        let waiting = row(1, Kind::Waiting, Some(10));
        assert!(waiting.comes_before(Some(at(11))) && !waiting.comes_before(Some(at(10))));
        let rep = row(2, Kind::Rep, None);
        assert!(rep.comes_before(None) && !rep.comes_before(Some(Timestamp::MAX)));
    }

    #[test]
    fn who_cannot_be_dialled_yet_holds_no_seat_back() {
        let waiting = row(1, Kind::Waiting, Some(10));
        assert_eq!(waiting.place_at(at(99)), None);
        assert_eq!(waiting.place_at(at(100)), Some(at(10)));
        let owned = Callback {
            own_until: Some(at(120)),
            ..waiting
        };
        assert_eq!(owned.place_at(at(119)), None);
        assert_eq!(owned.place_at(at(120)), Some(at(10)));
    }
}
