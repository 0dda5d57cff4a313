//! What to say about a place in the settings, and which known name was meant.

use std::ops::Range;

use crate::words::{Sentence, nearest};

/// What to say about a place in the settings.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) title: Sentence,
    pub(super) label: Sentence,
    pub(super) help: Option<Sentence>,
}

impl Complaint {
    pub(super) fn new(title: Sentence, help: Sentence) -> Self {
        Self {
            title,
            label: Sentence::of("settings.here"),
            help: Some(help),
        }
    }

    /// What would be right is in the title, or cannot be said.
    pub(super) fn bare(title: Sentence) -> Self {
        Self {
            title,
            label: Sentence::of("settings.here"),
            help: None,
        }
    }

    /// Reads serde's words: a sentence of ours, an unknown name (the nearest known one is found),
    /// a value of another type, or no TOML at all.
    pub(super) fn from_words(words: &str) -> Self {
        if let Some((_, title, _)) = Sentence::within(words) {
            return Self::bare(title);
        }
        let quoted: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
        let (found, known) = quoted.split_first().unwrap_or((&"", &[]));
        let of_name = |title: &str, label: &str| Self {
            title: Sentence::of(title).with("name", found),
            label: Sentence::of(label),
            help: advice(found, known),
        };
        if words.starts_with("unknown field") {
            of_name("settings.unknown-key", "settings.not-known")
        } else if words.starts_with("unknown variant") {
            of_name("settings.unknown-word", "settings.not-known")
        } else if words.starts_with("missing field") {
            of_name("settings.missing", "settings.must-be-set")
        } else {
            Self::of_value(words)
        }
    }

    fn of_value(words: &str) -> Self {
        let right = RIGHT.iter().find(|(part, _)| words.contains(part));
        let title = match right {
            Some(_) => Sentence::of("settings.misfit"),
            None => {
                let why = words.lines().collect::<Vec<_>>().join("; ");
                Sentence::of("settings.no-toml").with("why", why)
            }
        };
        Self {
            title,
            label: Sentence::of("settings.here"),
            help: right.map(|(_, right)| Sentence::of(right)),
        }
    }
}

/// What would be right, by the words in which a type that is not ours refuses.
const RIGHT: [(&str, &str); 7] = [
    ("socket address", "settings.right.address-and-port"),
    ("IP address", "settings.right.address"),
    ("expected u", "settings.right.whole-number"),
    ("expected a boolean", "settings.right.true-or-false"),
    ("expected a string", "settings.right.quoted"),
    ("expected a sequence", "settings.right.list"),
    ("expected struct", "settings.right.section"),
];

/// Keys whose text nobody should read over a shoulder, or in a log.
const SECRETS: [&str; 4] = ["password", "passwd", "secret", "token"];

/// Of a server: a password is in it. `uri` is too like it to be a slip.
const URL: (&str, &str) = ("url", "://");

/// Near `token`, and a word of its own: the hertz that a scenario listens for.
const TONE: &str = "tone";

/// Whether the text of a key is a secret, also where the key is misspelt.
pub(super) fn is_secret(key: &str, text: &str) -> bool {
    (key == URL.0 && text.contains(URL.1)) || (key != TONE && nearest(key, &SECRETS).is_some())
}

/// What follows the name of a secret in a line, be the line TOML or not.
pub(super) fn secrets_of_lines(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let lines = text.split_inclusive('\n').filter_map(|line| {
        let begin = at;
        at += line.len();
        let name = secret_name(line).filter(|_| !line.starts_with('#'))?;
        let value = line[name.end..].trim_start_matches(['"', '\'', ' ', '\t', '=', ':']);
        // Where it is kept is no secret.
        let is_place = value.starts_with('{');
        let end = begin + line.trim_end().len();
        (!is_place).then(|| begin + line.len() - value.len()..end)
    });
    lines.collect()
}

fn secret_name(line: &str) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut at = 0;
    let mut words = line.split_inclusive(|c| !is_part(c)).map(|word| {
        let name = word.trim_end_matches(|c| !is_part(c));
        let place = at..at + name.len();
        at += word.len();
        (name, place)
    });
    let is_secret = |(name, _): &(&str, _)| SECRETS.contains(&&*name.to_ascii_lowercase());
    words.find(is_secret).map(|(_, place)| place)
}

/// The known name that was meant, or all of them.
pub(super) fn advice(found: &str, known: &[&str]) -> Option<Sentence> {
    match nearest(found, known) {
        Some(name) => Some(Sentence::of("settings.did-you-mean").with("name", name)),
        None if known.is_empty() => None,
        None => Some(Sentence::of("settings.known").with("names", known.join(", "))),
    }
}
