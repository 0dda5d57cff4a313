use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::words::{Owed, PromptId};

use super::{AtMachine, PhoneKeys};

/// What all calls of a desk have in common.
#[derive(Clone, Debug)]
pub struct Terms {
    pub policy: Arc<Policy>,
    /// Phrases that promise a callback of this kind: its row is committed first (D24).
    pub promising: BTreeMap<PromptId, PromiseKind>,
    pub targets: BTreeMap<String, TargetTerms>,
    /// What keys of the rep's own phone ask for; with none his keys are only passed on.
    pub phone_keys: PhoneKeys,
    /// Off is the signalling profile: no ladder, no line verdicts.
    pub watches_line: bool,
    pub at_machine: AtMachine,
    pub first: First,
}

/// Whom a callback rings first (D25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum First {
    #[default]
    Agent,
    /// A seat is kept for him, and rung once he has answered.
    Customer,
}

/// What the policy may do with a `[[target]]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TargetTerms {
    /// Callers may be sent there without anybody being asked (D20).
    pub blind: bool,
    /// What follows the join (D22).
    pub handoff: Handoff,
    /// Its own question, where the phrasebook has `transfer_ask.<target>` (D12).
    pub ask: Option<PromptId>,
}

/// Who carries the call once caller and target are joined (D22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handoff {
    /// We stay between them.
    #[default]
    Bridge,
    /// The exchange, where it takes our REFER.
    Refer,
}

/// How a caller comes to us: what the line he comes by allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    pub behind: Behind,
    /// The line asks that we answer after this wait (RFC 5373); never later than the policy does.
    pub answer_after: Option<Duration>,
}

/// What stands between us and the caller (D9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behind {
    /// A PBX queue, which goes on when we refuse.
    Queue,
    /// Nobody: we answer and keep the caller company.
    Direct,
}

/// Why a callback is owed; the strongest words follow from it (D25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromiseKind {
    LineFault,
    Rep,
    Supervisor,
    Expert,
    Waiting,
    Crash,
    Complaint,
}

impl From<Owed> for PromiseKind {
    fn from(owed: Owed) -> Self {
        match owed {
            Owed::Rep => Self::Rep,
            Owed::Expert => Self::Expert,
            Owed::Supervisor => Self::Supervisor,
            Owed::Complaint => Self::Complaint,
        }
    }
}

impl PromiseKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LineFault => "line-fault",
            Self::Rep => "rep",
            Self::Supervisor => "supervisor",
            Self::Expert => "expert",
            Self::Waiting => "waiting",
            Self::Crash => "crash",
            Self::Complaint => "complaint",
        }
    }

    /// What is owed where the answer was not ready: calls for other reasons than an answer are due at once, and
    /// somebody has to find it first.
    pub(super) fn of_answer(self) -> Self {
        match self {
            Self::Rep | Self::Supervisor | Self::Expert | Self::Complaint => self,
            Self::LineFault | Self::Waiting | Self::Crash => Self::Rep,
        }
    }

    /// The line, not a person, is why we call back.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::LineFault | Self::Crash)
    }
}

/// Joins a promise we asked to be noted with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u32);
