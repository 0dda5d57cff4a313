use jiff::tz::TimeZone;
use serde_json::Value;

use super::Teller;
use super::failure::Failure;
use super::table::Table;
use crate::console::{
    AttemptView, CallView, CallbackView, DrainView, HealthView, SeatView, WishView,
};
use crate::records::{Deletion, Entry, What};
use crate::words::{PhoneNumber, Pii, PromptId, safe};

pub(super) fn calls(calls: &[CallView], teller: &mut Teller<'_>) -> Result<(), Failure> {
    if calls.is_empty() {
        return teller.line(&teller.text("cli.no-calls"));
    }
    let mut table = headed(
        teller,
        &[
            "call", "state", "caller", "seat", "target", "waiting", "line",
        ],
    );
    for call in calls {
        table.row(vec![
            call.id.to_string(),
            teller.word("state", &call.state),
            number(call.caller.as_ref()),
            or_dash(call.seat.as_ref()),
            or_dash(call.target.as_ref()),
            format!("{} s", call.waiting_s),
            teller.word("line", &call.line.caller),
        ]);
    }
    teller.table(&table)
}

/// The proof of a deletion, and what is left.
pub(super) fn deletion(deletion: &Deletion, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let removed = &deletion.removed;
    let counts = [
        ("calls", deletion.calls.len() as u64),
        ("timelines", removed.timelines),
        ("records", removed.records),
        ("recordings", removed.recordings),
        ("bytes", removed.bytes),
        ("promises", removed.callbacks),
        ("callbacks", deletion.callbacks),
    ]
    .map(|(name, count)| (name, count.to_string()));
    let id = [("id", deletion.id.clone())];
    let values: Vec<(&str, &str)> = id.iter().chain(&counts).map(|(n, v)| (*n, &**v)).collect();
    teller.line(&teller.filled("cli.deleted", &values))?;
    if deletion.callbacks > 0 {
        teller.line(&teller.filled("cli.callbacks-stay", &values))?;
    }
    for left in &deletion.left {
        let why = teller.word("still-there", left.because.as_str());
        teller.line(&format!("{}  {why}", left.call))?;
    }
    Ok(())
}

/// One call in full: its particulars, then its timeline.
pub(super) fn call(call: &CallView, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let yes_no = |yes| teller.text(if yes { "cli.yes" } else { "cli.no" });
    let question = call
        .question
        .map(|to| teller.word("question", word_of(&to).as_str()));
    let recording = call.recording.as_ref();
    let recording = recording.map(|word| teller.word("recording", word));
    let ending = call
        .ending
        .map(|ending| format!("{} / {}", ending.by.as_str(), ending.because.as_str()));
    let suggestions: Vec<&str> = call.suggestions.iter().map(PromptId::as_str).collect();
    let suggestions = Some(suggestions.join(" ")).filter(|phrases| !phrases.is_empty());
    let particulars = [
        ("call", call.id.to_string()),
        ("sip_call_id", safe(&call.sip_call_id)),
        ("state", teller.word("state", &call.state)),
        ("since", clock(call.since_utc)),
        ("caller", number(call.caller.as_ref())),
        ("seat", or_dash(call.seat.as_ref())),
        ("target", or_dash(call.target.as_ref())),
        ("language", call.language.to_string()),
        ("waiting", format!("{} s", call.waiting_s)),
        ("question", or_dash(question.as_ref())),
        ("line", teller.word("line", &call.line.caller)),
        ("rep_line", teller.word("line", &call.line.rep)),
        ("suggestions", or_dash(suggestions.as_ref())),
        ("promised", yes_no(call.promised)),
        ("recording", or_dash(recording.as_ref())),
        ("ending", or_dash(ending.as_ref())),
    ];
    let mut table = Table::default();
    for (name, value) in particulars {
        table.row(vec![teller.text(&format!("cli.column.{name}")), value]);
    }
    teller.table(&table)?;
    call.timeline.iter().try_for_each(|entry| {
        teller.line(&line(entry))?;
        advice(&entry.what, teller).map_or(Ok(()), |advice| teller.line(&advice))
    })
}

pub(super) fn callbacks(
    callbacks: &[CallbackView],
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    if callbacks.is_empty() {
        return teller.line(&teller.text("cli.no-callbacks"));
    }
    let mut table = headed(
        teller,
        &[
            "callback", "number", "due", "kind", "state", "attempts", "reason",
        ],
    );
    for callback in callbacks {
        table.row(vec![
            safe(&callback.id),
            number(Some(&callback.number)),
            clock(callback.due_utc),
            teller.word("callback-kind", &callback.kind),
            teller.word("callback-state", &callback.state),
            callback.attempts.to_string(),
            safe(&callback.reason),
        ]);
    }
    teller.table(&table)
}

/// Of one callback: what whoever calls should know, and how it went so far.
pub(super) fn callback_history(
    callback: &CallbackView,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let told = [
        (
            "cli.callback-note",
            callback.note.as_ref().map(|note| safe(note.reveal())),
        ),
        (
            "cli.callback-recording",
            callback.recording.as_deref().map(safe),
        ),
        (
            "cli.callback-seat",
            callback.seat.as_ref().map(|seat| safe(seat.as_str())),
        ),
        (
            "cli.callback-because",
            callback.because.as_deref().map(safe),
        ),
    ];
    for (key, text) in told {
        if let Some(text) = text {
            teller.line(&teller.filled(key, &[("text", &text)]))?;
        }
    }
    for attempt in &callback.history {
        let outcome = came_of(attempt, teller);
        let seat = safe(attempt.seat.as_str());
        let values = [
            ("number", &*attempt.number.to_string()),
            ("begun", &*clock(attempt.begun_utc)),
            ("seat", &*seat),
            ("outcome", &*outcome),
        ];
        teller.line(&teller.filled("cli.callback-attempt", &values))?;
    }
    for wished in &callback.wishes {
        callback_wish(wished, teller)?;
    }
    Ok(())
}

fn callback_wish(wished: &WishView, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let wish = teller.word("wish", &wished.wish);
    let detail = wished.detail.as_deref().map(safe).unwrap_or_default();
    let values = [
        ("at", &*clock(wished.at_utc)),
        ("by", &*safe(&wished.by)),
        ("wish", &*wish),
        ("detail", &*detail),
    ];
    let line = teller.filled("cli.callback-wish", &values);
    teller.line(line.trim_end())
}

/// How an attempt ended, and with which codes it was refused.
fn came_of(attempt: &AttemptView, teller: &Teller<'_>) -> String {
    let outcome = attempt.outcome.as_deref().unwrap_or("attempted");
    let outcome = teller.word("news", outcome);
    let Some(status) = attempt.sip_status else {
        return outcome;
    };
    let values = [("outcome", &*outcome), ("status", &*status.to_string())];
    match attempt.q850 {
        None => teller.filled("cli.refused-by-sip", &values),
        Some(cause) => {
            let cause = cause.to_string();
            let values = [values[0], values[1], ("cause", &*cause)];
            teller.filled("cli.refused-by-network", &values)
        }
    }
}

pub(super) fn seats(seats: &[SeatView], teller: &mut Teller<'_>) -> Result<(), Failure> {
    if seats.is_empty() {
        return teller.line(&teller.text("cli.no-seats"));
    }
    let columns = ["seat", "kind", "state", "then", "since", "ends", "call"];
    let mut table = headed(teller, &columns);
    for seat in seats {
        let [state, then] = standing(seat, teller);
        table.row(vec![
            safe(seat.id.as_str()),
            safe(&seat.kind),
            state,
            then,
            seat.since_utc.map_or_else(|| "-".to_owned(), clock),
            ends(seat, teller),
            or_dash(seat.call.as_ref()),
        ]);
    }
    teller.table(&table)
}

/// How it stands, and how it will after its call; a break with its reason.
fn standing(seat: &SeatView, teller: &Teller<'_>) -> [String; 2] {
    let reason = seat.reason.as_ref();
    let reason = reason.map(|reason| format!(" ({})", teller.word("break-reason", reason)));
    let reason = reason.unwrap_or_default();
    let word = |state: &str| teller.word("seat-state", state);
    match &seat.then {
        Some(then) => [word(&seat.state), word(then) + &reason],
        None => [word(&seat.state) + &reason, "-".to_owned()],
    }
}

/// When the wrap-up ends, or what it waits for.
fn ends(seat: &SeatView, teller: &Teller<'_>) -> String {
    match seat.until_utc {
        Some(until) => clock(until),
        None if seat.note_owed => teller.text("cli.note-owed"),
        None => "-".to_owned(),
    }
}

pub(super) fn health(health: &HealthView, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if health.ok {
        let calls = health.calls.to_string();
        teller.line(&teller.filled("cli.healthy", &[("calls", &calls)]))?;
    }
    health
        .alarms
        .iter()
        .try_for_each(|alarm| teller.line(&safe(alarm)))
}

/// What keeps an agent that drains.
pub(super) fn drain(drain: &DrainView, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let calls = drain.calls.to_string();
    let told = match (drain.on, drain.calls) {
        (false, _) => teller.text("cli.drain-off"),
        (true, 0) if drain.unsaved => teller.text("cli.drain-unsaved"),
        (true, _) => teller.filled("cli.drain-on", &[("calls", &calls)]),
    };
    teller.line(&told)
}

/// An event of any call.
pub(super) fn event(entry: &Entry, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let call = or_dash(entry.call.as_ref());
    teller.line(&format!("{} call={call}", line(entry)))?;
    advice(&entry.what, teller).map_or(Ok(()), |advice| teller.line(&advice))
}

/// What it means to its reader, and what he can do about it, where the word alone does not say it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others speak for themselves"
)]
fn advice(what: &What, teller: &Teller<'_>) -> Option<String> {
    match what {
        What::OfferRefused { why, offered } => {
            let offered = match &offered[..] {
                [] => "-".to_owned(),
                names => safe(&names.join(", ")),
            };
            let id = format!("offer-refused.{why}");
            Some(teller.filled(&id, &[("offered", &offered)]))
        }
        What::CallsBack(it) if it.owes_answer => Some(teller.text("calls-back.owes-answer")),
        What::Told { notice } => explained("notice", notice, &[], teller),
        What::Headset { state, .. } => explained("headset", state, &[], teller),
        What::Buttons { state, device } => {
            explained("buttons", state, &[("device", &safe(device))], teller)
        }
        What::Pbx { told, news, .. } => explained("pbx", news, &[("told", &safe(told))], teller),
        _ => None,
    }
}

/// A word without a text is not explained.
fn explained(
    kind: &str,
    word: &str,
    values: &[(&str, &str)],
    teller: &Teller<'_>,
) -> Option<String> {
    let key = format!("{kind}.{word}");
    let text = teller.filled(&key, values);
    (text != key).then_some(text)
}

/// One line of a timeline: its number, when, what, and its particulars in the API's own words.
fn line(entry: &Entry) -> String {
    let (seq, at) = (entry.seq, clock(entry.utc));
    format!("{seq} {at} {}", told(&entry.what))
}

/// An entry's word with its particulars.
pub(super) fn told(what: &What) -> String {
    particulars(&serde_json::to_value(what).expect("an entry has only string keys"))
}

/// The same of an entry as JSON has it.
pub(super) fn particulars(what: &Value) -> String {
    let particulars = what.as_object().into_iter().flatten();
    let told = particulars
        .filter(|(name, value)| *name != "event" && !value.is_null())
        .map(|(name, value)| format!(" {name}={}", plain(value)));
    let event = what.get("event").map(plain).unwrap_or_default();
    told.fold(event, |line, particular| line + &particular)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => safe(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            safe(&value.to_string())
        }
    }
}

/// The serde name of a word.
fn word_of(word: &impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

fn headed(teller: &Teller<'_>, columns: &[&str]) -> Table {
    let heading = |name: &&str| teller.text(&format!("cli.column.{name}"));
    let mut table = Table::default();
    table.row(columns.iter().map(heading).collect());
    table
}

fn or_dash(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| safe(&value.to_string()))
}

pub(super) fn number(number: Option<&Pii<PhoneNumber>>) -> String {
    number
        .map_or("-", |number| number.reveal().as_str())
        .to_owned()
}

fn clock(utc: jiff::Timestamp) -> String {
    utc.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S%.3fZ")
        .to_string()
}
