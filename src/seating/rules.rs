use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the seats of a desk work together; the settings' `[seats]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub ring: Ring,
    /// A call that wants a skill waits for a seat that has it.
    pub skill_only: bool,
    pub break_reasons: Vec<String>,
    pub wrap_up: WrapUpRules,
}

/// Which of several free seats is rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ring {
    /// The one that has been without a call for longest.
    #[default]
    LongestIdle,
    /// The next after the last one, in the order of their names.
    RoundRobin,
    /// All at once: the first to pick up has the call.
    All,
}

/// The work after a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrapUpRules {
    /// Zero: none, but for a note that is owed.
    pub lasts: Duration,
    pub extend_by: Duration,
    /// How often it may be extended.
    pub extensions: u8,
    pub note: Note,
}

/// Whether a call's note must be written before the next call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    #[default]
    Optional,
    Required,
}
