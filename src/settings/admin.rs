//! Provisioned settings as layers below the PC's own, and what these may not set.

use std::path::PathBuf;

use toml::{Table, Value};

use super::complaint::Complaint;
use super::places::Place;
use crate::provision::store::Copy;
use crate::provision::{INDEX, Locks, Share};
use crate::words::Sentence;

/// What an admin decides of this PC.
#[derive(Clone, Debug)]
pub(super) struct Admin {
    /// What a person calls the place of its files: an address, or a folder.
    place: String,
    serial: u64,
    locks: Locks,
    share: Share,
    files: PathBuf,
}

/// Keys that name a file or a folder, wherever they stand.
const PATHS: [&str; 11] = [
    "policy",
    "prompts",
    "music",
    "token_file",
    "path",
    "folder",
    "key_file",
    "certificate",
    "key",
    "ca",
    "file",
];

/// Only this PC itself says by whom it is provisioned.
const OWN: &str = "provision";

impl Admin {
    pub(super) fn of(place: &str, copy: &Copy) -> Self {
        Self {
            place: place.to_owned(),
            serial: copy.index.serial,
            locks: Locks::new(&copy.index.locked),
            share: copy.share.clone(),
            files: copy.files.clone(),
        }
    }

    /// What a person calls a file of it.
    pub(super) fn name_of(&self, file: &str) -> String {
        format!("{}/{file}", self.place)
    }

    /// Why a layer may not set this key; its value is as if it were not written. An agent starts without it: that an
    /// admin has locked a key must not keep a hotline's PCs from taking calls, and the value that counts is his.
    pub(super) fn bars(&self, place: &Place, is_provisioned: bool) -> Option<Complaint> {
        let key = place.to_string();
        if is_provisioned {
            let is_own = key == OWN || key.strip_prefix(OWN).is_some_and(|it| it.starts_with('.'));
            let title = Sentence::of("settings.not-to-provision").with("key", &key);
            return is_own.then(|| Complaint::bare(title));
        }
        let lock = self.locks.lock_of(&key)?;
        let title = Sentence::of("settings.locked")
            .with("key", &key)
            .with("lock", lock)
            .with("index", self.name_of(INDEX))
            .with("serial", self.serial);
        Some(Complaint::new(title, Sentence::of("settings.right.locked")))
    }

    /// A path of the admin's that names one of his files counts from where they are kept.
    pub(super) fn place_paths(&self, layer: &mut Table) {
        for (key, value) in layer.iter_mut() {
            match value {
                Value::Table(inner) => self.place_paths(inner),
                Value::Array(list) => list
                    .iter_mut()
                    .filter_map(Value::as_table_mut)
                    .for_each(|entry| self.place_paths(entry)),
                Value::String(path) if PATHS.contains(&key.as_str()) && self.share.has(path) => {
                    *path = self.files.join(&*path).to_string_lossy().into_owned();
                }
                Value::String(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_) => {}
            }
        }
    }
}
