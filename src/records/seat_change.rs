use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::{CallId, SeatId};

/// A seat stands otherwise than before: `available`, `in-call`, `on-break` ...
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatChange {
    pub seat: SeatId,
    pub from: String,
    /// The same as `from` where something about it changed, such as the wrap-up's end.
    pub to: String,
    /// `rep`, `agent` or `call`.
    pub by: String,
    /// Of the break, this or the one that is chosen for afterwards.
    pub reason: Option<String>,
    /// While it has a call: what the rep chose for afterwards.
    pub then: Option<String>,
    /// That it rings for, talks for or wraps up.
    pub of_call: Option<CallId>,
    /// When the wrap-up ends by itself.
    pub until_utc: Option<Timestamp>,
    /// The wrap-up does not end before a note is written.
    pub note_owed: bool,
}
