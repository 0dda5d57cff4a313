use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::{Digest, FilePath, Refusal};
use crate::words::{Glob, Sentence};

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
        let unread = |at: usize, why: &dyn fmt::Display| Refusal::NoIndex {
            line: Some(line(bytes, at)),
            why: Sentence::of("provision.index.unread").with("why", why),
        };
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|error| unread(error.valid_up_to(), &error))?;
        let index: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            unread(at, &error.message())
        })?;
        if index.part.len() > PARTS_MAX || index.sha256.len() > FILES_MAX {
            return Err(Refusal::TooLarge {
                file: super::INDEX.to_owned(),
            });
        }
        let mut groups = index.part.iter().flat_map(|part| &part.group);
        if let Some(name) = groups.find(|name| !index.group.contains_key(*name)) {
            return Err(Refusal::NoIndex {
                line: None,
                why: Sentence::of("provision.index.no-group").with("group", name),
            });
        }
        Ok(index)
    }
}

/// From 1.
fn line(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
