//! A leg whose place another takes (RFC 3891): the other side has transferred its end of the call.
//!
//! The endpoint has seen to it that the new one comes from the old one's peer (hardening 11).

use crate::call::{Input, LegNews};
use crate::dialling::Identity;
use crate::records::What;
use crate::sip::offer_answer::{self, Negotiated};
use crate::sip::{Invited, LegId, Refusal};
use crate::words::{CallId, Command, Moment, Party};

use super::calls::{Succession, Successor};
use super::invited::Offer;
use super::lines::Line;
use super::{Desk, signalling, sound};

impl Desk {
    /// Answers the new leg with the old one's port, so that our sound runs on, and hangs up the old one.
    pub(super) fn replace(
        &mut self,
        old: LegId,
        new: LegId,
        Offer { theirs, shield }: Offer,
        (invited, line): (&Invited, &Line),
        now: Moment,
    ) {
        let port = self.calls.of_sip(old).and_then(|(id, party)| {
            let port = self.calls.leg_mut(id, party)?.port?;
            Some((id, party, port))
        });
        let Some((id, party, port)) = port else {
            // The call has let go of it already: its BYE is on the way.
            return self.reject(new, Refusal::new(481), now);
        };
        let origin = self.signalling.origin();
        let codecs = &self.house.codecs;
        let answer = theirs.map(|offer| offer_answer::answer(&offer, port.told, origin, codecs));
        let (sdp, agreed) = match answer.transpose() {
            Ok(Some((sdp, agreed))) => (sdp, Some(agreed)),
            Ok(None) => {
                let offer = offer_answer::offer(port.told, origin, codecs);
                (shield.offer(offer), None)
            }
            Err(problem) => return self.reject(new, signalling::unusable(&problem), now),
        };
        if let Err(problem) = self.signalling.endpoint.answer(new, sdp, now) {
            return tracing::debug!(call = %id, %problem, "too late to replace");
        }
        let successor = Successor {
            sip: new,
            origin,
            shield,
            seen_at: line.seen_at(invited.source.address.ip()),
        };
        let Some(was) = self.calls.succeed(id, party, successor) else {
            return;
        };
        self.note_replaced(id, party, (invited, line), now);
        self.hear_successor(id, party, agreed, now);
        self.end_replaced(id, party, was, now);
    }

    fn note_replaced(
        &mut self,
        id: CallId,
        party: Party,
        (invited, line): (&Invited, &Line),
        now: Moment,
    ) {
        let news = What::Leg {
            party,
            news: "replaced".to_owned(),
            code: None,
        };
        self.note(id, news, now);
        match party {
            Party::Caller => self.know_caller(id, invited, line, now),
            Party::Rep => self.know_rep(id, invited),
            Party::Target => {} // is where the settings say
        }
    }

    fn know_rep(&mut self, id: CallId, invited: &Invited) {
        let rep_is = self.whence(invited.source.address.ip());
        if let Some(call) = self.calls.get_mut(id) {
            call.facts.rep_is = rep_is;
        }
    }

    /// From here on it is he who is phoned back.
    fn know_caller(&mut self, id: CallId, invited: &Invited, line: &Line, now: Moment) {
        let identity = Identity::of(invited, line.trust());
        let caller_is = self.whence(invited.source.address.ip());
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.replace_caller(identity.caller.clone(), now);
        call.facts.caller_is = caller_is;
        call.facts.identity = Some(identity);
        call.facts.sip_call_id.clone_from(&invited.call_id);
        if call.call.recording().is_some() {
            // He has not heard the notice: the rep tells him, and resumes (D32).
            let paused = Command::Recording { paused: true };
            self.later(id, Input::Command(paused));
        }
        self.know_number(id);
        self.answered_call(id, now);
    }

    fn hear_successor(
        &mut self,
        id: CallId,
        party: Party,
        agreed: Option<Negotiated>,
        now: Moment,
    ) {
        if let Some(agreed) = agreed {
            let agreed = self.seen(id, party, agreed);
            self.connect(id, party, sound::spec(&agreed));
            self.hold_news(id, party, agreed.direction, now);
        }
    }

    /// A leg that rang is picked up by whoever takes its place.
    fn end_replaced(&mut self, id: CallId, party: Party, was: Succession, now: Moment) {
        let endpoint = &mut self.signalling.endpoint;
        let ended = match was.up {
            true => endpoint.bye(was.sip, None, now),
            false => endpoint
                .cancel(was.sip, now)
                .or_else(|_| endpoint.bye(was.sip, None, now)),
        };
        self.too_late(id, "hang up the replaced leg", ended);
        if !was.up {
            self.leg_news(id, party, LegNews::PickedUp, Some(200), now);
        }
    }
}
