use serde_json::Value;
use ureq::http::Method;

use super::Teller;
use super::api::Api;
use super::arguments::CallVerb;
use super::failure::Failure;
use crate::console::CallView;
use crate::words::{CallId, Command, Pii};

/// Asks one thing of one call.
pub(super) fn command(verb: CallVerb, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let (command, call) = worded(verb);
    send(&command, call, api, teller)
}

pub(super) fn send(
    command: &Command,
    call: Option<CallId>,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let call = chosen(call, api)?;
    let path = format!("/api/v1/calls/{call}/{}", command.word());
    let answer = api.send(Method::POST, &path, &particulars(command))?;
    match (teller.json, answer.is_empty()) {
        (true, true) => teller.line("{}"),
        (true, false) => teller.line(&answer),
        (false, _) => teller.line(&teller.text("cli.done")),
    }
}

/// The call that is named, or the only one there is.
pub(super) fn chosen(named: Option<CallId>, api: &Api) -> Result<CallId, Failure> {
    if let Some(call) = named {
        return Ok(call);
    }
    let calls: Vec<CallView> = api.read("/api/v1/calls")?;
    let live: Vec<CallId> = calls
        .iter()
        .filter(|call| call.ending.is_none())
        .map(|call| call.id)
        .collect();
    match live.as_slice() {
        [] => Err(Failure::NoCall),
        [call] => Ok(*call),
        several => Err(Failure::SeveralCalls(several.len())),
    }
}

/// The command's JSON without its word, which the path names.
fn particulars(command: &Command) -> Value {
    let mut json = serde_json::to_value(command).expect("a command has only string keys");
    if let Some(fields) = json.as_object_mut() {
        fields.remove("command");
    }
    json
}

fn worded(verb: CallVerb) -> (Command, Option<CallId>) {
    match verb {
        CallVerb::Answer { call } => (Command::Answer, call),
        CallVerb::Hold {
            call,
            reason,
            agreed,
        } => (Command::Hold { reason, agreed }, call),
        CallVerb::Return { call } => (Command::Return, call),
        CallVerb::Transfer {
            target,
            call,
            mode,
            agreed,
        } => (
            Command::Transfer {
                target,
                mode,
                agreed,
            },
            call,
        ),
        CallVerb::Join { call } => (Command::Join, call),
        CallVerb::Abandon { call } => (Command::Abandon, call),
        CallVerb::Move { seat, call } => (Command::Move { seat }, call),
        CallVerb::Consent { to, answer, call } => (Command::Consent { to, agreed: answer }, call),
        CallVerb::Hangup {
            call,
            force,
            reason,
        } => (Command::Hangup { force, reason }, call),
        CallVerb::Mute { switch, call } => (Command::Mute { on: switch }, call),
        CallVerb::Say { phrase, call } => (Command::Say { phrase }, call),
        CallVerb::Dtmf { digits, call } => (Command::Dtmf { digits }, call),
        CallVerb::Note { text, call } => (Command::Note { text }, call),
        CallVerb::Language { spoken, call } => (Command::Language { to: spoken }, call),
        CallVerb::CannotHear { call } => (Command::CannotHear, call),
        CallVerb::Machine { call } => (Command::Machine, call),
        CallVerb::StillLooking { call } => (Command::StillLooking, call),
        CallVerb::Promise {
            call,
            reason,
            due,
            within,
            kind,
            note,
        } => {
            let promise = Command::Promise {
                due,
                within_min: within,
                reason,
                kind,
                note: note.map(Pii::new),
            };
            (promise, call)
        }
        CallVerb::ClosingSaid { call } => (Command::ClosingSaid, call),
    }
}
