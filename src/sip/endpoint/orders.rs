use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::sip::wire::{NameAddr, Uri};

/// What the endpoint is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Stands in Via and Contact: the address the peers reach us at.
    pub address: SocketAddr,
    /// The user part of our Contact.
    pub user: String,
    /// User-Agent and Server.
    pub user_agent: String,
    /// Legs under way before an INVITE is answered 503.
    pub calls_max: usize,
}

/// A call of ours.
#[derive(Clone, Debug)]
pub struct Invite {
    pub target: Uri,
    pub next_hop: SocketAddr,
    /// Who calls; its tag is made here.
    pub from: NameAddr,
    /// Made here when none is given.
    pub call_id: Option<String>,
    pub offer: Bytes,
    /// More headers: name, value.
    pub headers: Vec<(String, String)>,
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
    /// The limit of legs or transactions is reached.
    TooMany,
}

impl fmt::Display for NotPossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchLeg => "the leg is over",
            Self::WrongState => "the leg is not in the state for it",
            Self::TooMany => "too many legs are under way",
        })
    }
}

impl std::error::Error for NotPossible {}
