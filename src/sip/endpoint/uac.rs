//! Orders for calls of ours, and those that either side may give.

use super::early::Earlies;
use super::leg::{Begun, Leg};
use super::legs::LegId;
use super::messages::{ALLOW, SUPPORTED, alongside};
use super::orders::{Invite, NotPossible};
use super::stage::{Cancel, HangUp, Inviting, Stage};
use super::{Endpoint, TOKEN};
use crate::sip::Transport;
use crate::sip::dialog::{Dialog, MAX_FORWARDS};
use crate::sip::transaction::{ClientKey, GIVE_UP, Use};
use crate::sip::wire::Message;
use crate::words::Moment;

const ANSWERED_ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

impl Endpoint {
    /// Calls. `Provisional` may follow, then `Answered`, `Refused` or `NoResponse`.
    pub fn invite(&mut self, invite: Invite, now: Moment) -> Result<LegId, NotPossible> {
        if self.legs.is_full() || self.clients.is_full() {
            return Err(NotPossible::TooMany);
        }
        let tag = self.entropy.token(TOKEN);
        let branch = self.branch();
        let call_id = match &invite.call_id {
            Some(call_id) => call_id.clone(),
            None => self.entropy.token(TOKEN),
        };
        let message = self.first_invite(&invite, &call_id, &tag, &branch);
        let mut leg = Leg::new(call_id, tag, Begun::ByUs, Stage::Ending);
        leg.changes.described = invite.offer;
        (leg.login, leg.symmetric) = (invite.login, invite.symmetric);
        let leg = self.legs.insert(leg);
        let used_for = Use::Invite(leg);
        let client = self.begin(message, &branch, invite.next_hop, used_for, now);
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.stage = Stage::Inviting(Box::new(Inviting {
                client,
                branch,
                earlies: Earlies::default(),
                cancel: Cancel::No,
                lengthened: 0,
            }));
        }
        Ok(leg)
    }

    fn first_invite(&self, invite: &Invite, call_id: &str, tag: &str, branch: &str) -> Message {
        let mut message = Message::request("INVITE", invite.target.as_str());
        message.push("Via", self.our_via(branch, invite.next_hop.transport));
        message.push("Max-Forwards", MAX_FORWARDS);
        message.push("From", format!("{};tag={tag}", invite.from));
        message.push("To", format!("<{}>", invite.target));
        message.push("Call-ID", call_id);
        message.push("CSeq", "1 INVITE");
        self.introduce(&mut message, invite.next_hop.transport);
        self.ask_for_first_session(&mut message);
        for (name, value) in &invite.headers {
            message.push(name, value.as_str());
        }
        message.set_body("application/sdp", invite.offer.clone());
        message
    }

    pub(super) fn introduce(&self, message: &mut Message, transport: Transport) {
        message.push("Contact", self.our_contact(transport));
        message.push("Allow", ALLOW);
        message.push("Supported", SUPPORTED);
        message.push("User-Agent", self.settings.user_agent.as_str());
    }

    /// Takes back our INVITE; `Refused` or `NoResponse` follows. The CANCEL waits for a 1xx
    /// (RFC 3261 9.1); a 2xx that crosses it is acknowledged and hung up.
    pub fn cancel(&mut self, leg: LegId, now: Moment) -> Result<(), NotPossible> {
        self.take_back(leg, None, now)
    }

    /// The same where another leg was quicker: their phone keeps no missed call (RFC 3326 2).
    pub fn cancel_answered_elsewhere(
        &mut self,
        leg: LegId,
        now: Moment,
    ) -> Result<(), NotPossible> {
        self.take_back(leg, Some(ANSWERED_ELSEWHERE), now)
    }

    fn take_back(
        &mut self,
        leg: LegId,
        reason: Option<&'static str>,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let inviting = self.inviting(leg)?;
        if inviting.cancel == Cancel::No {
            inviting.cancel = Cancel::Wanted { reason };
            self.cancel_if_ringing(leg, now);
        }
        Ok(())
    }

    /// Sends the wanted CANCEL as soon as a 1xx is here.
    pub(super) fn cancel_if_ringing(&mut self, id: LegId, now: Moment) {
        let Ok(inviting) = self.inviting(id) else {
            return;
        };
        let Cancel::Wanted { reason } = inviting.cancel else {
            return;
        };
        let (branch, key) = (inviting.branch.clone(), inviting.client.clone());
        let ringing = self.clients.get(&key).filter(|client| client.is_ringing());
        let Some(client) = ringing else {
            return;
        };
        let to = client.request.value("To").unwrap_or_default();
        let (mut cancel, hop) = (alongside(&client.request, "CANCEL", to), client.to);
        if let Some(reason) = reason {
            cancel.push("Reason", reason);
        }
        self.begin(cancel, &branch, hop, Use::Nobody, now);
        if let Ok(inviting) = self.inviting(id) {
            let give_up = now + GIVE_UP;
            inviting.cancel = Cancel::Sent { give_up };
        }
        self.arm_leg(id);
    }

    /// Hangs up; no event follows. Before the ACK of our answer the BYE waits for it, or for
    /// `AckMissing` (RFC 3261 15).
    pub fn bye(
        &mut self,
        leg: LegId,
        reason: Option<&str>,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let known = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        let talking = known.talking_mut().ok_or(NotPossible::WrongState)?;
        if talking.unacked.is_empty() {
            self.send_bye(leg, reason, now);
        } else {
            let reason = reason.map(str::to_owned);
            talking.hang_up = Some(HangUp { reason });
        }
        Ok(())
    }

    /// Sends the BYE of a leg in a call; the leg stays until it is answered.
    pub(super) fn send_bye(&mut self, id: LegId, reason: Option<&str>, now: Moment) {
        self.drop_offer(id, 487, now);
        self.drop_refer(id, now);
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        let Stage::Talking(talking) = std::mem::replace(&mut leg.stage, Stage::Ending) else {
            return;
        };
        leg.silence();
        self.arm_leg(id);
        let bye = self.bye_in(talking.dialog, reason, Use::Bye(id), now);
        if self.clients.get(&bye).is_none() {
            self.drop_leg(id, now); // no room to wait for its answer
        }
    }

    pub(super) fn bye_in(
        &mut self,
        mut dialog: Dialog,
        reason: Option<&str>,
        used_for: Use,
        now: Moment,
    ) -> ClientKey {
        let branch = self.branch();
        let cseq = dialog.next_cseq();
        let via = self.our_via(&branch, dialog.next_hop().transport);
        let mut message = dialog.request("BYE", cseq, &via);
        if let Some(reason) = reason {
            message.push("Reason", reason);
        }
        message.push("User-Agent", self.settings.user_agent.as_str());
        self.begin(message, &branch, dialog.next_hop(), used_for, now)
    }

    fn inviting(&mut self, leg: LegId) -> Result<&mut Inviting, NotPossible> {
        let leg = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        match &mut leg.stage {
            Stage::Inviting(inviting) => Ok(inviting),
            Stage::Incoming(_) | Stage::Talking(_) | Stage::Ending => Err(NotPossible::WrongState),
        }
    }
}
