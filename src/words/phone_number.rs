use std::fmt;

use serde::{Deserialize, Serialize};

use super::Sentence;

/// A telephone number as dialled or presented: digits, `*`, `#`, and a leading `+`.
///
/// Prints only its length; carry it as `Pii<PhoneNumber>` where a value is kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// ITU-T E.164 allows 15 digits; prefixes and access codes add to them.
const DIGITS_MAX: usize = 32;

impl PhoneNumber {
    /// Reads a number, dropping the visual separators of RFC 3966 5.1.1 (`-`, `.`, `(`, `)`, space).
    pub fn parse(text: &str) -> Result<Self, Sentence> {
        let number: String = text.chars().filter(|c| !"-.() ".contains(*c)).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let dialable = |c: char| c.is_ascii_digit() || c == '*' || c == '#';
        if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.chars().all(dialable) {
            return Err(Sentence::of("value.number")
                .with("length", text.chars().count())
                .with("most", DIGITS_MAX));
        }
        Ok(Self(number))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = Sentence;

    fn try_from(text: String) -> Result<Self, Sentence> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[number of {}]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_dropped_and_nothing_else() {
        assert_eq!(
            PhoneNumber::parse("+86 (138) 0013-8000").unwrap().as_str(),
            "+8613800138000"
        );
        assert!(PhoneNumber::parse("alice").is_err());
        assert!(PhoneNumber::parse("").is_err());
        assert!(PhoneNumber::parse(&"1".repeat(33)).is_err());
    }

    #[test]
    fn a_number_does_not_print_itself() {
        let number = PhoneNumber::parse("13800138000").unwrap();
        assert!(!format!("{number:?}").contains("138"));
    }
}
