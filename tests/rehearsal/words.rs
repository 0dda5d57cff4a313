//! The words of a script: what can come in.

use std::time::Duration;

use thirdring::call::{Cause, Input, LegNews, Line, Refused, RepairNews, Sign};
use thirdring::words::{
    Command, ConsentFor, Digits, Key, Language, Moment, Owed, Party, PromptId, TransferMode, Wait,
};

use super::phrasebook;
use super::stage::{Beginnings, Stage};

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
    pub(super) fn read(who: &str, words: &str) -> Result<Self, String> {
        let unknown = || format!("'{who}: {words}' cannot happen");
        let party = Party::ALL.into_iter().find(|party| party.as_str() == who);
        desk(who, words)
            .or_else(|| party.and_then(|party| voice(party, words)))
            .or_else(|| party.and_then(|party| leg(party, words)).map(Self::Comes))
            .or_else(|| {
                let input = phone_transfer(words).or_else(|| command(words).map(Input::Command));
                input.filter(|_| who == "rep").map(Self::Comes)
            })
            .ok_or_else(unknown)
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

fn desk(who: &str, words: &str) -> Option<Event> {
    let event = match (who, words) {
        ("caller", "invite") => Event::Begins(Beginnings::Invite),
        ("rep", "dials") => Event::Begins(Beginnings::RepDials),
        ("desk", "shuts down") => Event::Comes(Input::ShutDown),
        ("desk", "no seat") => Event::Comes(Input::Leg(Party::Rep, LegNews::NoSeat)),
        ("desk", "waits") => Event::Nothing,
        ("desk", words) => {
            let kind = phrasebook::promise_kind(words.strip_prefix("calls back ")?)?;
            Event::Begins(Beginnings::CallBack(kind))
        }
        _ => return None,
    };
    Some(event)
}

fn voice(party: Party, words: &str) -> Option<Event> {
    let (verb, length) = words.split_once(' ').unwrap_or((words, ""));
    match (verb, length) {
        ("speaks", "") => Some(Event::Speaks(party, None)),
        ("falls", "silent") => Some(Event::FallsSilent(party)),
        ("types", keys) => {
            let keys = Digits::parse(keys).ok()?;
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
    let news = match words {
        "rings" => LegNews::Ringing,
        "picks up" => LegNews::PickedUp,
        "acks" => LegNews::Acked,
        "never acks" => LegNews::NeverAcked,
        "cancels" => LegNews::Cancelled,
        "is taken elsewhere" => LegNews::AnsweredElsewhere,
        "is busy" => LegNews::Refused(Refused::status(486)),
        "refuses" => LegNews::Refused(Refused::status(603)),
        "does not answer" => LegNews::NoAnswer,
        "hangs up" => LegNews::HungUp,
        "is lost" => LegNews::Lost,
        "does not refresh" => LegNews::Expiring,
        "holds" => LegNews::Holds,
        "resumes" => LegNews::Resumes,
        "loses headset" => LegNews::Away,
        "has headset" => LegNews::Back,
        "has moved" => LegNews::Moved,
        "is handed off" => LegNews::HandedOff,
        "is not handed off" => LegNews::NotHandedOff,
        words => {
            let refused = refusal(words).map(|news| Input::Leg(party, news));
            return refused
                .or_else(|| sign(words))
                .or_else(|| sound(party, words));
        }
    };
    Some(Input::Leg(party, news))
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
    let sign = match words {
        "sounds ringback" => Sign::Ringback,
        "sounds busy" => Sign::Busy,
        "sounds special" => Sign::SpecialInformation,
        "sounds music" => Sign::Music,
        "sounds announcement" => Sign::Announcement,
        "sounds fax" => Sign::Fax,
        "is a person" => Sign::Person,
        "is a machine" => Sign::Machine,
        "beeps" => Sign::Beep,
        _ => return None,
    };
    Some(Input::Sign(sign))
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
fn command(words: &str) -> Option<Command> {
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
            digits: Digits::parse(rest).ok()?,
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
