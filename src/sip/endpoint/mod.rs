//! The endpoint: datagrams in, events out; orders in, datagrams out.
//!
//! Invariant: every queue and store has a limit, and past it the sender is told or the datagram is
//! counted. What can be answered without remembering it is (RFC 3261 8.2.7): a flood costs no memory.

mod asking;
mod auto_answer;
mod changes;
mod changing;
mod counters;
mod early;
mod events;
mod gate;
mod in_dialog;
mod keys;
mod leg;
mod legs;
mod logins;
mod messages;
mod orders;
mod outbox;
mod prack;
mod reaching;
mod reason;
mod referrals;
mod referred;
mod referring;
mod registering;
mod reliable;
mod replaces;
mod requests;
mod responses;
mod session;
mod session_timer;
mod stage;
mod timers;
mod uac;
mod uas;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;

pub use asking::{Answer, AskId};
pub use counters::{Counters, Discard};
pub use events::{Event, Invited, ReferAsked};
pub use legs::LegId;
pub use logins::LoginId;
pub use orders::{
    Dialogs, Invite, Listening, NotPossible, Refer, Refusal, ReliableProgress, Settings,
};
pub use outbox::Transmit;
pub use reaching::NoHelp;
pub use reason::is_answered_elsewhere;

use self::asking::Asked;
use self::legs::Legs;
use self::outbox::Outbox;
use self::registering::Registered;
use super::digest::Login;
use super::transaction::{Alarms, Client, ClientKey, Clients, ServerKey, Servers, Use, Wake};
use super::wire::{Fault, Malformed, Message, Start, Uri, Via, read_message, write};
use super::{Hop, Sender, Standing, Transport};
use crate::words::{Entropy, Moment};

/// The length of the random part of tags and branches, in characters of 5 bits.
const TOKEN: usize = 20;

/// A SIP user agent, both ways, without a socket or a clock.
#[derive(Debug)]
pub struct Endpoint {
    settings: Settings,
    entropy: Entropy,
    /// Makes the To tags of stateless answers unguessable and repeatable.
    salt: u64,
    servers: Servers,
    clients: Clients,
    legs: Legs,
    asked: Asked,
    logins: Vec<Login>,
    registered: Registered,
    alarms: Alarms,
    out: Outbox,
    /// Where requests found no help.
    no_help: BTreeMap<Hop, NoHelp>,
    overloaded: bool,
}

impl Endpoint {
    pub fn new(settings: Settings, mut entropy: Entropy) -> Self {
        Self {
            settings,
            salt: entropy.u64(),
            entropy,
            servers: Servers::default(),
            clients: Clients::default(),
            legs: Legs::default(),
            asked: Asked::default(),
            logins: Vec::new(),
            registered: Registered::default(),
            alarms: Alarms::default(),
            out: Outbox::default(),
            no_help: BTreeMap::new(),
            overloaded: false,
        }
    }

    /// Takes one message, whatever it is: a datagram, or what a [`Framer`](super::Framer) cut from
    /// a stream. A stranger begins nothing: what is no SIP is answered so, the rest is refused.
    pub fn receive(&mut self, message: &[u8], from: impl Into<Sender>, now: Moment) {
        let from = from.into();
        let has_time = !self.overloaded || from.standing == Standing::Known;
        if self.out.is_full() || !has_time {
            return self.out.count(Discard::Overloaded);
        }
        match read_message(message) {
            Ok(message) => match message.start {
                Start::Request { .. } => self.receive_request(message, from, now),
                Start::Response { .. } => self.receive_response(message, from.hop, now),
            },
            Err(malformed) => self.receive_malformed(malformed, from.hop),
        }
    }

    /// Answers the headers of a stream that cannot be cut any further.
    pub fn receive_broken(&mut self, head: &[u8], fault: Fault, from: impl Into<Hop>) {
        let salvage = match read_message(head) {
            Ok(message) => Some(Box::new(message)),
            Err(malformed) => malformed.salvage,
        };
        self.receive_malformed(Malformed { fault, salvage }, from.into());
    }

    /// While overloaded, new calls are refused at once (503, Retry-After): who talks already is
    /// served first (RFC 3261 21.5.4). Strangers are not even read (hardening 6).
    pub fn set_overloaded(&mut self, overloaded: bool) {
        self.overloaded = overloaded;
    }

    /// When to call `handle_timeout` next.
    pub fn timeout(&self) -> Option<Moment> {
        self.alarms.earliest()
    }

    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.transmits.pop_front()
    }

    pub fn poll_event(&mut self) -> Option<(LegId, Event)> {
        self.out.events.pop_front()
    }

    /// Where peers are told that we listen.
    pub fn listening(&self) -> Listening {
        self.settings.listening
    }

    /// The Call-ID of a leg that has not ended.
    pub fn call_id(&self, leg: LegId) -> Option<&str> {
        self.legs.get(leg).map(|leg| leg.call_id.as_str())
    }

    /// The legs that bear this Call-ID and have not ended.
    pub fn legs_named<'a>(&'a self, call_id: &str) -> impl Iterator<Item = LegId> + use<'a> {
        self.legs.named(call_id)
    }

    /// Where the other side of a leg is by its last request, or where ours go.
    pub fn peer_of(&self, leg: LegId) -> Option<Hop> {
        let dialog = self.legs.get(leg)?.dialog()?;
        Some(dialog.peer())
    }

    pub fn counters(&self) -> &Counters {
        &self.out.counters
    }

    /// Whether somebody rings or talks on until a message of ours may go out (RFC 3261 9.1, 15).
    pub fn owes_words(&self) -> bool {
        self.legs.owe_words()
    }

    /// Whether nothing is under way: no leg, no transaction. Then no timer is set either.
    pub fn is_idle(&self) -> bool {
        self.legs.len() == 0 && self.servers.len() == 0 && self.clients.len() == 0
    }

    fn receive_malformed(&mut self, malformed: Malformed, from: Hop) {
        let Malformed { fault, salvage } = malformed;
        let answer = salvage.and_then(|message| self.blame(&message, fault.code(), None, from));
        if answer.is_none() {
            self.out.count(match fault == Fault::Empty {
                true => Discard::KeepAlive,
                false => Discard::Malformed,
            });
        }
    }

    /// Answers a request that cannot be read whole; nothing for ACK and responses, or without a
    /// Via to answer to.
    fn blame(
        &mut self,
        message: &Message,
        code: u16,
        reason: Option<&str>,
        from: Hop,
    ) -> Option<()> {
        let Start::Request { method, .. } = &message.start else {
            return None;
        };
        if method == "ACK" {
            return None;
        }
        let via = Via::read(message.value("Via")?).ok()?;
        let tag = self.stateless_tag(message);
        let reason = reason.unwrap_or(messages::phrase(code));
        let mut response = messages::reply(message, &via.stamped(from), (code, reason), &tag);
        response.push("Server", self.settings.user_agent.as_str());
        self.out.refused(code);
        self.out.send(via.reply_to(from), write(&response));
        Some(())
    }

    /// The same To tag for each repetition of one request, with nothing remembered.
    fn stateless_tag(&self, request: &Message) -> String {
        let mut hash = crc32fast::Hasher::new();
        hash.update(&self.salt.to_be_bytes());
        for name in ["From", "Call-ID", "CSeq"] {
            hash.update(request.value(name).unwrap_or_default().as_bytes());
        }
        format!("s{:08x}", hash.finalize())
    }

    /// Starts a client transaction; past its limit the request is sent once.
    fn begin(
        &mut self,
        mut request: Message,
        branch: &str,
        to: Hop,
        used_for: Use,
        now: Moment,
    ) -> ClientKey {
        request = self.sign_in(used_for, request);
        let fitted = self.fitted(&mut request, branch, to);
        let method = match &request.start {
            Start::Request { method, .. } => method.as_str(),
            Start::Response { .. } => "",
        };
        let key = ClientKey::new(branch, method);
        if self.clients.is_full() {
            self.out.send(fitted, write(&request));
            return key;
        }
        self.start_client(key.clone(), request, fitted, used_for, now);
        if let Some(client) = self.clients.get_mut(&key).filter(|_| fitted != to) {
            client.grown_from = Some(to);
        }
        key
    }

    /// Sends a response of a server transaction.
    fn respond(&mut self, key: &ServerKey, response: Message, now: Moment) -> Bytes {
        let bytes = write(&response);
        let Start::Response { code, .. } = response.start else {
            return bytes;
        };
        let linger = self.servers.linger();
        if let Some(server) = self.servers.get_mut(key) {
            server.respond(code, bytes.clone(), linger, now);
            self.out.send(server.to, bytes.clone());
            self.arm_server(key);
        }
        bytes
    }

    fn arm_client(&mut self, key: &ClientKey) {
        let at = self.clients.get(key).and_then(Client::timeout);
        self.alarms.set(Wake::Client(key.clone()), at);
    }

    fn arm_server(&mut self, key: &ServerKey) {
        let at = self.servers.get(key).and_then(|server| server.timeout());
        self.alarms.set(Wake::Server(key.clone()), at);
    }

    fn arm_leg(&mut self, id: LegId) {
        let at = self.legs.get(id).and_then(|leg| leg.timeout());
        self.alarms.set(Wake::Leg(id), at);
    }

    fn branch(&mut self) -> String {
        Via::branch_of(&self.entropy.token(TOKEN))
    }

    fn our_via(&self, branch: &str, transport: Transport) -> String {
        Via::ours(transport, self.settings.listening.of(transport), branch)
    }

    fn our_contact(&self, transport: Transport) -> String {
        let address = self.settings.listening.of(transport);
        format!(
            "<{}>",
            Uri::sip_over(transport, &self.settings.user, address)
        )
    }
}
