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
    /// Another device of our extension took the call while it rang here (RFC 3326).
    AnsweredElsewhere,
    /// Somebody hung up in the course of a call.
    HungUp,
    /// The rep closed, the farewell was said (R57).
    Closed,
    /// The caller stayed silent through the opening ladder (R23-R25).
    SilentCaller,
    /// The exchange took the caller to the target, without us (D22).
    HandedOff,
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
    /// Nobody refreshed the session, and the dialog was over (RFC 4028 10).
    SessionOver,
    /// No answer from the party we called.
    NoAnswer,
    /// Whom we called answered, and no rep came to him in time (D25).
    NoRep,
    /// The party we called was busy or refused.
    Refused,
    /// A machine, a fax or a tone of the network answered our call: nobody was there.
    Machine,
    /// The seat was busy or not ready, and nobody may wait.
    Busy,
    /// We are stopping (D29).
    ShuttingDown,
}

impl EndedBy {
    pub const ALL: [Self; 4] = [Self::Caller, Self::Rep, Self::Target, Self::Agent];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Rep => "rep",
            Self::Target => "target",
            Self::Agent => "agent",
        }
    }
}

impl Because {
    pub const ALL: [Self; 20] = [
        Self::Cancelled,
        Self::AnsweredElsewhere,
        Self::HungUp,
        Self::Closed,
        Self::SilentCaller,
        Self::HandedOff,
        Self::MediaLost,
        Self::CallerCannotHear,
        Self::CallbackPromised,
        Self::CallbackNotNoted,
        Self::Forced,
        Self::NeverAcknowledged,
        Self::DialogLost,
        Self::SessionOver,
        Self::NoAnswer,
        Self::NoRep,
        Self::Refused,
        Self::Machine,
        Self::Busy,
        Self::ShuttingDown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::AnsweredElsewhere => "answered-elsewhere",
            Self::HungUp => "hung-up",
            Self::Closed => "closed",
            Self::SilentCaller => "silent-caller",
            Self::HandedOff => "handed-off",
            Self::MediaLost => "media-lost",
            Self::CallerCannotHear => "caller-cannot-hear",
            Self::CallbackPromised => "callback-promised",
            Self::CallbackNotNoted => "callback-not-noted",
            Self::Forced => "forced",
            Self::NeverAcknowledged => "never-acknowledged",
            Self::DialogLost => "dialog-lost",
            Self::SessionOver => "session-over",
            Self::NoAnswer => "no-answer",
            Self::NoRep => "no-rep",
            Self::Refused => "refused",
            Self::Machine => "machine",
            Self::Busy => "busy",
            Self::ShuttingDown => "shutting-down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_spelt_the_same_everywhere() {
        for by in EndedBy::ALL {
            assert_eq!(serde_json::to_value(by).unwrap(), by.as_str());
        }
        for because in Because::ALL {
            assert_eq!(serde_json::to_value(because).unwrap(), because.as_str());
        }
    }
}
