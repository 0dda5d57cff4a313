use std::fmt;
use std::str::FromStr;

use globset::GlobBuilder;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::check::{Fault, fault};
use super::places::Step;
use crate::words::Sentence;

/// `[headset]`: what is worn at this PC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Headset {
    /// Best first; empty: no headset is chosen.
    pub prefer: Vec<Wish>,
}

/// Makers of headsets, then what calls itself one, then what is plugged in by USB: a laptop's own loudspeaker is none.
const USUAL_WISHES: [&str; 11] = [
    "*Jabra*",
    "*Poly*",
    "*Plantronics*",
    "*EPOS*",
    "*Sennheiser*",
    "*Yealink*",
    "*Logi*Headset*",
    "*Logi*Zone*",
    "*Headset*",
    "*Hands-Free*",
    "*USB*",
];

impl Default for Headset {
    fn default() -> Self {
        let prefer = USUAL_WISHES.map(|glob| Wish(glob.to_owned())).to_vec();
        Self { prefer }
    }
}

/// A glob for the name or the description of a sound device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wish(String);

impl AsRef<str> for Wish {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Wish {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let wrong = |why: String| {
            Sentence::of("value.wish")
                .with("found", text)
                .with("why", why)
        };
        match GlobBuilder::new(text).build() {
            Ok(_) if text.is_empty() => Err(wrong("\"\"".to_owned())),
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(wrong(error.kind().to_string())),
        }
    }
}

impl TryFrom<String> for Wish {
    type Error = Sentence;

    fn try_from(text: String) -> Result<Self, Sentence> {
        text.parse()
    }
}

impl From<Wish> for String {
    fn from(wish: Wish) -> Self {
        wish.0
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// More wishes than a rep has headsets.
const WISHES_MAX: usize = 100;

pub(super) fn first_fault(settings: &Settings) -> Option<Fault> {
    let count = settings.headset.prefer.len();
    (count > WISHES_MAX).then(|| {
        fault(
            &[Step::Key("headset"), Step::Key("prefer")],
            Sentence::of("settings.too-many-wishes").with("count", count),
            Sentence::of("settings.right.too-many-wishes").with("most", WISHES_MAX),
        )
    })
}
