use std::collections::VecDeque;

use bytes::Bytes;

use super::counters::{Counters, Discard};
use super::events::Event;
use super::legs::LegId;
use crate::sip::Hop;

/// The most datagrams waiting to be sent; past it incoming ones are discarded unread.
const TRANSMITS_MAX: usize = 4096;
/// The most events waiting to be polled; past it incoming datagrams are discarded unread.
const EVENTS_MAX: usize = 4096;

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub to: Hop,
    pub bytes: Bytes,
}

/// What waits to be taken out of the endpoint.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) transmits: VecDeque<Transmit>,
    pub(super) events: VecDeque<(LegId, Event)>,
    pub(super) counters: Counters,
}

impl Outbox {
    pub(super) fn is_full(&self) -> bool {
        self.transmits.len() >= TRANSMITS_MAX || self.events.len() >= EVENTS_MAX
    }

    /// Queues a datagram; past twice the limit (timers alone can go past it) it counts as lost on
    /// the way, which UDP allows.
    pub(super) fn send(&mut self, to: Hop, bytes: Bytes) {
        if self.transmits.len() >= TRANSMITS_MAX.saturating_mul(2) {
            return self.count(Discard::Unsent);
        }
        self.transmits.push_back(Transmit { to, bytes });
    }

    /// Queues an event: at most a few a datagram or leg, so its bound is `is_full` and the legs'.
    pub(super) fn emit(&mut self, leg: LegId, event: Event) {
        self.events.push_back((leg, event));
    }

    pub(super) fn count(&mut self, cause: Discard) {
        self.counters.discard(cause);
    }

    pub(super) fn refused(&mut self, code: u16) {
        self.counters.refuse(code);
    }
}
