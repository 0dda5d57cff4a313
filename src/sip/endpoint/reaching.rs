//! Requests over the transport that fits them, and what happens when it does not carry them.

use super::{Endpoint, Listening};
use crate::sip::transaction::{Client, ClientKey, Use};
use crate::sip::wire::{Message, Via, write};
use crate::sip::{FlowId, Hop, Transport};
use crate::words::Moment;

/// RFC 3261 18.1.1: a larger request goes by a transport that can carry it whole, in bytes.
const DATAGRAM_MAX: usize = 1_300;
/// Hops that were no help and wait to be polled; a further one is found out again.
const NO_HELP_MAX: usize = 64;

/// How a hop was no help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHelp {
    /// Nothing came back for 32 s.
    Silent,
    /// It said 503, for itself or for somebody behind it.
    Unavailable,
}

impl Endpoint {
    /// The hop for a request of this size; its Via says so, too.
    pub(super) fn fitted(&self, request: &mut Message, branch: &str, to: Hop) -> Hop {
        let too_large = to.transport == Transport::Udp && write(request).len() > DATAGRAM_MAX;
        if !too_large || self.settings.listening.tcp.is_none() {
            return to;
        }
        request.replace_first("Via", self.our_via(branch, Transport::Tcp));
        Hop::to(Transport::Tcp, to.address)
    }

    /// Nothing could be sent there: what waits for an answer from it goes by UDP after all where
    /// only its size had led it to TCP, and fails at once otherwise (RFC 3261 18.4).
    pub fn unreachable(&mut self, hop: Hop, now: Moment) {
        for key in self.clients.waiting_for(hop) {
            let Some(client) = self.clients.get(&key) else {
                continue;
            };
            match client.grown_from {
                Some(datagram_hop) => self.send_by_datagram(&key, datagram_hop, now),
                None => {
                    let used_for = client.used_for;
                    self.clients.remove(&key);
                    self.arm_client(&key);
                    self.unanswered(used_for, now);
                }
            }
        }
    }

    /// A hop that was no help: another may serve (RFC 3263 4.3).
    pub fn poll_no_help(&mut self) -> Option<(Hop, NoHelp)> {
        self.no_help.pop_first()
    }

    /// Notes that the request of this transaction found no help where it went.
    pub(super) fn no_help_from(&mut self, key: &ClientKey, why: NoHelp) {
        if let Some(client) = self.clients.get(key)
            && self.no_help.len() < NO_HELP_MAX
        {
            self.no_help.insert(client.to, why);
        }
    }

    /// We are reached elsewhere from now on: the next message of every leg says so.
    pub fn moved(&mut self, listening: Listening) {
        self.settings.listening = listening;
    }

    /// A connection ended: the requests of its dialogs go where their routes and Contacts lead.
    pub fn closed(&mut self, flow: FlowId) {
        self.legs.lose(flow);
        self.lose_phones(flow);
    }

    fn send_by_datagram(&mut self, key: &ClientKey, to: Hop, now: Moment) {
        let Some(client) = self.clients.get(key) else {
            return;
        };
        let (mut request, used_for) = (client.request.clone(), client.used_for);
        let branch = request.value("Via").and_then(|via| Via::read(via).ok());
        let Some(branch) = branch.as_ref().and_then(Via::branch) else {
            return;
        };
        request.replace_first("Via", self.our_via(branch, Transport::Udp));
        self.start_client(key.clone(), request, to, used_for, now);
    }

    /// Sends the request and waits for its answer.
    pub(super) fn start_client(
        &mut self,
        key: ClientKey,
        request: Message,
        to: Hop,
        used_for: Use,
        now: Moment,
    ) {
        let bytes = write(&request);
        self.out.send(to, bytes.clone());
        let client = Client::new(request, bytes, to, used_for, now);
        self.clients.insert(key.clone(), client);
        self.arm_client(&key);
    }
}
