use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Callback, Kind, Promise, QuietHours};
use crate::dialling::Numbering;
use crate::words::{Country, PhoneNumber, Pii};

/// How promises are kept: the policy's values.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Waits after the first, second ... failure; the failure after the last wait gives up.
    pub retry_after: Vec<Duration>,
    /// How long a rep who declined, or was not there, is left alone.
    pub snooze: Duration,
    /// `None`: phoned at any hour.
    pub quiet_hours: Option<QuietHours>,
    /// Kinds dialled again by themselves when we crashed in an attempt; the others ask the rep.
    pub redial_after_crash: BTreeSet<Kind>,
    /// Which numbers are one caller's, and which are emergency numbers (D26, D34).
    pub numbering: Numbering,
}

impl Rules {
    /// D25 and D26.
    pub fn standard(country: Country, zone: TimeZone) -> Self {
        Self {
            retry_after: [120, 600].map(Duration::from_secs).to_vec(),
            snooze: Duration::from_secs(60),
            quiet_hours: Some(QuietHours::standard(zone)),
            redial_after_crash: BTreeSet::from([Kind::LineFault, Kind::Crash]),
            numbering: Numbering::new(country, None, None),
        }
    }

    /// The number as all ways to write it are compared (D26).
    pub fn whose(&self, number: &Pii<PhoneNumber>) -> PhoneNumber {
        self.numbering.canonical(number.reveal())
    }

    /// `at`, or the end of the quiet hours it falls into.
    pub(super) fn dial_time(&self, promise: &Promise, at: Timestamp) -> Timestamp {
        let quiet = self.quiet_hours.as_ref();
        quiet
            .and_then(|quiet| quiet.moved(promise, at))
            .unwrap_or(at)
    }

    /// Dialled again by itself, but not for ever: a crash in each attempt ends with the rep.
    pub(super) fn redials_after_crash(&self, callback: &Callback) -> bool {
        let tries_left = usize::try_from(callback.failures)
            .is_ok_and(|failures| failures <= self.retry_after.len());
        tries_left && self.redial_after_crash.contains(&callback.promise.kind)
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::words::Language;

    pub(in crate::callbacks) fn promise(kind: Kind, due: Timestamp) -> Promise {
        Promise {
            kind,
            number: Pii::new(PhoneNumber::parse("13800138000").unwrap()),
            origin: None,
            reason: kind.as_str().to_owned(),
            due,
            seat: None,
            note: Pii::new(String::new()),
            language: Language::ZhCn,
            made_at: due,
        }
    }
}
