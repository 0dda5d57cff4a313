//! Everything time can do to the endpoint.

use super::Endpoint;
use super::asking::Answer;
use super::events::Event;
use super::leg::LegTick;
use super::legs::LegId;
use super::reaching::NoHelp;
use crate::sip::transaction::{ClientKey, ClientTick, ServerKey, ServerTick, Use, Wake};
use crate::words::Moment;

impl Endpoint {
    /// Does what is due; `timeout` says when to come back.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(wake) = self.alarms.take_due(now) {
            match wake {
                Wake::Server(key) => self.server_due(&key, now),
                Wake::Client(key) => self.client_due(&key, now),
                Wake::Leg(id) => self.leg_due(id, now),
                Wake::Registrar => self.registrar_due(now),
            }
        }
    }

    fn server_due(&mut self, key: &ServerKey, now: Moment) {
        let Some(server) = self.servers.get_mut(key) else {
            return;
        };
        let to = server.to;
        match server.handle_timeout(now) {
            ServerTick::Nothing => {}
            ServerTick::Send(bytes) => self.out.send(to, bytes),
            ServerTick::Over => self.servers.remove(key),
        }
        self.arm_server(key);
    }

    fn client_due(&mut self, key: &ClientKey, now: Moment) {
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        let (to, used_for) = (client.to, client.used_for);
        match client.handle_timeout(now) {
            ClientTick::Nothing => {}
            ClientTick::Send(bytes) => self.out.send(to, bytes),
            ClientTick::Over => self.clients.remove(key),
            ClientTick::GaveUp => {
                if client.is_unheard() {
                    self.no_help_from(key, NoHelp::Silent);
                    self.lose_silent_phone(to, used_for);
                }
                self.clients.remove(key);
                self.unanswered(used_for, now);
            }
        }
        self.arm_client(key);
    }

    /// Timer B or F: they did not say anything final in 32 s.
    pub(super) fn unanswered(&mut self, used_for: Use, now: Moment) {
        let (id, event) = match used_for {
            Use::Invite(id) => (id, Some(Event::NoResponse)),
            Use::Reoffer(id) | Use::Update(id) => return self.change_unanswered(id, now),
            Use::Refer(id) => return self.refer_over(id, Some(408)),
            Use::Bye(id) => (id, None),
            Use::Ask(id) => return self.asked.answer(id, Answer::None),
            Use::Nobody => return,
        };
        let known = self.legs.get(id).is_some_and(|leg| !leg.is_ending());
        self.drop_leg(id, now);
        let event = event.filter(|_| known);
        event.into_iter().for_each(|event| self.out.emit(id, event));
    }

    fn leg_due(&mut self, id: LegId, now: Moment) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        for tick in leg.handle_timeout(now) {
            match tick {
                LegTick::Send(to, bytes) => self.out.send(to, bytes),
                LegTick::AckMissing => self.ack_missing(id, now),
                LegTick::CancelUnheard => self.cancel_unheard(id, now),
                LegTick::PrackMissing => self.prack_missing(id, now),
                LegTick::ChangeAgain => self.change_again(id, now),
                LegTick::Refresh => self.refresh_session(id, now),
                LegTick::Expiring(at) => self.out.emit(id, Event::Expiring { at }),
                LegTick::Expired => self.session_over(id, now),
                LegTick::ReferUnheard => self.refer_over(id, None),
            }
        }
        self.arm_leg(id);
    }

    fn ack_missing(&mut self, id: LegId, now: Moment) {
        let Some(talking) = self.legs.get_mut(id).and_then(|leg| leg.talking_mut()) else {
            return;
        };
        match talking.hang_up.clone() {
            Some(hang_up) if talking.unacked.is_empty() => {
                self.send_bye(id, hang_up.reason.as_deref(), now);
            }
            Some(_) => {}
            None => self.out.emit(id, Event::AckMissing),
        }
    }

    /// RFC 3261 9.1: 64 x T1 after the CANCEL the INVITE is over without a word.
    fn cancel_unheard(&mut self, id: LegId, now: Moment) {
        if let Some(key) = self.legs.get(id).and_then(|leg| leg.invite_key()).cloned() {
            self.clients.remove(&key);
            self.arm_client(&key);
        }
        self.drop_leg(id, now);
        self.out.emit(id, Event::NoResponse);
    }
}
