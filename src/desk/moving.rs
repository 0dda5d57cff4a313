//! A live call goes to another seat by one action: the rep's old leg stays until the new one is there, so that the caller
//! misses a few packets at most.

use std::io;

use bytes::Bytes;

use crate::call::{LegNews, Notice};
use crate::records::What;
use crate::seats::headset::Start;
use crate::words::{CallId, Moment, Party, SeatId};

use super::Desk;
use super::calls::Leg;
use super::candidates::Silenced;
use super::house::Place;
use super::own_seats::OwnLeg;

impl Desk {
    /// Rings the seat; one on this PC that is no telephone is there at once.
    pub(super) fn move_call(&mut self, id: CallId, to: &SeatId, now: Moment) {
        if !self.seating.ring_besides(id, to, now) {
            return self.not_moved(id, now);
        }
        let place = self.house.seats.get(to).cloned();
        match place {
            Some(Place::Phone(_) | Place::Registered { .. }) => self.ring_to_move(id, to, now),
            Some(Place::Headset) => {
                let own = self.headset_leg(id, Start::Joined);
                self.take_over(id, to, own, now);
            }
            Some(Place::Test(kind)) => {
                let own = self.test_leg(kind);
                self.take_over(id, to, own, now);
            }
            None => {}
        }
    }

    /// A seat on this PC is there at once; where it cannot be opened the rep stays where he is.
    fn take_over(&mut self, id: CallId, to: &SeatId, own: io::Result<OwnLeg>, now: Moment) {
        let own = match own {
            Ok(own) => own,
            Err(problem) => {
                self.tell_no_port(id, Party::Rep, &problem, now);
                self.seating.stay(id, now);
                return self.not_moved(id, now);
            }
        };
        let old = self.calls.take_leg(id, Party::Rep);
        self.sit_at(id, to, now);
        self.seat_by(id, own, LegNews::Moved, now);
        if let Some(old) = old {
            self.end_leg(id, &old, now);
        }
    }

    /// The new leg is the rep's, and the old one ends.
    pub(super) fn moved(
        &mut self,
        id: CallId,
        (old, new): (Leg, Leg),
        to: &SeatId,
        sdp: Option<Bytes>,
        now: Moment,
    ) {
        self.calls.set_leg(id, Party::Rep, new);
        self.sit_at(id, to, now);
        self.answered_as(id, Party::Rep, LegNews::Moved, sdp, now);
        self.end_leg(id, &old, now);
    }

    fn sit_at(&mut self, id: CallId, to: &SeatId, now: Moment) {
        self.drop_second_call(id, now);
        if let Some(call) = self.calls.get_mut(id) {
            call.facts.seat = Some(to.clone());
        }
        self.seating.move_to(id, to, now);
        // Asked to move twice: who else rings for it is too late.
        self.silence_candidates(id, Silenced::Elsewhere, now);
        self.note(id, What::Seated { seat: to.clone() }, now);
        self.seats_changed(now);
    }

    /// The seat does not answer in time.
    pub(super) fn stay_put(&mut self, id: CallId, now: Moment) {
        self.silence_candidates(id, Silenced::Unwanted, now);
        self.seating.stay(id, now);
        self.seats_changed(now);
    }

    /// The call stays where it is.
    pub(super) fn not_moved(&mut self, id: CallId, now: Moment) {
        let notice = Notice::NotMoved.to_string();
        self.note(id, What::Told { notice }, now);
        self.seats_changed(now);
    }
}
