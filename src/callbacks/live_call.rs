use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Kind, Promise};
use crate::words::{CallId, DeskId, Language, PhoneNumber, Pii, SeatId};

/// A call that is answered and has not ended: nobody else dials its number (I2), and after a crash it becomes a callback
/// (D29).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    pub call: CallId,
    /// Absent when the caller withheld it: there is nobody to phone back.
    pub number: Option<Pii<PhoneNumber>>,
    pub answered: Timestamp,
    /// When it came in: his place in the line, should he be phoned back. A row of an earlier version has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    pub seat: Option<SeatId>,
    pub language: Language,
}

/// A desk's calls that are up: they keep their numbers until then, unless the desk says so again.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveCalls {
    pub desk: DeskId,
    pub calls: Vec<LiveCall>,
    pub until: Timestamp,
}

impl LiveCall {
    /// What its caller is owed when the call died with us: a callback at once.
    pub fn promise(self, utc: Timestamp) -> Option<Promise> {
        Some(Promise {
            kind: Kind::Crash,
            number: self.number?,
            origin: Some(self.call),
            key: None,
            reason: Kind::Crash.as_str().to_owned(),
            due: utc,
            seat: self.seat,
            note: Pii::new(String::new()),
            recording: None,
            language: self.language,
            made_at: self.answered,
            place: self.began.or(Some(self.answered)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_died_with_us_is_owed_a_callback_if_there_is_a_number() {
        let answered: Timestamp = "2026-05-04T04:00:00Z".parse().unwrap();
        let live = LiveCall {
            call: CallId::new(1, [0; 10]),
            number: None,
            answered,
            began: None,
            seat: None,
            language: Language::En,
        };
        assert_eq!(live.clone().promise(answered), None);
        let number = PhoneNumber::parse("13800138000").ok().map(Pii::new);
        let promise = LiveCall { number, ..live }.promise(answered).unwrap();
        assert!(promise.is_retry_of(&promise));
        assert_eq!(promise.kind, Kind::Crash);
        assert_eq!(promise.place, Some(answered));
    }
}
