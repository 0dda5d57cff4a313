//! L4. The command line: starts the agent, and is a client of its API.
//!
//! Invariant: whatever the command line can do, the API can do; it holds no state of its own.

mod api;
mod arguments;
mod call_verbs;
mod callback_verbs;
mod config;
mod demo;
mod devices;
mod dial;
mod doctor;
mod drain;
mod enrol;
mod events;
mod failure;
mod help;
mod junit;
mod logging;
mod manual;
mod monitor;
mod policies;
mod policy_verbs;
mod ports;
mod prompts;
mod provision;
mod recording;
mod redaction;
mod rehearse;
mod replay;
mod setup;
mod show;
mod sim;
mod start;
mod support_bundle;
mod table;
mod trace;
mod update;
mod usage;
mod verbs;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::words::{Catalogue, Language, safe};
use api::Api;
use arguments::{
    Arguments, ConfigArguments, DialArguments, DialVerb, PolicyArguments, PromptsArguments,
    ProvisionArguments, RecordingArguments, Verb,
};
use failure::Failure;
use table::Table;

/// Whose work is built in; written by `config/licences/gather.py`, held by tests/licences.
const LICENCES: &str = include_str!("../../config/licences/LICENCES.txt");

/// What the command line takes from the process's environment.
#[derive(Clone, Default)]
pub struct Environment {
    /// `THIRDRING_TOKEN`.
    pub token: Option<String>,
    /// `LC_ALL`, `LC_MESSAGES` or `LANG`, the first that is set.
    pub locale: Option<String>,
    /// Where this user's programs keep what they must not lose.
    pub state_home: Option<PathBuf>,
    /// Where this user's programs look for their settings.
    pub config_home: Option<PathBuf>,
    /// Standard output is one: somebody looks on.
    pub terminal: bool,
}

impl Environment {
    fn of_this_process() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            token: set("THIRDRING_TOKEN"),
            state_home: state_home(set),
            config_home: config_home(set),
            terminal: io::stdout().is_terminal(),
            locale: ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set),
        }
    }

    /// Where the agent keeps what it must not lose, unless --state names another folder.
    fn state(&self) -> Option<PathBuf> {
        self.state_home.as_ref().map(|home| home.join("thirdring"))
    }

    fn language(&self) -> Option<Language> {
        match self.locale.as_deref()?.split(['_', '-', '.']).next()? {
            "zh" => Some(Language::ZhCn),
            "en" => Some(Language::En),
            _ => None,
        }
    }
}

/// `XDG_STATE_HOME`, or where that is by default (XDG base directories); on Windows `LOCALAPPDATA`.
fn state_home(set: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let profile = || set("LOCALAPPDATA").filter(|_| cfg!(windows));
    let named = set("XDG_STATE_HOME").or_else(profile);
    let usual = || Some(Path::new(&set("HOME")?).join(".local/state"));
    named.map(PathBuf::from).or_else(usual)
}

/// `XDG_CONFIG_HOME`, or where that is by default; on Windows `APPDATA`.
fn config_home(set: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let profile = || set("APPDATA").filter(|_| cfg!(windows));
    let named = set("XDG_CONFIG_HOME").or_else(profile);
    let usual = || Some(Path::new(&set("HOME")?).join(".config"));
    named.map(PathBuf::from).or_else(usual)
}

pub fn main() -> ExitCode {
    let environment = Environment::of_this_process();
    let (mut out, mut errors) = (io::stdout(), io::stderr());
    ExitCode::from(invoke(env::args_os(), &environment, &mut out, &mut errors))
}

/// Runs one command line. The exit code: 0 done, 1 refused by the agent, 2 usage or configuration,
/// 3 the agent cannot be reached.
pub fn invoke(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let texts = Catalogue::shipped();
    let language = help::language_asked(&arguments)
        .or_else(|| environment.language())
        .unwrap_or_default();
    let parsed = help::localised(texts, language)
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            // With standard error closed only the exit code is left to tell.
            let _ = write!(errors, "{}", usage::told(&error, texts, language));
            return failure::USAGE;
        }
        Err(help) => return u8::from(write!(out, "{help}").is_err()),
    };
    let json = arguments.everywhere.json;
    let mut teller = Teller {
        out,
        texts,
        language,
        json,
    };
    match run(arguments, environment, &mut teller) {
        Ok(()) => 0,
        Err(failure) => failure.tell(texts, language, json, errors),
    }
}

fn run(
    arguments: Arguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let api = || Api::new(&arguments.everywhere, environment, teller.language);
    match arguments.verb {
        Verb::Run(arguments) => start::run(arguments, environment, teller),
        Verb::Demo(arguments) => demo::run(arguments, teller),
        Verb::Dial(DialArguments { verb, number }) => match (verb, number) {
            (Some(DialVerb::Explain(arguments)), _) => {
                dial::explain(&arguments, environment, teller)
            }
            (None, Some(number)) => verbs::dial(&number, &api()?, teller),
            (None, None) => Ok(()), // clap has asked for the number
        },
        Verb::Ports(layers) => ports::list(&layers, environment, teller),
        Verb::Config(ConfigArguments { verb }) => config::run(&verb, environment, teller),
        Verb::Devices(arguments) => devices::run(&arguments, environment, teller),
        Verb::Doctor(asked) => doctor::run(&asked, &arguments.everywhere, environment, teller),
        Verb::Setup(asked) => setup::run(&asked, &arguments.everywhere, environment, teller),
        Verb::Recording(RecordingArguments { verb }) => {
            recording::run(verb, &arguments.everywhere, environment, teller)
        }
        Verb::Provision(ProvisionArguments { verb }) => provision::run(&verb, environment, teller),
        Verb::Enrol(arguments) => enrol::run(&arguments, environment, teller),
        Verb::Completions { shell } => manual::completions(shell, teller),
        Verb::Man { out } => manual::man(out.as_deref(), teller),
        Verb::Licences => teller.line(LICENCES),
        Verb::Update(asked) => update::run(&asked, &arguments.everywhere, environment, teller),
        Verb::Rehearse(arguments) => rehearse::run(&arguments, teller),
        Verb::Policy(PolicyArguments { verb }) => policy_verbs::run(verb, teller),
        Verb::Prompts(PromptsArguments { verb }) => prompts::run(&verb, teller),
        Verb::Replay(arguments) => replay::run(&arguments.journal, teller),
        Verb::Sim(arguments) => sim::run(*arguments, teller),
        Verb::Ask(ask) => verbs::ask(ask, &api()?, teller),
        Verb::OfCall(verb) => call_verbs::command(verb, &api()?, teller),
    }
}

/// Where the answers go, and how they are put.
struct Teller<'a> {
    out: &'a mut dyn Write,
    texts: &'a Catalogue,
    language: Language,
    /// Raw, as the API gave it.
    json: bool,
}

impl Teller<'_> {
    fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.out, "{}", line.trim_end()).map_err(Failure::Output)
    }

    fn text(&self, key: &str) -> String {
        self.texts.text(key, self.language, &[])
    }

    /// A text with its values.
    fn filled(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.text(key, self.language, values)
    }

    /// A step of something long: its reader sees it at once.
    fn say(&mut self, key: &str, values: &[(&str, &str)]) -> Result<(), Failure> {
        let told = self.filled(key, values);
        self.line(&told)?;
        self.out.flush().map_err(Failure::Output)
    }

    fn table(&mut self, table: &Table) -> Result<(), Failure> {
        table.lines().iter().try_for_each(|line| self.line(line))
    }

    /// A word of the API in the reader's language; a word without a text stays as it is.
    fn word(&self, kind: &str, word: &str) -> String {
        let key = format!("{kind}.{word}");
        let text = self.text(&key);
        if text == key { safe(word) } else { text }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
