//! A SIP port of the doctor's own, beside the agent's: one request, one answer.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::desk::{clock, until};
use crate::net::{
    Doors, Families, News, NotFound, Resolver, StreamLimits, Streams, Target, Tls, TlsSettings,
    UdpPort, Wanted, way_out, way_to,
};
use crate::sip::stun::{self, StunClient};
use crate::sip::{
    Answer, Dialogs, Endpoint, Hop, Listening, Message, Settings, Transmit, Transport,
};
use crate::words::{Entropy, Moment};

/// No datagram is longer (RFC 768).
const DATAGRAM_MAX: usize = 65_535;
/// For the answer to a request: four repetitions by UDP (RFC 3261 17.1.2.1).
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// For a STUN server: four requests (RFC 8489 6.2.1).
const STUN_WITHIN: Duration = Duration::from_secs(4);

/// Sockets of our own, and who finds names.
pub(in crate::doctor) struct Outside {
    port: UdpPort,
    bound: SocketAddr,
    streams: Streams,
    resolver: Resolver,
    user_agent: String,
    entropy: Entropy,
    /// Room for one.
    datagram: Vec<u8>,
}

impl Outside {
    /// Binds where the agent would, at a port that the system chooses. Without `tls` nothing goes by TLS.
    pub(in crate::doctor) fn open(
        ip: IpAddr,
        user_agent: &str,
        tls: Option<&TlsSettings>,
        mut entropy: Entropy,
    ) -> io::Result<Self> {
        let port = UdpPort::bind(SocketAddr::new(ip, 0))?;
        let tls = tls.map(Tls::open).transpose().map_err(io::Error::other)?;
        let doors = Doors {
            from: Some(ip).filter(|ip| !ip.is_unspecified()),
            ..Doors::default()
        };
        let dice = Entropy::from_seed(entropy.bytes());
        let streams = Streams::open(doors, tls, StreamLimits::default(), dice)?;
        let dice = Entropy::from_seed(entropy.bytes());
        Ok(Self {
            bound: port.local_addr()?,
            port,
            streams,
            resolver: Resolver::of_system(Families::of(ip), dice),
            user_agent: user_agent.to_owned(),
            entropy,
            datagram: vec![0; DATAGRAM_MAX],
        })
    }

    pub(in crate::doctor) async fn find(
        &mut self,
        wanted: &Wanted,
    ) -> Result<Vec<Target>, NotFound> {
        self.resolver.find(wanted).await
    }

    /// Where datagrams to this peer leave this PC.
    pub(in crate::doctor) fn local_towards(&self, peer: IpAddr) -> SocketAddr {
        let ip = way_to(self.bound.ip(), peer).unwrap_or_else(|| way_out(self.bound.ip()));
        SocketAddr::new(ip, self.bound.port())
    }

    /// The final answer to a request that is complete but for its Via; none where nobody answers in time.
    pub(in crate::doctor) async fn ask(
        &mut self,
        request: Message,
        to: &Target,
    ) -> Option<Message> {
        self.learn_name(to);
        let mut endpoint = self.endpoint(to.hop.address.ip());
        let give_up_at = clock::now() + ANSWER_WITHIN;
        endpoint.ask(request, to.hop, clock::now()).ok()?;
        loop {
            self.flush(&mut endpoint).await;
            if let Some((_, answer)) = endpoint.poll_answer() {
                return match answer {
                    Answer::Response(message, _) => Some(*message),
                    Answer::None => None,
                };
            }
            let now = clock::now();
            if now >= give_up_at {
                return None;
            }
            self.wait(&mut endpoint, give_up_at, now).await;
        }
    }

    /// The name that a TLS peer must prove.
    pub(in crate::doctor) fn learn_name(&mut self, peer: &Target) {
        if peer.hop.transport == Transport::Tls {
            self.streams.learn_name(peer.hop.address, &peer.name);
        }
    }

    /// Who speaks to this peer, and is called by our address towards it.
    pub(in crate::doctor) fn endpoint(&mut self, peer: IpAddr) -> Endpoint {
        let settings = Settings {
            listening: Listening::udp_only(self.local_towards(peer)),
            user: "doctor".to_owned(),
            user_agent: self.user_agent.clone(),
            calls_max: 1,
            dialogs: Dialogs::default(),
        };
        Endpoint::new(settings, Entropy::from_seed(self.entropy.bytes()))
    }

    /// Sends what the endpoint has to say.
    pub(in crate::doctor) async fn flush(&mut self, endpoint: &mut Endpoint) {
        while let Some(transmit) = endpoint.poll_transmit() {
            match transmit.to.transport {
                Transport::Tcp | Transport::Tls => self.streams.send(transmit),
                Transport::Udp => {
                    let Transmit { to, bytes } = transmit;
                    // What the system does not take is repeated by its transaction.
                    let _ = self.port.send(&bytes, to.address).await;
                }
            }
        }
    }

    /// Hands the endpoint what comes next, or that time has passed.
    async fn wait(&mut self, endpoint: &mut Endpoint, give_up_at: Moment, now: Moment) {
        let wake = endpoint.timeout();
        let wake = wake.map_or(give_up_at, |at| at.min(give_up_at));
        tokio::select! {
            () = self.hear(endpoint) => {}
            () = until(Some(wake), now) => {}
        }
        endpoint.handle_timeout(clock::now());
    }

    /// Hands the endpoint what comes next. Cancel-safe.
    pub(in crate::doctor) async fn hear(&mut self, endpoint: &mut Endpoint) {
        tokio::select! {
            Ok((length, from)) = self.port.receive(&mut self.datagram) => {
                let datagram = self.datagram.get(..length).unwrap_or_default();
                endpoint.receive(datagram, Hop::udp(from), clock::now());
            }
            news = self.streams.next() => take(news, endpoint, clock::now()),
        }
    }

    /// As whom the STUN server sees our port; none where it does not say.
    pub(in crate::doctor) async fn seen_by(&mut self, server: SocketAddr) -> Option<SocketAddr> {
        let mut client = StunClient::new(server, Entropy::from_seed(self.entropy.bytes()));
        let give_up_at = clock::now() + STUN_WITHIN;
        loop {
            let now = clock::now();
            if now >= give_up_at {
                return None;
            }
            if let (Some(request), _) = client.handle_timeout(now) {
                // What the system does not take is asked again.
                let _ = self.port.send(&request, server).await;
            }
            let wake = client.timeout().min(give_up_at);
            tokio::select! {
                Ok((length, from)) = self.port.receive(&mut self.datagram) => {
                    let datagram = self.datagram.get(..length).unwrap_or_default();
                    match client.receive(datagram, from, clock::now()) {
                        Some(stun::News::SeenAs(public)) => return Some(public),
                        Some(stun::News::Silent) => return None,
                        None => {}
                    }
                }
                () = until(Some(wake), now) => {}
            }
        }
    }
}

fn take(news: News, endpoint: &mut Endpoint, now: Moment) {
    match news {
        News::Message(from, message) => endpoint.receive(&message, from, now),
        News::Broken(from, head, fault) => endpoint.receive_broken(&head, fault, from),
        News::Unreachable(hop) | News::Lost(hop) => endpoint.unreachable(hop, now),
        News::Closed(flow) => endpoint.closed(flow),
    }
}
