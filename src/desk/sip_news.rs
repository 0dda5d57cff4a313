//! SIP -> the call's words.

use bytes::Bytes;

use crate::call::{Cause, Input, LegNews, Refused};
use crate::callbacks::SipCause;
use crate::failpoint::{self, Failpoint};
use crate::media::Attended;
use crate::records::What;
use crate::sip::offer_answer::{self, Direction};
use crate::sip::{Event, LegId, is_answered_elsewhere};
use crate::words::{CallId, Moment, Party};

use super::keys_once::Road;
use super::{Desk, sound};

impl Desk {
    /// Everything the endpoint has to tell.
    pub(super) fn take_sip_events(&mut self, now: Moment) {
        let anew = self.follow_phones(now);
        while let Some((leg, event)) = self.signalling.poll_event() {
            if let Event::Invited(invited) = event {
                self.invited_by(leg, *invited, now);
            } else {
                self.leg_event(leg, event, now);
            }
            self.settle(now);
        }
        self.tell_of_free_lines(now);
        // After the calls that just missed the phone before.
        self.ring_anew(&anew, now);
        self.take_answers(now);
    }

    fn leg_event(&mut self, leg: LegId, event: Event, now: Moment) {
        if let Some(id) = self.calls.of_second(leg) {
            return self.second_call_event(id, leg, event, now);
        }
        if let Some(seat) = self.pbx.seat_of(leg).cloned() {
            return self.code_event(leg, seat, event, now);
        }
        match self.calls.of_sip(leg) {
            Some((id, party)) if self.leaves_consultation(id, party, &event) => {
                self.consultation_left(id, now);
            }
            Some(of) => self.call_event(of, leg, event, now),
            None => self.candidate_event(leg, event, now),
        }
    }

    /// The rep hangs up, or loses, the call that he dialled the target by.
    fn leaves_consultation(&self, id: CallId, party: Party, event: &Event) -> bool {
        let is_over = matches!(
            event,
            Event::Cancelled { .. } | Event::HungUp { .. } | Event::Lost { .. } | Event::Expired
        );
        is_over && party == Party::Rep && self.calls.has_parked(id)
    }

    /// Of a party's own leg.
    fn call_event(&mut self, (id, party): (CallId, Party), leg: LegId, event: Event, now: Moment) {
        match event {
            Event::Invited(_) => {} // begins a call; taken before
            Event::Cancelled { reason } => self.cancelled(id, party, reason.as_deref(), now),
            Event::Acked { answer } => self.acked(id, party, answer, now),
            Event::AckMissing => self.leg_news(id, party, LegNews::NeverAcked, None, now),
            Event::Provisional { code, sdp } => self.provisional(id, party, code, sdp, now),
            Event::Answered { sdp } => self.answered(id, party, sdp, now),
            Event::Refused {
                code,
                reason,
                cause,
                ..
            } => self.refused(id, party, (code, cause, &reason), now),
            Event::NoResponse => self.gone(id, party, LegNews::NoAnswer, None, now),
            Event::Offered { sdp } => self.offered(id, party, leg, sdp, now),
            Event::Pracked { answer } => self.settle_media(id, party, &answer),
            Event::PrackMissing => self.gone(id, party, LegNews::Cancelled, Some(504), now),
            Event::Expiring { at } => self.expiring(id, party, at, now),
            Event::Expired => self.gone(id, party, LegNews::Lost, Some(408), now),
            Event::ReferAsked(asked) => self.refer_asked((id, party), leg, &asked, now),
            Event::ReferOver { code } => self.refer_over(id, party, code, now),
            Event::OfferTaken { sdp } => self.offer_taken(id, party, sdp, now),
            Event::OfferRefused { code } => self.offer_refused(id, party, code, now),
            // How the exchange gets on with a call that we hand to it changes nothing.
            Event::ReferProgress { .. } => {}
            Event::HungUp { .. } => self.gone(id, party, LegNews::HungUp, None, now),
            Event::Lost { code } => self.gone(id, party, LegNews::Lost, Some(code), now),
            Event::Keys(keys) => {
                for key in keys {
                    self.key(id, party, key, Road::Info, now);
                }
            }
        }
    }

    fn cancelled(&mut self, id: CallId, party: Party, reason: Option<&str>, now: Moment) {
        let news = match reason.is_some_and(is_answered_elsewhere) {
            true => LegNews::AnsweredElsewhere,
            false => LegNews::Cancelled,
        };
        self.gone(id, party, news, None, now);
    }

    /// By a status, a Q.850 cause and words.
    fn refused(
        &mut self,
        id: CallId,
        party: Party,
        (status, q850, words): (u16, Option<u16>, &str),
        now: Moment,
    ) {
        let said = SipCause::new(status, words).and_q850(q850);
        self.attempt_refused(id, party, said);
        let cause = Cause::of(q850, words);
        let refused = LegNews::Refused(Refused { status, cause });
        self.gone(id, party, refused, Some(status), now);
    }

    fn expiring(&mut self, id: CallId, party: Party, at: Moment, now: Moment) {
        let in_s = now.until(at).as_secs();
        tracing::warn!(call = %id, party = %party, in_s, "a session nobody refreshes");
        if party == Party::Caller {
            self.leg_news(id, party, LegNews::Expiring, None, now);
        }
    }

    fn refer_over(&mut self, id: CallId, party: Party, code: Option<u16>, now: Moment) {
        let news = match code {
            Some(200..300) => LegNews::HandedOff,
            Some(_) | None => LegNews::NotHandedOff,
        };
        self.leg_news(id, party, news, code, now);
    }

    /// Where the call keeps a promise it is kept what the customer's side said.
    fn attempt_refused(&mut self, id: CallId, party: Party, cause: SipCause) {
        if party == Party::Caller
            && let Some(call) = self.calls.get_mut(id)
            && let Some(attempt) = &mut call.facts.attempt
        {
            attempt.cause = Some(cause);
        }
    }

    /// The leg is over: its sound ends, and the call hears of it.
    fn gone(&mut self, id: CallId, party: Party, news: LegNews, code: Option<u16>, now: Moment) {
        if let Some(leg) = self.calls.take_leg(id, party)
            && let Some(port) = leg.port
        {
            self.sound.close(port.key);
        }
        if party == Party::Rep {
            if matches!(news, LegNews::Refused(_)) {
                self.rep_refused(id, now);
            }
            self.drop_second_call(id, now);
            self.release_seat(id, now);
        }
        self.leg_news(id, party, news, code, now);
    }

    /// With a delayed offer the ACK carries their answer (RFC 3261 13.2.1).
    fn acked(&mut self, id: CallId, party: Party, answer: Option<Bytes>, now: Moment) {
        if let Some(answer) = answer {
            self.settle_media(id, party, &answer);
        }
        let Some(leg) = self.calls.leg_mut(id, party) else {
            return;
        };
        let first = !std::mem::replace(&mut leg.up, true);
        if first && party == Party::Caller {
            self.leg_news(id, party, LegNews::Acked, None, now);
            self.answered_call(id, now);
        }
    }

    fn provisional(
        &mut self,
        id: CallId,
        party: Party,
        code: u16,
        sdp: Option<Bytes>,
        now: Moment,
    ) {
        if let Some(sdp) = sdp {
            self.settle_media(id, party, &sdp);
        }
        self.leg_news(id, party, LegNews::Ringing, Some(code), now);
    }

    pub(super) fn answered(&mut self, id: CallId, party: Party, sdp: Option<Bytes>, now: Moment) {
        self.answered_as(id, party, LegNews::PickedUp, sdp, now);
    }

    /// The same, as this news.
    pub(super) fn answered_as(
        &mut self,
        id: CallId,
        party: Party,
        news: LegNews,
        sdp: Option<Bytes>,
        now: Moment,
    ) {
        if party == Party::Caller && self.keeps_promise(id) {
            failpoint::reached(Failpoint::Answered);
        }
        if let Some(sdp) = sdp {
            self.settle_media(id, party, &sdp);
        }
        if let Some(leg) = self.calls.leg_mut(id, party) {
            leg.up = true;
        }
        if self
            .calls
            .get(id)
            .is_some_and(|call| call.sound(party).is_none())
        {
            // An answer without usable sound is no answer (D27: an unusable answer).
            self.hang_up(id, party, now);
            return self.leg_news(id, party, LegNews::Lost, None, now);
        }
        self.leg_news(id, party, news, Some(200), now);
        if party == Party::Caller {
            self.attend(id, party, Attended::Answered);
            self.answered_call(id, now);
        }
    }

    /// Their answer to our offer.
    fn settle_media(&mut self, id: CallId, party: Party, answer: &[u8]) {
        let they_are = self.whence_of(id, party);
        let Some(leg) = self.calls.leg_mut(id, party) else {
            return;
        };
        let answer = offer_answer::read(answer).map(|answer| leg.shield.weigh_answer(answer));
        let agreed = answer.map(|answer| offer_answer::settle(&answer, &self.house.codecs));
        match agreed.map(|agreed| agreed.map(|agreed| self.seen(id, party, agreed))) {
            Ok(Ok(agreed)) if self.may_send_to(&agreed, they_are) => {
                self.connect(id, party, sound::spec(&agreed));
            }
            Ok(Ok(agreed)) => {
                let remote = agreed.remote;
                tracing::warn!(call = %id, party = %party, %remote, "an answer that leads to us or nowhere");
            }
            Ok(Err(problem)) => {
                tracing::warn!(call = %id, party = %party, %problem, "use their answer")
            }
            Err(problem) => {
                tracing::warn!(call = %id, party = %party, %problem, "read their answer")
            }
        }
    }

    /// A re-INVITE: hold, resume, a new address. Our sound runs on (D13).
    pub(super) fn offered(
        &mut self,
        id: CallId,
        party: Party,
        leg: LegId,
        sdp: Option<Bytes>,
        now: Moment,
    ) {
        let they_are = self.whence_of(id, party);
        let Some(ours) = self.calls.leg_mut(id, party) else {
            return;
        };
        let Some(port) = ours.port else { return };
        // Behind a NAT they may come from elsewhere by now, and so does their sound.
        let peer = self.signalling.endpoint.peer_of(leg);
        if let (Some(seen_at), Some(peer)) = (&mut ours.seen_at, peer) {
            *seen_at = peer.address.ip();
        }
        ours.origin.version += 1;
        let origin = ours.origin;
        let offered = sdp.as_deref().map(offer_answer::read);
        let reply = match offered.map(|offer| offer.map(|it| ours.shield.weigh_offer(it))) {
            None => {
                let codecs = ours.codecs(&self.house.codecs);
                let offer = offer_answer::offer(port.told, origin, &codecs);
                let offer = ours.shield.offer(offer);
                self.signalling.endpoint.accept_offer(leg, offer, now)
            }
            Some(Ok(offer)) => {
                let answer = offer_answer::answer(&offer, port.told, origin, &self.house.codecs);
                match answer.map(|(sdp, agreed)| (sdp, self.seen(id, party, agreed))) {
                    Ok((answer, agreed)) if self.may_send_to(&agreed, they_are) => {
                        self.connect(id, party, sound::spec(&agreed));
                        self.hold_news(id, party, agreed.direction, now);
                        self.signalling.endpoint.accept_offer(leg, answer, now)
                    }
                    Ok(_) | Err(_) => self.signalling.endpoint.refuse_offer(leg, now),
                }
            }
            Some(Err(_)) => self.signalling.endpoint.refuse_offer(leg, now),
        };
        if let Err(problem) = reply {
            tracing::debug!(call = %id, party = %party, %problem, "answer an offer");
        }
    }

    /// Our direction tells theirs: when we may not send, they hold us.
    pub(super) fn hold_news(&mut self, id: CallId, party: Party, ours: Direction, now: Moment) {
        let holds = ours.is_held();
        // Whether his phone holds the caller is told by the call that the caller is on.
        if party == Party::Rep && self.calls.has_parked(id) {
            return;
        }
        let Some(leg) = self.calls.leg_mut(id, party) else {
            return;
        };
        if std::mem::replace(&mut leg.held, holds) != holds {
            let news = if holds {
                LegNews::Holds
            } else {
                LegNews::Resumes
            };
            self.leg_news(id, party, news, None, now);
        }
    }

    /// Notes the news and hands them to the call.
    pub(super) fn leg_news(
        &mut self,
        id: CallId,
        party: Party,
        news: LegNews,
        code: Option<u16>,
        now: Moment,
    ) {
        if (party, news) == (Party::Rep, LegNews::PickedUp) {
            self.rep_picked_up(id, now);
        }
        self.note_leg(id, party, news, code, now);
        self.later(id, Input::Leg(party, news));
    }

    pub(super) fn note_leg(
        &mut self,
        id: CallId,
        party: Party,
        news: LegNews,
        code: Option<u16>,
        now: Moment,
    ) {
        let news = leg_word(news).to_owned();
        self.note(id, What::Leg { party, news, code }, now);
    }
}

fn leg_word(news: LegNews) -> &'static str {
    match news {
        LegNews::Ringing => "ringing",
        LegNews::PickedUp => "answered",
        LegNews::Acked => "acknowledged",
        LegNews::NeverAcked => "never-acknowledged",
        LegNews::Cancelled => "cancelled",
        LegNews::AnsweredElsewhere => "answered-elsewhere",
        LegNews::Refused(_) => "refused",
        LegNews::NoAnswer => "no-answer",
        LegNews::HungUp => "hung-up",
        LegNews::Lost => "lost",
        LegNews::Expiring => "expiring",
        LegNews::Holds => "holds",
        LegNews::Resumes => "resumes",
        LegNews::Moved => "moved",
        LegNews::Away => "away",
        LegNews::Back => "back",
        LegNews::HandedOff => "handed-off",
        LegNews::NotHandedOff => "not-handed-off",
        LegNews::Kept => "kept",
        LegNews::NoSeat => "no-seat",
    }
}
