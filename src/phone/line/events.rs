//! What the other side does, and how a phone takes it.

use super::{Line, Ringing, Stage};
use crate::phone::diary::Progress;
use crate::phone::settings::Answers;
use crate::sip::{Event, Invited, LegId, Refusal};
use crate::words::Moment;

impl Line {
    pub(super) fn happened(&mut self, leg: LegId, event: Event, now: Moment) {
        if let Event::Invited(invited) = event {
            return self.invited(leg, *invited, now);
        }
        if self.leg() != Some(leg) {
            return;
        }
        match event {
            Event::Provisional { .. } => self.note(Progress::RingsThere),
            Event::Answered { sdp } => self.answered(leg, sdp.as_deref(), now),
            Event::Acked { answer } => self.acked(leg, answer.as_deref(), now),
            Event::Refused { code, .. } => self.end(Progress::Refused { code }),
            Event::NoResponse => self.end(Progress::Refused { code: 408 }),
            Event::Cancelled { .. } | Event::PrackMissing => self.end(Progress::Cancelled),
            Event::AckMissing => self.hang_up(now),
            Event::HungUp { .. } | Event::Lost { .. } | Event::Expired => {
                self.end(Progress::HungUp { by_us: false })
            }
            Event::Offered { sdp } => self.offered(leg, sdp.as_deref(), now),
            Event::Keys(keys) => {
                let note = |key| self.diary.send_modify(|diary| diary.note_key(key, now));
                keys.into_iter().for_each(note);
            }
            Event::ReferAsked(_) => {
                let _ = self.endpoint.refuse_refer(leg, 603, now);
            }
            Event::OfferTaken { sdp } => {
                if let Some(negotiated) = sdp.and_then(|sdp| self.settled(&sdp)) {
                    self.with_talk(|talk| talk.retarget(negotiated));
                }
            }
            // What comes of a REFER is in its NOTIFYs, which the diary has; a phone offers nothing in a 1xx, and a second
            // INVITE is told above.
            Event::OfferRefused { .. }
            | Event::Pracked { .. }
            | Event::Expiring { .. }
            | Event::ReferProgress { .. }
            | Event::ReferOver { .. }
            | Event::Invited(_) => {}
        }
    }

    fn invited(&mut self, leg: LegId, invited: Invited, now: Moment) {
        let code = match (&self.stage, self.settings.answers) {
            (Stage::Calling(_) | Stage::Ringing(_) | Stage::Talking(_), _) | (_, Answers::Busy) => {
                486
            }
            (Stage::Free, Answers::Decline) => 603,
            (Stage::Free, Answers::Never) => return self.ring(leg, invited, None, now),
            (Stage::Free, Answers::AfterRing(wait)) => {
                return self.ring(leg, invited, Some(now + wait), now);
            }
        };
        self.diary.send_modify(|diary| diary.invites += 1);
        let _ = self.endpoint.reject(leg, &Refusal::new(code), now);
    }

    fn ring(&mut self, leg: LegId, invited: Invited, answer_at: Option<Moment>, now: Moment) {
        if self.endpoint.ring(leg, now).is_err() {
            return;
        }
        self.begin(leg, Progress::Rings);
        self.diary.send_modify(|diary| diary.invites += 1);
        self.stage = Stage::Ringing(Box::new(Ringing {
            leg,
            invited,
            answer_at,
            answered: false,
        }));
    }

    fn leg(&self) -> Option<LegId> {
        match &self.stage {
            Stage::Free => None,
            Stage::Calling(leg) => Some(*leg),
            Stage::Ringing(ringing) => Some(ringing.leg),
            Stage::Talking(talk) => Some(talk.leg),
        }
    }

    fn answered(&mut self, leg: LegId, sdp: Option<&[u8]>, now: Moment) {
        match sdp.and_then(|sdp| self.settled(sdp)) {
            Some(negotiated) => self.talk(leg, negotiated, now),
            None => {
                let _ = self.endpoint.bye(leg, None, now);
                self.end(Progress::Refused { code: 488 });
            }
        }
    }

    fn acked(&mut self, leg: LegId, answer: Option<&[u8]>, now: Moment) {
        let negotiated = answer.and_then(|answer| self.settled(answer));
        match (&mut self.stage, negotiated) {
            (Stage::Ringing(ringing), Some(negotiated)) if ringing.answered => {
                self.talk(leg, negotiated, now);
            }
            (Stage::Talking(talk), Some(negotiated)) => talk.retarget(negotiated),
            // The ACK of an answer of ours brings nothing new.
            _ => {}
        }
    }

    fn offered(&mut self, leg: LegId, sdp: Option<&[u8]>, now: Moment) {
        let Some(sdp) = sdp else {
            let _ = self.endpoint.accept_offer(leg, self.offer(), now);
            return;
        };
        match self.answer_to(sdp) {
            Some((answer, negotiated)) => {
                let _ = self.endpoint.accept_offer(leg, answer, now);
                self.with_talk(|talk| talk.retarget(negotiated));
            }
            None => {
                let _ = self.endpoint.refuse_offer(leg, now);
            }
        }
    }
}
