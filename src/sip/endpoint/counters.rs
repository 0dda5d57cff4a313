use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Why a datagram was discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discard {
    /// Line ends only: legal, and nothing to do.
    KeepAlive,
    /// No SIP, or no way to answer it.
    Malformed,
    /// A response to no request of ours.
    UnmatchedResponse,
    /// An ACK of nothing we sent.
    UnmatchedAck,
    /// The queues towards the network or the desk were full.
    Overloaded,
    /// A datagram of ours for which there was no room.
    Unsent,
}

impl Discard {
    /// The word in `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::Malformed => "malformed",
            Self::UnmatchedResponse => "unmatched-response",
            Self::UnmatchedAck => "unmatched-ack",
            Self::Overloaded => "overloaded",
            Self::Unsent => "unsent",
        }
    }
}

/// What was turned away since the start.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    discarded: BTreeMap<Discard, u64>,
    refused: BTreeMap<u16, u64>,
    strangers: u64,
    last_stranger: Option<SocketAddr>,
}

impl Counters {
    /// Datagrams by why they were discarded.
    pub fn discarded(&self) -> &BTreeMap<Discard, u64> {
        &self.discarded
    }

    /// Requests refused without a leg, by status code.
    pub fn refused(&self) -> &BTreeMap<u16, u64> {
        &self.refused
    }

    /// Requests refused because nobody we know sent them.
    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Where the last of them came from.
    pub fn last_stranger(&self) -> Option<SocketAddr> {
        self.last_stranger
    }

    pub(super) fn stranger(&mut self, from: SocketAddr) {
        self.strangers = self.strangers.saturating_add(1);
        self.last_stranger = Some(from);
    }

    pub(super) fn discard(&mut self, cause: Discard) {
        let count = self.discarded.entry(cause).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn refuse(&mut self, code: u16) {
        let count = self.refused.entry(code).or_default();
        *count = count.saturating_add(1);
    }
}
