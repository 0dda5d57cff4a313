use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::{Moment, Party};

/// One SIP message of a call as it stood on the wire, but for what is somebody's own: numbers and keys are masked, each
/// by as many characters (`sip::masked`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipMessage {
    pub at: Moment,
    pub utc: Timestamp,
    /// The leg it is of.
    pub party: Party,
    pub way: Way,
    /// `UDP`, `TCP`, `TLS`.
    pub transport: String,
    pub ours: SocketAddr,
    pub theirs: SocketAddr,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    Received,
    Sent,
}
