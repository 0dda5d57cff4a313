use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Key, Language, Pii, PromptId, SeatId, Sentence, read_from_text};

/// What a rep, or the tool at the rep's side, asks of a call: the words of the API and the command line.
///
/// As JSON the word is the tag `command`: `{"command":"hold","agreed":true}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Pick up for the caller (D2).
    Answer,
    /// Put the caller on hold; `agreed`: the rep asked, the caller said yes (D10).
    Hold {
        /// Chooses the words: `lookup`, `consult`, else the plain request (D12).
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        agreed: bool,
    },
    /// Come back from hold (R22).
    Return,
    /// Lead the caller on to a named target, by default after a consultation (D20).
    Transfer {
        target: String,
        #[serde(default)]
        mode: Option<TransferMode>,
        #[serde(default)]
        agreed: bool,
    },
    /// Join caller and target after a consultation (D22).
    Join,
    /// Leave the consultation and go back to the caller.
    Abandon,
    /// Take the call to another seat: from the headset to a phone, to a colleague.
    Move { seat: SeatId },
    /// The rep's tick for the open question, or the caller's no (D10).
    Consent {
        #[serde(rename = "for")]
        to: ConsentFor,
        agreed: bool,
    },
    /// End the call; without `force` the farewell comes first (D27).
    Hangup {
        #[serde(default)]
        force: bool,
        /// Required with `force`.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Close or open the rep's microphone (D7).
    Mute { on: bool },
    /// Keep silence in the recording, while a card number is told; or keep sound again.
    Recording { paused: bool },
    /// Say a standard phrase to the caller.
    Say { phrase: PromptId },
    /// Send keys to the caller's side (RFC 4733).
    Dtmf { digits: Digits },
    /// Keep a remark in the call's record.
    Note { text: String },
    /// The language from the next phrase on (D35).
    Language { to: Language },
    /// The rep's button: the caller cannot hear us (D17).
    CannotHear,
    /// The rep's button: a machine has answered our callback (D25).
    Machine,
    /// The rep's word in his callback: the answer is not ready, and is promised anew (R41, R42).
    StillLooking,
    /// Promise the caller a callback (D24); without `due` and `within_min` within the time of its kind.
    Promise {
        #[serde(default)]
        due: Option<Timestamp>,
        /// The same in minutes from when it is asked for.
        #[serde(default)]
        within_min: Option<u32>,
        reason: String,
        /// Who owes the answer.
        #[serde(default)]
        kind: Owed,
        /// For whoever calls back.
        #[serde(default)]
        note: Option<Pii<String>>,
    },
    /// The rep has said the farewell himself (D28).
    ClosingSaid,
}

impl Command {
    /// The word itself, as in the path, the timeline and the metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Hold { .. } => "hold",
            Self::Return => "return",
            Self::Transfer { .. } => "transfer",
            Self::Join => "join",
            Self::Abandon => "abandon",
            Self::Move { .. } => "move",
            Self::Consent { .. } => "consent",
            Self::Hangup { .. } => "hangup",
            Self::Mute { .. } => "mute",
            Self::Recording { .. } => "recording",
            Self::Say { .. } => "say",
            Self::Dtmf { .. } => "dtmf",
            Self::Note { .. } => "note",
            Self::Language { .. } => "language",
            Self::CannotHear => "cannot-hear",
            Self::Machine => "machine",
            Self::StillLooking => "still-looking",
            Self::Promise { .. } => "promise",
            Self::ClosingSaid => "closing-said",
        }
    }
}

/// How the target learns who is coming (D20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferMode {
    /// The rep talks to the target first.
    #[default]
    Consult,
    /// The target hears a briefing and presses a key.
    Announced,
    /// Nobody asks the target.
    Blind,
}

/// Who owes the caller an answer, or what it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owed {
    /// The rep himself (R41, R42).
    #[default]
    Rep,
    /// An expert (R34).
    Expert,
    /// A supervisor (R35).
    Supervisor,
    /// A complaint is followed up within days (R59).
    Complaint,
}

/// What the caller is asked to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentFor {
    Hold,
    Transfer,
    Callback,
}

/// 1 to 32 telephone keys, sent in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digits(Vec<Key>);

/// The longest account numbers a menu asks for stay below it.
const DIGITS_MAX: usize = 32;

impl Digits {
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl FromStr for Digits {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let count = text.chars().count();
        if !(1..=DIGITS_MAX).contains(&count) {
            return Err(Sentence::of("value.keys")
                .with("count", count)
                .with("most", DIGITS_MAX));
        }
        text.chars()
            .map(Key::try_from)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

read_from_text!(Digits);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|key| key.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Command, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_word_is_the_json_tag() {
        let commands = [
            Command::CannotHear,
            Command::Machine,
            Command::StillLooking,
            Command::ClosingSaid,
            Command::Join,
            Command::Mute { on: true },
            Command::Recording { paused: true },
            Command::Consent {
                to: ConsentFor::Hold,
                agreed: true,
            },
        ];
        for command in commands {
            let json = serde_json::to_value(&command).unwrap();
            assert_eq!(json["command"], command.word());
            assert_eq!(serde_json::from_value::<Command>(json).unwrap(), command);
        }
    }

    #[test]
    fn what_is_left_out_is_not_agreed() {
        let expected = Command::Hold {
            reason: None,
            agreed: false,
        };
        assert_eq!(read(r#"{"command":"hold"}"#).unwrap(), expected);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(read(r#"{"command":"hold","agred":true}"#).is_err());
    }

    #[test]
    fn only_telephone_keys_can_be_sent() {
        assert_eq!("12*#a".parse::<Digits>().unwrap().to_string(), "12*#A");
        assert!("".parse::<Digits>().is_err());
        assert!("12x".parse::<Digits>().is_err());
        assert!("1".repeat(33).parse::<Digits>().is_err());
    }
}
