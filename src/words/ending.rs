use serde::{Deserialize, Serialize};

/// Who ended the call, and why: one a call, in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub by: EndedBy,
    pub because: Because,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    Caller,
    Rep,
    Target,
    Agent,
}

/// Why a call ended. The words are the API's, the metrics' and the record's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The CANCEL came while it rang.
    Cancelled,
    /// Somebody hung up in the course of a call.
    HungUp,
    /// The rep closed, the farewell was said (R57).
    Closed,
    /// The caller stayed silent through the opening ladder (R23-R25).
    SilentCaller,
    /// Their audio stopped and did not come back (D16).
    MediaLost,
    /// They do not hear us (R26, D17).
    CallerCannotHear,
    /// A callback was promised instead of waiting on.
    CallbackPromised,
    /// They agreed to a callback that could not be noted (D24).
    CallbackNotNoted,
    /// Ended with force and a reason, without a farewell (D27).
    Forced,
    /// Our 200 was never acknowledged (RFC 3261 13.3.1.4).
    NeverAcknowledged,
    /// The dialog was gone on the other side: 408 or 481.
    DialogLost,
    /// No answer from the party we called.
    NoAnswer,
    /// The party we called was busy or refused.
    Refused,
    /// The seat was busy or not ready, and nobody may wait.
    Busy,
    /// We are stopping (D29).
    ShuttingDown,
}
