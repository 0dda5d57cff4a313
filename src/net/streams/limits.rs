use std::time::Duration;

/// What a connection may take of us (docs/hardening.md row 15).
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// From their connecting to their first whole message, the TLS handshake included.
    pub first_message_within: Duration,
    /// From the first byte of a message to its last.
    pub message_within: Duration,
    /// Without a message either way, unless the flow is kept.
    pub idle_at_most: Duration,
    /// For a message of ours to be taken by the peer's system.
    pub write_within: Duration,
    /// For the connection and the TLS handshake of a flow we open.
    pub open_within: Duration,
    /// Between our pings on a flow we opened, at most; at least five sixths of it (RFC 5626 4.4.1).
    pub ping_every: Duration,
    /// Connections one address may have made to us; and we to it.
    pub connections_per_address: usize,
    /// Connections made to us in all; and by us.
    pub connections: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            first_message_within: Duration::from_secs(10),
            message_within: Duration::from_secs(15),
            idle_at_most: Duration::from_secs(32),
            write_within: Duration::from_secs(15),
            open_within: Duration::from_secs(3),
            ping_every: Duration::from_secs(30),
            connections_per_address: 32,
            connections: 512,
        }
    }
}

/// Why a connection is over, or was never one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    TheyClosed,
    /// The network, or their system, broke it.
    Failed,
    /// We could not connect.
    Unreached,
    /// The TLS handshake failed: no common version, no certificate we trust, or no TLS at all.
    Handshake,
    /// No handshake or no whole message in time.
    SlowToBegin,
    /// Half a message, and the rest did not come.
    HalfMessage,
    Idle,
    /// They took nothing of what we sent.
    Stalled,
    /// More waited for them than may wait.
    Overflow,
    /// Our pings found no answer.
    Silent,
    /// Where their next message began was not to be known.
    Broken,
    /// Too many connections: turned away at the door.
    Full,
    /// We stop.
    Released,
}

impl End {
    /// The word in `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TheyClosed => "they-closed",
            Self::Failed => "failed",
            Self::Unreached => "unreached",
            Self::Handshake => "handshake",
            Self::SlowToBegin => "slow-to-begin",
            Self::HalfMessage => "half-message",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
            Self::Overflow => "overflow",
            Self::Silent => "silent",
            Self::Broken => "broken",
            Self::Full => "full",
            Self::Released => "released",
        }
    }
}
