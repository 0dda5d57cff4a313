use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CallbackId;
use crate::words::SeatId;

/// One try at keeping a promise: its row is committed before the INVITE leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    pub sip_call_id: String,
    pub seat: SeatId,
    pub begun: Timestamp,
    pub end: Option<AttemptEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptEnd {
    pub at: Timestamp,
    pub outcome: Outcome,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Caller and rep spoke: the only way to be done (D25).
    Joined,
    RepDeclined,
    RepAbsent,
    Busy,
    NoAnswer,
    Refused,
    /// The network or the trunk, not the caller.
    Failed,
    /// The caller answered and hung up before a rep was there.
    Abandoned,
    /// Withdrawn before or while it was dialled.
    Withdrawn,
    /// We crashed in it.
    Unknown,
}

impl Outcome {
    /// False where the caller's telephone never rang: his tries are not used up.
    pub(super) fn reached_for_the_caller(self) -> bool {
        match self {
            Self::RepDeclined | Self::RepAbsent | Self::Withdrawn => false,
            Self::Joined
            | Self::Busy
            | Self::NoAnswer
            | Self::Refused
            | Self::Failed
            | Self::Abandoned
            | Self::Unknown => true,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::RepDeclined => "rep-declined",
            Self::RepAbsent => "rep-absent",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }
}

impl Attempt {
    /// The Call-ID follows from promise and number, so that a PBX's log tells whether it left (D24).
    pub fn new(callback: CallbackId, number: u32, seat: SeatId, begun: Timestamp) -> Self {
        Self {
            number,
            sip_call_id: format!("callback-{callback}-{number}"),
            seat,
            begun,
            end: None,
        }
    }

    pub fn ended(self, outcome: Outcome, at: Timestamp) -> Self {
        Self {
            end: Some(AttemptEnd { at, outcome }),
            ..self
        }
    }
}
