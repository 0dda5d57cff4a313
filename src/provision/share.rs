use std::collections::BTreeMap;

use super::{Digest, FilePath, Index, Part, Refusal, Who};
use crate::words::{Glob, Sentence};

/// Whom an index is read for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pc {
    pub host: String,
    pub user: String,
}

/// What a PC gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The later wins.
    pub layers: Vec<Layer>,
    /// Those of the layers, and what they name.
    pub files: BTreeMap<FilePath, Digest>,
}

/// Settings that are laid over those before; whom they are for orders them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Common(FilePath),
    Group(FilePath),
    Seat(FilePath),
}

impl Layer {
    pub fn path(&self) -> &FilePath {
        match self {
            Self::Common(path) | Self::Group(path) | Self::Seat(path) => path,
        }
    }

    /// Of the API and the catalogue.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Common(_) => "common",
            Self::Group(_) => "group",
            Self::Seat(_) => "seat",
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Common(_) => 0,
            Self::Group(_) => 1,
            Self::Seat(_) => 2,
        }
    }
}

impl Index {
    /// What this PC gets: of all, of its groups, of itself; in each in the order of the index.
    pub fn share_of(&self, pc: &Pc) -> Result<Share, Refusal> {
        let mut share = Share::default();
        let parts = self.parts_for(pc).into_iter();
        for part in parts.filter_map(|n| self.part.get(n)) {
            if let Some(path) = &part.settings {
                let digest = self.sha256.get(path).ok_or_else(|| Refusal::NoIndex {
                    line: None,
                    why: Sentence::of("provision.index.no-hash").with("file", path),
                })?;
                share.files.insert(path.clone(), *digest);
                share.layers.push(part.layer(path.clone()));
            }
            let named = self.sha256.iter();
            let named = named.filter(|(path, _)| any(&part.files, path.as_str()));
            share
                .files
                .extend(named.map(|(path, digest)| (path.clone(), *digest)));
        }
        // Stable: in a rank the order of the index stays.
        share.layers.sort_by_key(Layer::rank);
        Ok(share)
    }

    /// Their numbers, from 0.
    pub(super) fn parts_for(&self, pc: &Pc) -> Vec<usize> {
        let parts = self.part.iter().enumerate();
        let fitting = parts.filter(|(_, part)| self.is_for(part, pc));
        fitting.map(|(n, _)| n).collect()
    }

    /// Whether somebody gets this file, where it is there.
    pub fn names(&self, path: &FilePath) -> bool {
        let mut parts = self.part.iter();
        parts.any(|part| part.settings.as_ref() == Some(path) || any(&part.files, path.as_str()))
    }

    /// Each kind that is named must fit; of a kind one is enough.
    fn is_for(&self, part: &Part, pc: &Pc) -> bool {
        let in_group = |name: &String| self.group.get(name).is_some_and(|who| who.has(pc));
        let groups = part.group.is_empty() || part.group.iter().any(in_group);
        groups && fits(&part.host, &pc.host) && fits(&part.user, &pc.user)
    }
}

impl Part {
    fn layer(&self, path: FilePath) -> Layer {
        match (
            self.host.is_empty() && self.user.is_empty(),
            self.group.is_empty(),
        ) {
            (false, _) => Layer::Seat(path),
            (true, false) => Layer::Group(path),
            (true, true) => Layer::Common(path),
        }
    }
}

impl Who {
    /// A group of nobody is nobody.
    fn has(&self, pc: &Pc) -> bool {
        any(&self.host, &pc.host) || any(&self.user, &pc.user)
    }
}

fn fits(patterns: &[Glob], name: &str) -> bool {
    patterns.is_empty() || any(patterns, name)
}

fn any(patterns: &[Glob], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.fits(name))
}

impl Share {
    /// Whether it is a file of this PC, or a folder of such files.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let mut files = self.files.keys();
        files.any(|file| file.as_str() == path || file.is_in(path))
    }

    /// Refuses what does not hash to what was signed.
    pub fn check(&self, path: &FilePath, bytes: &[u8]) -> Result<(), Refusal> {
        match self.files.get(path) {
            Some(digest) if *digest == Digest::of(bytes) => Ok(()),
            Some(_) | None => Err(Refusal::Changed {
                file: path.to_string(),
            }),
        }
    }
}
