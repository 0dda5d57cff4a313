use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Class;
use super::pattern::{Found, Pattern};
use crate::words::{Sentence, read_from_text};

/// One `[[dial.rule]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(rename = "match")]
    pub pattern: Pattern,
    /// What is dialled instead; not set: the number as it was dialled.
    #[serde(default)]
    pub replace: Option<Replacement>,
    /// The name of the account or peer it goes out by.
    #[serde(default)]
    pub via: Option<String>,
    #[serde(default)]
    pub refuse: bool,
    /// Lets through what `[dial] allow` does not.
    #[serde(default)]
    pub allow: bool,
}

/// Keys, and `$0` to `$9` for what the pattern found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Replacement(String);

/// One word of `[dial] allow`: a class, or the numbers that fit a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Allow {
    Class(Class),
    Numbers(Pattern),
}

impl Replacement {
    /// The highest `$n` in it.
    pub fn highest(&self) -> usize {
        let parts = self.0.split('$').skip(1);
        let numbers = parts.filter_map(|rest| rest.chars().next()?.to_digit(10));
        numbers
            .max()
            .map_or(0, |n| n.try_into().unwrap_or(usize::MAX))
    }

    pub(super) fn fill(&self, found: &Found<'_>) -> String {
        let mut filled = String::new();
        let mut keys = self.0.chars();
        while let Some(key) = keys.next() {
            if key == '$' {
                let n = keys.next().and_then(|n| n.to_digit(10)).unwrap_or_default();
                filled.push_str(found.part(n.try_into().unwrap_or(usize::MAX)));
            } else {
                filled.push(key);
            }
        }
        filled
    }
}

impl FromStr for Replacement {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let key = |c: char| c.is_ascii_digit() || "+*#".contains(c);
        let mut parts = text.split('$');
        let first = parts.next().unwrap_or_default();
        let numbered =
            |part: &str| part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().all(key);
        if !text.is_empty() && first.chars().all(key) && parts.all(numbered) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Sentence::of("value.replacement").with("found", text))
        }
    }
}

impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Allow {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        if let Ok(class) = text.parse() {
            return Ok(Self::Class(class));
        }
        let classes = Class::ALL.map(Class::as_str).join(", ");
        let refusal = Sentence::of("value.allow").with("found", text);
        text.parse()
            .map(Self::Numbers)
            .map_err(|_| refusal.with("classes", classes))
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => class.fmt(f),
            Self::Numbers(pattern) => pattern.fmt(f),
        }
    }
}

read_from_text!(Allow, Replacement);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_is_filled_with_what_was_found() {
        let pattern: Pattern = "9(0)(X.)".parse().unwrap();
        let found = pattern.find("9010").unwrap();
        let filled = |text: &str| text.parse::<Replacement>().unwrap().fill(&found);
        assert_eq!(filled("+86$2"), "+8610");
        assert_eq!(filled("$0#$1$9"), "9010#0");
        assert_eq!("+1$2$1".parse::<Replacement>().unwrap().highest(), 2);
        for text in ["", "$", "$x", "a", "1$", "1 2"] {
            assert!(text.parse::<Replacement>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_that_is_no_class_is_a_pattern() {
        assert_eq!("mobile".parse(), Ok(Allow::Class(Class::Mobile)));
        assert!(matches!("+852X.".parse(), Ok(Allow::Numbers(_))));
        assert!("mobil".parse::<Allow>().is_err());
    }
}
