//! Orders for calls that came to us, and for offers inside a call.

use bytes::Bytes;

use super::Endpoint;
use super::changes::Offered;
use super::gate::Request;
use super::legs::LegId;
use super::messages::{ALLOW, SUPPORTED, phrase};
use super::orders::{NotPossible, Refusal};
use super::reliable::Progress;
use super::stage::{AckOf, Exchange, Incoming, Stage, Talking, Unacked};
use crate::sip::Transport;
use crate::sip::transaction::ServerKey;
use crate::sip::wire::Message;
use crate::words::Moment;

const SDP: &str = "application/sdp";

impl Endpoint {
    /// Sends 180: reliably where they require it (RFC 3262), else only their repetition sends it
    /// again.
    pub fn ring(&mut self, leg: LegId, now: Moment) -> Result<(), NotPossible> {
        let (code, sdp) = (180, None);
        self.send_progress(leg, Progress { code, sdp }, now)
    }

    /// Sends 183 with `sdp`, our answer or our offer, as `ring` does. Sent reliably it settles the
    /// exchange; otherwise the 200 must say the same again.
    pub fn progress(&mut self, leg: LegId, sdp: Bytes, now: Moment) -> Result<(), NotPossible> {
        let (code, sdp) = (183, Some(sdp));
        self.send_progress(leg, Progress { code, sdp }, now)
    }

    /// Sends 200 with `sdp`: our answer, or our offer when the INVITE had none; without it when a
    /// reliable 183 has settled that. It is repeated until the ACK; `Acked` or `AckMissing`
    /// follows.
    pub fn answer(&mut self, leg: LegId, sdp: Bytes, now: Moment) -> Result<(), NotPossible> {
        self.incoming(leg)?;
        let known = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        let Some(sdp) = known.reliable.hold_back(sdp) else {
            return Ok(()); // RFC 3262 3: a description waits for its PRACK
        };
        let (incoming, tag) = self.incoming(leg)?;
        let Incoming {
            server,
            request,
            dialog,
            exchange,
        } = incoming.clone();
        let response = request.reply(200, phrase(200), tag);
        let mut response = self.with_contact(response, request.from.transport);
        let mut talking = Talking::new(dialog);
        let what = match exchange {
            Exchange::Theirs | Exchange::Settled => AckOf::Answer,
            Exchange::Unbegun | Exchange::Ours => AckOf::OurOffer,
        };
        self.agree_session(leg, &request.message, &mut response, now);
        if exchange != Exchange::Settled {
            self.described(leg, sdp.clone());
            response.set_body(SDP, sdp);
        }
        let bytes = self.respond(&server, response, now);
        talking
            .unacked
            .push(Unacked::new((server, &request), what, bytes, now));
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.reliable.finish();
            leg.stage = Stage::Talking(Box::new(talking));
        }
        self.arm_leg(leg);
        Ok(())
    }

    /// Keeps our description: a refresh by re-INVITE says it again.
    pub(super) fn described(&mut self, leg: LegId, sdp: Bytes) {
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.changes.described = sdp;
        }
    }

    /// Sends a final answer that is no 200; the leg is over.
    ///
    /// In a flood it is not remembered: whoever missed it calls again, and is refused again
    /// (RFC 3261 8.2.7). A place is left for those who are answered.
    pub fn reject(
        &mut self,
        leg: LegId,
        refusal: &Refusal,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let (incoming, tag) = self.incoming(leg)?;
        let code = refusal.code.clamp(300, 699);
        let key = incoming.server.clone();
        let mut response = incoming.request.reply(code, &refusal.reason, tag);
        if let Some(wait) = refusal.retry_after {
            response.push("Retry-After", wait.as_secs().to_string());
        }
        if let Some(warning) = &refusal.warning {
            response.push("Warning", warning.as_str());
        }
        self.sign(&mut response);
        self.respond(&key, response, now);
        self.drop_offer(leg, 487, now); // an early UPDATE, or the offer of a PRACK
        self.legs.remove(leg);
        self.arm_leg(leg);
        if self.servers.is_crowded() {
            self.servers.remove(&key);
            self.arm_server(&key);
        }
        Ok(())
    }

    /// Accepts a re-INVITE, UPDATE or PRACK with `sdp`: our answer, or our offer when it had none.
    pub fn accept_offer(&mut self, leg: LegId, sdp: Bytes, now: Moment) -> Result<(), NotPossible> {
        let offered = self.take_offer(leg)?;
        let Offered { server, request } = offered;
        let response = request.reply(200, phrase(200), "");
        let transport = request.from.transport;
        let mut response = self.with_contact(response, transport);
        if request.method() != "PRACK" {
            self.agree_on_refresh(leg, &request.message, &mut response, now);
        }
        self.described(leg, sdp.clone());
        response.set_body(SDP, sdp);
        let bytes = self.respond(&server, response, now);
        if request.method() == "INVITE" {
            self.await_ack(leg, (server, &request), bytes, now);
        }
        Ok(())
    }

    /// Refuses a re-INVITE or UPDATE with 488; the call goes on as it was.
    pub fn refuse_offer(&mut self, leg: LegId, now: Moment) -> Result<(), NotPossible> {
        let known = self.legs.get(leg).ok_or(NotPossible::NoSuchLeg)?;
        known
            .changes
            .theirs
            .as_ref()
            .ok_or(NotPossible::WrongState)?;
        self.drop_offer(leg, 488, now);
        Ok(())
    }

    fn await_ack(
        &mut self,
        leg: LegId,
        asked: (ServerKey, &Request),
        response: Bytes,
        now: Moment,
    ) {
        let what = match asked.1.message.sdp() {
            Some(_) => AckOf::Reoffer,
            None => AckOf::OurOffer,
        };
        let unacked = Unacked::new(asked, what, response, now);
        if let Some(talking) = self.legs.get_mut(leg).and_then(|leg| leg.talking_mut()) {
            talking.unacked.push(unacked);
        }
        self.arm_leg(leg);
    }

    fn take_offer(&mut self, leg: LegId) -> Result<Offered, NotPossible> {
        let leg = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        leg.changes.theirs.take().ok_or(NotPossible::WrongState)
    }

    pub(super) fn incoming(&self, leg: LegId) -> Result<(&Incoming, &str), NotPossible> {
        let leg = self.legs.get(leg).ok_or(NotPossible::NoSuchLeg)?;
        match &leg.stage {
            Stage::Incoming(incoming) => Ok((incoming, &leg.tag)),
            Stage::Inviting(_) | Stage::Talking(_) | Stage::Ending => Err(NotPossible::WrongState),
        }
    }

    pub(super) fn with_contact(&self, mut response: Message, transport: Transport) -> Message {
        response.push("Contact", self.our_contact(transport));
        response.push("Allow", ALLOW);
        response.push("Supported", SUPPORTED);
        self.sign(&mut response);
        response
    }
}
