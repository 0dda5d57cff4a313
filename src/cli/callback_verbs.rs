use serde_json::{Value, json};
use ureq::http::Method;

use super::api::{Api, encoded};
use super::arguments::{ExportWords, NewCallbackWords, WishWord, WishWords};
use super::failure::Failure;
use super::{Teller, show};
use crate::callbacks::CallbackId;
use crate::console::{CallbackView, NewCallback};
use crate::words::Pii;

const PATH: &str = "/api/v1/callbacks";

pub(super) fn list(api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let answer = api.get(PATH)?;
    if teller.json {
        return teller.line(&answer);
    }
    show::callbacks(&api.view::<Vec<CallbackView>>(&answer)?, teller)
}

/// All of them, some at a time: each answer goes on after the last promise of the one before.
pub(super) fn export(
    words: &ExportWords,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let mut path = format!(
        "{PATH}/export?format={}",
        if words.csv { "csv" } else { "jsonl" }
    );
    if words.numbers {
        let by = words.by.clone().unwrap_or_else(who);
        path += &format!("&numbers=whole&by={}", encoded(&by));
    }
    let mut after = None;
    loop {
        let begins = after
            .map(|id: CallbackId| format!("&after={id}"))
            .unwrap_or_default();
        let lines = api.get(&(path.clone() + &begins))?;
        let mut told = lines.lines();
        told.try_for_each(|line| teller.line(line))?;
        match lines.lines().rev().find_map(callback_of) {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// Whose line it is, of JSON or CSV: its id is the first in it. A heading has none.
fn callback_of(line: &str) -> Option<CallbackId> {
    let begin = line.strip_prefix("{\"callback\":\"").unwrap_or(line);
    begin.get(..32)?.parse().ok()
}

pub(super) fn add(
    words: NewCallbackWords,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let new = NewCallback {
        number: Pii::new(words.number),
        reason: words.reason,
        due: words.due,
        within_min: words.within,
        kind: words.kind,
        note: words.note.map(Pii::new),
        seat: words.seat,
        key: None,
    };
    let body = serde_json::to_value(new).expect("a callback has only string keys");
    let answer = api.send(Method::POST, PATH, &body)?;
    one(&answer, api, teller)
}

/// Shows it, or asks that it be kept otherwise.
pub(super) fn wish(words: &WishWords, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let path = format!("{PATH}/{}", encoded(&words.callback));
    let answer = match words.wanted {
        None => api.get(&path),
        Some(wanted) => {
            let (word, body) = worded(wanted, words);
            api.send(Method::POST, &format!("{path}/{word}"), &body)
        }
    }?;
    one(&answer, api, teller)
}

fn worded(wanted: WishWord, words: &WishWords) -> (&'static str, Value) {
    let WishWords {
        reason,
        until,
        seat,
        ..
    } = words;
    let by = words.by.clone().unwrap_or_else(who);
    match wanted {
        WishWord::Cancel => (
            "cancel",
            json!({ "by": by, "reason": reason.as_deref().unwrap_or_default() }),
        ),
        WishWord::Done => ("done", json!({ "by": by })),
        WishWord::Snooze => ("snooze", json!({ "by": by, "until": until })),
        WishWord::Assign => ("assign", json!({ "by": by, "seat": seat })),
        WishWord::Redial => ("redial", json!({ "by": by })),
    }
}

/// Whose terminal it is.
fn who() -> String {
    std::env::var("USER").unwrap_or_else(|_| "thirdring".to_owned())
}

fn one(answer: &str, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        return teller.line(answer);
    }
    let callback: CallbackView = api.view(answer)?;
    show::callbacks(std::slice::from_ref(&callback), teller)?;
    show::callback_history(&callback, teller)
}
