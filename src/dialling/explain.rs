use serde::Serialize;

use super::{Class, LineKind, Reading};
use crate::words::{PhoneNumber, Pii, Sentence};

/// What the dial rules made of a number, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The class that the gate judged: of the number, or of what a rule made of it.
    pub class: Class,
    /// For comparing: equal for all ways to write the number.
    pub canonical: PhoneNumber,
    /// The rule that fitted, counted from 1.
    pub rule: Option<usize>,
    pub outcome: Result<Route, Refused>,
}

/// How a number leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What the gate judged, and the day's cap counts.
    pub class: Class,
    /// As the line is told it.
    pub number: PhoneNumber,
    /// The Request-URI.
    pub uri: Pii<String>,
    pub kind: LineKind,
    pub via: String,
}

/// Why a number is not dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refused {
    /// The rule that fitted says `refuse`.
    ByRule,
    /// Its class is not in `[dial] allow`, and no rule lets it through.
    NotAllowed,
    /// No account or peer that may dial.
    NoLine,
    /// What the rule wrote is no number.
    NoNumber,
}

impl Refused {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByRule => "by-rule",
            Self::NotAllowed => "not-allowed",
            Self::NoLine => "no-line",
            Self::NoNumber => "no-number",
        }
    }

    /// Why, and what would be right.
    pub fn sentence(self) -> Sentence {
        Sentence::of(match self {
            Self::ByRule => "not-dialled.by-rule",
            Self::NotAllowed => "not-dialled.not-allowed",
            Self::NoLine => "not-dialled.no-line",
            Self::NoNumber => "not-dialled.no-number",
        })
    }
}

impl Explanation {
    pub(super) fn new(read: Reading, rule: Option<usize>, outcome: Result<Route, Refused>) -> Self {
        Self {
            class: read.class,
            canonical: read.canonical,
            rule,
            outcome,
        }
    }
}
