//! The second call of a rep's own phone: he puts the caller on hold and dials the target (D23).
//!
//! It rings until the target is there. Then the rep's voice comes by it, and his first call is parked: it carries
//! no sound, and is the way back to the caller.

use bytes::Bytes;

use crate::call::{Input, LegNews};
use crate::media::{Hears, Order};
use crate::records::What;
use crate::seating::State;
use crate::sip::offer_answer;
use crate::sip::{Event, Invited, LegId, Refusal};
use crate::words::{CallId, Command, Moment, Party, TransferMode};

use super::Desk;
use super::calls::{Leg, Second};
use super::invited::Offer;
use super::lines::Line;

/// A rep's phone that calls us.
#[derive(Debug)]
pub(super) struct CallingRep {
    /// He dials a target while he has a caller.
    pub(super) consults: Option<Consults>,
}

#[derive(Debug)]
pub(super) struct Consults {
    pub(super) call: CallId,
    target: String,
}

impl Desk {
    /// Whether who calls is a rep. A phone that is only where the settings say may be any caller's, too: it is the
    /// rep's when he dials a target during a call.
    pub(super) fn calling_rep(&self, invited: &Invited, now: Moment) -> Option<CallingRep> {
        let consults = |seat| {
            // Not one that rings there, and not one that another seat has by now.
            let standing = self.seating.get(seat)?.standing();
            let call = standing.call.filter(|_| standing.state == State::InCall)?;
            let target = self.house.target_named(&invited.called)?.to_owned();
            Some(Consults { call, target })
        };
        if let Some(seat) = self.signalling.endpoint.seat_behind(invited.source, now) {
            let consults = consults(seat);
            return Some(CallingRep { consults });
        }
        let consults = consults(self.house.seat_at(invited.source)?)?;
        let consults = Some(consults);
        Some(CallingRep { consults })
    }

    /// It rings, and the caller is asked.
    pub(super) fn dial_second(
        &mut self,
        Consults { call: id, target }: Consults,
        sip: LegId,
        Offer { theirs, shield }: Offer,
        (invited, line): (&Invited, &Line),
        now: Moment,
    ) {
        let mut leg = Leg::new(self.signalling.origin(), shield);
        (leg.sip, leg.offer) = (Some(sip), theirs);
        leg.seen_at = line.seen_at(invited.source.address.ip());
        if !self.calls.add_second(id, leg) {
            // He is dialling already, or talks to a target.
            return self.reject(sip, Refusal::new(486), now);
        }
        let rung = self.signalling.endpoint.ring(sip, now);
        self.too_late(id, "ring", rung);
        self.note_second(id, "dials", now);
        let mode = TransferMode::Consult;
        if !self.is_done(id, Input::PhoneTransfer { target, mode }, now) {
            self.end_second_call(id, now);
        }
    }

    fn note_second(&mut self, id: CallId, news: &str, now: Moment) {
        let (party, news) = (Party::Rep, news.to_owned());
        let code = None;
        self.note(id, What::Leg { party, news, code }, now);
    }

    /// The target is there: the rep talks to it by the call he dialled it with.
    pub(super) fn answer_phone(&mut self, id: CallId, now: Moment) {
        let Some(parked) = self.calls.park_first(id) else {
            return;
        };
        // Nobody is heard on a call that is parked.
        if let Some(leg) = parked {
            let hears = Hears::default();
            self.sound.order(Order::Hear { leg, hears });
        }
        if !self.answer_party(id, Party::Rep, now) {
            return self.consultation_left(id, now);
        }
        if let Some(leg) = self.calls.leg_mut(id, Party::Rep) {
            leg.up = true;
        }
        self.note_second(id, "consults", now);
    }

    /// The transfer is over: what remains is the rep's call with the caller.
    pub(super) fn end_second_call(&mut self, id: CallId, now: Moment) {
        match self.calls.take_second(id) {
            Some(Second::Dialling(leg)) => self.stop_ringing(&leg, now),
            Some(Second::Parked(first)) => {
                if let Some(second) = self.calls.take_leg(id, Party::Rep) {
                    self.end_leg(id, &second, now);
                }
                self.calls.set_leg(id, Party::Rep, *first);
                self.patch_again(id);
            }
            None => {}
        }
    }

    /// The rep is gone, and so is all that his phone had with us.
    pub(super) fn drop_second_call(&mut self, id: CallId, now: Moment) {
        match self.calls.take_second(id) {
            Some(Second::Dialling(leg)) => self.stop_ringing(&leg, now),
            Some(Second::Parked(first)) => self.end_leg(id, &first, now),
            None => {}
        }
    }

    fn stop_ringing(&mut self, leg: &Leg, now: Moment) {
        if let Some(sip) = leg.sip {
            self.reject(sip, Refusal::new(480), now);
        }
    }

    /// News of a call of the rep's that is not the one he is heard by.
    pub(super) fn second_call_event(&mut self, id: CallId, leg: LegId, event: Event, now: Moment) {
        let is_parked = self.calls.has_parked(id);
        match event {
            Event::ReferAsked(asked) => self.refer_asked((id, Party::Rep), leg, &asked, now),
            Event::Offered { sdp } if is_parked => self.parked_offered(id, leg, sdp, now),
            Event::HungUp { .. } | Event::Lost { .. } | Event::Expired if is_parked => {
                self.parked_left(id, now);
            }
            Event::Cancelled { .. }
            | Event::HungUp { .. }
            | Event::Lost { .. }
            | Event::Expired
            | Event::PrackMissing => {
                self.calls.take_second(id);
                self.later(id, Input::Command(Command::Abandon));
            }
            // It says nothing by a call that rings, and nothing is heard by one that is parked.
            Event::Invited(_)
            | Event::Acked { .. }
            | Event::AckMissing
            | Event::Provisional { .. }
            | Event::Answered { .. }
            | Event::Refused { .. }
            | Event::NoResponse
            | Event::Offered { .. }
            | Event::Pracked { .. }
            | Event::Expiring { .. }
            | Event::OfferTaken { .. }
            | Event::OfferRefused { .. }
            | Event::ReferOver { .. }
            | Event::ReferProgress { .. }
            | Event::Keys(_) => {}
        }
    }

    /// He leaves the target: hanging up the call he consults by, he gives the transfer up.
    pub(super) fn consultation_left(&mut self, id: CallId, now: Moment) {
        if let Some(leg) = self.calls.take_leg(id, Party::Rep)
            && let Some(port) = leg.port
        {
            self.sound.close(port.key);
        }
        self.end_second_call(id, now);
        self.later(id, Input::Command(Command::Abandon));
    }

    /// The rep hung up on the caller while he talked to the target: he is gone.
    fn parked_left(&mut self, id: CallId, now: Moment) {
        if let Some(Second::Parked(first)) = self.calls.take_second(id)
            && let Some(port) = first.port
        {
            self.sound.close(port.key);
        }
        if let Some(leg) = self.calls.take_leg(id, Party::Rep) {
            self.end_leg(id, &leg, now);
        }
        self.release_seat(id, now);
        self.leg_news(id, Party::Rep, LegNews::HungUp, None, now);
    }

    /// Off hold he is back with the caller, and the consultation is over; else it stays as it is.
    fn parked_offered(&mut self, id: CallId, leg: LegId, sdp: Option<Bytes>, now: Moment) {
        let codecs = &self.house.codecs;
        let parked = self.calls.parked_mut(id);
        let answer = parked.zip(sdp.as_deref()).and_then(|(parked, offer)| {
            let offer = parked.shield.weigh_offer(offer_answer::read(offer).ok()?);
            parked.origin.version += 1;
            offer_answer::answer(&offer, parked.port?.told, parked.origin, codecs).ok()
        });
        let answered = match answer {
            Some((answer, agreed)) if agreed.direction.is_held() => {
                self.signalling.endpoint.accept_offer(leg, answer, now)
            }
            Some(_) => {
                self.end_second_call(id, now);
                return self.offered(id, Party::Rep, leg, sdp, now);
            }
            None => self.signalling.endpoint.refuse_offer(leg, now),
        };
        self.too_late(id, "answer an offer", answered);
    }
}
