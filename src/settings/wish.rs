use std::fmt;
use std::str::FromStr;

use globset::GlobBuilder;
use serde::{Deserialize, Serialize};

use crate::words::Sentence;

/// A glob for the name or the description of a sound device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wish(String);

impl Wish {
    /// One of ours, which can be read.
    pub(super) fn usual(glob: &str) -> Self {
        Self(glob.to_owned())
    }
}

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
