//! Promises and their attempts as lines of JSON or CSV. Pure.

use jiff::Timestamp;
use serde::Serialize;

use crate::callbacks::store::Kept;
use crate::callbacks::{Attempt, SipCause, Wished};
use crate::console::{Export, ExportFormat, Numbers};
use crate::words::{CallId, PhoneNumber, SeatId};

use super::wishes::because;

/// Digits of a masked number that are shown, at its beginning and at its end.
const SHOWN: (usize, usize) = (3, 4);

/// A line of JSON.
#[derive(Serialize)]
struct Promised<'a> {
    callback: String,
    kind: &'static str,
    number: String,
    made_utc: Timestamp,
    due_utc: Timestamp,
    /// Since when he is in the line, where he keeps his place in it.
    place_utc: Option<Timestamp>,
    state: &'static str,
    because: Option<String>,
    reason: &'a str,
    seat: Option<&'a SeatId>,
    origin: Option<CallId>,
    attempts: Vec<Tried<'a>>,
    wishes: Vec<Asked<'a>>,
}

#[derive(Serialize)]
struct Tried<'a> {
    attempt: u32,
    sip_call_id: &'a str,
    seat: &'a SeatId,
    begun_utc: Timestamp,
    ended_utc: Option<Timestamp>,
    outcome: Option<&'static str>,
    cause: Option<&'a SipCause>,
}

#[derive(Serialize)]
struct Asked<'a> {
    at_utc: Timestamp,
    by: &'a str,
    wish: &'static str,
    detail: Option<String>,
}

const COLUMNS: [&str; 21] = [
    "callback",
    "kind",
    "number",
    "made_utc",
    "due_utc",
    "place_utc",
    "state",
    "because",
    "reason",
    "seat",
    "origin",
    "attempt",
    "sip_call_id",
    "attempt_seat",
    "begun_utc",
    "ended_utc",
    "outcome",
    "sip_status",
    "sip_reason",
    "q850",
    "wishes",
];

/// One line a promise in JSON, one an attempt in CSV, there with a heading before the first promise of all.
pub(super) fn lines(kept: &[Kept], export: &Export) -> String {
    let promises = kept.iter().map(|kept| promised(kept, export.numbers));
    match export.format {
        ExportFormat::Jsonl => promises.map(|promise| json(&promise)).collect(),
        ExportFormat::Csv => {
            let is_first = export.after.is_none();
            let heading = is_first.then(|| row(&COLUMNS.map(str::to_owned)));
            heading.into_iter().chain(promises.map(csv)).collect()
        }
    }
}

fn promised(kept: &Kept, numbers: Numbers) -> Promised<'_> {
    let row = &kept.callback;
    let promise = &row.promise;
    Promised {
        callback: row.id.to_string(),
        kind: promise.kind.as_str(),
        number: match numbers {
            Numbers::Masked => masked(promise.number.reveal()),
            Numbers::Whole => promise.number.reveal().as_str().to_owned(),
        },
        made_utc: promise.made_at,
        due_utc: promise.due,
        place_utc: promise.place,
        state: row.state.as_str(),
        because: because(&row.state),
        reason: &promise.reason,
        seat: promise.seat.as_ref(),
        origin: promise.origin,
        attempts: kept.attempts.iter().map(tried).collect(),
        wishes: kept.wishes.iter().map(asked).collect(),
    }
}

fn tried(attempt: &Attempt) -> Tried<'_> {
    let end = attempt.end.as_ref();
    Tried {
        attempt: attempt.number,
        sip_call_id: &attempt.sip_call_id,
        seat: &attempt.seat,
        begun_utc: attempt.begun,
        ended_utc: end.map(|end| end.at),
        outcome: end.map(|end| end.outcome.as_str()),
        cause: end.and_then(|end| end.cause.as_ref()),
    }
}

fn asked(wished: &Wished) -> Asked<'_> {
    Asked {
        at_utc: wished.at,
        by: &wished.by,
        wish: wished.wish.as_str(),
        detail: wished.wish.detail(),
    }
}

/// 138****8000: enough to know a caller again, too little to call him.
fn masked(number: &PhoneNumber) -> String {
    let (first, last) = SHOWN;
    let digits = number.as_str();
    let length = digits.chars().count();
    let is_long = length > first + last;
    let shows = |at: usize| is_long && (at < first || at >= length - last);
    let digits = digits.chars().enumerate();
    digits
        .map(|(at, digit)| if shows(at) { digit } else { '*' })
        .collect()
}

fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("our lines have string keys and no fallible fields") + "\n"
}

fn csv(promise: Promised<'_>) -> String {
    let shown = |value: Option<&dyn ToString>| value.map(ToString::to_string).unwrap_or_default();
    let head = [
        promise.callback.clone(),
        promise.kind.to_owned(),
        promise.number.clone(),
        promise.made_utc.to_string(),
        promise.due_utc.to_string(),
        shown(promise.place_utc.as_ref().map(|at| at as &dyn ToString)),
        promise.state.to_owned(),
        promise.because.clone().unwrap_or_default(),
        promise.reason.to_owned(),
        shown(promise.seat.as_ref().map(|seat| seat as &dyn ToString)),
        shown(promise.origin.as_ref().map(|call| call as &dyn ToString)),
    ];
    let of_attempt = |tried: &Tried<'_>| {
        let q850 = tried.cause.and_then(|cause| cause.q850);
        [
            tried.attempt.to_string(),
            tried.sip_call_id.to_owned(),
            tried.seat.to_string(),
            tried.begun_utc.to_string(),
            shown(tried.ended_utc.as_ref().map(|at| at as &dyn ToString)),
            tried.outcome.unwrap_or_default().to_owned(),
            shown(tried.cause.map(|cause| &cause.status as &dyn ToString)),
            shown(tried.cause.map(|cause| &cause.reason as &dyn ToString)),
            shown(q850.as_ref().map(|cause| cause as &dyn ToString)),
        ]
    };
    let wishes = [in_one_field(&promise.wishes)];
    let line = |attempt: [String; 9]| row(&[&head[..], &attempt[..], &wishes[..]].concat());
    match &promise.attempts[..] {
        [] => line(Default::default()),
        attempts => attempts.iter().map(of_attempt).map(line).collect(),
    }
}

/// `2026-05-04T10:00:00Z Lina snooze 2026-05-04T11:00:00Z; ...`, the first first.
fn in_one_field(wishes: &[Asked<'_>]) -> String {
    let shown = |asked: &Asked<'_>| {
        let at = asked.at_utc.to_string();
        let detail = asked.detail.as_deref();
        let words = [Some(&*at), Some(asked.by), Some(asked.wish), detail];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    wishes.iter().map(shown).collect::<Vec<_>>().join("; ")
}

/// RFC 4180 2, each field so that no spreadsheet takes it for a formula.
fn row(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    fields.join(",") + "\r\n"
}

fn quoted(field: &str) -> String {
    let is_number = PhoneNumber::parse(field).is_ok();
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let guard = if is_formula { "'" } else { "" };
    if is_formula || field.contains(['"', ',', '\r', '\n']) {
        return format!("\"{guard}{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callbacks::{Callback, CallbackId, Kind, Outcome, Promise, Wish};
    use crate::words::{Language, Pii};

    fn kept(reason: &str) -> Kept {
        let made_at: Timestamp = "2026-05-04T10:00:00Z".parse().unwrap();
        let promise = Promise {
            kind: Kind::Rep,
            number: Pii::new(PhoneNumber::parse("13800138000").unwrap()),
            origin: None,
            key: None,
            reason: reason.to_owned(),
            due: made_at,
            seat: None,
            note: Pii::new(String::new()),
            recording: None,
            language: Language::ZhCn,
            made_at,
            place: None,
        };
        let callback = Callback::new(CallbackId::new(1, [0; 10]), promise);
        let attempt = |n| Attempt::new(callback.id, n, "rep1".parse().unwrap(), made_at);
        let attempts = vec![attempt(1).ended(Outcome::Busy, made_at), attempt(2)];
        let until = "2026-05-04T11:00:00Z".parse().unwrap();
        let wished = |number, wish| Wished {
            number,
            at: made_at,
            by: "Lina".to_owned(),
            wish,
        };
        Kept {
            callback,
            attempts,
            wishes: vec![wished(1, Wish::Snooze(until)), wished(2, Wish::Redial)],
        }
    }

    fn export(format: ExportFormat, numbers: Numbers) -> Export {
        Export {
            format,
            after: None,
            numbers,
            by: None,
        }
    }

    #[test]
    fn each_attempt_has_its_line_and_the_number_is_masked() {
        let csv = lines(
            &[kept("tariff")],
            &export(ExportFormat::Csv, Numbers::Masked),
        );
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 3, "{csv}");
        assert_eq!(lines[0], COLUMNS.join(","));
        let wishes = "2026-05-04T10:00:00Z Lina snooze 2026-05-04T11:00:00Z; 2026-05-04T10:00:00Z Lina redial";
        assert!(
            lines[1].contains(",138****8000,") && lines[1].ends_with(&format!(",busy,,,,{wishes}")),
            "{csv}"
        );
        assert!(!csv.contains("13800138000"));
    }

    #[test]
    fn a_promise_is_one_object_with_the_number_where_it_may_be_told() {
        let line = lines(
            &[kept("tariff")],
            &export(ExportFormat::Jsonl, Numbers::Whole),
        );
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["number"], "13800138000");
        assert_eq!(value["attempts"][0]["outcome"], "busy");
        let snoozed = &value["wishes"][0];
        assert_eq!(
            (&snoozed["by"], &snoozed["wish"]),
            (&"Lina".into(), &"snooze".into())
        );
        assert_eq!(snoozed["detail"], "2026-05-04T11:00:00Z");
        assert_eq!(value["attempts"][1]["ended_utc"], serde_json::Value::Null);
    }

    #[test]
    fn no_spreadsheet_runs_what_a_peer_wrote() {
        for (field, safe) in [
            ("=1+1", "\"'=1+1\""),
            ("a \"b\", c", "\"a \"\"b\"\", c\""),
            ("+8613800138000", "+8613800138000"),
            ("+cmd", "\"'+cmd\""),
        ] {
            assert_eq!(quoted(field), safe);
        }
    }
}
