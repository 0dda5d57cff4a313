//! Which seat takes which call; pure, so that the shell only rings phones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::words::{CallId, SeatId};

/// The seats of the desk and the calls that wait for one.
#[derive(Debug, Default)]
pub(super) struct Seating {
    seats: BTreeMap<SeatId, Seat>,
    /// In the order they came; live callers are few, the desk's maximum bounds them.
    waiting: VecDeque<CallId>,
    /// Counts the calls that were given to seats.
    given: u64,
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) kind: &'static str,
    /// The rep says he takes calls.
    pub(super) ready: bool,
    /// He did not answer, or did not speak (D6).
    pub(super) absent: bool,
    /// Its phone registers here, and is not registered now.
    phoneless: bool,
    /// `calls_at_once` = 1 (D8).
    pub(super) call: Option<CallId>,
    /// The number of its last call: the lowest has waited longest.
    last: u64,
}

impl Seat {
    fn is_free(&self) -> bool {
        self.is_staffed() && self.call.is_none()
    }

    /// A rep is there and can be rung.
    fn is_staffed(&self) -> bool {
        self.ready && !self.absent && !self.phoneless
    }

    pub(super) fn state(&self) -> &'static str {
        match (self.call, self.absent, self.ready) {
            (Some(_), _, _) => "busy",
            (None, _, _) if self.phoneless => "not-registered",
            (None, true, _) => "absent",
            (None, false, true) => "free",
            (None, false, false) => "not-ready",
        }
    }
}

impl Seating {
    pub(super) fn add(&mut self, id: SeatId, kind: &'static str, ready: bool) {
        self.seats.insert(
            id,
            Seat {
                kind,
                ready,
                absent: false,
                phoneless: false,
                call: None,
                last: 0,
            },
        );
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SeatId, &Seat)> {
        self.seats.iter()
    }

    pub(super) fn get(&self, id: &SeatId) -> Option<&Seat> {
        self.seats.get(id)
    }

    /// Reserves a free seat for the call: the one it should have, else of those it has not tried the
    /// one that has been without a call for longest.
    pub(super) fn take(
        &mut self,
        call: CallId,
        preferred: Option<&SeatId>,
        tried: &BTreeSet<SeatId>,
    ) -> Option<SeatId> {
        let free = |id: &SeatId, seat: &Seat| seat.is_free() && !tried.contains(id);
        let preferred =
            preferred.filter(|id| self.seats.get(*id).is_some_and(|seat| free(id, seat)));
        let any = || {
            let free = self.seats.iter().filter(|(id, seat)| free(id, seat));
            free.min_by_key(|(_, seat)| seat.last).map(|(id, _)| id)
        };
        let id = preferred.or_else(any)?.clone();
        self.given += 1;
        let seat = self.seats.get_mut(&id)?;
        (seat.call, seat.last) = (Some(call), self.given);
        Some(id)
    }

    /// The call wants a seat as soon as one is free.
    pub(super) fn wait(&mut self, call: CallId) {
        if !self.waiting.contains(&call) {
            self.waiting.push_back(call);
        }
    }

    pub(super) fn stop_waiting(&mut self, call: CallId) {
        self.waiting.retain(|waiting| *waiting != call);
    }

    pub(super) fn waiting(&self) -> Vec<CallId> {
        self.waiting.iter().copied().collect()
    }

    pub(super) fn free(&mut self, id: &SeatId) {
        if let Some(seat) = self.seats.get_mut(id) {
            seat.call = None;
        }
    }

    /// He does not answer: not rung again until he says that he is ready.
    pub(super) fn mark_absent(&mut self, id: &SeatId) {
        if let Some(seat) = self.seats.get_mut(id) {
            seat.absent = true;
        }
    }

    /// The rep's own word; `false` when there is no such seat.
    pub(super) fn set_ready(&mut self, id: &SeatId, ready: bool) -> bool {
        let seat = self.seats.get_mut(id);
        let known = seat.is_some();
        if let Some(seat) = seat {
            seat.ready = ready;
            seat.absent &= !ready;
        }
        known
    }

    /// Its phone has registered, or is gone; whether that is news. What the rep said of himself stays.
    pub(super) fn set_phone(&mut self, id: &SeatId, is_there: bool) -> bool {
        let seat = self.seats.get_mut(id);
        seat.is_some_and(|seat| std::mem::replace(&mut seat.phoneless, !is_there) == is_there)
    }

    pub(super) fn has_absent(&self) -> bool {
        self.seats.values().any(|seat| seat.absent)
    }

    pub(super) fn is_staffed(&self) -> bool {
        self.seats.values().any(Seat::is_staffed)
    }

    /// Seats a callback could have this moment: none while a live caller waits.
    pub(super) fn free_seats(&self) -> BTreeSet<SeatId> {
        let free = |(id, seat): (&SeatId, &Seat)| seat.is_free().then(|| id.clone());
        if self.waiting.is_empty() {
            self.seats.iter().filter_map(free).collect()
        } else {
            BTreeSet::new()
        }
    }

    /// Some seat could take a call, or will be able to.
    pub(super) fn has_free(&self) -> bool {
        self.seats.values().any(Seat::is_free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(name: &str) -> SeatId {
        name.parse().unwrap()
    }

    fn call(n: u8) -> CallId {
        CallId::new(u64::from(n), [n; 10])
    }

    fn two_seats() -> Seating {
        let mut seating = Seating::default();
        seating.add(seat("a"), "phone", true);
        seating.add(seat("b"), "phone", true);
        seating
    }

    #[test]
    fn a_seat_takes_one_call_at_a_time() {
        let mut seating = two_seats();
        let nobody = BTreeSet::new();
        assert_eq!(seating.take(call(1), None, &nobody), Some(seat("a")));
        assert_eq!(
            seating.take(call(2), Some(&seat("a")), &nobody),
            Some(seat("b"))
        );
        assert_eq!(seating.take(call(3), None, &nobody), None);
        seating.free(&seat("a"));
        assert_eq!(seating.take(call(3), None, &nobody), Some(seat("a")));
    }

    #[test]
    fn calls_go_round_the_seats() {
        let mut seating = two_seats();
        let nobody = BTreeSet::new();
        assert_eq!(seating.take(call(1), None, &nobody), Some(seat("a")));
        seating.free(&seat("a"));
        assert_eq!(seating.take(call(2), None, &nobody), Some(seat("b")));
        seating.free(&seat("b"));
        assert_eq!(seating.take(call(3), None, &nobody), Some(seat("a")));
    }

    #[test]
    fn a_seat_that_refused_a_call_is_not_rung_again_for_it() {
        let mut seating = two_seats();
        let tried = BTreeSet::from([seat("a")]);
        assert_eq!(
            seating.take(call(1), Some(&seat("a")), &tried),
            Some(seat("b"))
        );
    }

    #[test]
    fn an_absent_rep_is_rung_again_once_he_is_ready() {
        let mut seating = two_seats();
        seating.mark_absent(&seat("a"));
        seating.mark_absent(&seat("b"));
        assert!(!seating.is_staffed());
        assert!(seating.set_ready(&seat("b"), true));
        assert_eq!(
            seating.take(call(1), None, &BTreeSet::new()),
            Some(seat("b"))
        );
        assert!(!seating.set_ready(&seat("c"), true));
    }

    #[test]
    fn a_seat_whose_phone_is_gone_is_not_rung_until_it_is_back() {
        let mut seating = two_seats();
        let nobody = BTreeSet::new();
        assert!(seating.set_phone(&seat("a"), false) && !seating.set_phone(&seat("a"), false));
        assert!(seating.set_phone(&seat("b"), false) && !seating.is_staffed());
        assert_eq!(seating.take(call(1), Some(&seat("a")), &nobody), None);
        assert_eq!(seating.get(&seat("a")).unwrap().state(), "not-registered");
        assert!(seating.set_phone(&seat("a"), true) && seating.is_staffed());
        assert_eq!(seating.take(call(1), None, &nobody), Some(seat("a")));
        assert!(!seating.set_phone(&seat("c"), true));
    }

    #[test]
    fn a_rep_who_is_away_stays_away_when_his_phone_comes() {
        let mut seating = two_seats();
        seating.set_phone(&seat("a"), false);
        seating.set_ready(&seat("a"), false);
        seating.set_phone(&seat("a"), true);
        assert_eq!(seating.get(&seat("a")).unwrap().state(), "not-ready");
        seating.set_phone(&seat("a"), false);
        seating.set_ready(&seat("a"), true);
        assert!(!seating.free_seats().contains(&seat("a")));
        seating.set_phone(&seat("a"), true);
        assert_eq!(seating.get(&seat("a")).unwrap().state(), "free");
    }

    #[test]
    fn callbacks_wait_for_live_callers() {
        let mut seating = two_seats();
        assert_eq!(seating.free_seats().len(), 2);
        seating.wait(call(1));
        assert!(seating.free_seats().is_empty());
        seating.stop_waiting(call(1));
        assert_eq!(seating.free_seats().len(), 2);
    }
}
