//! `thirdring update`: another program in the place of the installed one, once nobody is on the line (D29).
//!
//! The new program is asked first whether it runs and takes the settings. The agent is drained, its promises are copied,
//! the programs change places and the agent is started. Where it does not answer then, they change back.

mod installed;
mod restart;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::api::Api;
use super::arguments::{DrainWords, Everywhere, UpdateArguments};
use super::failure::{Failure, unusable};
use super::{Environment, Teller, drain, shown};
use crate::callbacks::store::{OpenError, Sqlite};
use crate::console::HealthView;
use crate::desk::clock;
use crate::files;
use crate::settings::Inspection;
use crate::words::Sentence;
use installed::{Candidate, Installed, Staged};
use restart::Restart;

/// Farewells and the last commits of a drained agent are over by then.
const ENDS_WITHIN: Duration = Duration::from_secs(40);
/// An agent that starts opens its book, its lines and its phrases.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// How often is looked for either.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// Beside the store, as it was before the last update.
const SNAPSHOT: &str = "before-update.sqlite";

pub(super) fn run(
    arguments: &UpdateArguments,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let layers = &arguments.layers;
    let sources = layers.sources(environment);
    let settings = Inspection::of(&sources).settings_if_right();
    let settings = settings.map_err(Failure::Settings)?;
    let state = sources.state.ok_or(Failure::NoStateFolder)?;
    let installed = Installed::at(arguments.installed.as_deref()).map_err(Failure::Told)?;
    let restart = Restart::of(arguments.restart.as_deref());
    let api = Api::new(everywhere, environment, teller.language)?;

    let candidate = match &arguments.program {
        Some(program) => Candidate::of(program.clone()),
        None => installed.previous(),
    };
    // On the same disk: what is left to do once nobody takes calls is a rename.
    let staged = installed.stage(&candidate).map_err(Failure::Told)?;
    let version = staged.examined(arguments.sha256.as_ref(), layers);
    let version = version.map_err(Failure::Told)?;
    say("update.fit", &[("version", &version)], teller)?;
    drained(&api, teller)?;
    let exchanged = exchanged(staged, &settings.store.file(&state), teller);
    if exchanged.is_ok() {
        let previous = shown(installed.previous().path());
        // Whoever does not read it any more: what matters is the next start.
        let _ = say("update.swapped", &[("file", &previous)], teller);
    }
    let Some(restart) = restart else {
        let told = say("update.start-it", &[], teller);
        return exchanged.and(told);
    };
    let snapshot = match exchanged {
        Ok(snapshot) => snapshot,
        Err(why) => {
            // Nobody takes calls: whichever program is in the place is started.
            started(&restart, &api, teller);
            return Err(why);
        }
    };
    if started(&restart, &api, teller) {
        return say("update.well", &[("version", &version)], teller);
    }
    let back = installed.swap_back();
    let is_well = started(&restart, &api, teller);
    back.map_err(Failure::Told)?;
    let how = match is_well {
        true => "update.back",
        false => "update.down",
    };
    let snapshot = snapshot.map(|file| shown(&file));
    let snapshot = snapshot.unwrap_or_else(|| teller.text("update.no-snapshot"));
    Err(Failure::Told(Sentence::of(how).with("snapshot", snapshot)))
}

/// The promises are copied and the programs change places, while nobody takes calls: where the copy of the promises is.
fn exchanged(
    staged: Staged<'_>,
    store: &Path,
    teller: &mut Teller<'_>,
) -> Result<Option<PathBuf>, Failure> {
    let snapshot = snapshot(store)?;
    if let Some(file) = &snapshot {
        say("update.snapshot", &[("file", &shown(file))], teller)?;
    }
    staged.swap().map_err(Failure::Told)?;
    Ok(snapshot)
}

/// Nobody is on the line then, and the promises are kept. An agent that does not run has nobody.
fn drained(api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    match api.get_whatever_its_status("/healthz") {
        Err(Failure::Unreachable { .. }) => return say("update.nobody-runs", &[], teller),
        Err(other) => return Err(other),
        Ok(_) => {}
    }
    let words = DrainWords {
        no_wait: false,
        cancel: false,
    };
    drain::drain(&words, api, teller)?;
    let has_ended = || api.get_whatever_its_status("/healthz").err();
    match waited_for(ENDS_WITHIN, has_ended) {
        Some(_) => Ok(()),
        None => Err(Failure::Told(Sentence::of("update.does-not-end"))),
    }
}

/// None where there are no promises yet.
fn snapshot(store: &Path) -> Result<Option<PathBuf>, Failure> {
    if !store.exists() {
        return Ok(None);
    }
    let fresh = store.with_file_name(format!("{SNAPSHOT}.new"));
    // Of an update that broke off.
    let _ = fs::remove_file(&fresh);
    // The agent's API ends before its book is closed.
    let copied = waited_for(ENDS_WITHIN, || match Sqlite::snapshot(store, &fresh) {
        Err(OpenError::Locked(_)) => None,
        copied => Some(copied),
    });
    let locked = || Err(OpenError::Locked(store.to_owned()));
    let copied = copied.unwrap_or_else(locked);
    copied.map_err(|why| Failure::Told(why.sentence()))?;
    let kept = store.with_file_name(SNAPSHOT);
    files::make_private(&fresh)
        .and_then(|()| fs::rename(&fresh, &kept))
        .map_err(|why| unusable(&kept, why))?;
    Ok(Some(kept))
}

/// Whether an agent answers then, and takes calls. It is started whether or not anybody still reads what is told: a
/// terminal that was closed is no reason to leave callers alone.
fn started(restart: &Restart, api: &Api, teller: &mut Teller<'_>) -> bool {
    let _ = say("update.starts", &[("command", restart.command())], teller);
    if let Err(why) = restart.run() {
        let why = teller.texts.say(&why, teller.language);
        let _ = teller.line(&why);
        return false;
    }
    let is_well = || {
        let health = api.get_whatever_its_status("/healthz");
        let health = health.and_then(|body| api.view::<HealthView>(&body));
        health.ok().filter(|health| health.ok)
    };
    waited_for(ANSWERS_WITHIN, is_well).is_some()
}

/// What comes to be; none where it does not in time.
fn waited_for<T>(time: Duration, looked: impl Fn() -> Option<T>) -> Option<T> {
    let until = clock::now() + time;
    loop {
        if let Some(found) = looked() {
            return Some(found);
        }
        if clock::now() >= until {
            return None;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "no event tells of a port that nobody, or somebody, listens on"
        )]
        std::thread::sleep(LOOKS_EVERY);
    }
}

fn say(key: &str, values: &[(&str, &str)], teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        let said: serde_json::Map<_, _> = std::iter::once(("step", key))
            .chain(values.iter().copied())
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        return teller.line(&serde_json::Value::Object(said).to_string());
    }
    teller.say(key, values)
}
