use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::shown;
use crate::console::ProblemBody;
use crate::desk::{RunError, Unfit};
use crate::settings::SettingsError;
use crate::words::{Catalogue, Language, Sentence, safe};

const REFUSED: u8 = 1;
pub(super) const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;

/// Why a command line did not do what it was told.
#[derive(Debug)]
pub(super) enum Failure {
    /// The agent said no.
    Refused(ProblemBody),
    /// The call's id was left out, and there is none.
    NoCall,
    /// The call's id was left out, and there are several.
    SeveralCalls(usize),
    /// The token cannot be read, or cannot be one.
    Token {
        why: Sentence,
    },
    /// `--api` is no `http://` address.
    Address {
        api: String,
    },
    /// Nobody answers there.
    Unreachable {
        api: String,
        why: String,
    },
    /// Somebody answers there, but not the agent.
    Foreign {
        api: String,
        why: String,
    },
    /// The agent closed the stream of events.
    EventsClosed {
        why: String,
    },
    /// Nothing can be written there.
    Folder {
        folder: PathBuf,
        why: io::Error,
    },
    /// The reader of our output has had enough.
    Output(io::Error),
    /// Somebody wanted it to take calls again.
    DrainCancelled,
    /// The agent runs, with alarms; they have been shown.
    Unwell,
    /// Something of a number is still kept; it has been shown.
    NotAllDeleted,
    /// The settings cannot be used: the picture says where.
    Settings(SettingsError),
    /// So many faults of the settings; they have been shown.
    Faulty(usize),
    /// `config explain` of a key that is none; what was probably meant.
    NoSuchKey {
        key: String,
        advice: Sentence,
    },
    /// The agent cannot start; the reason says what would be right.
    NotStarted(Sentence),
    /// There is no HOME, and no --state.
    NoStateFolder,
    /// There is no HOME, and no -c.
    NoConfigFolder,
    /// A question was not answered.
    NoAnswer,
    /// What was given cannot be meant: a sentence says why.
    Value(String),
    /// So often the standard was not kept (--exit-after).
    VowsBroken(u64),
    /// So many scenes of the demo did not go as they should.
    DemoMissed(usize),
    /// It was not done: a sentence says why.
    Told(Sentence),
    /// So many scripts cannot be played; where has been shown.
    UnplayableScripts(usize),
    /// So many calls went otherwise than they are written; how has been shown.
    RehearsedOtherwise(usize),
    /// So many scenarios cannot be played; where has been shown.
    FaultyScenarios(usize),
    /// So many expectations of scenarios were not met; which has been shown.
    NotHeardSo(usize),
    /// Scenarios or a relay that cannot be had as they are wanted.
    Sim(Sentence),
    /// So many faults are in phrases or scripts; they have been shown.
    Linted(usize),
    /// A file of the reader's own that cannot be read or written.
    File {
        file: String,
        why: io::Error,
    },
    NoSuchScene {
        name: String,
        scenes: String,
    },
    /// The headset is unfit for calls; why has been shown.
    HeadsetUnfit,
    /// There was no echo call.
    NoEcho(Sentence),
    /// The doctor has warnings; they have been shown.
    Warned,
    /// The doctor has found faults; they have been shown.
    Ill,
}

/// A file of the reader's own that cannot be read or written.
pub(super) fn unusable(file: &Path, why: io::Error) -> Failure {
    Failure::File {
        file: shown(file),
        why,
    }
}

impl Failure {
    /// A part of ours that the system refused.
    pub(super) fn not_started(why: &impl Display) -> Self {
        Self::NotStarted(Sentence::of("start.system").with("why", why))
    }

    /// Says what happened and what to do next; returns the exit code.
    pub(super) fn tell(
        &self,
        texts: &Catalogue,
        language: Language,
        json: bool,
        errors: &mut dyn Write,
    ) -> u8 {
        if matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe) {
            // Who reads `events | head` has what he wanted.
            return 0;
        }
        let told = if json && let Self::Refused(problem) = self {
            raw(problem)
        } else {
            self.told(texts, language)
        };
        // With standard error closed only the exit code is left to tell.
        let _ = writeln!(errors, "{told}");
        self.code()
    }

    /// What happened and what to do next, in the reader's language.
    pub(super) fn told(&self, texts: &Catalogue, language: Language) -> String {
        let of = Sentence::of;
        let because = |key: &str, why: &Sentence| of(key).with("why", why);
        let there = |key: &str, api: &str| of(key).with("api", api);
        let sentence = match self {
            Self::Refused(problem) => return in_words(problem),
            Self::Settings(picture) => return picture.drawn(texts, language),
            Self::Value(why) => return texts.read_out(why, language),
            Self::Told(told) | Self::Sim(told) => told.clone(),
            Self::NoCall => of("cli.no-call"),
            Self::SeveralCalls(count) => counted("cli.several-calls", count),
            Self::Token { why } => because("cli.token", why),
            Self::Address { api } => there("cli.address", api),
            Self::Unreachable { api, why } => there("cli.unreachable", api).with("why", why),
            Self::Foreign { api, why } => there("cli.foreign", api).with("why", why),
            Self::EventsClosed { why } => of("cli.events-closed").with("why", safe(why)),
            Self::Folder { folder, why } => {
                let folder = of("cli.folder").with("folder", folder.display());
                folder.with("why", why)
            }
            Self::Output(error) => of("cli.output").with("why", error),
            Self::DrainCancelled => of("cli.drain-cancelled"),
            Self::Unwell => of("cli.unwell"),
            Self::NotAllDeleted => of("cli.not-all-deleted"),
            Self::Faulty(count) => counted("cli.config.faulty", count),
            Self::NoSuchKey { key, advice } => {
                let no_such_key = of("cli.config.no-such-key").with("key", key);
                no_such_key.with("advice", advice)
            }
            Self::NotStarted(why) => because("cli.not-started", why),
            Self::NoStateFolder => of("cli.no-state-folder"),
            Self::NoConfigFolder => of("cli.no-config-folder"),
            Self::NoAnswer => of("cli.no-answer"),
            Self::VowsBroken(count) => counted("cli.vows-broken", count),
            Self::DemoMissed(count) => counted("demo.failed", count),
            Self::UnplayableScripts(count) => counted("rehearsal.unplayable", count),
            Self::RehearsedOtherwise(count) => counted("rehearsal.otherwise", count),
            Self::FaultyScenarios(count) => counted("sim.faulty", count),
            Self::NotHeardSo(count) => counted("sim.not-met", count),
            Self::Linted(count) => counted("lint.faulty", count),
            Self::File { file, why } => {
                let file = of("cli.file").with("file", file);
                file.with("why", Sentence::of_io(why))
            }
            Self::NoSuchScene { name, scenes } => {
                let no_such_scene = of("demo.no-such-scene").with("name", name);
                no_such_scene.with("scenes", scenes)
            }
            Self::HeadsetUnfit => of("cli.headset-unfit"),
            Self::NoEcho(why) => because("cli.doctor.no-call", why),
            Self::Warned => of("cli.doctor.warned"),
            Self::Ill => of("cli.doctor.ill"),
        };
        texts.say(&sentence, language)
    }

    fn code(&self) -> u8 {
        match self {
            Self::Refused(_)
            | Self::Told(_)
            | Self::NoCall
            | Self::Output(_)
            | Self::DrainCancelled
            | Self::Unwell
            | Self::NotAllDeleted
            | Self::Faulty(_)
            | Self::VowsBroken(_)
            | Self::DemoMissed(_)
            | Self::RehearsedOtherwise(_)
            | Self::NotHeardSo(_)
            | Self::Linted(_)
            | Self::HeadsetUnfit
            | Self::Warned => REFUSED,
            Self::Unreachable { .. } | Self::Foreign { .. } | Self::EventsClosed { .. } => {
                UNREACHABLE
            }
            Self::SeveralCalls(_)
            | Self::Token { .. }
            | Self::Address { .. }
            | Self::Folder { .. }
            | Self::Settings(_)
            | Self::NoSuchKey { .. }
            | Self::NotStarted(_)
            | Self::NoStateFolder
            | Self::NoConfigFolder
            | Self::NoAnswer
            | Self::Value(_)
            | Self::UnplayableScripts(_)
            | Self::FaultyScenarios(_)
            | Self::Sim(_)
            | Self::File { .. }
            | Self::NoSuchScene { .. }
            | Self::NoEcho(_)
            | Self::Ill => USAGE,
        }
    }
}

fn in_words(problem: &ProblemBody) -> String {
    let ProblemBody {
        title,
        detail,
        code,
        ..
    } = problem;
    format!("{} ({})\n{}", safe(title), safe(code), safe(detail))
}

fn counted(key: &str, count: impl Display) -> Sentence {
    Sentence::of(key).with("count", count)
}

impl From<RunError> for Failure {
    fn from(why: RunError) -> Self {
        if let RunError::Unfit(Unfit::Policy(picture)) = why {
            Self::Settings(picture)
        } else {
            Self::NotStarted(why.sentence())
        }
    }
}

fn raw(problem: &ProblemBody) -> String {
    serde_json::to_string(problem).expect("a problem has only string keys")
}
