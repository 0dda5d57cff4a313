//! The settings are read anew when an admin says so (SIGHUP) or their files have changed: what can change while we run counts for the calls from
//! then on, live ones keep their terms. Nobody in a call waits for the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::journal::fingerprint;
use crate::media::Phrasebook;
use crate::policy::Policy;
use crate::provision::Held;
use crate::records::What;
use crate::settings::{
    Effective, Inspection, PolicyFile, Provisioned, Settings, Sources, policy_changes,
};
use crate::words::{Catalogue, Language, Moment};

use super::{Desk, Unfit, house, inspect, opening, prompts};

/// Stands while the files cannot be used.
const SETTINGS_UNFIT: &str = "settings-unfit";

/// What counts for new calls, each with all that is under it; the rest is opened at the start, and only there.
const FOR_NEW_CALLS: [&str; 7] = [
    "language",
    "policy",
    "prompts",
    "music",
    "phone_keys",
    "callbacks.machine",
    "callbacks.first",
];

/// What counts now, and what is being read.
pub(super) struct Reload {
    sources: Option<Sources>,
    /// By key, as TOML.
    values: BTreeMap<String, String>,
    settings: Settings,
    /// The admin's copy that they are of.
    provisioned: Option<Provisioned>,
    reading: Option<JoinHandle<Result<Fresh, String>>>,
    /// The files may have changed since it began.
    again: bool,
    cause: Cause,
}

/// Why they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// He is told, even that nothing changed.
    Asked,
    Change,
}

/// Settings that an agent could start with.
pub(super) struct Fresh {
    values: BTreeMap<String, String>,
    settings: Settings,
    provisioned: Option<Provisioned>,
    policy: Policy,
    book: Phrasebook,
}

/// One value that is another.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    key: String,
    from: String,
    to: String,
}

impl Reload {
    pub(super) fn new(settings: &Settings, sources: Option<Sources>) -> Self {
        let inspected = sources.as_ref().map(Inspection::of);
        let provisioned = inspected.as_ref().and_then(Inspection::provisioned);
        Self {
            provisioned: provisioned.cloned(),
            values: inspected.as_ref().map(values).unwrap_or_default(),
            sources,
            settings: settings.clone(),
            reading: None,
            again: false,
            cause: Cause::Asked,
        }
    }

    /// What counts for new calls.
    pub(super) fn policy(&self) -> &PolicyFile {
        &self.settings.policy
    }

    /// Whether this is the admin's copy that counts; one may be taken and yet to be read.
    pub(super) fn uses(&self, held: &Held) -> bool {
        let used = self.provisioned.as_ref();
        used.is_some_and(|it| it.held.digest == held.digest)
    }

    /// Where the admin's copy that counts is kept.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.provisioned.as_ref().map(|it| it.folder.clone())
    }

    /// Asked while it still reads, it reads once more: the files may have changed since. Whoever asked is told, whatever
    /// else was a cause.
    pub(super) fn begin(&mut self, cause: Cause) {
        if self.reading.is_none() || cause == Cause::Asked {
            self.cause = cause;
        }
        match self.reading {
            Some(_) => self.again = true,
            None => self.read(),
        }
    }

    fn read(&mut self) {
        let sources = self.sources.clone();
        self.reading = sources.map(|sources| spawn_blocking(move || read(&sources)));
    }

    /// What the files say; for ever where none are being read. Cancel-safe.
    pub(super) async fn done(&mut self) -> Result<Fresh, String> {
        loop {
            let Some(reading) = &mut self.reading else {
                return std::future::pending().await;
            };
            let read = reading.await;
            self.reading = None;
            if !std::mem::take(&mut self.again) {
                return read.unwrap_or_else(|error| Err(error.to_string()));
            }
            self.read();
        }
    }

    /// Takes over what counts for new calls; the changes that do, and the keys of those that wait for a restart.
    fn take(&mut self, fresh: &Fresh) -> (Vec<Change>, Vec<String>) {
        let changes = changes(&self.values, &fresh.values).into_iter();
        let (counting, waiting): (Vec<_>, Vec<_>) = changes.partition(|it| counts(&it.key));
        let own = std::mem::take(&mut self.values).into_iter();
        let others = own.filter(|(key, _)| !counts(key));
        let fresh_ones = fresh.values.iter().filter(|(key, _)| counts(key));
        let fresh_ones = fresh_ones.map(|(key, value)| (key.clone(), value.clone()));
        self.values = others.chain(fresh_ones).collect();
        let (settings, new) = (&mut self.settings, &fresh.settings);
        settings.language = new.language;
        settings.policy.clone_from(&new.policy);
        settings.prompts.clone_from(&new.prompts);
        settings.music.clone_from(&new.music);
        settings.phone_keys.clone_from(&new.phone_keys);
        settings.callbacks.machine = new.callbacks.machine;
        settings.callbacks.first = new.callbacks.first;
        let waiting = waiting.into_iter().map(|change| change.key).collect();
        (counting, waiting)
    }
}

impl Fresh {
    fn folder(&self) -> Option<PathBuf> {
        self.provisioned.as_ref().map(|it| it.folder.clone())
    }
}

/// Looked at as by `thirdring config check`; in English, for the log. Without the admin's copy this PC's own settings are
/// not what he decided: what counts stays.
fn read(sources: &Sources) -> Result<Fresh, String> {
    let mut inspection = Inspection::of(sources);
    if let Some(why) = inspection.lacks_copy() {
        return Err(Catalogue::shipped().say(why, Language::En));
    }
    inspect(&mut inspection);
    let (values, provisioned) = (values(&inspection), inspection.provisioned().cloned());
    let settings = inspection.settings_if_right();
    let settings = settings.map_err(|error| error.for_log())?;
    let unfit = |why: Unfit| super::RunError::from(why).to_string();
    Ok(Fresh {
        values,
        policy: house::read_policy(&settings.policy).map_err(unfit)?,
        book: prompts::open(&settings).map_err(unfit)?,
        provisioned,
        settings,
    })
}

/// The settings' own, and what the policy's file changes: `policy.hold.every`. Where an admin's file is kept is no value.
fn values(inspection: &Inspection) -> BTreeMap<String, String> {
    let own = inspection.effective().into_iter();
    let own = own.map(|Effective { key, value, .. }| {
        let value = match inspection.provisioned() {
            Some(provisioned) => provisioned.named(value),
            None => value,
        };
        (key, value.to_string())
    });
    own.chain(policy_changes(&inspection.settings().policy))
        .collect()
}

fn counts(key: &str) -> bool {
    FOR_NEW_CALLS.iter().any(|name| {
        let rest = key.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// By key; what is not there is empty.
fn changes(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Change> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of = |values: &BTreeMap<String, String>, key| values.get(key).cloned().unwrap_or_default();
    let changes = keys.into_iter().map(|key| Change {
        key: key.clone(),
        from: of(old, key),
        to: of(new, key),
    });
    changes.filter(|change| change.from != change.to).collect()
}

impl Desk {
    /// Bad files leave what counts as it is.
    pub(super) fn reload(&mut self, reload: &mut Reload, read: Result<Fresh, String>, now: Moment) {
        match read {
            Ok(fresh) => {
                self.duty.alarms.remove(SETTINGS_UNFIT);
                self.renew_terms(reload, fresh, now);
            }
            Err(why) => {
                tracing::warn!(%why, "the settings stay as they were");
                self.standing_alarm(SETTINGS_UNFIT, now);
            }
        }
    }

    fn renew_terms(&mut self, reload: &mut Reload, fresh: Fresh, now: Moment) {
        let has_moved = reload.folder() != fresh.folder();
        reload.provisioned.clone_from(&fresh.provisioned);
        let serial = reload.provisioned.as_ref().map_or(0, |it| it.held.serial);
        self.chronicle.metrics.provision_serial(serial);
        let (changed, after_restart) = reload.take(&fresh);
        for Change { key, from, to } in &changed {
            tracing::info!(key, from, to, "a setting changed, for calls from now on");
        }
        // Their values may be numbers and addresses of people.
        for key in &after_restart {
            tracing::warn!(key, "a setting changed that counts after a restart");
        }
        let is_told =
            reload.cause == Cause::Asked || !changed.is_empty() || !after_restart.is_empty();
        // The same files in another folder: the old one is removed some day, and phrases are read again and again.
        if !is_told && !has_moved {
            return;
        }
        let settings = &reload.settings;
        let terms = house::terms(settings, fresh.policy, &fresh.book);
        self.house.terms = Arc::new(terms);
        self.house.language = settings.language;
        let spoken = opening::spoken(settings, &self.house);
        let watch = opening::watch(&self.house);
        self.sound.renew((Arc::new(fresh.book), spoken), watch);
        let policy = &self.house.terms.policy;
        self.chronicle.renew(policy);
        self.chronicle.metrics.policy(&fingerprint(policy));
        if !is_told {
            return;
        }
        let changed = changed.into_iter().map(|change| change.key).collect();
        let reloaded = What::SettingsReloaded {
            changed,
            after_restart,
        };
        self.note_desk(reloaded, now);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::provision::SigningKey;

    fn values(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn what_changed_is_told_with_both_values() {
        let old = values(&[("language", "\"en\""), ("policy.hold.every", "\"15s\"")]);
        let new = values(&[("language", "\"en\""), ("sip.listen", "\"127.0.0.1:1\"")]);
        let told = changes(&old, &new);
        let told: Vec<_> = (told.iter())
            .map(|it| (it.key.as_str(), it.from.as_str(), it.to.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("policy.hold.every", "\"15s\"", ""),
                ("sip.listen", "", "\"127.0.0.1:1\"")
            ]
        );
    }

    #[tokio::test]
    async fn whoever_asked_is_told_though_a_file_changed_meanwhile_and_it_is_read_once_more() {
        let mut reload = Reload::new(&Settings::default(), Some(Sources::default()));
        reload.begin(Cause::Asked);
        reload.begin(Cause::Change);
        assert_eq!((reload.cause, reload.again), (Cause::Asked, true));
        assert!(reload.done().await.is_ok());
        assert!(reload.reading.is_none() && !reload.again);
        reload.begin(Cause::Change);
        assert_eq!((reload.cause, reload.again), (Cause::Change, false));
    }

    #[test]
    fn a_spoilt_copy_leaves_no_pc_to_its_own_settings() {
        let state = format!("thirdring-reloading-{}", std::process::id());
        let state = std::env::temp_dir().join(state);
        fs::create_dir_all(state.join("provision")).unwrap();
        fs::write(state.join("provision/current.json"), "half").unwrap();
        let key = SigningKey::from_seed(&[7; 32]).public();
        let own = format!(
            "test = true\nprovision = {{ url = \"https://127.0.0.1:1\", key = \"{key}\" }}\n"
        );
        let file = state.join("thirdring.toml");
        fs::write(&file, own).unwrap();
        let sources = Sources {
            file: Some(file),
            sets: Vec::new(),
            state: Some(state.clone()),
        };
        let told = read(&sources).map(drop);
        fs::remove_dir_all(state).unwrap();
        let why = told.unwrap_err();
        assert!(why.contains("what https://127.0.0.1:1 provisions"), "{why}");
    }

    #[test]
    fn ports_and_the_store_wait_for_a_restart() {
        for key in [
            "sip.listen",
            "media.ports",
            "store.path",
            "api.listen",
            "seat",
            "line.watch",
        ] {
            assert!(!counts(key), "{key}");
        }
        for key in [
            "policy",
            "policy.hold.every",
            "language",
            "phone_keys.*51",
            "callbacks.first",
        ] {
            assert!(counts(key), "{key}");
        }
        assert!(!counts("callbacks.firstly") && !counts("music_of_others"));
    }
}
