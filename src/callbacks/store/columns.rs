use jiff::Timestamp;
use serde::Serialize;

use crate::callbacks::{Callback, Kind, Rules};
use crate::words::{PhoneNumber, Pii};

/// A promise as it lies in a table: what it is found by, and the body, which is the row itself.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Columns {
    pub(super) id: String,
    pub(super) whose: Pii<PhoneNumber>,
    /// What a retry is known by.
    pub(super) origin: Option<String>,
    pub(super) reason: String,
    pub(super) state: &'static str,
    pub(super) settled: bool,
    /// The stronger, the more.
    pub(super) kind: i64,
    #[serde(flatten)]
    pub(super) times: Times,
    pub(super) seat: Option<String>,
    pub(super) desk: Option<String>,
    pub(super) body: Pii<String>,
}

/// In milliseconds of the Unix epoch, rounded up.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Times {
    pub(super) next_ms: i64,
    pub(super) own_ms: Option<i64>,
    pub(super) lapses_ms: Option<i64>,
    pub(super) warns_ms: Option<i64>,
    pub(super) changed_ms: i64,
    pub(super) place_ms: Option<i64>,
}

impl Columns {
    pub(super) fn of(callback: &Callback, rules: &Rules, changed: Timestamp) -> Self {
        let (promise, state) = (&callback.promise, &callback.state);
        let (origin, reason) = promise.retry_key().unzip();
        let reason = reason.unwrap_or(&promise.reason).to_owned();
        Self {
            id: callback.id.to_string(),
            whose: Pii::new(rules.whose(&promise.number)),
            origin,
            reason,
            state: state.as_str(),
            settled: callback.is_settled(),
            kind: strength(promise.kind),
            times: Times {
                next_ms: ms(callback.next),
                own_ms: callback.own_until.map(ms),
                lapses_ms: callback.lapses().map(ms),
                warns_ms: callback.warns().map(|(when, _)| ms(when)),
                changed_ms: ms(changed),
                place_ms: promise.place.map(ms),
            },
            seat: promise.seat.as_ref().map(|seat| seat.as_str().to_owned()),
            desk: callback.lease().map(|lease| lease.desk.as_str().to_owned()),
            body: Pii::new(json(callback)),
        }
    }
}

/// As the column `kind` has it.
pub(super) fn strength(kind: Kind) -> i64 {
    kind as i64
}

/// Not before that time: what a column says is due is due.
pub(super) fn ms(at: Timestamp) -> i64 {
    let ms = at.as_millisecond();
    let is_sooner = at.subsec_nanosecond() % 1_000_000 > 0;
    ms + i64::from(is_sooner)
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our rows have string keys and no fallible fields")
}
