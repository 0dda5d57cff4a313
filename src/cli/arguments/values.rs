//! Values as they are typed.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sip::Uri;
use crate::words::Sentence;

/// A word of the API, by its serde name: the error lists the words there are.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, Sentence> {
    serde_json::from_value(Value::from(text)).map_err(|error| {
        let error = error.to_string();
        let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        Sentence::of("value.word").with("known", known.join(", "))
    })
}

pub(super) fn setting(text: &str) -> Result<String, Sentence> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err(Sentence::of("settings.right.set")),
    }
}

pub(super) fn uri(text: &str) -> Result<Uri, Sentence> {
    let refused = |_| Sentence::of("value.sip-address").with("found", text);
    text.parse().map_err(refused)
}

/// Calls a second.
pub(super) fn rate(text: &str) -> Result<f64, Sentence> {
    let rate: Option<f64> = text.parse().ok();
    rate.filter(|rate| (0.01..=1_000.0).contains(rate))
        .ok_or_else(|| Sentence::of("value.rate").with("found", text))
}

pub(super) fn count(text: &str) -> Result<u64, Sentence> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| Sentence::of("value.count"))
}

pub(super) fn utc(text: &str) -> Result<Timestamp, Sentence> {
    text.parse().map_err(|_| Sentence::of("value.utc"))
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, Sentence> {
    either(text, "yes", "no")
}

pub(super) fn on_or_off(text: &str) -> Result<bool, Sentence> {
    either(text, "on", "off")
}

fn either(text: &str, yes: &str, no: &str) -> Result<bool, Sentence> {
    if text == yes {
        Ok(true)
    } else if text == no {
        Ok(false)
    } else {
        Err(Sentence::of("value.word").with("known", format!("{yes}, {no}")))
    }
}
