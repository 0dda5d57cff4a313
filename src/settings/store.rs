use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::{Fault, fault};
use super::places::Step;
use super::values::empty_is_none;
use super::{Secret, Settings};
use crate::words::{DeskId, Sentence};

/// Where the promises are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    pub kind: StoreKind,
    /// Of SQLite's file.
    #[serde(with = "empty_is_none")]
    pub path: Option<PathBuf>,
    /// Of PostgreSQL's server: a password is in it.
    pub url: Option<Secret>,
    /// Who this machine is among those that share the server.
    pub desk: DeskId,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    #[default]
    Sqlite,
    Postgres,
}

impl Store {
    /// SQLite's file of this machine: the promises, or what waits for a server of promises.
    pub fn file(&self, state: &Path) -> PathBuf {
        match self.kind {
            StoreKind::Sqlite => self
                .path
                .clone()
                .unwrap_or_else(|| state.join("promises.sqlite")),
            StoreKind::Postgres => state.join("outbox.sqlite"),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            kind: StoreKind::default(),
            path: None,
            url: None,
            desk: DeskId::alone(),
        }
    }
}

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let fault = address(settings).map(|fault| fault.leaning_on(&["store"]));
    fault.into_iter().collect()
}

fn address(settings: &Settings) -> Option<Fault> {
    let store = &settings.store;
    let at = |key| [Step::Key("store"), Step::Key(key)];
    match (store.kind, &store.url) {
        (StoreKind::Postgres, None) => Some(fault(
            &at("kind"),
            Sentence::of("settings.no-store-url"),
            Sentence::of("settings.right.store-url"),
        )),
        (StoreKind::Postgres, Some(Secret::Literal(_))) if !settings.test => Some(fault(
            &at("url"),
            Sentence::of("settings.open-store-url"),
            Sentence::of("settings.right.store-url"),
        )),
        (StoreKind::Sqlite, Some(_)) => Some(fault(
            &at("kind"),
            Sentence::of("settings.idle-store-url"),
            Sentence::of("settings.right.idle-store-url"),
        )),
        (StoreKind::Postgres, Some(_)) | (StoreKind::Sqlite, None) => None,
    }
}
