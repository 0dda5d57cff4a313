use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::{Sentence, read_from_text};

/// Digits that stand before others: an outside prefix, an area code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

/// The longest area codes of our plans have four.
const PREFIX_DIGITS_MAX: usize = 6;

impl Prefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left without `beginning`; itself where it does not begin so.
    pub(super) fn without(self, beginning: &str) -> Option<Self> {
        match self.0.strip_prefix(beginning) {
            Some(rest) => rest.parse().ok(),
            None => Some(self),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Prefix {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let digits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if digits && text.len() <= PREFIX_DIGITS_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(Sentence::of("value.prefix").with("found", text))
        }
    }
}

read_from_text!(Prefix);
