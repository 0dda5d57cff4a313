//! `thirdring run`: settings read, token found, agent started.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime;

use super::arguments::RunArguments;
use super::failure::Failure;
use super::{Environment, Teller, logging};
use crate::console::Token;
use crate::desk::{self, Agent, RunOptions, Summary};
use crate::files;
use crate::settings::{Finding, Inspection, Settings, Sources};
use crate::words::{Entropy, Sentence};

/// Of a token we make: 5 bits a character.
const TOKEN_LENGTH: usize = 40;

/// For the API and SIP over connections; sound and disk have threads of their own.
const WORKERS: usize = 1;

/// For files that the desk does not wait for; a timeline is read while a number is deleted, and a server may be slow.
const FILE_THREADS: usize = 3;

pub(super) fn run(
    arguments: RunArguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let mut sets = arguments.set;
    if arguments.test {
        sets.push("test=true".to_owned());
    }
    let sources = Sources {
        file: arguments.config,
        sets,
        state: arguments.state.or_else(|| environment.state()),
    };
    let asked = desk::provision(&sources).transpose();
    let asked = asked.map_err(Failure::NotStarted)?;
    let inspection = Inspection::of(&sources);
    let findings: Vec<Finding> = inspection.findings().collect();
    let settings = inspection.settings_if_right().map_err(Failure::Settings)?;
    // Standard output tells the ports and READY.
    let _logging = logging::begin(&settings.log)?;
    let open = desk::warnings(&settings).into_iter();
    let open = open.map(|warning| teller.texts.say(&warning, teller.language));
    let drawn = findings
        .iter()
        .map(|it| it.told(teller.texts, teller.language));
    for warning in drawn.chain(open) {
        tracing::warn!("{warning}");
    }
    allow_open_files();
    let state = sources.state.clone().ok_or(Failure::NoStateFolder)?;
    let token = token(&settings, environment, &state)?;
    let options = RunOptions {
        state,
        exit_after: arguments.exit_after,
        token,
        sources: Some(sources),
        asked,
    };
    let summary = start(settings, options, teller.out)?;
    if summary.broken > 0 {
        Err(Failure::VowsBroken(summary.broken))
    } else {
        Ok(())
    }
}

fn start(settings: Settings, options: RunOptions, out: &mut dyn Write) -> Result<Summary, Failure> {
    let services = runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|why| Failure::not_started(&why))?;
    // The desk reads its datagrams itself: no thread hands them on.
    let desk = runtime::Builder::new_current_thread()
        .max_blocking_threads(FILE_THREADS)
        .enable_all()
        .build()
        .map_err(|why| Failure::not_started(&why))?;
    let ended = desk.block_on(async {
        let agent = Agent::open(&settings, options, services.handle())
            .await
            .map_err(Failure::from)?;
        if let Err(why) = announce(&agent, out) {
            // The hotline is here for its callers, not for whoever reads us.
            tracing::warn!(%why, "tell the ports on standard output");
        }
        Ok(agent.work().await)
    });
    desk.shutdown_timeout(FILES_WITHIN);
    ended
}

/// Who leaves waits so long for files; for a server that is asked and does not answer he does not wait.
const FILES_WITHIN: Duration = Duration::from_secs(5);

/// The chosen ports as JSON, then READY: for whoever started us. Both at once: he may leave after the first line.
fn announce(agent: &Agent, out: &mut dyn Write) -> io::Result<()> {
    let ports = serde_json::to_string(&agent.addresses())?;
    out.write_all(format!("{ports}\nREADY\n").as_bytes())?;
    out.flush()
}

/// A leg has two sockets, a call a file: many systems start us with a limit of 1,024 and allow more.
#[cfg(unix)]
pub(super) fn allow_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let allowed = getrlimit(Resource::Nofile).maximum;
    let all = Rlimit {
        current: allowed,
        maximum: allowed,
    };
    if let Err(why) = setrlimit(Resource::Nofile, all) {
        tracing::warn!(%why, "raise the limit of open files");
    }
}

/// Windows sets no such limit.
#[cfg(not(unix))]
pub(super) fn allow_open_files() {}

/// THIRDRING_TOKEN, then the set file, then the state folder's own, made at the first start.
fn token(settings: &Settings, environment: &Environment, state: &Path) -> Result<Token, Failure> {
    if let Some(token) = &environment.token {
        return parse(token);
    }
    if let Some(file) = &settings.api.token_file {
        return parse(&read(file)?);
    }
    let file = token_file(state);
    if !file.exists() {
        make(&file).map_err(|why| Failure::Token {
            why: of_file(&file, &why),
        })?;
    }
    parse(&read(&file)?)
}

/// Where an agent without a set token keeps its own; the client looks there, too.
pub(super) fn token_file(state: &Path) -> PathBuf {
    state.join("token")
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|why| Failure::Token {
        why: of_file(file, &why),
    })
}

pub(super) fn of_file(file: &Path, why: &io::Error) -> Sentence {
    Sentence::of("start.unreadable")
        .with("file", file.display())
        .with("why", Sentence::of_io(why))
}

fn parse(text: &str) -> Result<Token, Failure> {
    Token::parse(text).map_err(|why| Failure::Token { why })
}

/// Readable by this user alone.
fn make(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        files::make_folder(folder)?;
    }
    let token = Entropy::from_seed(desk::clock::seed()?).token(TOKEN_LENGTH);
    let mut options = files::for_owner();
    let mut file = options.write(true).create_new(true).open(file)?;
    writeln!(file, "{token}")
}
