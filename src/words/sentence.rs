use std::fmt;
use std::io::{self, ErrorKind};

use serde::{Deserialize, Serialize};

/// A text of the catalogue with its values, before the reader's language is known.
///
/// Prints as JSON between two control characters: so it survives the errors of serde and clap,
/// which are plain strings, and `Catalogue::read_out` finds it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    key: String,
    values: Vec<(String, String)>,
}

/// JSON escapes both, so that neither can stand inside.
const OPENS: char = '\u{2}';
const CLOSES: char = '\u{3}';

const IO_FAULTS: [(ErrorKind, &str); 10] = [
    (ErrorKind::NotFound, "io.not-found"),
    (ErrorKind::PermissionDenied, "io.permission-denied"),
    (ErrorKind::AddrInUse, "io.address-in-use"),
    (ErrorKind::AddrNotAvailable, "io.address-not-ours"),
    (ErrorKind::StorageFull, "io.storage-full"),
    (ErrorKind::ReadOnlyFilesystem, "io.read-only"),
    (ErrorKind::NotADirectory, "io.not-a-folder"),
    (ErrorKind::IsADirectory, "io.is-a-folder"),
    (ErrorKind::InvalidData, "io.not-text"),
    (ErrorKind::AlreadyExists, "io.already-exists"),
];

impl Sentence {
    /// A text without values; `key` is one of `config/texts.toml`.
    pub fn of(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            values: Vec::new(),
        }
    }

    /// Fills `{name}`; the value may be a sentence itself.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// What the system refused; a rare refusal in the system's own words.
    pub fn of_io(why: &io::Error) -> Self {
        let known = IO_FAULTS.iter().find(|(kind, _)| *kind == why.kind());
        match known {
            Some((_, key)) => Self::of(key),
            None => Self::of("io.other").with("why", why),
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// The sentence within an error's words, and what stands before and after it.
    pub fn within(words: &str) -> Option<(&str, Self, &str)> {
        let (before, rest) = words.split_once(OPENS)?;
        let (json, after) = rest.split_once(CLOSES)?;
        Some((before, serde_json::from_str(json).ok()?, after))
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(f, "{OPENS}{json}{CLOSES}")
    }
}

impl std::error::Error for Sentence {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_again_within_an_errors_words() {
        let inner = Sentence::of("value.zone").with("found", "\u{3}Mars\"");
        let outer = Sentence::of("cli.not-started").with("why", &inner);
        let words = format!("{outer} at line 1");
        let (before, found, after) = Sentence::within(&words).unwrap();
        assert_eq!((before, &found, after), ("", &outer, " at line 1"));
        let (_, why) = found.values().first().unwrap();
        assert_eq!(Sentence::within(why).unwrap().1, inner);
        assert!(Sentence::within("\u{2}no json\u{3}").is_none());
    }
}
