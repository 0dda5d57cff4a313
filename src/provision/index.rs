use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Digest, FilePath, Refusal};
use crate::words::Glob;

/// `[[part]]` entries: one a seat, and room for groups.
const PARTS_MAX: usize = 4_000;

/// Files of an index: each language of each phrase, and room.
const FILES_MAX: usize = 8_000;

/// `index.toml`: who gets what, and what each file hashes to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Counted up by each signing: an older index than the one in use is refused.
    #[serde(default)]
    pub serial: u64,
    /// Keys that no layer of the PC may set.
    #[serde(default)]
    pub locked: Vec<Glob>,
    #[serde(default)]
    pub group: BTreeMap<String, Who>,
    #[serde(default)]
    pub part: Vec<Part>,
    /// Written by the signing.
    #[serde(default)]
    pub sha256: BTreeMap<FilePath, Digest>,
}

/// By name of the PC, or of the user; upper and lower case are one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Who {
    pub host: Vec<Glob>,
    pub user: Vec<Glob>,
}

/// What some PCs get; without a group, a host or a user all of them do.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Part {
    pub group: Vec<String>,
    pub host: Vec<Glob>,
    pub user: Vec<Glob>,
    /// A layer of settings.
    pub settings: Option<FilePath>,
    /// What settings name: prompts, a policy.
    pub files: Vec<Glob>,
}

impl Index {
    /// Reads what was signed.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let no_index = |why: String| Refusal::NoIndex { why };
        let text = std::str::from_utf8(bytes).map_err(|error| no_index(error.to_string()))?;
        let index: Self =
            toml::from_str(text).map_err(|error| no_index(error.message().to_owned()))?;
        if index.part.len() > PARTS_MAX || index.sha256.len() > FILES_MAX {
            return Err(Refusal::TooLarge {
                file: super::INDEX.to_owned(),
            });
        }
        let mut groups = index.part.iter().flat_map(|part| &part.group);
        if let Some(name) = groups.find(|name| !index.group.contains_key(*name)) {
            let why = format!("there is no [group.{name}]");
            return Err(no_index(why));
        }
        Ok(index)
    }
}
