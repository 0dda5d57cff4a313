use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Kind, Promise};
use crate::words::{CallId, DeskId, Language, PhoneNumber, Pii, SeatId};

/// A call that has not ended: nobody else dials its number (I2), and once it was answered it becomes a callback after a
/// crash (D29).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    pub call: CallId,
    /// Absent when the caller withheld it: there is nobody to phone back.
    pub number: Option<Pii<PhoneNumber>>,
    /// None while it rings: of a number that a rep dials himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
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
    /// What is kept of one that has ended, for a book that takes it for up.
    pub(super) fn over(call: CallId) -> Self {
        Self {
            call,
            number: None,
            answered: None,
            began: None,
            seat: None,
            language: Language::En,
        }
    }

    /// Whether its caller is phoned back, should it die with us.
    pub(super) fn owes_callback(&self) -> bool {
        self.number.is_some() && self.answered.is_some()
    }

    /// What its caller is owed when the call died with us: a callback at once. Whose telephone only rang is owed nothing.
    pub fn promise(self, utc: Timestamp) -> Option<Promise> {
        let answered = self.answered?;
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
            made_at: answered,
            place: self.began.or(Some(answered)),
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
            answered: Some(answered),
            began: None,
            seat: None,
            language: Language::En,
        };
        assert_eq!(live.clone().promise(answered), None);
        let number = PhoneNumber::parse("13800138000").ok().map(Pii::new);
        let ringing = LiveCall {
            number: number.clone(),
            answered: None,
            ..live.clone()
        };
        assert_eq!(ringing.promise(answered), None);
        let promise = LiveCall { number, ..live }.promise(answered).unwrap();
        assert!(promise.is_retry_of(&promise));
        assert_eq!(promise.kind, Kind::Crash);
        assert_eq!(promise.place, Some(answered));
    }
}
