use serde::{Deserialize, Serialize};

use crate::words::{CallId, Pii};

/// A promise that a call is to keep, or that is open for the number a rep dials himself: he sees it before anybody is
/// rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallingBack {
    pub callback: String,
    pub kind: String,
    pub reason: String,
    /// Somebody was to find an answer, and it is owed: where there is none the customer is told so (R41, R42).
    #[serde(default)]
    pub owes_answer: bool,
    #[serde(default)]
    pub note: Option<Pii<String>>,
    /// The call it was promised in.
    pub origin: Option<CallId>,
    /// Of that call: its file, below the folder of recordings.
    #[serde(default)]
    pub recording: Option<String>,
    /// From 1; none where the rep dialled by himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How the earlier ones ended, the first first.
    pub outcomes: Vec<String>,
}
