//! Orders for calls that came to us, and for offers inside a call.

use bytes::Bytes;

use super::Endpoint;
use super::gate::Request;
use super::legs::{AckOf, Incoming, LegId, Offered, Stage, Talking, Unacked};
use super::messages::{ALLOW, phrase};
use super::orders::{NotPossible, Refusal};
use crate::sip::Transport;
use crate::sip::wire::Message;
use crate::words::Moment;

const SDP: &str = "application/sdp";

impl Endpoint {
    /// Sends 180; only the caller's repetition sends it again.
    pub fn ring(&mut self, leg: LegId, now: Moment) -> Result<(), NotPossible> {
        let (incoming, tag) = self.incoming(leg)?;
        let (key, response) = (
            incoming.server.clone(),
            incoming.request.reply(180, phrase(180), tag),
        );
        let transport = incoming.request.from.transport;
        let response = self.with_contact(response, transport);
        self.respond(&key, response, now);
        Ok(())
    }

    /// Sends 200 with `sdp`: our answer, or our offer when the INVITE had none. It is repeated
    /// until the ACK; `Acked` or `AckMissing` follows.
    pub fn answer(&mut self, leg: LegId, sdp: Bytes, now: Moment) -> Result<(), NotPossible> {
        let (incoming, tag) = self.incoming(leg)?;
        let Incoming {
            server,
            request,
            dialog,
        } = incoming.clone();
        let response = request.reply(200, phrase(200), tag);
        let transport = request.from.transport;
        let what = match request.message.sdp() {
            Some(_) => AckOf::Answer,
            None => AckOf::OurOffer,
        };
        let mut response = self.with_contact(response, transport);
        response.set_body(SDP, sdp);
        let bytes = self.respond(&server, response, now);
        let mut talking = Talking::new(dialog);
        talking
            .unacked
            .push(Unacked::new(&request, what, bytes, now));
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.stage = Stage::Talking(Box::new(talking));
        }
        self.arm_leg(leg);
        Ok(())
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
        self.legs.remove(leg);
        self.arm_leg(leg);
        if self.servers.is_crowded() {
            self.servers.remove(&key);
            self.arm_server(&key);
        }
        Ok(())
    }

    /// Accepts a re-INVITE or UPDATE with `sdp`: our answer, or our offer when it had none.
    pub fn accept_offer(&mut self, leg: LegId, sdp: Bytes, now: Moment) -> Result<(), NotPossible> {
        let offered = self.take_offer(leg)?;
        let Offered { server, request } = offered;
        let response = request.reply(200, phrase(200), "");
        let transport = request.from.transport;
        let mut response = self.with_contact(response, transport);
        response.set_body(SDP, sdp);
        let bytes = self.respond(&server, response, now);
        if request.method() == "INVITE" {
            self.await_ack(leg, &request, bytes, now);
        }
        Ok(())
    }

    /// Refuses a re-INVITE or UPDATE with 488; the call goes on as it was.
    pub fn refuse_offer(&mut self, leg: LegId, now: Moment) -> Result<(), NotPossible> {
        let known = self.legs.get(leg).ok_or(NotPossible::NoSuchLeg)?;
        known.offered.as_ref().ok_or(NotPossible::WrongState)?;
        self.drop_offer(leg, 488, now);
        Ok(())
    }

    fn await_ack(&mut self, leg: LegId, request: &Request, response: Bytes, now: Moment) {
        let what = match request.message.sdp() {
            Some(_) => AckOf::Reoffer,
            None => AckOf::OurOffer,
        };
        let unacked = Unacked::new(request, what, response, now);
        if let Some(talking) = self.legs.get_mut(leg).and_then(|leg| leg.talking_mut()) {
            talking.unacked.push(unacked);
        }
        self.arm_leg(leg);
    }

    fn take_offer(&mut self, leg: LegId) -> Result<Offered, NotPossible> {
        let leg = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        leg.offered.take().ok_or(NotPossible::WrongState)
    }

    fn incoming(&self, leg: LegId) -> Result<(&Incoming, &str), NotPossible> {
        let leg = self.legs.get(leg).ok_or(NotPossible::NoSuchLeg)?;
        match &leg.stage {
            Stage::Incoming(incoming) => Ok((incoming, &leg.tag)),
            Stage::Inviting(_) | Stage::Talking(_) | Stage::Ending => Err(NotPossible::WrongState),
        }
    }

    fn with_contact(&self, mut response: Message, transport: Transport) -> Message {
        response.push("Contact", self.our_contact(transport));
        response.push("Allow", ALLOW);
        self.sign(&mut response);
        response
    }
}
