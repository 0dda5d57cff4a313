//! Legs to several seats that ring for one call: the first to pick up becomes the rep's.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::call::{LegNews, Refused};
use crate::records::What;
use crate::seating::Declined;
use crate::sip::{Event, LegId};
use crate::words::{CallId, Moment, Party, SeatId};

use super::Desk;
use super::calls::Leg;
use super::reach::Whence;

/// A seat's leg, aside of the call's own until it is taken.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) call: CallId,
    pub(super) seat: SeatId,
    pub(super) leg: Leg,
    /// Where its phone is.
    pub(super) is: Whence,
    /// Its answer to our offer, where that came before the pick-up (RFC 3262 5).
    early: Option<Bytes>,
}

/// All of them by their SIP legs, of which the endpoint has only so many.
#[derive(Debug, Default)]
pub(super) struct Candidates(BTreeMap<LegId, Candidate>);

impl Candidate {
    pub(super) fn new(call: CallId, seat: SeatId, leg: Leg, is: Whence) -> Self {
        Self {
            call,
            seat,
            leg,
            is,
            early: None,
        }
    }
}

impl Candidates {
    pub(super) fn add(&mut self, sip: LegId, candidate: Candidate) {
        self.0.insert(sip, candidate);
    }

    pub(super) fn take(&mut self, sip: LegId) -> Option<Candidate> {
        self.0.remove(&sip)
    }

    /// Whether one of them receives RTP at this port.
    pub(super) fn listen_at(&self, port: u16) -> bool {
        let mut legs = self.0.values().filter_map(|candidate| candidate.leg.port);
        legs.any(|leg| leg.address.port() == port)
    }

    pub(super) fn call_of(&self, sip: LegId) -> Option<CallId> {
        self.0.get(&sip).map(|candidate| candidate.call)
    }

    fn keep_early(&mut self, sip: LegId, sdp: Option<Bytes>) {
        if let (Some(candidate), Some(sdp)) = (self.0.get_mut(&sip), sdp) {
            candidate.early = Some(sdp);
        }
    }

    fn of_call(&self, call: CallId) -> Vec<LegId> {
        let its = self.0.iter().filter(|(_, it)| it.call == call);
        its.map(|(sip, _)| *sip).collect()
    }
}

/// Why phones that ring are silenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silenced {
    /// Another seat has the call: it is no missed call of theirs.
    Elsewhere,
    /// The call does not want them any more.
    Unwanted,
}

impl Desk {
    /// News of a leg that is no party's yet.
    pub(super) fn candidate_event(&mut self, sip: LegId, event: Event, now: Moment) {
        let Some(id) = self.calls.candidates.call_of(sip) else {
            return;
        };
        match event {
            Event::Provisional { code, sdp } => {
                self.calls.candidates.keep_early(sip, sdp);
                self.leg_news(id, Party::Rep, LegNews::Ringing, Some(code), now);
            }
            Event::Answered { sdp } => self.candidate_picks_up(sip, sdp, now),
            Event::Refused { code, .. } => {
                let news = LegNews::Refused(Refused::status(code));
                self.candidate_declines(sip, (Declined::Refused, news), Some(code), now);
            }
            Event::NoResponse => {
                let how = (Declined::Missed, LegNews::NoAnswer);
                self.candidate_declines(sip, how, None, now);
            }
            Event::HungUp { .. } | Event::Lost { .. } | Event::Expired => {
                self.candidate_declines(sip, (Declined::Missed, LegNews::Lost), None, now);
            }
            // What is for a dialog, or for a leg that was called: none of it is theirs before they pick up.
            Event::Invited(_)
            | Event::Cancelled { .. }
            | Event::Acked { .. }
            | Event::AckMissing
            | Event::Offered { .. }
            | Event::Pracked { .. }
            | Event::PrackMissing
            | Event::Expiring { .. }
            | Event::ReferAsked(_)
            | Event::ReferOver { .. }
            | Event::ReferProgress { .. }
            | Event::OfferTaken { .. }
            | Event::OfferRefused { .. }
            | Event::Keys(_) => {}
        }
    }

    /// It is the rep's leg from now on; the others fall silent. A 200 that crosses their CANCEL is
    /// acknowledged and hung up by the endpoint.
    fn candidate_picks_up(&mut self, sip: LegId, sdp: Option<Bytes>, now: Moment) {
        let Some(candidate) = self.calls.candidates.take(sip) else {
            return;
        };
        let Candidate {
            call: id, seat, is, ..
        } = candidate;
        if let Some(call) = self.calls.get_mut(id) {
            (call.facts.seat, call.facts.rep_is) = (Some(seat.clone()), is);
        }
        let sdp = sdp.or(candidate.early);
        match self.calls.take_leg(id, Party::Rep) {
            Some(old) if old.up => self.moved(id, (old, candidate.leg), &seat, sdp, now),
            rang => {
                // The headset rang, too.
                if let Some(rang) = rang {
                    self.end_leg(id, &rang, now);
                }
                self.calls.set_leg(id, Party::Rep, candidate.leg);
                self.note(id, What::Seated { seat }, now);
                self.rep_picked_up(id, now);
                self.answered(id, Party::Rep, sdp, now);
            }
        }
    }

    /// The call hears of it when nobody else rings.
    fn candidate_declines(
        &mut self,
        sip: LegId,
        (how, news): (Declined, LegNews),
        code: Option<u16>,
        now: Moment,
    ) {
        let Some(candidate) = self.calls.candidates.take(sip) else {
            return;
        };
        let (id, seat) = (candidate.call, candidate.seat);
        if let Some(port) = candidate.leg.port {
            self.sound.close(port.key);
        }
        let others_ring = self.seating.decline(id, &seat, how, now);
        if self.calls.leg(id, Party::Rep).is_some_and(|leg| leg.up) {
            self.not_moved(id, now);
        } else if others_ring {
            self.note_leg(id, Party::Rep, news, code, now);
        } else {
            self.leg_news(id, Party::Rep, news, code, now);
        }
        self.seats_changed(now);
    }

    /// Ends the legs of all seats that ring for this call.
    pub(super) fn silence_candidates(&mut self, id: CallId, why: Silenced, now: Moment) {
        for sip in self.calls.candidates.of_call(id) {
            let candidate = self.calls.candidates.take(sip);
            if let Some(port) = candidate.and_then(|candidate| candidate.leg.port) {
                self.sound.close(port.key);
            }
            let endpoint = &mut self.signalling.endpoint;
            let silenced = match why {
                Silenced::Elsewhere => endpoint.cancel_answered_elsewhere(sip, now),
                Silenced::Unwanted => endpoint.cancel(sip, now),
            };
            // It has picked up already, and its 200 waits to be read.
            let ended = silenced.or_else(|_| endpoint.bye(sip, None, now));
            self.too_late(id, "silence a seat", ended);
        }
    }
}
