use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::{Sentence, read_from_text};

/// A file of an index, from its folder: `groups/sales.toml`. It leads nowhere else, on any system: letters, digits and
/// `._-`, and `/` between names that do not begin with a dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// What the systems' paths have room for beside a state folder's.
const BYTES_MAX: usize = 150;

impl FilePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is in a folder of this name, at any depth.
    pub fn is_in(&self, folder: &str) -> bool {
        let rest = self.0.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// As a part of an address (RFC 3986 2.1).
    pub fn in_url(&self) -> String {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
        let bytes = self.0.as_bytes().iter();
        bytes
            .map(|byte| match plain(byte) {
                true => char::from(*byte).to_string(),
                false => format!("%{byte:02X}"),
            })
            .collect()
    }
}

impl FromStr for FilePath {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let is_name = |name: &str| {
            let letters = name
                .chars()
                .all(|c| c.is_alphanumeric() || "._-".contains(c));
            letters && !name.is_empty() && !name.starts_with('.') && !name.ends_with('.')
        };
        match text.len() <= BYTES_MAX && text.split('/').all(is_name) {
            true => Ok(Self(text.to_owned())),
            false => Err(Sentence::of("value.provisioned-path").with("found", text)),
        }
    }
}

read_from_text!(FilePath; Debug);

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
