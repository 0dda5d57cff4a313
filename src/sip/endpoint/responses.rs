//! Responses to requests of ours.

use std::time::Duration;

use super::Endpoint;
use super::asking::Answer;
use super::counters::Discard;
use super::events::Event;
use super::legs::LegId;
use super::messages::{alongside, phrase};
use super::outbox::Transmit;
use super::reaching::NoHelp;
use super::reason;
use super::stage::{Stage, Talking};
use crate::sip::Hop;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{ClientKey, Received, Use};
use crate::sip::wire::{Essentials, Message, Start, write};
use crate::words::Moment;

/// A response whose essentials are sound.
pub(super) struct Response {
    pub(super) message: Message,
    essentials: Essentials,
    pub(super) code: u16,
    pub(super) from: Hop,
}

impl Response {
    fn read(message: Message, from: Hop) -> Option<Self> {
        let Start::Response { code, .. } = message.start else {
            return None;
        };
        let essentials = Essentials::read(&message).ok()?;
        Some(Self {
            message,
            essentials,
            code,
            from,
        })
    }

    pub(super) fn to_tag(&self) -> &str {
        self.essentials.to.tag().unwrap_or_default()
    }

    pub(super) fn cseq(&self) -> u32 {
        self.essentials.cseq.number
    }

    fn key(&self) -> Option<ClientKey> {
        let branch = self.essentials.via.branch()?;
        Some(ClientKey::new(branch, &self.essentials.cseq.method))
    }

    fn reason(&self) -> &str {
        match &self.message.start {
            Start::Response { reason, .. } if !reason.is_empty() => reason,
            Start::Response { .. } | Start::Request { .. } => phrase(self.code),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let value = self.message.value("Retry-After")?;
        let seconds = value.split([' ', ';', '(']).next()?;
        seconds.parse().ok().map(Duration::from_secs)
    }
}

/// Whether who sends from there is whom we sent to, by whatever way.
pub(super) fn answers(from: Hop, to: Hop) -> bool {
    from.address.ip() == to.address.ip()
}

impl Endpoint {
    pub(super) fn receive_response(&mut self, message: Message, from: Hop, now: Moment) {
        let Some(response) = Response::read(message, from) else {
            return self.out.count(Discard::Malformed);
        };
        let client = response.key().and_then(|key| {
            let client = self.clients.get_mut(&key)?;
            // What we ask outside calls is answered by whom we asked (RFC 3581 4), or it is forged.
            let asked = matches!(client.used_for, Use::Ask(_));
            if asked && !answers(from, client.to) {
                return None;
            }
            Some((client.receive(response.code, now), client.used_for, key))
        });
        let Some((received, used_for, key)) = client else {
            return self.out.count(Discard::UnmatchedResponse);
        };
        self.arm_client(&key);
        match received {
            Received::Provisional => self.progressed(used_for, &key, &response, now),
            Received::Final => self.finished(used_for, &key, &response, now),
            Received::AnotherOk => self.another_ok(&key, &response, now),
            Received::AckAgain(ack) => self.out.send(ack.to, ack.bytes),
            Received::Absorbed => {}
        }
    }

    fn progressed(&mut self, used_for: Use, key: &ClientKey, response: &Response, now: Moment) {
        let Use::Invite(id) = used_for else {
            return;
        };
        self.cancel_if_ringing(id, now);
        if response.code == 100 {
            return;
        }
        let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.is_inviting()) else {
            return;
        };
        leg.changes.learn(&response.message);
        let dialog = self.dialog_of(key, response);
        let dialog = dialog.filter(|_| !response.to_tag().is_empty());
        if dialog.is_none_or(|dialog| self.acknowledge_progress(id, dialog, response, now)) {
            let (code, sdp) = (response.code, response.message.sdp());
            self.out.emit(id, Event::Provisional { code, sdp });
        }
    }

    fn finished(&mut self, used_for: Use, key: &ClientKey, response: &Response, now: Moment) {
        match used_for {
            Use::Invite(_) | Use::Reoffer(_) if response.code >= 300 => {
                self.acknowledge_refusal(key, response);
            }
            Use::Invite(_) | Use::Reoffer(_) => {}
            Use::Update(_) | Use::Refer(_) | Use::Bye(_) | Use::Ask(_) | Use::Nobody => {}
        }
        if self.answers_challenge(used_for, key, response, now) {
            return;
        }
        if response.code == 503 {
            self.no_help_from(key, NoHelp::Unavailable);
        }
        match used_for {
            Use::Invite(id) if response.code < 300 => self.answered(id, key, response, now),
            Use::Invite(id) => self.refused(id, key, response, now),
            Use::Reoffer(id) | Use::Update(id) => self.changed(id, key, response, now),
            Use::Refer(id) => self.refer_answered(id, response),
            Use::Bye(id) => self.drop_leg(id, now),
            Use::Ask(id) => {
                let message = Box::new(response.message.clone());
                self.asked
                    .answer(id, Answer::Response(message, response.from));
            }
            Use::Nobody => {}
        }
    }

    /// RFC 3261 17.1.1.3.
    fn acknowledge_refusal(&mut self, key: &ClientKey, response: &Response) {
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        let to = response.message.value("To").unwrap_or_default();
        let ack = Transmit {
            to: client.to,
            bytes: write(&alongside(&client.request, "ACK", to)),
        };
        client.keep_ack("", ack.clone());
        self.out.send(ack.to, ack.bytes);
    }

    fn refused(&mut self, id: LegId, key: &ClientKey, response: &Response, now: Moment) {
        if self.call_again_longer(id, key, response, now) {
            return;
        }
        self.drop_leg(id, now);
        let event = Event::Refused {
            code: response.code,
            reason: response.reason().to_owned(),
            cause: reason::q850(&response.message),
            retry_after: response.retry_after(),
        };
        self.out.emit(id, event);
    }

    /// The 2xx of our INVITE: acknowledged at once, and hung up when we had taken it back.
    fn answered(&mut self, id: LegId, key: &ClientKey, response: &Response, now: Moment) {
        let Some(mut dialog) = self.acknowledge_ok(key, response) else {
            return;
        };
        let Some(leg) = self.legs.get_mut(id) else {
            self.bye_in(dialog, None, Use::Nobody, now);
            return;
        };
        let mut sdp = response.message.sdp();
        let inviting = leg.inviting_mut();
        let unwanted = inviting.as_ref().is_none_or(|it| it.is_cancelled());
        if let Some(early) = inviting.and_then(|it| it.earlies.get_mut(response.to_tag())) {
            dialog.continue_from(&early.dialog);
            sdp = sdp.or(early.answer.take());
        }
        leg.stage = Stage::Talking(Box::new(Talking::new(dialog)));
        leg.changes.learn(&response.message);
        self.session_confirmed(id, &response.message, now);
        self.arm_leg(id);
        if unwanted {
            self.send_bye(id, None, now);
            let event = Event::Refused {
                code: 487,
                reason: phrase(487).to_owned(),
                cause: None,
                retry_after: None,
            };
            return self.out.emit(id, event);
        }
        self.out.emit(id, Event::Answered { sdp });
    }

    /// A 2xx again: its ACK was lost, or another fork answered and is hung up
    /// (RFC 3261 13.2.2.4).
    fn another_ok(&mut self, key: &ClientKey, response: &Response, now: Moment) {
        let client = self.clients.get(key);
        if let Some(ack) = client.and_then(|client| client.ack(response.to_tag())) {
            return self.out.send(ack.to, ack.bytes);
        }
        if let Some(dialog) = self.acknowledge_ok(key, response) {
            self.bye_in(dialog, None, Use::Nobody, now);
        }
    }

    /// Sends the ACK of a 2xx and keeps it for repetitions; the dialog it confirms.
    fn acknowledge_ok(&mut self, key: &ClientKey, response: &Response) -> Option<Dialog> {
        let dialog = self.dialog_of(key, response)?;
        self.send_ack(&dialog, key, response);
        Some(dialog)
    }

    /// The ACK of a re-INVITE goes the way of its dialog, not of the response's Record-Route.
    pub(super) fn acknowledge_reoffer(&mut self, id: LegId, key: &ClientKey, response: &Response) {
        let known = self.legs.get(id).and_then(|leg| leg.dialog()).cloned();
        let Some(mut dialog) = known.or_else(|| self.dialog_of(key, response)) else {
            return;
        };
        dialog.refresh(&response.message, response.from);
        self.send_ack(&dialog, key, response);
    }

    fn send_ack(&mut self, dialog: &Dialog, key: &ClientKey, response: &Response) {
        let via = self.branch();
        let cseq = response.essentials.cseq.number;
        let mut ack = dialog.request(
            "ACK",
            cseq,
            &self.our_via(&via, dialog.next_hop().transport),
        );
        ack.push("User-Agent", self.settings.user_agent.as_str());
        let ack = Transmit {
            to: dialog.next_hop(),
            bytes: write(&ack),
        };
        if let Some(client) = self.clients.get_mut(key) {
            client.keep_ack(response.to_tag(), ack.clone());
        }
        self.out.send(ack.to, ack.bytes);
    }

    fn dialog_of(&self, key: &ClientKey, response: &Response) -> Option<Dialog> {
        let client = self.clients.get(key)?;
        let is_symmetric = |leg| self.legs.get(leg).is_some_and(|leg| leg.symmetric);
        let symmetric = matches!(client.used_for, Use::Invite(leg) if is_symmetric(leg));
        let dialog = Dialog::of_uac(
            &client.request,
            &response.message,
            &response.essentials,
            response.from,
        );
        dialog.map(|dialog| dialog.symmetric(symmetric))
    }
}
