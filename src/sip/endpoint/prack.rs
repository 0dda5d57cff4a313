//! Reliable provisional responses, both ways (RFC 3262): sent, acknowledged by PRACK.

use bytes::Bytes;

use super::Endpoint;
use super::changes::Offered;
use super::events::Event;
use super::gate::{Rejection, Request};
use super::legs::LegId;
use super::messages::phrase;
use super::orders::{NotPossible, ReliableProgress};
use super::reliable::{Progress, read_rack};
use super::requests::RETRY_AFTER_S;
use super::responses::Response;
use super::stage::{Exchange, Incoming};
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{ServerKey, Use};
use crate::words::Moment;

const TAG: &str = "100rel";

impl Endpoint {
    /// Sends a provisional response: by PRACK where they require it, or may have it (setting).
    pub(super) fn send_progress(
        &mut self,
        id: LegId,
        progress: Progress,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let (incoming, _) = self.incoming(id)?;
        let Incoming {
            request, exchange, ..
        } = incoming.clone();
        let required = request
            .message
            .tokens("Require")
            .any(|tag| tag.eq_ignore_ascii_case(TAG));
        let supported = request
            .message
            .tokens("Supported")
            .any(|tag| tag.eq_ignore_ascii_case(TAG));
        let wanted = self.settings.dialogs.reliable == ReliableProgress::WhereSupported;
        // RFC 3262 5: the first reliable response to an INVITE without an offer holds ours.
        let offerless = exchange == Exchange::Unbegun && progress.sdp.is_none();
        match (required, supported && wanted) {
            (true, _) if offerless => Ok(()), // nothing may be sent; the 200 will do
            (true, _) | (_, true) if !offerless => self.send_reliably(id, progress, now),
            _ => self.send_plainly(id, progress, now),
        }
    }

    /// May be lost; only the caller's repetition sends it again.
    fn send_plainly(
        &mut self,
        id: LegId,
        progress: Progress,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let (incoming, tag) = self.incoming(id)?;
        let (key, request) = (incoming.server.clone(), &incoming.request);
        let response = request.reply(progress.code, phrase(progress.code), tag);
        let mut response = self.with_contact(response, request.from.transport);
        if let Some(sdp) = progress.sdp {
            response.set_body("application/sdp", sdp);
        }
        self.respond(&key, response, now);
        Ok(())
    }

    fn send_reliably(
        &mut self,
        id: LegId,
        progress: Progress,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let random = self.entropy.u32();
        let leg = self.legs.get_mut(id).ok_or(NotPossible::NoSuchLeg)?;
        if leg.reliable.is_waiting() {
            // RFC 3262 3: no second one before the PRACK of the first.
            leg.reliable.queue(progress);
            return Ok(());
        }
        let rseq = leg.reliable.next_rseq(random);
        let (incoming, tag) = self.incoming(id)?;
        let Incoming {
            server,
            request,
            exchange,
            ..
        } = incoming.clone();
        let response = request.reply(progress.code, phrase(progress.code), tag);
        let mut response = self.with_contact(response, request.from.transport);
        response.push("Require", TAG);
        response.push("RSeq", rseq.to_string());
        let sdp = progress.sdp.filter(|_| exchange != Exchange::Settled);
        let described = sdp.is_some();
        if let Some(sdp) = sdp {
            self.described(id, sdp.clone());
            response.set_body("application/sdp", sdp);
        }
        let bytes = self.respond(&server, response, now);
        if let Some(leg) = self.legs.get_mut(id) {
            leg.reliable.sent(request.reply_to(), bytes, described, now);
            if let Some(incoming) = leg.incoming_mut().filter(|_| described) {
                incoming.exchange = exchange.after_ours();
            }
        }
        self.arm_leg(id);
        Ok(())
    }

    /// Their PRACK of a response of ours (RFC 3262 3).
    pub(super) fn pracked(
        &mut self,
        id: LegId,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let rack = request.message.value("RAck").and_then(read_rack);
        let (rseq, cseq, method) = rack.ok_or(Rejection::new(400))?;
        let leg = self.legs.get_mut(id).ok_or(Rejection::new(481))?;
        let invite = leg.incoming_mut();
        let same = invite.is_none_or(|it| it.request.essentials.cseq.number == cseq);
        if !same || method != "INVITE" || !leg.reliable.is_awaited(rseq) {
            return Err(Rejection::new(481));
        }
        let sdp = request.message.sdp();
        let exchange = leg.incoming_mut().map(|incoming| incoming.exchange);
        if sdp.is_some() && (exchange == Some(Exchange::Theirs) || leg.changes.theirs.is_some()) {
            return Err(Rejection::with(500, "Retry-After", RETRY_AFTER_S));
        }
        leg.reliable.acknowledged();
        match (exchange, sdp) {
            (Some(Exchange::Ours), answer) => self.offer_answered(id, answer),
            (_, Some(sdp)) => {
                self.offered_by_prack(id, request, key, sdp, now);
                return Ok(());
            }
            (_, None) => {}
        }
        self.simple_ok(request, key, now);
        self.go_on(id, now);
        Ok(())
    }

    /// Our offer in a 1xx and what the PRACK says to it; without an answer the 200 offers anew.
    fn offer_answered(&mut self, id: LegId, answer: Option<Bytes>) {
        let leg = self.legs.get_mut(id);
        if let Some(incoming) = leg.and_then(|leg| leg.incoming_mut()) {
            incoming.exchange = match answer {
                Some(_) => Exchange::Settled,
                None => Exchange::Unbegun,
            };
        }
        if let Some(answer) = answer {
            self.out.emit(id, Event::Pracked { answer });
        }
    }

    /// A PRACK may begin the next exchange; `accept_offer` answers it (RFC 3262 5).
    fn offered_by_prack(
        &mut self,
        id: LegId,
        request: &Request,
        key: ServerKey,
        sdp: Bytes,
        now: Moment,
    ) {
        self.remember(request, &key, now);
        if let Some(leg) = self.legs.get_mut(id) {
            leg.changes.theirs = Some(Offered {
                server: key,
                request: request.clone(),
            });
        }
        self.out.emit(id, Event::Offered { sdp: Some(sdp) });
        self.go_on(id, now);
    }

    /// The PRACK is here: what waited for it goes out.
    fn go_on(&mut self, id: LegId, now: Moment) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        let (answer, next) = (leg.reliable.take_answer(), leg.reliable.take_next());
        let _ = match (answer, next) {
            (Some(answer), _) => self.answer(id, answer, now),
            (None, Some(progress)) => self.send_progress(id, progress, now),
            (None, None) => Ok(()),
        }; // the leg was answered meanwhile: nothing is left to say
        self.arm_leg(id);
    }

    /// No PRACK in 32 s (RFC 3262 3): the INVITE is refused.
    pub(super) fn prack_missing(&mut self, id: LegId, now: Moment) {
        self.refuse_invite(id, 504, now);
        self.out.emit(id, Event::PrackMissing);
    }

    /// Acknowledges a reliable response of theirs; false when it came before or out of order, and
    /// says nothing then (RFC 3262 4).
    pub(super) fn acknowledge_progress(
        &mut self,
        id: LegId,
        dialog: Dialog,
        response: &Response,
        now: Moment,
    ) -> bool {
        let Some(inviting) = self.legs.get_mut(id).and_then(|leg| leg.inviting_mut()) else {
            return false;
        };
        let Some(early) = inviting.earlies.hear(dialog) else {
            return true;
        };
        let required = response
            .message
            .tokens("Require")
            .any(|tag| tag.eq_ignore_ascii_case(TAG));
        let rseq = response.message.value("RSeq");
        let Some(rseq) = rseq.and_then(|rseq| rseq.parse().ok()).filter(|_| required) else {
            return true;
        };
        if !early.take_rseq(rseq) {
            return false;
        }
        if early.answer.is_none() {
            early.answer = response.message.sdp();
        }
        let cseq = early.dialog.next_cseq();
        let dialog = early.dialog.clone();
        self.send_prack(&dialog, cseq, (rseq, response.cseq()), now);
        true
    }

    fn send_prack(&mut self, dialog: &Dialog, cseq: u32, (rseq, invite): (u32, u32), now: Moment) {
        let branch = self.branch();
        let hop = dialog.next_hop();
        let mut message = dialog.request("PRACK", cseq, &self.our_via(&branch, hop.transport));
        message.push("RAck", format!("{rseq} {invite} INVITE"));
        message.push("User-Agent", self.settings.user_agent.as_str());
        self.begin(message, &branch, hop, Use::Nobody, now);
    }
}
