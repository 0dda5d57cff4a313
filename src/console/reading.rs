use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::routes::Page;
use super::{
    Ask, Code, Export, ExportFormat, NewCallback, NewDeletion, Numbers, Problem, SeatOrder,
};
use crate::callbacks::{CallbackId, Wish};
use crate::seating::{Choice, State};
use crate::words::{CallId, Command, PhoneNumber, Pii, SeatId, Sentence};

/// The longest note, reason or name we pass on, in characters.
const TEXT_MAX: usize = 2_000;

/// Reads what is asked, once: behind this everything is typed.
pub(super) fn ask_for(
    page: Page,
    id: &str,
    query: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<Ask, Problem> {
    match page {
        Page::Health => Ok(Ask::Health),
        Page::Calls => Ok(Ask::ListCalls {
            sip_call_id: query.get("sip_call_id").cloned(),
        }),
        Page::Dial => json(body).map(|Dial { to }| Ask::Dial { to }),
        Page::Call => call(id).map(Ask::GetCall),
        Page::Timeline => call(id).map(Ask::Timeline),
        Page::SipMessages => call(id).map(Ask::SipMessages),
        Page::Command(word) => Ok(Ask::Command {
            call: call(id)?,
            command: command(word, body)?,
        }),
        Page::Callbacks => Ok(Ask::ListCallbacks),
        Page::ExportCallbacks => export(query).map(Ask::ExportCallbacks),
        Page::NewCallback => new_callback(body).map(Ask::AddCallback),
        Page::Callback => callback(id).map(Ask::GetCallback),
        Page::Wish(word) => wish(id, word, body),
        Page::NewDeletion => new_deletion(body).map(Ask::Delete),
        Page::Registrations => Ok(Ask::ListRegistrations),
        Page::Drain => Ok(Ask::GetDrain),
        Page::DrainOrder => json(body).map(|DrainOrder { on }| Ask::Drain { on }),
        Page::Seats => Ok(Ask::ListSeats),
        Page::Seat => seat(id).map(Ask::GetSeat),
        Page::SeatChoice => order(id, SeatOrder::Choose(choice(json(body)?)?)),
        Page::ExtendWrapUp => nothing(body).and_then(|()| order(id, SeatOrder::ExtendWrapUp)),
        Page::EndWrapUp => nothing(body).and_then(|()| order(id, SeatOrder::EndWrapUp)),
        // These two are served without the desk.
        Page::Events | Page::Metrics => Err(Code::NoSuchPage.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dial {
    to: Pii<PhoneNumber>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrainOrder {
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeatChoice {
    /// The short form: available or busy.
    ready: Option<bool>,
    state: Option<String>,
    reason: Option<String>,
}

/// What is asked of a callback; who asks stands in the timeline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    by: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snooze {
    by: String,
    until: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assign {
    by: String,
    /// None: whichever is free.
    seat: Option<SeatId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct By {
    by: String,
}

/// The body of what needs no particulars.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn call(id: &str) -> Result<CallId, Problem> {
    id.parse()
        .map_err(|_| Problem::from(Code::UnknownCall).with("call", id))
}

fn seat(id: &str) -> Result<SeatId, Problem> {
    id.parse()
        .map_err(|_| Problem::from(Code::UnknownSeat).with("seat", id))
}

fn callback(id: &str) -> Result<CallbackId, Problem> {
    id.parse()
        .map_err(|_| Problem::from(Code::UnknownCallback).with("callback", id))
}

/// Numbers are masked unless somebody says who he is.
fn export(query: &BTreeMap<String, String>) -> Result<Export, Problem> {
    let word = |name: &str| query.get(name).map(String::as_str);
    let unknown = |name: &str| {
        let fault = Sentence::of("bad-request.export");
        Err(Problem::bad_request(fault.with("name", name)))
    };
    let format = match word("format") {
        None | Some("jsonl") => ExportFormat::Jsonl,
        Some("csv") => ExportFormat::Csv,
        Some(_) => return unknown("format"),
    };
    let (numbers, by) = match word("numbers") {
        None | Some("masked") => (Numbers::Masked, None),
        Some("whole") => {
            let by = word("by").unwrap_or_default();
            named(by)?;
            (Numbers::Whole, Some(by.to_owned()))
        }
        Some(_) => return unknown("numbers"),
    };
    Ok(Export {
        format,
        after: word("after").map(callback).transpose()?,
        numbers,
        by,
    })
}

fn wish(id: &str, word: &'static str, body: &[u8]) -> Result<Ask, Problem> {
    let id = callback(id)?;
    let (wish, by) = match word {
        "cancel" => {
            let Cancel { by, reason } = json(body)?;
            if is_too_long(&reason) {
                return Err(too_long("reason"));
            }
            stated(Some(&reason))?;
            (Wish::Cancel { reason }, by)
        }
        "snooze" => json(body).map(|Snooze { by, until }| (Wish::Snooze(until), by))?,
        "assign" => json(body).map(|Assign { by, seat }| (Wish::Assign(seat), by))?,
        "done" => json(body).map(|By { by }| (Wish::Done, by))?,
        "redial" => json(body).map(|By { by }| (Wish::Redial, by))?,
        _ => return Err(Code::NoSuchPage.into()),
    };
    named(&by)?;
    Ok(Ask::Wish { id, wish, by })
}

/// Of whoever asks, in characters.
const NAME_MAX: usize = 100;

fn named(by: &str) -> Result<(), Problem> {
    let is_name = !by.trim().is_empty()
        && by.chars().count() <= NAME_MAX
        && !by.chars().any(char::is_control);
    if is_name {
        return Ok(());
    }
    let fault = Sentence::of("bad-request.by");
    Err(Problem::bad_request(fault.with("most", NAME_MAX)))
}

fn order(seat_id: &str, order: SeatOrder) -> Result<Ask, Problem> {
    seat(seat_id).map(|id| Ask::OrderSeat { id, order })
}

fn choice(asked: SeatChoice) -> Result<Choice, Problem> {
    let state = match (asked.ready, asked.state.as_deref()) {
        (Some(true), None) => State::Available,
        (Some(false), None) => State::Busy,
        (None, Some(name)) => State::named(name).ok_or_else(no_choice)?,
        (None, None) | (Some(_), Some(_)) => return Err(no_choice()),
    };
    if asked.reason.as_deref().is_some_and(is_too_long) {
        return Err(too_long("reason"));
    }
    if state == State::OnBreak {
        stated(asked.reason.as_deref())?;
    }
    Choice::named(state, asked.reason).ok_or_else(no_choice)
}

fn no_choice() -> Problem {
    Problem::bad_request(Sentence::of("bad-request.seat-choice"))
}

fn nothing(body: &[u8]) -> Result<(), Problem> {
    match body {
        [] => Ok(()),
        _ => json(body).map(|Nothing {}| ()),
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(Problem::bad_request)
}

fn new_callback(body: &[u8]) -> Result<NewCallback, Problem> {
    let new: NewCallback = json(body)?;
    if is_too_long(&new.reason) {
        return Err(too_long("reason"));
    }
    stated(Some(&new.reason))?;
    one_due(new.due.is_some(), new.within_min)?;
    noted(new.note.as_ref())?;
    Ok(new)
}

/// A due time, or minutes until then.
fn one_due(has_due: bool, within_min: Option<u32>) -> Result<(), Problem> {
    if has_due && within_min.is_some() {
        return Err(Problem::bad_request(Sentence::of("bad-request.due-twice")));
    }
    Ok(())
}

fn noted(note: Option<&Pii<String>>) -> Result<(), Problem> {
    match note {
        Some(note) if is_too_long(note.reveal()) => Err(too_long("note")),
        Some(_) | None => Ok(()),
    }
}

/// What is kept as the proof says who and why, and does not name the number again.
fn new_deletion(body: &[u8]) -> Result<NewDeletion, Problem> {
    let new: NewDeletion = json(body)?;
    for (name, text) in [("by", &new.by), ("reason", &new.reason)] {
        if is_too_long(text) {
            return Err(too_long(name));
        }
        stated(Some(text))?;
        if names(text, new.number.reveal()) {
            let fault = Sentence::of("bad-request.number-in-proof");
            return Err(Problem::bad_request(fault.with("name", name)));
        }
    }
    Ok(new)
}

/// The end of a number, by which people know it.
const TELLING_DIGITS: usize = 6;

fn names(text: &str, number: &PhoneNumber) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let number = digits(number.as_str());
    let end = number.len().checked_sub(TELLING_DIGITS);
    let end = end.and_then(|end| number.get(end..));
    end.is_some_and(|end| digits(text).contains(end))
}

/// The path names the command, the body (which may be empty) its particulars.
fn command(word: &'static str, body: &[u8]) -> Result<Command, Problem> {
    let mut particulars = match body {
        [] => serde_json::Map::new(),
        _ => json(body)?,
    };
    if particulars.contains_key("command") {
        return Err(Problem::bad_request(Sentence::of(
            "bad-request.command-twice",
        )));
    }
    let endless = |value: &Value| value.as_str().is_some_and(is_too_long);
    if let Some((name, _)) = particulars.iter().find(|(_, value)| endless(value)) {
        return Err(too_long(name));
    }
    particulars.insert("command".to_owned(), Value::from(word));
    let command =
        serde_json::from_value(Value::Object(particulars)).map_err(Problem::bad_request)?;
    reasoned(&command)?;
    Ok(command)
}

/// Nobody is cut off, and nothing is promised, without a reason in the record (D27, D24).
fn reasoned(command: &Command) -> Result<(), Problem> {
    if let Command::Hangup {
        force: true,
        reason,
    } = command
    {
        stated(reason.as_deref())?;
    }
    if let Command::Promise {
        reason,
        due,
        within_min,
        ..
    } = command
    {
        stated(Some(reason))?;
        one_due(due.is_some(), *within_min)?;
    }
    Ok(())
}

fn stated(reason: Option<&str>) -> Result<(), Problem> {
    match reason {
        Some(reason) if !reason.trim().is_empty() => Ok(()),
        Some(_) | None => Err(Code::ReasonRequired.into()),
    }
}

fn is_too_long(text: &str) -> bool {
    text.chars().count() > TEXT_MAX
}

fn too_long(name: &str) -> Problem {
    let fault = Sentence::of("bad-request.too-long");
    Problem::bad_request(fault.with("name", name).with("most", TEXT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190163d8694739ba8a2b8b0f1f3c2aa";

    fn read(page: Page, body: &str) -> Result<Ask, Code> {
        ask_for(page, ID, &BTreeMap::new(), body.as_bytes()).map_err(|problem| problem.code)
    }

    fn command(word: &'static str, body: &str) -> Result<Command, Code> {
        let ask = read(Page::Command(word), body)?;
        let Ask::Command { command, .. } = ask else {
            panic!("{ask:?}");
        };
        Ok(command)
    }

    #[test]
    fn the_path_is_the_command_and_the_body_its_particulars() {
        let expected = Command::Hold {
            reason: Some("lookup".into()),
            agreed: true,
        };
        let body = r#"{"reason":"lookup","agreed":true}"#;
        assert_eq!(command("hold", body), Ok(expected));
        assert_eq!(command("return", ""), Ok(Command::Return));
        assert_eq!(command("return", "{}"), Ok(Command::Return));
    }

    #[test]
    fn a_body_cannot_change_the_command() {
        let body = r#"{"command":"hangup","force":true}"#;
        assert_eq!(command("hold", body), Err(Code::BadRequest));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (word, body) in [
            ("hold", "{"),
            ("hold", "[]"),
            ("hold", r#"{"agred":true}"#),
            ("mute", ""),
            ("dtmf", r#"{"digits":"12x"}"#),
            ("language", r#"{"to":"fr"}"#),
            ("say", r#"{"phrase":""}"#),
        ] {
            assert_eq!(command(word, body), Err(Code::BadRequest), "{word} {body}");
        }
    }

    #[test]
    fn a_note_has_a_length_limit() {
        let note = |length| command("note", &format!(r#"{{"text":"{}"}}"#, "话".repeat(length)));
        assert!(note(TEXT_MAX).is_ok());
        assert_eq!(note(TEXT_MAX + 1), Err(Code::BadRequest));
    }

    #[test]
    fn force_and_promises_need_a_reason() {
        let required = Err(Code::ReasonRequired);
        assert_eq!(command("hangup", r#"{"force":true}"#), required);
        assert_eq!(
            command("hangup", r#"{"force":true,"reason":" "}"#),
            required
        );
        assert_eq!(command("promise", r#"{"reason":""}"#), required);
        assert!(command("hangup", r#"{"force":true,"reason":"abuse"}"#).is_ok());
        assert!(command("hangup", "").is_ok());
    }

    #[test]
    fn a_callback_needs_a_reason() {
        let body = r#"{"number":"13800138000","reason":" "}"#;
        assert_eq!(read(Page::NewCallback, body), Err(Code::ReasonRequired));
    }

    #[test]
    fn a_deletion_says_who_and_why_and_never_whose() {
        let delete = |by: &str, reason: &str| {
            let body =
                format!(r#"{{"number":"+86 138 0013 8000","by":"{by}","reason":"{reason}"}}"#);
            read(Page::NewDeletion, &body)
        };
        assert!(delete("Lina", "his letter of 2026-11-20").is_ok());
        assert_eq!(delete("", "asked"), Err(Code::ReasonRequired));
        assert_eq!(delete("Lina", " "), Err(Code::ReasonRequired));
        assert_eq!(
            delete("Lina", "0138-0013-8000 asked"),
            Err(Code::BadRequest)
        );
    }

    #[test]
    fn numbers_are_exported_whole_only_to_who_says_who_he_is() {
        let asked = |query: &[(&str, &str)]| {
            let query = query
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()));
            export(&query.collect()).map_err(|problem| problem.code)
        };
        let masked = asked(&[("format", "csv"), ("after", ID)]).unwrap();
        assert_eq!((masked.numbers, masked.by), (Numbers::Masked, None));
        assert_eq!(asked(&[("numbers", "whole")]), Err(Code::BadRequest));
        let whole = asked(&[("numbers", "whole"), ("by", "Lina")]).unwrap();
        assert_eq!(
            (whole.numbers, whole.by.as_deref()),
            (Numbers::Whole, Some("Lina"))
        );
        assert_eq!(asked(&[("format", "xml")]), Err(Code::BadRequest));
    }

    #[test]
    fn an_id_of_no_call_is_an_unknown_call() {
        let asked = ask_for(Page::Call, "../etc", &BTreeMap::new(), b"");
        assert_eq!(
            asked.map_err(|problem| problem.code),
            Err(Code::UnknownCall)
        );
    }
}
