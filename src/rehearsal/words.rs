//! The words of a script: what can come in.

use std::time::Duration;

use crate::call::{Cause, Input, LegNews, Line, PromiseKind, Refused, RepairNews};
use crate::words::{
    Command, ConsentFor, Digits, Key, Language, Moment, Owed, Party, PromptId, TransferMode, Wait,
};

use super::fault::Misfit;
use super::stage::{Beginnings, Stage};
use super::verbs::{COMMANDS, DESK, KINDS, LEGS, PARTY, SIGNS, WHO};

/// From key to key of a number that is typed.
const KEY_EVERY: Duration = Duration::from_millis(500);

/// One thing that happens in a script.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Begins(Beginnings),
    Comes(Input),
    Speaks(Party, Option<Duration>),
    /// These keys, one each half second.
    Types(Party, Vec<Key>),
    FallsSilent(Party),
    /// Nothing happens; the script plays on until here.
    Nothing,
}

impl Event {
    pub(super) fn read<'a>(who: &'a str, words: &'a str) -> Result<Self, Misfit<'a>> {
        if who == "desk" {
            return desk(words);
        }
        if let Some(beginning) = beginning(who, words) {
            return Ok(Self::Begins(beginning));
        }
        let party = Party::ALL.into_iter().find(|party| party.as_str() == who);
        let party = party.ok_or_else(|| Misfit::unknown(who, "rehearsal.nobody", &WHO))?;
        if let Some(event) = of_party(party, words) {
            return Ok(event);
        }
        match party {
            Party::Rep => of_rep(words).map(Self::Comes),
            Party::Caller | Party::Target => Err(cannot_happen(words, &[])),
        }
    }

    pub(super) fn happen(self, stage: &mut Stage) {
        match self {
            Self::Begins(_) | Self::Nothing => {}
            Self::Comes(input) => stage.input(input),
            Self::Speaks(party, length) => {
                stage.input(speech(party, true, stage.now));
                if let Some(length) = length {
                    let end = stage.now + length;
                    stage.later(length, speech(party, false, end));
                }
            }
            Self::Types(party, keys) => {
                for (n, key) in (0_u32..).zip(keys) {
                    stage.later(KEY_EVERY * n, Input::Key(party, key));
                }
            }
            Self::FallsSilent(party) => stage.input(speech(party, false, stage.now)),
        }
    }
}

fn speech(party: Party, speaking: bool, since: Moment) -> Input {
    Input::Voice {
        party,
        speaking,
        since,
    }
}

fn beginning(who: &str, words: &str) -> Option<Beginnings> {
    match (who, words) {
        ("caller", "invite") => Some(Beginnings::Invite),
        ("rep", "dials") => Some(Beginnings::RepDials),
        _ => None,
    }
}

fn desk(words: &str) -> Result<Event, Misfit<'_>> {
    let event = match words {
        "shuts down" => Event::Comes(Input::ShutDown),
        "no seat" => Event::Comes(Input::Leg(Party::Rep, LegNews::NoSeat)),
        "waits" => Event::Nothing,
        words => {
            let Some(kind) = words.strip_prefix("calls back ") else {
                return Err(Misfit::unknown(words, "rehearsal.cannot-happen", &DESK));
            };
            let known = KINDS.map(PromiseKind::as_str);
            let unknown = || Misfit::unknown(kind, "rehearsal.cannot-happen", &known);
            let kind = KINDS.into_iter().find(|known| known.as_str() == kind);
            Event::Begins(Beginnings::CallBack(kind.ok_or_else(unknown)?))
        }
    };
    Ok(event)
}

fn of_party(party: Party, words: &str) -> Option<Event> {
    voice(party, words).or_else(|| leg(party, words).map(Event::Comes))
}

fn of_rep(words: &str) -> Result<Input, Misfit<'_>> {
    match phone_transfer(words) {
        Some(input) => Ok(input),
        None => command(words).map(Input::Command),
    }
}

fn cannot_happen<'a>(words: &'a str, more: &[&str]) -> Misfit<'a> {
    let legs = LEGS.iter().map(|(words, _)| *words);
    let signs = SIGNS.iter().map(|(words, _)| *words);
    let known: Vec<&str> = legs
        .chain(signs)
        .chain(PARTY)
        .chain(more.iter().copied())
        .collect();
    Misfit::unknown(words, "rehearsal.cannot-happen", &known)
}

fn voice(party: Party, words: &str) -> Option<Event> {
    let (verb, length) = words.split_once(' ').unwrap_or((words, ""));
    match (verb, length) {
        ("speaks", "") => Some(Event::Speaks(party, None)),
        ("falls", "silent") => Some(Event::FallsSilent(party)),
        ("types", keys) => {
            let keys: Digits = keys.parse().ok()?;
            Some(Event::Types(party, keys.keys().to_vec()))
        }
        ("speaks", length) => {
            let length: Wait = length.parse().ok()?;
            Some(Event::Speaks(party, Some(length.get())))
        }
        _ => None,
    }
}

fn leg(party: Party, words: &str) -> Option<Input> {
    let news = LEGS.iter().find(|(known, _)| *known == words);
    news.map(|(_, news)| *news)
        .or_else(|| refusal(words))
        .map(|news| Input::Leg(party, news))
        .or_else(|| sign(words))
        .or_else(|| sound(party, words))
}

/// `is refused 503`, and what the network says beside it: `is refused 480 switched off`.
fn refusal(words: &str) -> Option<LegNews> {
    let (status, told) = words.strip_prefix("is refused ")?.split_at_checked(3)?;
    Some(LegNews::Refused(Refused {
        status: status.parse().ok()?,
        cause: Cause::of(None, told),
    }))
}

/// What is heard of whom we call.
fn sign(words: &str) -> Option<Input> {
    let sign = SIGNS.iter().find(|(known, _)| *known == words);
    sign.map(|(_, sign)| Input::Sign(*sign))
}

fn sound(party: Party, words: &str) -> Option<Input> {
    let line = match words.split_once(' ')? {
        ("presses", key) => {
            return Some(Input::Key(party, Key::try_from(key.chars().next()?).ok()?));
        }
        ("takes", "offer") => return Some(Input::Repair(party, RepairNews::Taken)),
        ("refuses", "offer") => return Some(Input::Repair(party, RepairNews::Refused)),
        ("line", word) => Line::ALL.into_iter().find(|line| line.as_str() == word),
        _ => None,
    };
    line.map(|line| Input::Line(party, line))
}

/// `hold lookup, agreed`: the words after the verb, and after the comma.
pub(super) fn command(words: &str) -> Result<Command, Misfit<'_>> {
    read_command(words).ok_or_else(|| cannot_happen(words, &COMMANDS))
}

fn read_command(words: &str) -> Option<Command> {
    let (words, agreed) = match words.strip_suffix(", agreed") {
        Some(words) => (words, true),
        None => (words, false),
    };
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let text = rest.to_owned();
    Some(match verb {
        "answer" => Command::Answer,
        "hold" => Command::Hold {
            reason: Some(text).filter(|reason| !reason.is_empty()),
            agreed,
        },
        "return" => Command::Return,
        "transfer" => transfer(rest, agreed)?,
        "join" => Command::Join,
        "abandon" => Command::Abandon,
        "move" => Command::Move {
            seat: "rep2".parse().ok()?,
        },
        "consent" => consent(rest)?,
        "hangup" => Command::Hangup {
            force: false,
            reason: None,
        },
        "force" => Command::Hangup {
            force: true,
            reason: Some(text).filter(|reason| !reason.is_empty()),
        },
        "mute" => Command::Mute { on: true },
        "unmute" => Command::Mute { on: false },
        "recording" => Command::Recording {
            paused: rest == "paused",
        },
        "say" => Command::Say {
            phrase: rest.parse::<PromptId>().ok()?,
        },
        "dtmf" => Command::Dtmf {
            digits: rest.parse().ok()?,
        },
        "note" => Command::Note { text },
        "language" => Command::Language {
            to: rest.parse::<Language>().ok()?,
        },
        "cannot-hear" => Command::CannotHear,
        "machine" => Command::Machine,
        "still-looking" => Command::StillLooking,
        "promise" => Command::Promise {
            due: None,
            reason: text,
            within_min: None,
            kind: Owed::Rep,
            note: None,
        },
        "closing-said" => Command::ClosingSaid,
        _ => return None,
    })
}

fn transfer(words: &str, agreed: bool) -> Option<Command> {
    let (target, mode) = words.split_once(' ').unwrap_or((words, ""));
    let mode = match mode {
        "" => None,
        "consult" => Some(TransferMode::Consult),
        "announced" => Some(TransferMode::Announced),
        "blind" => Some(TransferMode::Blind),
        _ => return None,
    };
    Some(Command::Transfer {
        target: target.to_owned(),
        mode,
        agreed,
    })
}

/// `phone-transfer expert announced`: on his own phone.
fn phone_transfer(words: &str) -> Option<Input> {
    let Command::Transfer { target, mode, .. } =
        transfer(words.strip_prefix("phone-transfer ")?, false)?
    else {
        return None;
    };
    let mode = mode?;
    Some(Input::PhoneTransfer { target, mode })
}

/// `hold yes`, `transfer no`.
fn consent(words: &str) -> Option<Command> {
    let (to, answer) = words.split_once(' ')?;
    let to = match to {
        "hold" => ConsentFor::Hold,
        "transfer" => ConsentFor::Transfer,
        "callback" => ConsentFor::Callback,
        _ => return None,
    };
    let agreed = answer == "yes";
    (agreed || answer == "no").then_some(Command::Consent { to, agreed })
}
