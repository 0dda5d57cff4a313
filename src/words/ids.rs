use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Sentence, read_from_text};

/// One call, from its INVITE to its record; sortable by time (UUID version 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(#[serde(with = "uuid::serde::simple")] Uuid);

impl CallId {
    /// Joins Unix milliseconds and 10 random bytes (RFC 9562 5.7).
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// The Unix milliseconds it was made at: its first 48 bits.
    pub fn unix_ms(self) -> u64 {
        u64::try_from(self.0.as_u128() >> 80).unwrap_or_default()
    }

    /// The day it was made on, by UTC: what is kept of a call past midnight stays where it began.
    pub fn day(self) -> String {
        let ms = i64::try_from(self.unix_ms()).unwrap_or(i64::MAX);
        let made = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
        made.strftime("%Y-%m-%d").to_string()
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_simple().fmt(f)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CallId {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let refused = |_| Sentence::of("value.call-id").with("found", text);
        Uuid::parse_str(text).map(Self).map_err(refused)
    }
}

/// A rep's place, as named by `[[seat]] id`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeatId(Arc<str>);

/// A standard phrase, by its key in `phrases.toml`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PromptId(Arc<str>);

/// An agent with its own queue of callbacks: of the desks that share one store no two have the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeskId(Arc<str>);

/// What every such name can do.
macro_rules! name {
    ($($name:ident),*) => {$(
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Sentence;

            fn from_str(text: &str) -> Result<Self, Sentence> {
                named(text).map(Self)
            }
        }

        read_from_text!($name; Debug);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

name!(SeatId, PromptId, DeskId);

impl DeskId {
    /// The desk that has its book for itself.
    pub fn alone() -> Self {
        Self("desk".into())
    }
}

fn named(text: &str) -> Result<Arc<str>, Sentence> {
    if text.is_empty() {
        Err(Sentence::of("value.empty-name"))
    } else {
        Ok(text.into())
    }
}
