use serde_json::json;
use ureq::http::Method;

use super::api::{Api, encoded};
use super::arguments::{AskVerb, CallbacksVerb, SeatWord};
use super::call_verbs::chosen;
use super::failure::Failure;
use super::{Teller, callback_verbs, drain, events, monitor, show, support_bundle, trace};
use crate::console::{CallView, HealthView, NewDeletion, SeatView};
use crate::records::Deletion;
use crate::words::{CallId, PhoneNumber, Pii, SeatId};

/// Asks the agent, and shows what it answers.
pub(super) fn ask(verb: AskVerb, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    match verb {
        AskVerb::Calls { sip_call_id } => calls(sip_call_id.as_deref(), api, teller),
        AskVerb::Call { call } => one_call(call, api, teller),
        AskVerb::Timeline { call } => timeline(call, api, teller),
        AskVerb::Trace(arguments) => trace::trace(&arguments, api, teller),
        AskVerb::SupportBundle(arguments) => support_bundle::run(&arguments, api, teller),
        AskVerb::Callbacks(words) => match words.verb {
            None => callback_verbs::list(api, teller),
            Some(CallbacksVerb::Export(words)) => callback_verbs::export(&words, api, teller),
        },
        AskVerb::CallBack(words) => callback_verbs::add(words, api, teller),
        AskVerb::Callback(words) => callback_verbs::wish(&words, api, teller),
        AskVerb::Delete { number, by, reason } => {
            let number = Pii::new(number);
            delete(&NewDeletion { number, by, reason }, api, teller)
        }
        AskVerb::Seats => seats(api, teller),
        AskVerb::Seat {
            seat,
            wanted,
            reason,
        } => {
            let answer = seat_answer(&seat, wanted, reason.as_deref(), api)?;
            one_seat(&answer, api, teller)
        }
        AskVerb::Events { since } => events::follow(since, api, teller),
        AskVerb::Monitor { once } => monitor::run(once, api, teller),
        AskVerb::Drain(words) => drain::drain(&words, api, teller),
        AskVerb::Health => health(api, teller),
    }
}

fn calls(sip_call_id: Option<&str>, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let path = sip_call_id.map_or_else(
        || "/api/v1/calls".to_owned(),
        |id| format!("/api/v1/calls?sip_call_id={}", encoded(id)),
    );
    let answer = api.get(&path)?;
    if teller.json {
        return teller.line(&answer);
    }
    show::calls(&api.view::<Vec<_>>(&answer)?, teller)
}

fn one_call(call: Option<CallId>, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let call = chosen(call, api)?;
    let answer = api.get(&format!("/api/v1/calls/{call}"))?;
    if teller.json {
        return teller.line(&answer);
    }
    show::call(&api.view(&answer)?, teller)
}

/// Each line as it was kept; it is JSON with and without `--json`.
fn timeline(call: Option<CallId>, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let call = chosen(call, api)?;
    teller.line(&api.get(&format!("/api/v1/calls/{call}/timeline.jsonl"))?)
}

pub(super) fn dial(
    number: &PhoneNumber,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let answer = api.send(
        Method::POST,
        "/api/v1/calls",
        &json!({ "to": number.as_str() }),
    )?;
    if teller.json {
        return teller.line(&answer);
    }
    let call: CallView = api.view(&answer)?;
    for warning in &call.warnings {
        let warning = teller.word("warning", warning);
        teller.line(&warning)?;
    }
    show::calls(&[call], teller)
}

/// What is left of the number is a failure.
fn delete(asked: &NewDeletion, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let body = serde_json::to_value(asked).expect("a deletion has only string keys");
    let answer = api.send(Method::POST, "/api/v1/deletions", &body)?;
    let deletion: Deletion = api.view(&answer)?;
    if teller.json {
        teller.line(&answer)?;
    } else {
        show::deletion(&deletion, teller)?;
    }
    match deletion.is_whole() {
        true => Ok(()),
        false => Err(Failure::NotAllDeleted),
    }
}

fn seats(api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let answer = api.get("/api/v1/seats")?;
    if teller.json {
        return teller.line(&answer);
    }
    show::seats(&api.view::<Vec<SeatView>>(&answer)?, teller)
}

/// Asks for the seat, or for what is wanted of it.
fn seat_answer(
    seat: &SeatId,
    wanted: Option<SeatWord>,
    reason: Option<&str>,
    api: &Api,
) -> Result<String, Failure> {
    let path = format!("/api/v1/seats/{}", encoded(seat.as_str()));
    let choose = |state| {
        let choice = match reason {
            Some(reason) => json!({ "state": state, "reason": reason }),
            None => json!({ "state": state }),
        };
        api.send(Method::PUT, &path, &choice)
    };
    let order = |order| api.send(Method::POST, &format!("{path}/{order}"), &json!({}));
    match wanted {
        None => api.get(&path),
        Some(SeatWord::Available) => choose("available"),
        Some(SeatWord::Busy) => choose("busy"),
        Some(SeatWord::Break) => choose("on-break"),
        Some(SeatWord::Offline) => choose("offline"),
        Some(SeatWord::Extend) => order("extend-wrap-up"),
        Some(SeatWord::Done) => order("end-wrap-up"),
    }
}

fn one_seat(answer: &str, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    match (teller.json, answer.is_empty()) {
        (true, true) => teller.line("{}"),
        (true, false) => teller.line(answer),
        (false, true) => teller.line(&teller.text("cli.done")),
        (false, false) => show::seats(&[api.view(answer)?], teller),
    }
}

fn health(api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let answer = api.get_whatever_its_status("/healthz")?;
    let health: HealthView = api.view(&answer)?;
    if teller.json {
        teller.line(&answer)?;
    } else {
        show::health(&health, teller)?;
    }
    if health.ok {
        Ok(())
    } else {
        Err(Failure::Unwell)
    }
}
