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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptEnd {
    pub at: Timestamp,
    pub outcome: Outcome,
    /// Where the call to the customer was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<SipCause>,
}

/// What the other side said when it refused a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipCause {
    pub status: u16,
    /// Its own words, where it has any.
    pub reason: String,
    /// What the telephone network behind it said (ITU-T Q.850), where a Reason header told (RFC 3326).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q850: Option<u16>,
}

/// Characters of a reason that are kept.
const REASON_MAX: usize = 100;

impl SipCause {
    pub fn new(status: u16, reason: &str) -> Self {
        let kept = reason.chars().filter(|c| !c.is_control());
        Self {
            status,
            reason: kept.take(REASON_MAX).collect(),
            q850: None,
        }
    }

    #[must_use]
    pub fn and_q850(self, q850: Option<u16>) -> Self {
        Self { q850, ..self }
    }
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
    NoSuchNumber,
    SwitchedOff,
    /// The caller's telephone sends calls on to somebody else, whom we promised nothing.
    Diverted,
    Refused,
    /// The network or the trunk, not the caller.
    Failed,
    /// The caller answered and hung up before a rep was there.
    Abandoned,
    /// The caller answered, and no rep came in time.
    NoRep,
    /// An answering machine.
    Machine,
    Fax,
    /// Withdrawn before or while it was dialled.
    Withdrawn,
    /// We crashed in it.
    Unknown,
}

impl Outcome {
    /// False where the caller's telephone never rang: his tries are not used up.
    pub fn reached_for_the_caller(self) -> bool {
        match self {
            Self::RepDeclined | Self::RepAbsent | Self::Withdrawn | Self::Failed => false,
            Self::Joined
            | Self::Busy
            | Self::NoAnswer
            | Self::NoSuchNumber
            | Self::SwitchedOff
            | Self::Diverted
            | Self::Refused
            | Self::Abandoned
            | Self::NoRep
            | Self::Machine
            | Self::Fax
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
            Self::NoSuchNumber => "no-such-number",
            Self::SwitchedOff => "switched-off",
            Self::Diverted => "diverted",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::NoRep => "no-rep",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }
}

impl Attempt {
    /// Whether the caller's telephone rang since then, or may have.
    pub(super) fn counts_since(&self, since: Timestamp) -> bool {
        let reached = |end: &AttemptEnd| end.outcome.reached_for_the_caller();
        self.begun >= since && self.end.as_ref().is_none_or(reached)
    }

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
            end: Some(AttemptEnd {
                at,
                outcome,
                cause: None,
            }),
            ..self
        }
    }

    /// Once it has ended: what the other side said.
    #[must_use]
    pub(super) fn because(mut self, cause: Option<SipCause>) -> Self {
        if let Some(end) = &mut self.end {
            end.cause = cause;
        }
        self
    }
}
