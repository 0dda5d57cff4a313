//! Requests as they come in, before they belong to a leg.

use super::counters::Discard;
use super::events::{Event, Invited};
use super::gate::{self, Rejection, Request};
use super::leg::{Begun, Leg};
use super::legs::LegId;
use super::messages::{ACCEPT, ALLOW, SUPPORTED, phrase};
use super::stage::{Exchange, Incoming, Stage};
use super::{Endpoint, TOKEN, auto_answer};
use crate::sip::Sender;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::ServerKey;
use crate::sip::wire::{Essentials, Message, NameAddr, Start, Uri, write};
use crate::words::{Moment, Pii};

/// Seconds after which a caller may try again when we are full.
pub(super) const RETRY_AFTER_S: &str = "5";
/// What the desk may want to know of an INVITE beside who calls.
const OF_INTEREST: [&str; 12] = [
    "Alert-Info",
    "Answer-Mode",
    "Call-Info",
    "Diversion",
    "History-Info",
    "P-Called-Party-ID",
    "Priority",
    "Privacy",
    "Referred-By",
    "Replaces",
    "Subject",
    "User-Agent",
];
/// The most headers of interest handed up with one INVITE.
const OF_INTEREST_MAX: usize = 32;

impl Endpoint {
    pub(super) fn receive_request(&mut self, message: Message, from: Sender, now: Moment) {
        let Start::Request { uri, .. } = &message.start else {
            return;
        };
        let uri = uri.clone();
        match Essentials::read(&message) {
            Ok(essentials) => {
                let request = Request {
                    message,
                    essentials,
                    uri,
                    from: from.hop,
                    standing: from.standing,
                    symmetric: from.symmetric,
                };
                self.dispatch(request, now);
            }
            Err(misfit) => {
                if self
                    .blame(&message, 400, Some(misfit.reason()), from.hop)
                    .is_none()
                {
                    self.out.count(Discard::Malformed);
                }
            }
        }
    }

    fn dispatch(&mut self, request: Request, now: Moment) {
        if request.method() == "ACK" {
            return self.acknowledged(&request, now);
        }
        let key = ServerKey::of(&request.message, &request.essentials, request.method());
        if let Some(server) = self.servers.get(&key) {
            let (to, last) = (server.to, server.repeated());
            return last.into_iter().for_each(|last| self.out.send(to, last));
        }
        if request.method() == "CANCEL" {
            return self.cancelled(&request, now);
        }
        if let Err(rejection) = self.admit(&request, key, now) {
            self.turn_away(&request, rejection);
        }
    }

    fn admit(&mut self, request: &Request, key: ServerKey, now: Moment) -> Result<(), Rejection> {
        let called = gate::read(request)?;
        let registrar = self.registered.is_open();
        if gate::is_strange(request, registrar) {
            self.out.counters.stranger(request.from.address);
            return Err(Rejection::new(403));
        }
        gate::check(request, registrar)?;
        if request.essentials.to.tag().is_some() {
            return self.in_dialog(request, key, now);
        }
        match request.method() {
            "INVITE" => self.invited(request, called, key, now),
            "REGISTER" => self.register(request, key, now),
            "OPTIONS" => {
                self.describe_ourselves(request);
                Ok(())
            }
            "REFER" => Err(Rejection::new(603)), // hardening 11: only inside a call
            _ => Err(Rejection::new(481)),       // the others exist in dialogs only
        }
    }

    /// Refuses and remembers nothing: a repetition is refused in the same words (RFC 3261 8.2.7).
    fn turn_away(&mut self, request: &Request, rejection: Rejection) {
        let tag = self.stateless_tag(&request.message);
        let mut response = request.reply(rejection.code, rejection.reason, &tag);
        if let Some((name, value)) = rejection.header {
            response.push(name, value);
        }
        self.sign(&mut response);
        self.out.refused(rejection.code);
        self.out.send(request.reply_to(), write(&response));
    }

    fn describe_ourselves(&mut self, request: &Request) {
        let tag = self.stateless_tag(&request.message);
        let response = self.ok_to_options(request, &tag);
        self.out.send(request.reply_to(), write(&response));
    }

    pub(super) fn ok_to_options(&self, request: &Request, tag: &str) -> Message {
        let mut response = request.reply(200, phrase(200), tag);
        response.push("Allow", ALLOW);
        response.push("Supported", SUPPORTED);
        response.push("Accept", ACCEPT);
        response.push("Contact", self.our_contact(request.from.transport));
        self.sign(&mut response);
        response
    }

    pub(super) fn sign(&self, response: &mut Message) {
        response.push("Server", self.settings.user_agent.as_str());
    }

    /// A call to us (RFC 3261 13.3.1).
    fn invited(
        &mut self,
        request: &Request,
        called: Uri,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let busy = || Rejection::with(503, "Retry-After", RETRY_AFTER_S);
        // Who takes a place in a call begins none.
        if self.overloaded && request.message.value("Replaces").is_none() {
            return Err(busy());
        }
        if self.servers.is_merged(&request.essentials) || self.legs.knows_caller(request) {
            return Err(Rejection::new(482));
        }
        let calls_max = self.settings.calls_max;
        if self.legs.len() >= calls_max || self.legs.is_full() || self.servers.is_full() {
            return Err(busy());
        }
        self.session_is_long_enough(&request.message)?;
        let replaces = self.replaced(request)?;
        let tag = self.entropy.token(TOKEN);
        let dialog = Dialog::of_uas(&request.message, &request.essentials, &tag, request.from);
        let dialog = dialog.map(|it| it.symmetric(request.symmetric));
        let dialog = dialog.ok_or(Rejection {
            reason: "Missing or Malformed Contact",
            ..Rejection::new(400)
        })?;
        self.remember(request, &key, now);
        let invited = Invited {
            replaces,
            ..described(request, called)
        };
        let stage = Stage::Incoming(Box::new(Incoming {
            server: key,
            request: request.clone(),
            dialog,
            exchange: match invited.offer {
                Some(_) => Exchange::Theirs,
                None => Exchange::Unbegun,
            },
        }));
        let call_id = request.essentials.call_id.clone();
        let mut leg = Leg::new(call_id, tag, Begun::ByThem, stage);
        leg.changes.learn(&request.message);
        let leg = self.legs.insert(leg);
        self.out.emit(leg, Event::Invited(Box::new(invited)));
        Ok(())
    }

    /// CANCEL (RFC 3261 9.2): its own 200, and 487 to the INVITE that has no final response yet.
    fn cancelled(&mut self, request: &Request, now: Moment) {
        let key = ServerKey::of(&request.message, &request.essentials, "INVITE");
        let Some(server) = self.servers.get(&key) else {
            return self.turn_away(request, Rejection::new(481));
        };
        let pending = !server.is_final();
        let leg = self.legs.of_server(&key);
        let tag = leg
            .and_then(|id| self.legs.get(id))
            .map(|leg| leg.tag.clone());
        let tag = tag.unwrap_or_else(|| self.stateless_tag(&request.message));
        let mut response = request.reply(200, phrase(200), &tag);
        self.sign(&mut response);
        self.out.send(request.reply_to(), write(&response));
        if let (true, Some(id)) = (pending, leg) {
            self.terminate_invite(id, &key, request.reason(), now);
        }
    }

    /// Their INVITE is taken back: 487, and the leg is over; of a re-INVITE only the offer is.
    fn terminate_invite(
        &mut self,
        id: LegId,
        key: &ServerKey,
        reason: Option<String>,
        now: Moment,
    ) {
        let offered = self
            .legs
            .get(id)
            .and_then(|leg| leg.changes.theirs.as_ref());
        let in_call = offered.is_some_and(|offered| offered.server == *key);
        if in_call {
            return self.drop_offer(id, 487, now);
        }
        self.drop_leg(id, now);
        self.out.emit(id, Event::Cancelled { reason });
    }

    /// An ACK: of a refusal (its transaction takes it) or of a 2xx (its leg does).
    fn acknowledged(&mut self, request: &Request, now: Moment) {
        let key = ServerKey::of(&request.message, &request.essentials, "INVITE");
        let of_refusal = self.servers.get_mut(&key);
        if of_refusal.is_some_and(|server| server.acknowledged(now)) {
            return self.arm_server(&key);
        }
        match self.legs.of_request(request) {
            Some(leg) => self.answer_arrived(leg, request, now),
            None => self.out.count(Discard::UnmatchedAck),
        }
    }
}

fn described(request: &Request, called: Uri) -> Invited {
    let message = &request.message;
    let asserted = message.values("P-Asserted-Identity");
    let identities = asserted.chain(message.values("Remote-Party-ID"));
    let headers = OF_INTEREST.iter().flat_map(|name| {
        let values = message.values(name);
        values.map(|value| (*name, Pii::new(value.to_owned())))
    });
    Invited {
        call_id: request.essentials.call_id.clone(),
        from: request.essentials.from.clone(),
        identities: identities
            .filter_map(|value| NameAddr::read(value).ok())
            .take(OF_INTEREST_MAX)
            .collect(),
        called,
        offer: message.sdp(),
        source: request.from,
        replaces: None,
        auto_answer: auto_answer::read(message),
        headers: headers.take(OF_INTEREST_MAX).collect(),
    }
}
