use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::Sentence;

/// What kind of destination a number is, by the country's plan; the later, the more it may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Bypasses every rule and gate; never a callback (D34).
    Emergency,
    /// An extension of the PBX: up to six digits that the country's plan does not know.
    Internal,
    /// Short and freephone numbers: 114, 10086, 400.., 0800...
    Service,
    /// Of our own area.
    Local,
    National,
    Mobile,
    /// No number of the country: access codes, keys such as `*72`.
    Other,
    /// The called party earns.
    Premium,
    International,
}

impl Class {
    pub const ALL: [Self; 9] = [
        Self::Emergency,
        Self::Internal,
        Self::Service,
        Self::Local,
        Self::National,
        Self::Mobile,
        Self::Other,
        Self::Premium,
        Self::International,
    ];

    /// What is dialled without a word in the settings: no way to be robbed.
    pub const ORDINARY: [Self; 5] = [
        Self::Internal,
        Self::Service,
        Self::Local,
        Self::National,
        Self::Mobile,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Internal => "internal",
            Self::Service => "service",
            Self::Local => "local",
            Self::National => "national",
            Self::Mobile => "mobile",
            Self::Other => "other",
            Self::Premium => "premium",
            Self::International => "international",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let mut all = Self::ALL.into_iter();
        all.find(|class| class.as_str() == text).ok_or_else(|| {
            Sentence::of("value.word").with("known", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}
