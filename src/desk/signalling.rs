//! The SIP endpoint with its sockets: messages in, messages out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::net::{End, News, SteadyUdp, Streams, Target, Tls, TlsSettings};
use crate::records::Way;
use crate::sip::offer_answer::{Origin, Shield, SrtpPolicy, Unusable};
use crate::sip::stun::{self, StunClient};
use crate::sip::{
    Endpoint, Event, FlowId, Hop, LegId, NoHelp, Refusal, Sender, Standing, Transport,
};
use crate::words::{Entropy, Moment};

use super::lines::{Line, Lines};
use super::sockets::Sockets;
use super::tapping::Tap;

/// Signalling as the desk uses it.
pub(super) struct Signalling {
    pub(super) endpoint: Endpoint,
    port: SteadyUdp,
    streams: Streams,
    tls: Option<TlsSettings>,
    lines: Lines,
    /// Asks as which address we are seen, where that is wanted.
    stun: Option<StunClient>,
    stun_news: Option<stun::News>,
    /// Calls over connections: a connection may be idle while one lives.
    over: BTreeMap<LegId, FlowId>,
    /// Connections somebody is registered over: they may be idle, too (RFC 5626 4.4.1).
    registered: BTreeMap<Registered, BTreeSet<FlowId>>,
    /// Connections that have closed and nobody has been told of.
    closed: Vec<FlowId>,
    /// The connection the last message came by.
    last: Option<FlowId>,
    /// Since when there was always one more datagram to read.
    unread_since: Option<Moment>,
    /// Hops nothing could be sent to, and when.
    down: BTreeMap<Hop, Moment>,
    entropy: Entropy,
    /// What is heard and said, where it is kept.
    pub(super) tap: Option<Tap>,
    /// Datagrams the kernel would not take.
    pub(super) unsent: u64,
}

/// Who is registered over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Registered {
    /// Accounts of ours, at their registrars.
    Accounts,
    /// Reps' phones, at us.
    Phones,
}

/// What can be read.
#[derive(Debug)]
pub(super) enum Arrival {
    Datagrams,
    News(News),
}

/// Datagrams taken in one go before the rest of the desk has its turn.
const BATCH: usize = 64;
const DATAGRAM_MAX: usize = 65_535;
/// RFC 5626 3.5.1 has it for streams; every server knows it as the empty line before a message.
const KEEP_ALIVE: &[u8] = b"\r\n\r\n";
/// How long datagrams may queue before new calls are refused.
const UNREAD_MAX: Duration = Duration::from_millis(10);
/// How long a hop that could not be reached is passed over.
const DOWN_FOR: Duration = Duration::from_secs(30);
/// Hops remembered as down; past it the next one is tried again.
const DOWN_MAX: usize = 256;

impl Signalling {
    pub(super) fn new(
        endpoint: Endpoint,
        sockets: Sockets,
        lines: Lines,
        entropy: Entropy,
    ) -> Self {
        Self {
            endpoint,
            port: sockets.port,
            streams: sockets.streams,
            tls: sockets.tls,
            stun: sockets.stun,
            stun_news: None,
            lines,
            over: BTreeMap::new(),
            registered: BTreeMap::new(),
            closed: Vec::new(),
            last: None,
            unread_since: None,
            down: BTreeMap::new(),
            entropy,
            tap: None,
            unsent: 0,
        }
    }

    /// Waits until there is something to read. Cancel-safe.
    pub(super) async fn arrival(&mut self) -> Arrival {
        tokio::select! {
            () = self.port.readable() => Arrival::Datagrams,
            news = self.streams.next() => Arrival::News(news),
        }
    }

    /// Reads what is there.
    pub(super) fn take(&mut self, arrival: Arrival, now: Moment) {
        self.last = None;
        match arrival {
            Arrival::Datagrams => self.receive(now),
            Arrival::News(News::Message(from, message)) => {
                self.last = from.flow;
                let sender = self.sender(from, now);
                heard(&mut self.tap, &self.endpoint, &message, sender, now);
                self.endpoint.receive(&message, sender, now);
            }
            Arrival::News(News::Broken(from, head, fault)) => {
                self.endpoint.receive_broken(&head, fault, from);
            }
            Arrival::News(News::Unreachable(hop)) => {
                self.mark_down(hop, now);
                self.endpoint.unreachable(hop, now);
            }
            Arrival::News(News::Lost(hop)) => self.endpoint.unreachable(hop, now),
            Arrival::News(News::Closed(flow)) => {
                self.over.retain(|_, over| *over != flow);
                self.endpoint.closed(flow);
                self.closed.push(flow);
            }
        }
    }

    /// Who sent a message, and how he stands with us.
    fn sender(&self, hop: Hop, now: Moment) -> Sender {
        let sender = self.lines.sender(hop, |name| self.proves(hop, name));
        match self.endpoint.seat_behind(hop, now) {
            // Its Contacts are hearsay: there is one way to it.
            Some(_) => Sender {
                standing: Standing::Known,
                symmetric: true,
                ..sender
            },
            None => sender,
        }
    }

    /// The line of this name, by which we call.
    pub(super) fn line_named(&self, name: &str) -> Option<&Line> {
        self.lines.named(name)
    }

    /// The line a call came by; `called` is the user it is for.
    pub(super) fn line_of(&self, hop: Hop, called: Option<&str>, now: Moment) -> Option<Line> {
        let line = self.lines.of(hop, called, |name| self.proves(hop, name));
        let phone = || self.endpoint.seat_behind(hop, now);
        line.or_else(|| phone().map(|_| self.lines.of_phone(hop)))
    }

    fn proves(&self, hop: Hop, name: &str) -> bool {
        hop.flow.is_some_and(|flow| self.streams.proves(flow, name))
    }

    /// Whether nothing could be sent there just now: another hop may serve (RFC 3263 4.3).
    pub(super) fn is_down(&self, hop: Hop, now: Moment) -> bool {
        let since = self.down.get(&Hop { flow: None, ..hop });
        since.is_some_and(|since| now.since(*since) < DOWN_FOR)
    }

    fn mark_down(&mut self, hop: Hop, now: Moment) {
        self.down.retain(|_, since| now.since(*since) < DOWN_FOR);
        if self.down.len() < DOWN_MAX {
            self.down.insert(Hop { flow: None, ..hop }, now);
        }
    }

    /// A place that said nothing, or 503; it is passed over for a while (RFC 3263 4.3).
    pub(super) fn poll_no_help(&mut self, now: Moment) -> Option<(Hop, NoHelp)> {
        let no_help = self.endpoint.poll_no_help()?;
        self.mark_down(no_help.0, now);
        Some(no_help)
    }

    /// Where the servers of an account are by now, and the connection it is registered over.
    pub(super) fn account_at(
        &mut self,
        name: &str,
        servers: impl Iterator<Item = Hop>,
        over: Option<FlowId>,
    ) {
        self.lines.account_at(name, servers, over);
    }

    /// Connections that have closed since the last question.
    pub(super) fn take_closed(&mut self) -> Vec<FlowId> {
        std::mem::take(&mut self.closed)
    }

    /// Ends a connection; its requests fail first, then it is among the closed ones.
    pub(super) fn cut(&mut self, flow: FlowId) {
        self.streams.cut(flow);
    }

    /// The name that a TLS peer must prove.
    pub(super) fn learn_name(&mut self, target: &Target) {
        if target.hop.transport == Transport::Tls {
            self.streams.learn_name(target.hop.address, &target.name);
        }
    }

    /// An empty datagram: it keeps a NAT's way back open, and says nothing.
    pub(super) fn keep_way_open(&mut self, to: SocketAddr) {
        let sent = self.port.try_send(KEEP_ALIVE, to);
        self.unsent += u64::from(sent.is_err());
    }

    /// Before the timers: what came in time is not late because we slept.
    pub(super) fn receive_unnoticed(&mut self, now: Moment) {
        self.receive_by(SteadyUdp::receive_unnoticed, now);
    }

    /// A read error is the last word about this batch, not about the socket.
    fn receive(&mut self, now: Moment) {
        self.receive_by(SteadyUdp::try_receive, now);
    }

    fn receive_by(
        &mut self,
        take: impl Fn(&mut SteadyUdp, &mut [u8]) -> Option<(usize, SocketAddr)>,
        now: Moment,
    ) {
        let mut datagram = [0; DATAGRAM_MAX];
        for _ in 0..BATCH {
            let Some((length, from)) = take(&mut self.port, &mut datagram) else {
                return self.unread(None, now);
            };
            let datagram = &datagram[..length];
            match &mut self.stun {
                Some(client) if stun::is_stun(datagram) => {
                    let news = client.receive(datagram, from, now);
                    self.stun_news = news.or(self.stun_news);
                }
                Some(_) | None => {
                    let sender = self.sender(Hop::udp(from), now);
                    heard(&mut self.tap, &self.endpoint, datagram, sender, now);
                    self.endpoint.receive(datagram, sender, now);
                }
            }
        }
        self.unread(self.unread_since.or(Some(now)), now);
    }

    /// Since when we have not read all that came; too long is too much.
    fn unread(&mut self, since: Option<Moment>, now: Moment) {
        self.unread_since = since;
        let is_late = since.is_some_and(|since| now.since(since) >= UNREAD_MAX);
        self.endpoint.set_overloaded(is_late);
    }

    /// The STUN server is known from now on.
    pub(super) fn begin_stun(&mut self, client: StunClient) {
        self.stun = Some(client);
    }

    /// Asks the STUN server, where it is time to.
    pub(super) fn ask_stun(&mut self, now: Moment) {
        let Some(client) = &mut self.stun else {
            return;
        };
        let (request, news) = client.handle_timeout(now);
        if let Some(request) = request {
            // What the system does not take is asked again.
            let _ = self.port.try_send(&request, client.server());
        }
        self.stun_news = news.or(self.stun_news);
    }

    /// We may be seen as another: the STUN server is asked at once.
    pub(super) fn ask_stun_anew(&mut self, now: Moment) {
        if let Some(client) = &mut self.stun {
            client.ask_anew(now);
        }
    }

    pub(super) fn poll_stun(&mut self) -> Option<stun::News> {
        self.stun_news.take()
    }

    /// When to ask the STUN server next.
    pub(super) fn stun_timeout(&self) -> Option<Moment> {
        self.stun.as_ref().map(StunClient::timeout)
    }

    /// What a leg has to tell; its connection is kept from now on.
    pub(super) fn poll_event(&mut self) -> Option<(LegId, Event)> {
        let Some((leg, event)) = self.endpoint.poll_event() else {
            self.last = None;
            return None;
        };
        if let Some(flow) = self.last {
            self.over.insert(leg, flow);
            self.streams.keep(flow);
        }
        Some((leg, event))
    }

    /// Connections whose calls are over may be idle no longer.
    pub(super) fn release_connections(&mut self) {
        let endpoint = &self.endpoint;
        let before: BTreeSet<FlowId> = self.over.values().copied().collect();
        self.over.retain(|leg, _| endpoint.call_id(*leg).is_some());
        let after: BTreeSet<FlowId> = self.over.values().copied().collect();
        for flow in before.difference(&after) {
            self.release(*flow);
        }
    }

    /// The connections that these are registered over from now on.
    pub(super) fn keep_registered(&mut self, who: Registered, flows: BTreeSet<FlowId>) {
        for flow in &flows {
            self.streams.keep(*flow);
        }
        let before = self.registered.insert(who, flows);
        for flow in before.unwrap_or_default() {
            self.release(flow);
        }
    }

    fn release(&self, flow: FlowId) {
        let mut registered = self.registered.values();
        let is_used = registered.any(|flows| flows.contains(&flow))
            || self.over.values().any(|it| *it == flow);
        if !is_used {
            self.streams.release(flow);
        }
    }

    /// Sends what the endpoint has to say. Datagrams the kernel refuses are repeated by their
    /// transactions.
    pub(super) fn flush(&mut self, now: Moment) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            if let Some(tap) = &mut self.tap {
                let ends = (ours(&self.endpoint, transmit.to), transmit.to);
                tap.take_in(Way::Sent, ends, transmit.bytes.clone(), now);
            }
            match transmit.to.transport {
                Transport::Tcp | Transport::Tls => self.streams.send(transmit),
                Transport::Udp => {
                    let sent = self.port.try_send(&transmit.bytes, transmit.to.address);
                    self.unsent += u64::from(sent.is_err());
                }
            }
        }
    }

    /// Of what TLS is made; none without TLS.
    pub(super) fn tls_settings(&self) -> Option<&TlsSettings> {
        self.tls.as_ref()
    }

    /// New certificates, for connections from now on.
    pub(super) fn renew(&mut self, tls: Tls) {
        self.streams.renew(tls);
    }

    /// Connections that have ended, by why.
    pub(super) fn connections_ended(&self) -> &BTreeMap<End, u64> {
        self.streams.ended()
    }

    /// The last words on all connections.
    pub(super) async fn stop(&mut self) {
        self.streams.stop().await;
    }

    /// Ours in the session descriptions of a new leg (RFC 8866 5.2).
    pub(super) fn origin(&mut self) -> Origin {
        Origin {
            id: u64::from(self.entropy.u32()),
            version: 0,
        }
    }

    /// The keys for SRTP of a new leg, where it has some.
    pub(super) fn shield(&mut self, srtp: SrtpPolicy) -> Shield {
        Shield::new(srtp, &mut self.entropy)
    }

    /// Other keys, for ports that are fresh, too.
    pub(super) fn new_keys(&mut self, shield: &mut Shield) {
        shield.renew(&mut self.entropy);
    }
}

/// A stranger begins nothing: what he says is of no call.
fn heard(tap: &mut Option<Tap>, endpoint: &Endpoint, message: &[u8], from: Sender, now: Moment) {
    if let Some(tap) = tap
        && from.standing == Standing::Known
    {
        let ends = (ours(endpoint, from.hop), from.hop);
        tap.take_in(Way::Received, ends, Bytes::copy_from_slice(message), now);
    }
}

/// Where we are heard by a peer there.
fn ours(endpoint: &Endpoint, theirs: Hop) -> SocketAddr {
    let listening = endpoint.listening();
    let there = match theirs.transport {
        Transport::Udp => None,
        Transport::Tcp => listening.tcp,
        Transport::Tls => listening.tls,
    };
    there.unwrap_or(listening.udp)
}

/// What their offer lacks, for a 488 (RFC 3261 21.4.26).
pub(super) fn unusable(problem: &Unusable) -> Refusal {
    Refusal {
        warning: Some(problem.warning()),
        ..Refusal::new(488)
    }
}
