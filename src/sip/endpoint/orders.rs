use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::legs::LegId;
use super::logins::LoginId;
use crate::sip::wire::{NameAddr, Uri};
use crate::sip::{Hop, Transport};

/// What the endpoint is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Stand in Via and Contact: the addresses the peers reach us at.
    pub listening: Listening,
    /// The user part of our Contact.
    pub user: String,
    /// User-Agent and Server.
    pub user_agent: String,
    /// Legs under way before an INVITE is answered 503.
    pub calls_max: usize,
    pub dialogs: Dialogs,
}

/// How calls are kept.
#[derive(Clone, Copy, Debug)]
pub struct Dialogs {
    pub reliable: ReliableProgress,
    /// How long a session lives without a refresh; asked for, and the most that is granted.
    pub session_expires: Duration,
    /// A shorter session is answered 422; at least 90 s (RFC 4028 4).
    pub min_se: Duration,
}

/// When our 18x wait for a PRACK (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReliableProgress {
    #[default]
    WhereRequired,
    WhereSupported,
}

impl Default for Dialogs {
    fn default() -> Self {
        Self {
            reliable: ReliableProgress::default(),
            session_expires: Duration::from_secs(1800),
            min_se: super::session_timer::MIN_SE,
        }
    }
}

/// Where we listen, by transport.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    pub udp: SocketAddr,
    /// None: what comes by TCP is not ours to answer, and nothing is sent by it.
    pub tcp: Option<SocketAddr>,
    pub tls: Option<SocketAddr>,
}

impl Listening {
    pub fn udp_only(udp: SocketAddr) -> Self {
        Self {
            udp,
            tcp: None,
            tls: None,
        }
    }

    /// The same, where datagrams of ours are seen to come from `public`.
    pub fn seen_as(self, public: SocketAddr) -> Self {
        let outside = |ours: SocketAddr| SocketAddr::new(public.ip(), ours.port());
        Self {
            udp: public,
            tcp: self.tcp.map(outside),
            tls: self.tls.map(outside),
        }
    }

    /// The address of the transport; a connection that we opened without listening names UDP's.
    pub fn of(&self, transport: Transport) -> SocketAddr {
        let named = match transport {
            Transport::Udp => None,
            Transport::Tcp => self.tcp,
            Transport::Tls => self.tls,
        };
        named.unwrap_or(self.udp)
    }
}

/// A call of ours.
#[derive(Clone, Debug)]
pub struct Invite {
    pub target: Uri,
    pub next_hop: Hop,
    /// Called back where its answers come from, whatever its Contact says.
    pub symmetric: bool,
    /// Who calls; its tag is made here.
    pub from: NameAddr,
    /// Whose password answers a challenge.
    pub login: Option<LoginId>,
    /// Made here when none is given.
    pub call_id: Option<String>,
    pub offer: Bytes,
    /// More headers: name, value.
    pub headers: Vec<(String, String)>,
}

/// A call that the other side is to make.
#[derive(Clone, Debug)]
pub struct Refer {
    pub to: Uri,
    /// The leg whose place their call takes: that of ours with the target.
    pub replaces: Option<LegId>,
    pub referred_by: Option<Uri>,
}

/// A final answer that is no 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 300-699.
    pub code: u16,
    pub reason: String,
    pub retry_after: Option<Duration>,
    /// A whole Warning value: `305 thirdring "no common codec"`.
    pub warning: Option<String>,
}

impl Refusal {
    /// A refusal with the phrase RFC 3261 21 gives it.
    pub fn new(code: u16) -> Self {
        Self {
            code,
            reason: super::messages::phrase(code).to_owned(),
            retry_after: None,
            warning: None,
        }
    }
}

/// Why an order was not carried out: mostly the other side was quicker, and an event says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPossible {
    /// The leg is over.
    NoSuchLeg,
    /// The leg is not in the state for it.
    WrongState,
    /// The other side does not know the method.
    NotTaken,
    /// The limit of legs or transactions is reached.
    TooMany,
}

impl fmt::Display for NotPossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchLeg => "the leg is over",
            Self::WrongState => "the leg is not in the state for it",
            Self::NotTaken => "the other side does not know the method",
            Self::TooMany => "too many legs are under way",
        })
    }
}

impl std::error::Error for NotPossible {}
