//! Requests inside a dialog, and the ACK of our 2xx.

use super::Endpoint;
use super::changes::Offered;
use super::counters::Discard;
use super::events::Event;
use super::gate::{Rejection, Request};
use super::keys;
use super::legs::LegId;
use super::messages::phrase;
use super::requests::RETRY_AFTER_S;
use super::stage::{AckOf, Exchange, Stage};
use crate::sip::transaction::{Server, ServerKey};
use crate::sip::wire::write;
use crate::words::Moment;

impl Endpoint {
    /// A request with a To tag (RFC 3261 12.2.2).
    pub(super) fn in_dialog(
        &mut self,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let id = self.legs.of_request(request).ok_or(Rejection::new(481))?;
        if self.servers.is_full() {
            return Err(Rejection::with(503, "Retry-After", RETRY_AFTER_S));
        }
        self.take_cseq(id, request)?;
        match request.method() {
            "BYE" => self.hung_up(id, request, key, now),
            "INVITE" | "UPDATE" => self.offered(id, request, key, now),
            "PRACK" => self.pracked(id, request, key, now),
            "REFER" => self.refer_asked(id, request, key, now),
            "NOTIFY" => self.notified(id, request, key, now),
            "INFO" => {
                self.simple_ok(request, key, now);
                self.keys_came(id, request);
                Ok(())
            }
            "OPTIONS" => {
                self.simple_ok(request, key, now);
                Ok(())
            }
            _ => Err(Rejection::new(405)), // ACK and CANCEL never come here
        }
    }

    /// RFC 3261 12.2.2: a lower CSeq is answered 500; our own BYE leaves nothing to number.
    fn take_cseq(&mut self, id: LegId, request: &Request) -> Result<(), Rejection> {
        let number = request.essentials.cseq.number;
        let tag = request.essentials.sender_tag();
        let dialog = self.legs.get_mut(id).and_then(|leg| leg.dialog_mut(tag));
        match dialog.is_none_or(|dialog| dialog.take_remote_cseq(number)) {
            true => Ok(()),
            false => Err(Rejection::new(500)),
        }
    }

    /// Answers 200 and remembers it for repetitions.
    pub(super) fn simple_ok(&mut self, request: &Request, key: ServerKey, now: Moment) {
        let response = self.ok_to_options(request, "");
        self.remember(request, &key, now);
        self.respond(&key, response, now);
    }

    pub(super) fn remember(&mut self, request: &Request, key: &ServerKey, now: Moment) {
        let server = match request.method() {
            "INVITE" => {
                let trying = write(&request.reply(100, phrase(100), ""));
                Server::invite(request.reply_to(), trying, now)
            }
            _ => Server::other(request.reply_to()),
        };
        self.servers
            .insert(key.clone(), &request.essentials, server);
        self.arm_server(key);
    }

    fn keys_came(&mut self, id: LegId, request: &Request) {
        let media_type = request.message.body_type().unwrap_or_default();
        let keys = keys::read(&media_type, &request.message.body);
        let hung_up = self.legs.get(id).is_some_and(|leg| leg.is_hung_up());
        if !keys.is_empty() && !hung_up {
            self.out.emit(id, Event::Keys(keys));
        }
    }

    /// BYE (RFC 3261 15.1.2): whatever is pending in the dialog is answered 487.
    fn hung_up(
        &mut self,
        id: LegId,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let leg = self.legs.get(id);
        let after_refer = leg.is_some_and(|leg| leg.referrals.took_theirs());
        let stage = leg.map(|leg| &leg.stage);
        let event = match stage {
            // RFC 3261 15: the callee cannot end an early dialog so.
            None | Some(Stage::Inviting(_)) => return Err(Rejection::new(481)),
            Some(Stage::Incoming(_)) => Some(Event::Cancelled {
                reason: request.reason(),
            }),
            Some(Stage::Talking(talking)) => {
                let wanted = talking.hang_up.is_some();
                let reason = request.reason();
                (!wanted).then_some(Event::HungUp {
                    reason,
                    after_refer,
                })
            }
            // Two BYEs crossed; the answer to ours removes the leg.
            Some(Stage::Ending) => None,
        };
        let crossed = matches!(stage, Some(Stage::Ending));
        self.simple_ok(request, key, now);
        if !crossed {
            self.drop_leg(id, now);
        }
        event.into_iter().for_each(|event| self.out.emit(id, event));
        Ok(())
    }

    /// A re-INVITE or UPDATE (RFC 3261 14.2, RFC 3311 5.2).
    fn offered(
        &mut self,
        id: LegId,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let sdp = request.message.sdp();
        let offers = request.method() == "INVITE" || sdp.is_some();
        if offers {
            self.may_offer(id, request)?;
        }
        self.session_is_long_enough(&request.message)?;
        self.remember(request, &key, now);
        if let Some(leg) = self.legs.get_mut(id) {
            leg.changes.learn(&request.message);
            if let Some(dialog) = leg.dialog_mut(request.essentials.sender_tag()) {
                dialog.refresh(&request.message, request.from);
            }
        }
        if !offers {
            // RFC 3311 5.2: a refresh of target or session; there is nothing to decide.
            let mut response = self.ok_to_options(request, "");
            self.agree_on_refresh(id, &request.message, &mut response, now);
            self.respond(&key, response, now);
            return Ok(());
        }
        if let Some(leg) = self.legs.get_mut(id) {
            leg.changes.theirs = Some(Offered {
                server: key,
                request: request.clone(),
            });
        }
        self.out.emit(id, Event::Offered { sdp });
        Ok(())
    }

    /// Whether no other offer is under way in either direction (RFC 3261 14.2, RFC 3311 5.2).
    fn may_offer(&self, id: LegId, request: &Request) -> Result<(), Rejection> {
        let leg = self.legs.get(id).ok_or(Rejection::new(481))?;
        let later = || Rejection::with(500, "Retry-After", RETRY_AFTER_S);
        let pending = || Rejection::new(491);
        let is_invite = request.method() == "INVITE";
        if leg.changes.theirs.is_some() {
            return Err(later());
        }
        if leg.changes.awaits_their_answer() {
            return Err(pending());
        }
        match &leg.stage {
            Stage::Talking(talking) if talking.hang_up.is_some() => Err(later()), // our BYE is first
            Stage::Talking(talking) if talking.awaits_their_answer() => Err(pending()),
            Stage::Talking(talking) if is_invite && !talking.may_wait_for_ack() => Err(later()),
            Stage::Talking(_) => Ok(()),
            // Before the answer only UPDATE may, once the INVITE's own offer is settled.
            Stage::Incoming(incoming) => match incoming.exchange {
                Exchange::Settled if !is_invite => Ok(()),
                Exchange::Ours => Err(pending()),
                Exchange::Settled | Exchange::Theirs | Exchange::Unbegun => Err(later()),
            },
            Stage::Inviting(inviting) => {
                let settled = inviting.earlies.is_settled(request.essentials.sender_tag());
                (settled && !is_invite).then_some(()).ok_or_else(pending)
            }
            Stage::Ending => Err(Rejection::new(481)),
        }
    }

    /// The ACK of a 2xx of ours.
    pub(super) fn answer_arrived(&mut self, id: LegId, request: &Request, now: Moment) {
        let Some(talking) = self.legs.get_mut(id).and_then(|leg| leg.talking_mut()) else {
            return self.out.count(Discard::UnmatchedAck);
        };
        let Some(unacked) = talking.take_unacked(request.essentials.cseq.number) else {
            return; // the ACK came again
        };
        let hang_up = talking.hang_up.clone();
        let quiet = talking.unacked.is_empty();
        self.arm_leg(id);
        let linger = self.servers.linger();
        if let Some(server) = self.servers.get_mut(&unacked.server) {
            server.answer_arrived(linger, now);
            self.arm_server(&unacked.server);
        }
        match hang_up {
            Some(hang_up) if quiet => self.send_bye(id, hang_up.reason.as_deref(), now),
            Some(_) => {}
            None => self.tell_acked(id, unacked.what, request),
        }
    }

    fn tell_acked(&mut self, id: LegId, what: AckOf, request: &Request) {
        let answer = request.message.sdp();
        if what != AckOf::Reoffer {
            self.out.emit(id, Event::Acked { answer });
        }
    }

    /// Ends a leg: what they still wait for is answered 487.
    pub(super) fn drop_leg(&mut self, id: LegId, now: Moment) {
        self.refuse_invite(id, 487, now);
    }

    /// Ends a leg: its INVITE, when it waits, is answered with this code, all else 487.
    pub(super) fn refuse_invite(&mut self, id: LegId, code: u16, now: Moment) {
        self.drop_offer(id, 487, now);
        self.drop_refer(id, now);
        if let Some(leg) = self.legs.remove(id)
            && let Stage::Incoming(incoming) = leg.stage
        {
            let mut response = incoming.request.reply(code, phrase(code), &leg.tag);
            self.sign(&mut response);
            self.respond(&incoming.server, response, now);
        }
        self.arm_leg(id);
    }

    /// Refuses a re-INVITE or UPDATE that waits for the desk.
    pub(super) fn drop_offer(&mut self, id: LegId, code: u16, now: Moment) {
        let leg = self.legs.get_mut(id);
        let offered = leg.and_then(|leg| leg.changes.theirs.take());
        if let Some(Offered { server, request }) = offered {
            let mut response = request.reply(code, phrase(code), "");
            self.sign(&mut response);
            self.respond(&server, response, now);
        }
    }
}
