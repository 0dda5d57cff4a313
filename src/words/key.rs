use std::fmt;

use serde::{Deserialize, Serialize};

use super::Sentence;

/// A telephone key: 0-9, *, #, A-D (RFC 4733 3.2, events 0-15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "char", into = "char")]
pub struct Key(u8);

const KEYS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

impl Key {
    pub const ONE: Self = Self(1);
    pub const TWO: Self = Self(2);

    pub fn from_event(event: u8) -> Option<Self> {
        (usize::from(event) < KEYS.len()).then_some(Self(event))
    }

    /// The telephone-event code, 0-15.
    pub fn event(self) -> u8 {
        self.0
    }

    pub fn as_char(self) -> char {
        KEYS[usize::from(self.0)]
    }
}

impl TryFrom<char> for Key {
    type Error = Sentence;

    fn try_from(c: char) -> Result<Self, Sentence> {
        KEYS.iter()
            .position(|key| *key == c.to_ascii_uppercase())
            .and_then(|event| u8::try_from(event).ok())
            .map(Self)
            .ok_or_else(|| Sentence::of("value.key").with("found", c))
    }
}

impl From<Key> for char {
    fn from(key: Key) -> Self {
        key.as_char()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}
