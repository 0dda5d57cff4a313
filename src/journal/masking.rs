//! What of an input or an action is somebody's own is written as something that means nothing, and does the same.

use crate::call::{Action, Call, Input, Particulars};
use crate::words::{Command, Digits, Key, Party, PhoneNumber, Pii};

/// In the place of any number.
const NUMBER: &str = "000";
/// In the place of what a person wrote.
const SAID: &str = "said";
/// Reasons of a hold that choose the words of the question (D12).
const HOLD_REASONS: [&str; 2] = ["lookup", "consult"];

pub(super) fn number() -> PhoneNumber {
    PhoneNumber::parse(NUMBER).expect("three digits are a number")
}

/// An input that this call takes as it would take the real one.
pub(super) fn input(call: &Call, input: &Input) -> Input {
    match input {
        Input::Key(party, key) => Input::Key(*party, chosen(call, *party, *key)),
        Input::Command(command) => Input::Command(self::command(call, command)),
        Input::PhoneTransfer { target, mode } => Input::PhoneTransfer {
            target: self::target(call, target),
            mode: *mode,
        },
        Input::Leg(..)
        | Input::Phrase(..)
        | Input::Voice { .. }
        | Input::Line(..)
        | Input::Sign(_)
        | Input::Repair(..)
        | Input::Promised(..)
        | Input::Judged(_)
        | Input::TimedOut(_)
        | Input::ShutDown => input.clone(),
    }
}

/// A digit that chooses nothing is written as the first that chooses nothing: who types a number types only such.
fn chosen(call: &Call, party: Party, key: Key) -> Key {
    let choices = call.choices(party);
    if !key.as_char().is_ascii_digit() || choices.contains(&key) {
        return key;
    }
    let digits = ('0'..='9').filter_map(|digit| Key::try_from(digit).ok());
    let mut idle = digits.filter(|digit| !choices.contains(digit));
    idle.next().unwrap_or(key)
}

fn command(call: &Call, command: &Command) -> Command {
    match command.clone() {
        Command::Hold { reason, agreed } => Command::Hold {
            reason: reason.map(hold_reason),
            agreed,
        },
        Command::Transfer {
            target,
            mode,
            agreed,
        } => Command::Transfer {
            target: self::target(call, &target),
            mode,
            agreed,
        },
        Command::Hangup { force, reason } => Command::Hangup {
            force,
            reason: reason.map(said),
        },
        Command::Dtmf { digits } => Command::Dtmf {
            digits: idle(&digits),
        },
        Command::Note { .. } => Command::Note {
            text: String::new(),
        },
        Command::Promise {
            due,
            within_min,
            reason,
            kind,
            note,
        } => Command::Promise {
            due,
            within_min,
            reason: said(reason),
            kind,
            note: note.map(|_| Pii::new(String::new())),
        },
        command @ (Command::Answer
        | Command::Return
        | Command::Join
        | Command::Abandon
        | Command::Move { .. }
        | Command::Consent { .. }
        | Command::Mute { .. }
        | Command::Recording { .. }
        | Command::Say { .. }
        | Command::Language { .. }
        | Command::CannotHear
        | Command::Machine
        | Command::StillLooking
        | Command::ClosingSaid) => command,
    }
}

fn hold_reason(reason: String) -> String {
    match HOLD_REASONS.contains(&reason.as_str()) {
        true => reason,
        false => said(reason),
    }
}

/// An empty reason may be refused: it stays one.
fn said(reason: String) -> String {
    match reason.is_empty() {
        true => reason,
        false => SAID.to_owned(),
    }
}

/// Whom the settings do not name may be a number.
fn target(call: &Call, target: &str) -> String {
    match call.terms().targets.contains_key(target) {
        true => target.to_owned(),
        false => SAID.to_owned(),
    }
}

fn idle(digits: &Digits) -> Digits {
    let keys = digits.keys().iter().map(|key| no_digit(*key).as_char());
    let idle: String = keys.collect();
    idle.parse().expect("as many keys as there were")
}

/// An action as it is compared: where, when and what, and nobody's number.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all others name nobody and say nothing of a person's"
)]
pub(super) fn action(action: Action) -> Action {
    match action {
        Action::Judge(_) => Action::Judge(Pii::new(number())),
        Action::Say(mut say) => {
            say.number = say.number.map(|_| Pii::new(number()));
            Action::Say(say)
        }
        Action::SendKeys(party, keys) => {
            Action::SendKeys(party, keys.into_iter().map(no_digit).collect())
        }
        Action::Promise {
            ticket,
            kind,
            particulars,
            ..
        } => Action::Promise {
            ticket,
            kind,
            reason: String::new(),
            particulars: Particulars {
                note: particulars.note.map(|_| Pii::new(String::new())),
                ..particulars
            },
        },
        Action::Note(_) => Action::Note(String::new()),
        other => other,
    }
}

fn no_digit(key: Key) -> Key {
    match key.as_char().is_ascii_digit() {
        true => Key::try_from('0').expect("a digit is a key"),
        false => key,
    }
}
