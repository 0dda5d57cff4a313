//! Ringing the seats: which of them, how, and what follows when one has the call or lets go of it.

use crate::call::{Input, LegNews};
use crate::policy::AnswerMode;
use crate::records::What;
use crate::seating::{Declined, Given, Ring, Rings, Wanted};
use crate::words::{CallId, Moment, Party, SeatId};

use super::candidates::{Candidate, Silenced};
use super::house::{Address, Place};
use super::reach::Whence;
use super::standing::SEAT_ABSENT;
use super::ways::Outgoing;
use super::{Desk, numbers};

impl Desk {
    /// Rings the seat that is kept for the call, else a free seat, or all of them, or lets the call wait for one.
    pub(super) fn call_seat(&mut self, id: CallId, now: Moment) {
        let kept = self.calls.get_mut(id).and_then(|it| it.facts.kept.take());
        if let Some(seat) = kept {
            return self.ring_alone(id, &seat, now);
        }
        // A seat that could not even be rung is the next call's.
        self.release_seat(id, now);
        let rings = match self.may_ring_several() {
            true => Rings::AsTheRulesSay,
            false => Rings::One,
        };
        let Some(seats) = self.seek_seats(id, rings, now) else {
            return;
        };
        self.ring_seats(Given { call: id, seats }, now);
        self.tell_queue_of_seats(now);
    }

    /// Takes a free seat for a call that will want it: nobody else gets it, and it does not ring yet.
    pub(super) fn keep_seat(&mut self, id: CallId, now: Moment) {
        let seats = self.seek_seats(id, Rings::One, now);
        let kept = seats.and_then(|seats| seats.into_iter().next());
        if let Some(call) = self.calls.get_mut(id)
            && kept.is_some()
        {
            call.facts.kept = kept;
            self.later(id, Input::Leg(Party::Rep, LegNews::Kept));
        }
        self.tell_queue_of_seats(now);
    }

    /// The seats that the call gets; where there are none it hears so, and waits for one. Calls of ours are for one rep.
    fn seek_seats(&mut self, id: CallId, rings: Rings, now: Moment) -> Option<Vec<SeatId>> {
        let call = self.calls.get_mut(id)?;
        let wanted = Wanted {
            call: id,
            seat: call.facts.wished.take(),
            skill: call.facts.skill.clone(),
            rings: match call.facts.inbound {
                true => rings,
                false => Rings::One,
            },
        };
        let seats = self.seating.seek(wanted, now);
        if seats.is_empty() {
            self.later(id, Input::Leg(Party::Rep, LegNews::NoSeat));
        }
        Some(seats)
    }

    /// Seats may have become free: for callers who wait first, then for promises.
    pub(super) fn seats_changed(&mut self, now: Moment) {
        for given in self.seating.serve(now) {
            self.ring_seats(given, now);
        }
        self.tell_queue_of_seats(now);
    }

    fn ring_seats(&mut self, Given { call: id, seats }: Given, now: Moment) {
        self.tell_seat_changes(now);
        let picks_up_at_once = |seat: &&SeatId| match self.house.seats.get(*seat) {
            Some(Place::Test(_)) => true,
            Some(Place::Headset) => self.answers_by_itself(),
            Some(Place::Phone(_) | Place::Registered { .. }) | None => false,
        };
        let alone = match &seats[..] {
            [seat] if !self.rings_all(id) => Some(seat),
            // Nobody else need ring.
            several => several.iter().find(picks_up_at_once),
        };
        match alone.cloned() {
            Some(seat) => self.ring_alone(id, &seat, now),
            None => seats
                .iter()
                .for_each(|seat| self.ring_candidate(id, seat, now)),
        }
    }

    fn rings_all(&self, id: CallId) -> bool {
        let inbound = self.calls.get(id).is_some_and(|call| call.facts.inbound);
        inbound && self.may_ring_several() && self.seating.rules().ring == Ring::All
    }

    /// A headset's leg is the rep's from its first ring: where he picks it up by hand no phone may ring beside it.
    fn may_ring_several(&self) -> bool {
        self.answers_by_itself() || self.headset_seat().is_none()
    }

    fn ring_alone(&mut self, id: CallId, seat: &SeatId, now: Moment) {
        if let Some(call) = self.calls.get_mut(id) {
            call.facts.seat = Some(seat.clone());
        }
        self.note(id, What::Seated { seat: seat.clone() }, now);
        match self.house.seats.get(seat).cloned() {
            Some(Place::Test(kind)) => self.open_test_seat(id, kind, now),
            Some(Place::Headset) => self.open_headset(id, now),
            Some(Place::Phone(_) | Place::Registered { .. }) => self.ring_phone(id, seat, now),
            None => {}
        }
    }

    fn ring_phone(&mut self, id: CallId, seat: &SeatId, now: Moment) {
        let Some((address, it_is)) = self.address_of_seat(seat, now) else {
            // It went just now, and another seat is looked for.
            return self.later(id, Input::Leg(Party::Rep, LegNews::NoAnswer));
        };
        if let Some(call) = self.calls.get_mut(id) {
            call.facts.rep_is = it_is;
        }
        let headers = numbers::auto_answer(self.house.terms.policy.answer.mode);
        let out = self.to_rep(id, address, headers);
        self.invite(id, Party::Rep, out, now);
    }

    /// One of several that ring: none of them is asked to pick up by itself.
    fn ring_candidate(&mut self, id: CallId, seat: &SeatId, now: Moment) {
        let rings = self.call_candidate(id, seat, Vec::new(), now);
        if !rings && !self.seating.decline(id, seat, Declined::Missed, now) {
            self.later(id, Input::Leg(Party::Rep, LegNews::NoAnswer));
        }
    }

    /// The rep has asked for it: his other phone picks up by itself where it may.
    pub(super) fn ring_to_move(&mut self, id: CallId, seat: &SeatId, now: Moment) {
        let headers = numbers::auto_answer(AnswerMode::Auto);
        if !self.call_candidate(id, seat, headers, now) {
            self.seating.decline(id, seat, Declined::Missed, now);
            self.not_moved(id, now);
        }
    }

    /// False where it cannot be reached.
    fn call_candidate(
        &mut self,
        id: CallId,
        seat: &SeatId,
        headers: Vec<(String, String)>,
        now: Moment,
    ) -> bool {
        let rung = self
            .address_of_seat(seat, now)
            .and_then(|(address, it_is)| {
                let out = self.to_rep(id, address, headers);
                let leg = self.send_invite(id, Party::Rep, out, now)?;
                Some((leg.sip?, leg, it_is))
            });
        let Some((sip, leg, it_is)) = rung else {
            return false;
        };
        let candidate = Candidate::new(id, seat.clone(), leg, it_is);
        self.calls.candidates.add(sip, candidate);
        true
    }

    fn to_rep(&self, id: CallId, to: Address, headers: Vec<(String, String)>) -> Outgoing {
        let from = self.caller_identity(id);
        Outgoing {
            headers,
            ..Outgoing::new(to, from, self.codecs_for(id, Party::Rep))
        }
    }

    fn address_of_seat(&self, seat: &SeatId, now: Moment) -> Option<(Address, Whence)> {
        match self.house.seats.get(seat)? {
            Place::Phone(address) => Some(((**address).clone(), Whence::Here)),
            Place::Registered { .. } => self.phone_address(seat, now),
            Place::Headset | Place::Test(_) => None,
        }
    }

    /// The seat has the call: others that ring for it fall silent, and are free.
    pub(super) fn rep_picked_up(&mut self, id: CallId, now: Moment) {
        let seat = self.calls.get(id).and_then(|call| call.facts.seat.clone());
        let Some(seat) = seat else { return };
        if !self.seating.pick_up(id, &seat, now).is_empty() {
            self.silence_candidates(id, Silenced::Elsewhere, now);
            self.seats_changed(now);
        }
    }

    /// The rep said no: he is not asked again for this call.
    pub(super) fn rep_refused(&mut self, id: CallId, now: Moment) {
        let seat = self.calls.get(id).and_then(|call| call.facts.seat.clone());
        if let Some(seat) = seat {
            self.seating.decline(id, &seat, Declined::Refused, now);
            self.seats_changed(now);
        }
    }

    /// The headset that rings does not take the call, which hears of it when nobody else rings.
    pub(super) fn headset_declines(
        &mut self,
        id: CallId,
        (how, news): (Declined, LegNews),
        code: Option<u16>,
        now: Moment,
    ) {
        let seat = self.headset_seat();
        if !seat.is_some_and(|seat| self.seating.decline(id, &seat, how, now)) {
            self.hang_up(id, Party::Rep, now);
            return self.leg_news(id, Party::Rep, news, code, now);
        }
        if let Some(leg) = self.calls.take_leg(id, Party::Rep) {
            self.end_leg(id, &leg, now);
        }
        self.note_leg(id, Party::Rep, news, code, now);
        self.seats_changed(now);
    }

    /// The call lets go of its seats: they are the next call's.
    pub(super) fn release_seat(&mut self, id: CallId, now: Moment) {
        if let Some(call) = self.calls.get_mut(id) {
            (call.facts.seat, call.facts.kept) = (None, None);
            if !call.facts.joined {
                self.seating.spare_wrap_up(id, now);
            }
        }
        self.silence_candidates(id, Silenced::Unwanted, now);
        if !self.seating.let_go(id, now).is_empty() {
            self.seats_changed(now);
        }
    }

    /// They did not answer, or did not speak (D6).
    pub(super) fn seat_absent(&mut self, id: CallId, now: Moment) {
        self.seating.mark_absent(id, now);
        if self.seating.has_absent() {
            self.standing_alarm(SEAT_ABSENT, now);
        }
    }
}
