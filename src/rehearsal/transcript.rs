//! The words of a transcript: what was done.

use std::time::Duration;

use serde::Serialize;

use crate::call::{Action, Callee, Hears, Patch, Recording, Say, Utterance};
use crate::words::{Moment, Party};

use super::stage::Stage;

/// `2.000` is written `2.0`.
pub(super) fn time(at: Moment) -> String {
    let seconds = format!("{:.3}", Duration::from_nanos(at.as_nanos()).as_secs_f64());
    let short = seconds.trim_end_matches('0');
    let whole = short.ends_with('.');
    format!("{short}{}", if whole { "0" } else { "" })
}

/// What was done, as transcripts have it.
pub fn words(action: &Action, stage: &Stage) -> String {
    match action {
        Action::Ring => "ring".to_owned(),
        Action::Answer => "answer".to_owned(),
        Action::Refuse(code) => format!("refuse {code}"),
        Action::KeepSeat => "keep seat".to_owned(),
        Action::Call(_, Callee::Seat) => "call seat".to_owned(),
        Action::Call(_, Callee::Customer) => "call customer".to_owned(),
        Action::Call(_, Callee::Target(target)) => format!("call {target}"),
        Action::Move(seat) => format!("move to {seat}"),
        Action::StayPut => "stay put".to_owned(),
        Action::HandOff { target } => format!("hand off to {target}"),
        Action::HangUp(party) => format!("hang up {party}"),
        Action::Patch(patch) => format!("patch {}", patched(*patch)),
        Action::AskedByKeys(word) => format!("asked by keys: {word}"),
        Action::AnswerPhone => "answer phone".to_owned(),
        Action::PhoneTransferOver { joined: true } => "phone told joined".to_owned(),
        Action::PhoneTransferOver { joined: false } => "phone told not joined".to_owned(),
        Action::Say(say) => said(say, stage),
        Action::Cut(utterance) => format!("cut {}", phrase(*utterance, stage)),
        Action::SendKeys(party, keys) => format!("send {keys:?} to {party}"),
        Action::Consent { to, given, by } => {
            let given = if *given { "given" } else { "not given" };
            format!("consent {} {given} by {}", word(to), by.as_str())
        }
        Action::Judge(number) => format!("judge {}", number.reveal().as_str()),
        Action::KnowNumber => "know number".to_owned(),
        Action::Promise { kind, reason, .. } => format!("promise {} ({reason})", kind.as_str()),
        Action::Record(Recording::Begin) => "record".to_owned(),
        Action::Record(Recording::Pause) => "pause the recording".to_owned(),
        Action::Record(Recording::Resume) => "resume the recording".to_owned(),
        Action::Joined => "joined".to_owned(),
        Action::Attempted(outcome) => format!("attempted {}", kebab(&format!("{outcome:?}"))),
        Action::SeatAbsent => "seat absent".to_owned(),
        Action::Tell(notice) => format!("tell {}", notice),
        Action::Suggest(phrase) => format!("suggest {phrase}"),
        Action::Repair { party, by } => format!("repair {party} by {}", by.as_str()),
        Action::Repaired { party, by, mended } => {
            let end = if *mended { "mended" } else { "not mended" };
            format!("{end} {party} by {}", by.as_str())
        }
        Action::Rated(key) => format!("rated {key}"),
        Action::Note(text) => format!("note {text}"),
        Action::Refused(refusal) => format!("refused {}", refusal.code()),
        Action::Over(ending) => {
            format!("over by {}: {}", word(&ending.by), word(&ending.because))
        }
    }
}

/// Everything that was done, a line a moment: `6.0 answer`.
pub(super) fn by_moment(stage: &Stage) -> String {
    let mut done: Vec<(Moment, String)> = stage
        .done
        .iter()
        .map(|(at, action)| (*at, words(action, stage)))
        .collect();
    done.sort_by_key(|(at, _)| *at);
    let moments = done.chunk_by(|one, other| one.0 == other.0);
    let lines = moments.filter_map(|moment| {
        let (at, _) = moment.first()?;
        let actions: Vec<&str> = moment.iter().map(|(_, words)| words.as_str()).collect();
        Some(format!("{} {}\n", time(*at), actions.join(", ")))
    });
    lines.collect()
}

fn said(say: &Say, stage: &Stage) -> String {
    let to = match say.to {
        Party::Caller => String::new(),
        other => format!(" to {other}"),
    };
    let language = match say.language {
        other if other == stage.language() => String::new(),
        other => format!(" in {other}"),
    };
    let number = say.number.as_ref().map(|number| number.reveal().as_str());
    let number = number.map_or_else(String::new, |number| format!(" {number}"));
    format!("say {}{number}{to}{language}", say.phrase)
}

fn phrase(utterance: Utterance, stage: &Stage) -> String {
    let said = stage.said.get(&utterance);
    said.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

/// Who hears whom, in a word.
fn patched(patch: Patch) -> &'static str {
    let Patch {
        caller,
        rep,
        target,
    } = patch;
    if caller.target && target.caller {
        return "bridged";
    }
    match (caller.rep, rep.caller, rep.target, caller.music) {
        (true, true, false, false) => "talking",
        (false, true, false, false) if rep.keys => "muted",
        (false, true, false, false) => "listening",
        (false, false, true, true) => "consulting",
        (false, false, true, false) => "consulting without music",
        (false, false, false, true) => "held",
        (false, false, false, false) if rep == Hears::default() => "apart",
        _ => "strangely",
    }
}

/// The word of the API.
fn word(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or("?").to_owned()
}

fn kebab(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}
