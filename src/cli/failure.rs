use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

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
    /// A sealed recording that cannot be opened, or not to its end.
    Recording(Sentence),
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
    /// What is wrong with phrases, or a recording.
    Prompts(Sentence),
    /// So many faults are in phrases or scripts; they have been shown.
    Linted(usize),
    /// What is in the way of another program, or became of it.
    Update(Sentence),
    /// A journal that cannot be played again, or not to the same actions.
    Replay(Sentence),
    /// A file of the reader's own that cannot be read or written.
    File {
        file: String,
        why: io::Error,
    },
    NoSuchScene {
        name: String,
        scenes: String,
    },
    /// Nothing was provisioned, signed or enrolled: why.
    Provision(Sentence),
    /// There is no headset, or it cannot be opened.
    Headset(Sentence),
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
        file: file.display().to_string(),
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
        let (code, told) = if json && let Self::Refused(problem) = self {
            (REFUSED, raw(problem))
        } else {
            self.told(texts, language)
        };
        // With standard error closed only the exit code is left to tell.
        let _ = writeln!(errors, "{told}");
        code
    }

    pub(super) fn told(&self, texts: &Catalogue, language: Language) -> (u8, String) {
        let text = |key: &str, values: &[(&str, &str)]| texts.text(key, language, values);
        let because =
            |key: &str, why: &Sentence| texts.say(&Sentence::of(key).with("why", why), language);
        match self {
            Self::Refused(problem) => {
                let ProblemBody {
                    title,
                    detail,
                    code,
                    ..
                } = problem;
                let told = format!("{} ({})\n{}", safe(title), safe(code), safe(detail));
                (REFUSED, told)
            }
            Self::NoCall => (REFUSED, text("cli.no-call", &[])),
            Self::SeveralCalls(count) => {
                let count = count.to_string();
                (USAGE, text("cli.several-calls", &[("count", &count)]))
            }
            Self::DemoMissed(count) => {
                let count = count.to_string();
                (REFUSED, text("demo.failed", &[("count", &count)]))
            }
            Self::NoSuchScene { name, scenes } => (
                USAGE,
                text("demo.no-such-scene", &[("name", name), ("scenes", scenes)]),
            ),
            Self::UnplayableScripts(count) => {
                let count = count.to_string();
                (USAGE, text("rehearsal.unplayable", &[("count", &count)]))
            }
            Self::RehearsedOtherwise(count) => {
                let count = count.to_string();
                (REFUSED, text("rehearsal.otherwise", &[("count", &count)]))
            }
            Self::FaultyScenarios(count) => {
                let count = count.to_string();
                (USAGE, text("sim.faulty", &[("count", &count)]))
            }
            Self::NotHeardSo(count) => {
                let count = count.to_string();
                (REFUSED, text("sim.not-met", &[("count", &count)]))
            }
            Self::Sim(why) => (USAGE, texts.say(why, language)),
            Self::File { file, why } => {
                let told = Sentence::of("cli.file").with("file", file);
                let told = told.with("why", Sentence::of_io(why));
                (USAGE, texts.say(&told, language))
            }
            Self::Linted(count) => {
                let count = count.to_string();
                (REFUSED, text("lint.faulty", &[("count", &count)]))
            }
            Self::Recording(why)
            | Self::Headset(why)
            | Self::Replay(why)
            | Self::Prompts(why)
            | Self::Update(why)
            | Self::Provision(why) => (REFUSED, texts.say(why, language)),
            Self::HeadsetUnfit => (REFUSED, text("cli.headset-unfit", &[])),
            Self::NoEcho(why) => (USAGE, because("cli.doctor.no-call", why)),
            Self::Warned => (REFUSED, text("cli.doctor.warned", &[])),
            Self::Ill => (USAGE, text("cli.doctor.ill", &[])),
            Self::NotAllDeleted => (REFUSED, text("cli.not-all-deleted", &[])),
            Self::Folder { folder, why } => {
                let (folder, why) = (folder.display().to_string(), why.to_string());
                let values = [("folder", &*folder), ("why", &*why)];
                (USAGE, text("cli.folder", &values))
            }
            Self::DrainCancelled => (REFUSED, text("cli.drain-cancelled", &[])),
            Self::Unwell => (REFUSED, text("cli.unwell", &[])),
            Self::Settings(picture) => (USAGE, picture.drawn(texts, language)),
            Self::Faulty(count) => {
                let count = count.to_string();
                (REFUSED, text("cli.config.faulty", &[("count", &count)]))
            }
            Self::NoSuchKey { key, advice } => {
                let advice = texts.say(advice, language);
                let values = [("key", key.as_str()), ("advice", &advice)];
                (USAGE, text("cli.config.no-such-key", &values))
            }
            Self::NotStarted(why) => (USAGE, because("cli.not-started", why)),
            Self::NoStateFolder => (USAGE, text("cli.no-state-folder", &[])),
            Self::NoConfigFolder => (USAGE, text("cli.no-config-folder", &[])),
            Self::NoAnswer => (USAGE, text("cli.no-answer", &[])),
            Self::Value(why) => (USAGE, texts.read_out(why, language)),
            Self::VowsBroken(count) => {
                let count = count.to_string();
                (REFUSED, text("cli.vows-broken", &[("count", &count)]))
            }
            Self::Token { why } => (USAGE, because("cli.token", why)),
            Self::Address { api } => (USAGE, text("cli.address", &[("api", api)])),
            Self::Unreachable { api, why } => (
                UNREACHABLE,
                text("cli.unreachable", &[("api", api), ("why", why)]),
            ),
            Self::Foreign { api, why } => (
                UNREACHABLE,
                text("cli.foreign", &[("api", api), ("why", why)]),
            ),
            Self::EventsClosed { why } => (
                UNREACHABLE,
                text("cli.events-closed", &[("why", &safe(why))]),
            ),
            Self::Output(error) => {
                let why = error.to_string();
                (REFUSED, text("cli.output", &[("why", &why)]))
            }
        }
    }
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
