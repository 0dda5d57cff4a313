//! What the agent is told and what it keeps: settings, folders, secrets, promises, phrases.

use std::net::SocketAddr;
use std::path::Path;

use crate::callbacks::store::Examined;
use crate::doctor::{Finding, Mend};
use crate::words::{Language, Sentence};

/// The oldest PostgreSQL that has all we ask of it, as `server_version_num` tells it.
const POSTGRES_MIN: i64 = 150_000;

/// What callers hear is levelled to -26 dBov: what is further from it was too uneven for that.
const LEVEL_DBOV: f32 = -26.0;
const LEVEL_OFF_DB: f32 = 3.0;
/// A recording that is raised so far brings the noise of its room along.
const RAISED_DB: f32 = 20.0;

/// Names in one sentence; more are told by their number in `config check`.
const NAMED_MAX: usize = 8;

pub(in crate::doctor) fn settings(faults: usize, warnings: usize) -> Finding {
    let said = |key: &str, count: usize| Sentence::of(key).with("count", count);
    match (faults, warnings) {
        (0, 0) => Finding::ok(Sentence::of("doctor.settings.right")),
        (0, warnings) => Finding::warning(said("doctor.settings.warnings", warnings)),
        (faults, _) => Finding::fault(said("doctor.settings.faults", faults)),
    }
}

/// Who has the state folder; an agent `answers` at the API of these settings, or does not.
pub(in crate::doctor) fn other_agent(api: SocketAddr, answers: bool, is_locked: bool) -> Finding {
    let of = |key: &str| Sentence::of(key).with("api", api);
    match (answers, is_locked) {
        (true, _) => Finding::ok(of("doctor.other-agent.answers")),
        (false, false) => Finding::ok(of("doctor.other-agent.nobody")),
        (false, true) => Finding::fault(of("doctor.other-agent.silent")),
    }
}

/// The alarms of the agent that runs; none where none does.
pub(in crate::doctor) fn agent(alarms: Option<&[String]>) -> Finding {
    match alarms {
        None => Finding::skipped(Sentence::of("doctor.agent.none")),
        Some([]) => Finding::ok(Sentence::of("doctor.agent.well")),
        Some(alarms) => {
            Finding::warning(Sentence::of("doctor.agent.alarms").with("alarms", alarms.join(", ")))
        }
    }
}

/// What is where a folder should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Folder {
    /// `above` is the nearest folder that is there.
    Missing {
        above_takes_it: bool,
    },
    /// Something else has its name.
    NotOne,
    Unreachable(Sentence),
    ReadOnly,
    /// Others than its owner may look into it.
    Open,
    Fine,
}

pub(in crate::doctor) fn folder(path: &Path, found: &Folder) -> Finding {
    let of = |key: &str| Sentence::of(key).with("folder", path.display());
    let private = || Mend::MakePrivate(path.to_owned());
    match found {
        Folder::Missing {
            above_takes_it: true,
        } => Finding::ok(of("doctor.folders.to-come")).mended_by(Mend::MakeFolder(path.to_owned())),
        Folder::Missing {
            above_takes_it: false,
        } => Finding::fault(of("doctor.folders.missing")),
        Folder::NotOne => Finding::fault(of("doctor.folders.no-folder")),
        Folder::Unreachable(why) => {
            Finding::fault(of("doctor.folders.unreachable").with("why", why))
        }
        Folder::ReadOnly => Finding::fault(of("doctor.folders.read-only")).mended_by(private()),
        Folder::Open => Finding::warning(of("doctor.folders.open")).mended_by(private()),
        Folder::Fine => Finding::ok(of("doctor.folders.fine")),
    }
}

/// What is where a token, a key or a password should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum SecretFile {
    Unreadable(Sentence),
    /// Others than its owner may read it.
    Open,
    Fine,
}

pub(in crate::doctor) fn secret(path: &Path, found: &SecretFile) -> Finding {
    let of = |key: &str| Sentence::of(key).with("file", path.display());
    match found {
        SecretFile::Unreadable(why) => {
            Finding::fault(of("doctor.secrets.unreadable").with("why", why))
        }
        SecretFile::Open => Finding::warning(of("doctor.secrets.open"))
            .mended_by(Mend::MakePrivate(path.to_owned())),
        SecretFile::Fine => Finding::ok(of("doctor.secrets.fine")),
    }
}

/// What a look at the promises' file brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Looked {
    At(Examined),
    /// An agent has it.
    Locked,
    InTheWay(Sentence),
}

pub(in crate::doctor) fn store(path: &Path, looked: &Looked) -> Finding {
    let of = |key: &str| Sentence::of(key).with("file", path.display());
    match looked {
        Looked::At(Examined::NotThere) => Finding::ok(of("doctor.store.to-come")),
        Looked::At(Examined::Whole { version, known }) if version < known => Finding::ok(
            of("doctor.store.older")
                .with("version", version)
                .with("known", known),
        ),
        Looked::At(Examined::Whole { version, .. }) => {
            Finding::ok(of("doctor.store.whole").with("version", version))
        }
        Looked::At(Examined::Damaged) => Finding::fault(of("doctor.store.damaged")),
        Looked::Locked => Finding::skipped(of("doctor.store.in-use")),
        Looked::InTheWay(why) => Finding::fault(of("doctor.store.in-the-way").with("why", why)),
    }
}

/// The server's version, or why it is not reached; none where the promises are in a file.
pub(in crate::doctor) fn server(reached: Option<Result<i64, Sentence>>) -> Finding {
    let Some(reached) = reached else {
        return Finding::skipped(Sentence::of("doctor.server.none"));
    };
    let version = |version: i64| format!("{}.{}", version / 10_000, version % 10_000);
    let said = |key: &str, found: i64| Sentence::of(key).with("version", version(found));
    match reached {
        Err(why) => Finding::fault(Sentence::of("doctor.server.unreached").with("why", why)),
        Ok(found) if found < POSTGRES_MIN => Finding::fault(said("doctor.server.old", found)),
        Ok(found) => Finding::ok(said("doctor.server.reached", found)),
    }
}

/// The phrases that the policy and the keys name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::doctor) struct Phrases {
    pub(in crate::doctor) named: usize,
    /// Those without sound, by language.
    pub(in crate::doctor) mute: Vec<(Language, Vec<String>)>,
    /// Why some cannot be played.
    pub(in crate::doctor) broken: Vec<Sentence>,
}

pub(in crate::doctor) fn prompts(read: &Result<Phrases, Sentence>) -> Vec<Finding> {
    let phrases = match read {
        Ok(phrases) => phrases,
        Err(why) => {
            let unread = Sentence::of("doctor.prompts.unread").with("why", why);
            return vec![Finding::fault(unread)];
        }
    };
    let mute = phrases.mute.iter().map(|(language, ids)| {
        Finding::fault(
            Sentence::of("doctor.prompts.mute")
                .with("language", language)
                .with("phrases", listed(ids)),
        )
    });
    let broken = phrases.broken.iter();
    let broken =
        broken.map(|why| Finding::fault(Sentence::of("doctor.prompts.broken").with("why", why)));
    let mut findings: Vec<Finding> = mute.chain(broken).collect();
    if findings.is_empty() {
        let whole = Sentence::of("doctor.prompts.whole").with("count", phrases.named);
        findings.push(Finding::ok(whole));
    }
    findings
}

/// How a phrase of one's own sounds in the end.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::doctor) struct Level {
    pub(in crate::doctor) name: String,
    /// As callers hear it, by its active speech level.
    pub(in crate::doctor) dbov: f32,
    /// By how much its recording was raised for that.
    pub(in crate::doctor) raised_db: f32,
}

/// Of one's own recordings; none where the shipped ones are said, which are tested.
pub(in crate::doctor) fn prompt_level(levels: Option<&[Level]>) -> Vec<Finding> {
    let Some(levels) = levels else {
        return vec![Finding::skipped(Sentence::of(
            "doctor.prompt-level.shipped",
        ))];
    };
    let names = |unfit: &dyn Fn(&Level) -> bool| -> Vec<String> {
        let unfit = levels.iter().filter(|level| unfit(level));
        unfit.map(|level| level.name.clone()).collect()
    };
    let uneven = names(&|level| (level.dbov - LEVEL_DBOV).abs() > LEVEL_OFF_DB);
    let soft = names(&|level| level.raised_db > RAISED_DB);
    let told = |key: &str, names: &[String]| {
        let told = Sentence::of(key).with("phrases", listed(names));
        (!names.is_empty()).then(|| Finding::warning(told))
    };
    let told = [
        told("doctor.prompt-level.uneven", &uneven),
        told("doctor.prompt-level.soft", &soft),
    ];
    let mut findings: Vec<Finding> = told.into_iter().flatten().collect();
    if findings.is_empty() {
        let even = Sentence::of("doctor.prompt-level.even").with("count", levels.len());
        findings.push(Finding::ok(even));
    }
    findings
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED_MAX).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} (+{more})"),
    }
}
