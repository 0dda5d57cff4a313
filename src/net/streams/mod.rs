//! SIP over TCP and TLS: every connection a flow.
//!
//! Invariants: one task a connection, with a bounded queue each way, and every wait of it has a limit
//! (docs/hardening.md row 15). What is known of a connection besides stands in one table here, which
//! one owner changes: no lock.

mod connection;
mod flows;
mod limits;
mod listener;
mod opening;
mod patience;
mod tls;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use self::connection::{Connection, Outgoing, Usage};
use self::flows::{Flow, Flows, MadeBy, Side};
use self::listener::Listener;
use self::opening::{Dial, call_tcp, call_tls, serve};
use crate::net::Dscp;
use crate::sip::{Fault, FlowId, Hop, Transmit, Transport};
use crate::words::Entropy;

pub use limits::{End, StreamLimits};
pub use tls::{
    Clients, IdentityFiles, NoHandshake, Shown, Tls, TlsFault, TlsSettings, Verify, good_until,
};

/// Messages read and not yet taken; past it connections are no longer read.
const NEWS_MAX: usize = 256;
/// Messages that wait to be written to one connection; past it the connection is cut.
const QUEUE_MAX: usize = 64;
/// Names that TLS peers are checked against; past it the last ones are not learnt.
const NAMES_MAX: usize = 4_096;
/// For the last words on all connections when we stop.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// What the connections have to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Message(Hop, Bytes),
    /// The headers at which a stream could be cut no further; the connection ends after an answer.
    Broken(Hop, Bytes, Fault),
    Closed(FlowId),
    /// No connection leads there: what was to go to this hop is lost.
    Unreachable(Hop),
    /// A connection broke: what went to this hop and has no answer may be lost.
    Lost(Hop),
}

/// Where connections come in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doors {
    pub tcp: Option<SocketAddr>,
    pub tls: Option<SocketAddr>,
    /// The address our own connections come from, where peers know us by it.
    pub from: Option<IpAddr>,
    pub dscp: Dscp,
}

/// All SIP connections of this machine.
pub struct Streams {
    limits: StreamLimits,
    entrance: Entrance,
    tls: Option<Tls>,
    /// What TLS peers were looked up by.
    names: BTreeMap<SocketAddr, String>,
    flows: Flows,
    runtime: Handle,
    tasks: JoinSet<(FlowId, End)>,
    news: (mpsc::Sender<News>, mpsc::Receiver<News>),
    entropy: Entropy,
    ended: BTreeMap<End, u64>,
}

struct Entrance {
    tcp: Option<Listener>,
    tls: Option<Listener>,
    from: Option<IpAddr>,
    dscp: Dscp,
}

impl Streams {
    /// Binds within a tokio runtime, which the connections live on. Without `tls` no message goes by it.
    pub fn open(
        doors: Doors,
        tls: Option<Tls>,
        limits: StreamLimits,
        entropy: Entropy,
    ) -> io::Result<Self> {
        let bind = |address| Listener::bind(address, doors.dscp);
        Ok(Self {
            limits,
            entrance: Entrance {
                tcp: doors.tcp.map(bind).transpose()?,
                tls: doors.tls.map(bind).transpose()?,
                from: doors.from,
                dscp: doors.dscp,
            },
            tls,
            names: BTreeMap::new(),
            flows: Flows::default(),
            runtime: Handle::current(),
            tasks: JoinSet::new(),
            news: mpsc::channel(NEWS_MAX),
            entropy,
            ended: BTreeMap::new(),
        })
    }

    /// Where we listen: TCP, TLS.
    pub fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        let address = |door: &Option<Listener>| door.as_ref().map(Listener::address);
        (address(&self.entrance.tcp), address(&self.entrance.tls))
    }

    /// The TLS peer at this address must prove this name (RFC 5922 4).
    pub fn learn_name(&mut self, peer: SocketAddr, name: &str) {
        if self.names.len() < NAMES_MAX || self.names.contains_key(&peer) {
            self.names.insert(peer, name.to_owned());
        }
    }

    /// New certificates, for connections from now on.
    pub fn renew(&mut self, tls: Tls) {
        self.tls = Some(tls);
    }

    /// Sends a message over its connection, one that leads there, or a new one. What cannot be sent
    /// comes back as `Unreachable`.
    pub fn send(&mut self, transmit: Transmit) {
        let to = transmit.to;
        let name = match to.transport {
            Transport::Tls => self.names.get(&to.address).cloned(),
            Transport::Tcp | Transport::Udp => None,
        };
        let open = self.flows.leading_to(to, name.as_deref());
        let flow = open.or_else(|| self.connect(to, name));
        let sent = flow.is_some_and(|flow| self.flows.send(flow, transmit).is_ok());
        if !sent {
            // With the queue full, the transaction's own timer tells.
            let _ = self.news.0.try_send(News::Unreachable(to));
        }
    }

    /// The flow may be idle: somebody is registered over it, or in a call.
    pub fn keep(&self, flow: FlowId) {
        self.flows.keep(flow, true);
    }

    /// The flow may be idle no longer.
    pub fn release(&self, flow: FlowId) {
        self.flows.keep(flow, false);
    }

    /// Ends a connection at once: the address it came from is not ours any more.
    pub fn cut(&mut self, flow: FlowId) {
        self.flows.cut(flow, End::Released);
    }

    /// Whether the other side has shown a certificate we trust for this name: so a peer is known by
    /// name. Without `Clients::Optional` or `Required` who connects to us is not asked to.
    pub fn proves(&self, flow: FlowId, name: &str) -> bool {
        let shown = self.flows.shown(flow);
        let verifies = self.tls.as_ref().is_some_and(|tls| tls.verifies);
        verifies && self.flows.was_checked(flow, name)
            || shown.is_some_and(|certificate| tls::is_for(certificate, name))
    }

    /// How many connections have ended, by why.
    pub fn ended(&self) -> &BTreeMap<End, u64> {
        &self.ended
    }

    /// What happens next. Cancel-safe.
    pub async fn next(&mut self) -> News {
        loop {
            tokio::select! {
                biased; // what a connection has told comes before its end
                Some(news) = self.news.1.recv() => return news,
                Some(ended) = self.tasks.join_next_with_id() => {
                    if let Some(flow) = self.take_end(ended.map(|(_, end)| end)) {
                        return News::Closed(flow);
                    }
                }
                (stream, peer) = accept(&mut self.entrance.tcp) => {
                    self.admit(stream, Hop::to(Transport::Tcp, peer));
                }
                (stream, peer) = accept(&mut self.entrance.tls) => {
                    self.admit(stream, Hop::to(Transport::Tls, peer));
                }
            }
        }
    }

    /// What has happened already.
    pub fn try_next(&mut self) -> Option<News> {
        self.news.1.try_recv().ok()
    }

    /// Lets every connection say its last words, and ends them.
    pub async fn stop(&mut self) {
        (self.entrance.tcp, self.entrance.tls) = (None, None);
        self.flows.clear();
        self.news.1.close();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(STOP_WITHIN, all).await.is_err() {
            self.tasks.abort_all();
        }
    }

    fn take_end(&mut self, ended: Result<(FlowId, End), JoinError>) -> Option<FlowId> {
        let (flow, end) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "the task of a connection broke off");
                (self.flows.of_task(error.id())?, End::Failed)
            }
        };
        tracing::debug!(flow = flow.0, end = end.as_str(), "a SIP connection ended");
        self.count(end);
        self.flows.remove(flow);
        Some(flow)
    }

    fn count(&mut self, end: End) {
        let count = self.ended.entry(end).or_default();
        *count = count.saturating_add(1);
    }

    /// Lets a connection in, unless there are too many.
    fn admit(&mut self, stream: TcpStream, hop: Hop) {
        if !self.has_room(Side::Them, hop) {
            return self.count(End::Full);
        }
        let tls = self.tls.clone();
        self.start(hop, MadeBy::Them, |connection| {
            serve(connection, stream, tls)
        });
    }

    /// Begins a connection; what is sent over it waits until it is open.
    fn connect(&mut self, hop: Hop, name: Option<String>) -> Option<FlowId> {
        if !self.has_room(Side::Us, hop) {
            return None;
        }
        let dial = Dial {
            to: hop.address,
            from: self.entrance.from,
            dscp: self.entrance.dscp,
            limits: self.limits,
        };
        let ping_every = self.ping_every();
        let made_by = MadeBy::Us { name: name.clone() };
        match hop.transport {
            Transport::Udp => None,
            Transport::Tcp => Some(self.start(hop, made_by, |connection| {
                call_tcp(connection, dial, ping_every)
            })),
            Transport::Tls => {
                let tls = self.tls.clone()?;
                Some(self.start(hop, made_by, |connection| {
                    call_tls(connection, dial, (tls, name), ping_every)
                }))
            }
        }
    }

    /// Their connections do not take the room of ours.
    fn has_room(&self, side: Side, hop: Hop) -> bool {
        let (here, in_all) = self.flows.count(side, hop.address.ip());
        here < self.limits.connections_per_address && in_all < self.limits.connections
    }

    /// Starts the task of a connection and enters it in the table.
    fn start<F, T>(&mut self, hop: Hop, made_by: MadeBy, task: F) -> FlowId
    where
        F: FnOnce(Connection) -> T,
        T: Future<Output = End> + Send + 'static,
    {
        let id = self.flows.next_id();
        let (out, queue) = mpsc::channel(QUEUE_MAX);
        let (cut, told) = oneshot::channel();
        let usage = Arc::new(Usage::new());
        let task = task(Connection {
            hop: Hop {
                flow: Some(id),
                ..hop
            },
            limits: self.limits,
            usage: Arc::clone(&usage),
            news: self.news.0.clone(),
            out: Outgoing::new(queue),
            cut: told,
        });
        let task = async move { (id, task.await) };
        let task = self.tasks.spawn_on(task, &self.runtime).id();
        let hop = Hop { flow: None, ..hop };
        self.flows.insert(
            id,
            Flow {
                hop,
                made_by,
                out,
                cut,
                usage,
                task,
            },
        );
        id
    }

    /// Jittered, so that a thousand phones do not ping at once.
    fn ping_every(&mut self) -> Duration {
        let sixth = self.limits.ping_every / 6;
        let part = f64::from(self.entropy.below(1_000)) / 1_000.0;
        self.limits.ping_every - sixth.mul_f64(part)
    }
}

async fn accept(door: &mut Option<Listener>) -> (TcpStream, SocketAddr) {
    match door {
        Some(door) => door.accept().await,
        None => std::future::pending().await,
    }
}
