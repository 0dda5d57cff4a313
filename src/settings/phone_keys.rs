//! `[phone_keys]`: what reps may ask for by keys of their own phones.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::check::{Fault, fault};
use super::places::Step;
use super::{Settings, feature_codes};
use crate::call::{self, KeyAct};
use crate::words::{
    Command, ConsentFor, Key, Owed, PromptId, Sentence, TransferMode, read_from_text,
};

/// Sequences of keys, and what each does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneKeys(BTreeMap<KeyRow, KeyWords>);

/// Nobody learns more by heart.
const ROWS_MAX: usize = 64;

/// `*1`: what stands before a number that is dialled is no sequence of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyRow(Vec<Key>);

const KEYS_MAX: usize = 6;
const BEGINS: [char; 2] = ['*', '#'];

/// The words of the command line: `hold lookup, agreed`.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyWords {
    text: String,
    act: KeyAct,
}

/// What a sequence may do, by its first word.
const WORDS: [&str; 17] = [
    "consent",
    "hold",
    "return",
    "transfer",
    "join",
    "abandon",
    "answer",
    "hangup",
    "closing-said",
    "say",
    "mute",
    "recording",
    "language",
    "cannot-hear",
    "machine",
    "still-looking",
    "promise",
];

/// Why words do nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum NoWords {
    /// No such first word.
    Unknown(String),
    /// What follows the word does not fit it.
    Misfit { word: String },
}

impl PhoneKeys {
    /// As calls use them.
    pub fn acts(&self) -> call::PhoneKeys {
        let acts = self.0.iter();
        let acts = acts.map(|(row, words)| (row.0.clone(), words.act.clone()));
        call::PhoneKeys::new(acts.collect())
    }

    /// Phrases that must be there to be said.
    pub fn phrases(&self) -> impl Iterator<Item = &PromptId> {
        self.0.values().filter_map(|words| match &words.act {
            KeyAct::Command(Command::Say { phrase }) => Some(phrase),
            KeyAct::Command(_) | KeyAct::Agreed => None,
        })
    }

    /// Sequences that reps know as something else, with what that is.
    pub(super) fn clashes(&self) -> Vec<String> {
        let of = |row: &KeyRow| {
            let keys = row.to_string();
            let code = feature_codes::clashing(&keys)?;
            Some(format!("{keys} ({code})"))
        };
        self.0.keys().filter_map(of).collect()
    }
}

impl FromStr for KeyRow {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let keys: Result<Vec<Key>, Sentence> = text.chars().map(Key::try_from).collect();
        let keys = keys?;
        let is_row = text.starts_with(BEGINS) && (2..=KEYS_MAX).contains(&keys.len());
        let wrong = || {
            Sentence::of("settings.key-row")
                .with("keys", text)
                .with("most", KEYS_MAX)
        };
        is_row.then_some(Self(keys)).ok_or_else(wrong)
    }
}

read_from_text!(KeyRow);

impl fmt::Display for KeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|key| key.fmt(f))
    }
}

impl Serialize for KeyWords {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(to)
    }
}

impl<'de> Deserialize<'de> for KeyWords {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match read_words(&text) {
            Ok(act) => Ok(Self { text, act }),
            Err(NoWords::Unknown(word)) => Err(de::Error::unknown_variant(&word, &WORDS)),
            Err(NoWords::Misfit { word }) => {
                let example = example(&word);
                let misfit = Sentence::of("settings.key-words").with("word", word);
                Err(de::Error::custom(misfit.with("example", example)))
            }
        }
    }
}

/// What these words of a sequence ask for.
pub fn read_words(text: &str) -> Result<KeyAct, NoWords> {
    let (words, agreed) = match text.trim().strip_suffix(", agreed") {
        Some(words) => (words, true),
        None => (text.trim(), false),
    };
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    if !WORDS.contains(&word) {
        return Err(NoWords::Unknown(word.to_owned()));
    }
    let misfit = || NoWords::Misfit {
        word: word.to_owned(),
    };
    if (word, rest) == ("consent", "") {
        return Ok(KeyAct::Agreed);
    }
    let command = match agreed {
        true => agreeable(word, rest, agreed),
        false => agreeable(word, rest, agreed)
            .or_else(|| bare(word, rest))
            .or_else(|| spoken(word, rest)),
    };
    command.map(KeyAct::Command).ok_or_else(misfit)
}

/// The rep may have asked before.
fn agreeable(word: &str, rest: &str, agreed: bool) -> Option<Command> {
    match word {
        "hold" => Some(Command::Hold {
            reason: Some(rest.to_owned()).filter(|reason| !reason.is_empty()),
            agreed,
        }),
        "transfer" => transfer(rest, agreed),
        _ => None,
    }
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
    let target = target.to_owned();
    (!target.is_empty()).then_some(Command::Transfer {
        target,
        mode,
        agreed,
    })
}

/// A word that says it all.
fn bare(word: &str, rest: &str) -> Option<Command> {
    let command = match word {
        "return" => Command::Return,
        "join" => Command::Join,
        "abandon" => Command::Abandon,
        "answer" => Command::Answer,
        "hangup" => Command::Hangup {
            force: false,
            reason: None,
        },
        "closing-said" => Command::ClosingSaid,
        "cannot-hear" => Command::CannotHear,
        "machine" => Command::Machine,
        "still-looking" => Command::StillLooking,
        _ => return None,
    };
    rest.is_empty().then_some(command)
}

/// A word and what it is about.
fn spoken(word: &str, rest: &str) -> Option<Command> {
    Some(match (word, rest) {
        ("consent", to) => Command::Consent {
            to: consent_to(to)?,
            agreed: true,
        },
        ("say", phrase) => Command::Say {
            phrase: phrase.parse().ok()?,
        },
        ("mute", "on") => Command::Mute { on: true },
        ("mute", "off") => Command::Mute { on: false },
        ("recording", "pause") => Command::Recording { paused: true },
        ("recording", "resume") => Command::Recording { paused: false },
        ("language", language) => Command::Language {
            to: language.parse().ok()?,
        },
        ("promise", reason) if !reason.is_empty() => Command::Promise {
            due: None,
            reason: reason.to_owned(),
            within_min: None,
            kind: Owed::Rep,
            note: None,
        },
        _ => return None,
    })
}

fn consent_to(word: &str) -> Option<ConsentFor> {
    match word {
        "hold" => Some(ConsentFor::Hold),
        "transfer" => Some(ConsentFor::Transfer),
        "callback" => Some(ConsentFor::Callback),
        _ => None,
    }
}

/// How the word is used.
fn example(word: &str) -> &'static str {
    match word {
        "consent" => "consent transfer",
        "hold" => "hold lookup, agreed",
        "transfer" => "transfer billing announced",
        "say" => "say explained_clearly",
        "mute" => "mute on",
        "recording" => "recording pause",
        "language" => "language en",
        "promise" => "promise tariff",
        _ => "return",
    }
}

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let keys = &settings.phone_keys;
    let mut faults: Vec<Fault> = too_many(keys).into_iter().collect();
    faults.extend(begun_by_another(keys));
    let rows = keys.0.iter();
    faults.extend(rows.filter_map(|(row, words)| no_target(settings, row, words)));
    faults
}

fn too_many(keys: &PhoneKeys) -> Option<Fault> {
    let count = keys.0.len();
    (count > ROWS_MAX).then(|| {
        fault(
            &[Step::Key("phone_keys")],
            Sentence::of("settings.too-many")
                .with("count", count)
                .with("list", "phone_keys"),
            Sentence::of("settings.right.too-many").with("most", ROWS_MAX),
        )
    })
}

/// The shorter one would always be first.
fn begun_by_another(keys: &PhoneKeys) -> impl Iterator<Item = Fault> {
    let rows = keys.0.keys().zip(keys.0.keys().skip(1));
    // In their order a row comes right before the first that begins with it.
    let begun = rows.filter(|(one, next)| next.0.starts_with(&one.0));
    begun.map(|(shorter, longer)| {
        fault(
            &at(longer),
            Sentence::of("settings.key-row-begun")
                .with("keys", longer)
                .with("shorter", shorter),
            Sentence::of("settings.right.key-row-begun"),
        )
    })
}

fn no_target(settings: &Settings, row: &KeyRow, words: &KeyWords) -> Option<Fault> {
    let KeyAct::Command(Command::Transfer { target, .. }) = &words.act else {
        return None;
    };
    let targets: Vec<&str> = settings.target.iter().map(|it| it.id.as_str()).collect();
    (!targets.contains(&target.as_str())).then(|| {
        fault(
            &at(row),
            Sentence::of("settings.key-target").with("target", target),
            Sentence::of("settings.right.key-target").with("targets", targets.join(", ")),
        )
        .leaning_on(&["target"])
    })
}

fn at(row: &KeyRow) -> [Step; 2] {
    [Step::Key("phone_keys"), Step::Named(row.to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(keys: &str) -> Result<Settings, String> {
        let sets = [
            format!("phone_keys={{ {keys} }}"),
            "target=[{ id = \"billing\", uri = \"sip:billing@127.0.0.1:5091\" }]".to_owned(),
        ];
        Settings::of_sets(&sets).map_err(|why| why.to_string())
    }

    #[test]
    fn each_word_of_a_rep_can_be_a_sequence() {
        for (words, word) in [
            ("hold lookup, agreed", "hold"),
            ("hold", "hold"),
            ("return", "return"),
            ("transfer billing announced", "transfer"),
            ("transfer billing, agreed", "transfer"),
            ("consent transfer", "consent"),
            ("say explained_clearly", "say"),
            ("mute on", "mute"),
            ("recording resume", "recording"),
            ("language en", "language"),
            ("promise tariff of May", "promise"),
            ("hangup", "hangup"),
        ] {
            let Ok(KeyAct::Command(command)) = read_words(words) else {
                panic!("{words}");
            };
            assert_eq!(command.word(), word, "{words}");
        }
        assert_eq!(read_words("consent"), Ok(KeyAct::Agreed));
    }

    #[test]
    fn a_misspelt_word_is_met_by_the_nearest_one() {
        let told = load("'*1' = \"conset\"").unwrap_err();
        assert!(
            told.contains("conset") && told.contains("consent"),
            "{told}"
        );
        let told = load("'*1' = \"mute\"").unwrap_err();
        assert!(told.contains("mute on"), "{told}");
        let told = load("'*1' = \"return, agreed\"").unwrap_err();
        assert!(told.contains("return"), "{told}");
    }

    #[test]
    fn a_sequence_begins_with_star_or_hash() {
        assert!(load("'*1' = \"consent\", '#21' = \"return\"").is_ok());
        for keys in ["1", "12", "*", "*1234567", "*x"] {
            assert!(load(&format!("'{keys}' = \"return\"")).is_err(), "{keys}");
        }
    }

    #[test]
    fn no_sequence_begins_another() {
        let told = load("'*1' = \"consent\", '*12' = \"return\"").unwrap_err();
        assert!(told.contains("*12"), "{told}");
        assert!(load("'*11' = \"consent\", '*12' = \"return\"").is_ok());
    }

    #[test]
    fn a_sequence_leads_to_a_target_that_is_there() {
        assert!(load("'*4' = \"transfer billing\"").is_ok());
        let told = load("'*4' = \"transfer biling\"").unwrap_err();
        assert!(
            told.contains("biling") && told.contains("billing"),
            "{told}"
        );
    }

    #[test]
    fn sequences_that_a_pbx_knows_are_warned_of() {
        let warned = |keys: &str| load(keys).unwrap().warnings().len();
        assert_eq!(warned("'*1' = \"consent\", '*76' = \"return\""), 1);
        assert_eq!(warned("'*51' = \"consent\""), 0);
    }
}
