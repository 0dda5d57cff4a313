use std::net::SocketAddr;

use crate::media::{Channel, LegKey};

/// What the thread woke for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Something was handed over.
    Requests,
    /// The moment that was waited for.
    Due,
    /// Something has come for a leg.
    Ports {
        leg: LegKey,
        channel: Channel,
        /// The system holds errors for it apart from what has come.
        with_errors: bool,
    },
}

/// What one look at a socket brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// Datagrams of ours that found nobody (D17).
    pub(super) unreachable: usize,
    /// Length and sender of what was received.
    pub(super) datagram: Option<(usize, SocketAddr)>,
    /// Whether there may be more.
    pub(super) more: bool,
}
