//! `thirdring setup`: from nothing to the first call. Asks, writes the settings, examines them, offers a service.

mod answers;
mod asking;
mod questions;
mod unit;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::arguments::{Everywhere, SetupArguments};
use super::failure::{Failure, unusable};
use super::{Environment, Teller, doctor, shown};
use crate::doctor::{Asked, Case, Check, Fix, Verdict};
use crate::files;
use answers::Answers;
use asking::Asking;

/// Where the settings are, unless -c says otherwise; the service looks there, too.
const FILE: &str = "thirdring.toml";

pub(super) fn run(
    arguments: &SetupArguments,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let file = arguments.config.clone().or_else(|| usual(environment));
    let file = file.ok_or(Failure::NoConfigFolder)?;
    let state = arguments.state.clone().or_else(|| environment.state());
    let state = state.ok_or(Failure::NoStateFolder)?;
    let stdin = io::stdin();
    let mut asking = Asking::new(stdin.lock(), arguments.yes);
    teller.say("setup.begins", &[("file", &shown(&file))])?;
    if may_write(&file, &mut asking, teller)? {
        let answers = questions::ask(arguments, &mut asking, teller)?;
        write(&file, &answers, teller)?;
    }
    let verdict = examined(&file, &state, everywhere, environment, teller)?;
    offer_service((&file, arguments), environment, &mut asking, teller)?;
    teller.say("setup.next", &[("file", &shown(&file))])?;
    match verdict {
        Verdict::Fault => Err(Failure::Ill),
        Verdict::Skipped | Verdict::Ok | Verdict::Warning => Ok(()),
    }
}

fn usual(environment: &Environment) -> Option<PathBuf> {
    let home = environment.config_home.as_ref()?;
    Some(home.join("thirdring").join(FILE))
}

/// What is there is somebody's work: it is kept, unless he says otherwise. Nobody says so by --yes.
fn may_write<R: io::BufRead>(
    file: &Path,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<bool, Failure> {
    if !file.exists() {
        return Ok(true);
    }
    let question = teller.filled("setup.ask.overwrite", &[("file", &shown(file))]);
    let overwrite = asking.yes_or_no(&question, false, teller)?;
    if !overwrite {
        teller.say("setup.kept", &[("file", &shown(file))])?;
    }
    Ok(overwrite)
}

/// The settings, and beside them the password, its owner's alone.
fn write(file: &Path, answers: &Answers, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    files::make_folder(folder).map_err(|why| unusable(folder, why))?;
    if let Some((name, password)) = answers.password() {
        let path = folder.join(name);
        let opened = files::create_private(&path);
        let written = opened.and_then(|mut file| writeln!(file, "{password}"));
        written.map_err(|why| unusable(&path, why))?;
        teller.say("setup.wrote", &[("file", &shown(&path))])?;
    }
    files::replace(file, answers.toml().as_bytes()).map_err(|why| unusable(file, why))?;
    teller.say("setup.wrote", &[("file", &shown(file))])
}

/// What can safely be mended is: the folders are made.
fn examined(
    file: &Path,
    state: &Path,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<Verdict, Failure> {
    teller.say("setup.examines", &[])?;
    let mut case = Case::new(Some(file.to_owned()), Vec::new(), state.to_owned());
    if environment.terminal {
        case.asked = Asked::Somebody;
    }
    case.running = doctor::running(&case, everywhere, environment, teller.language);
    doctor::examined(&case, &Check::ALL, Fix::Yes, environment, teller)
}

fn offer_service<R: io::BufRead>(
    (file, arguments): (&Path, &SetupArguments),
    environment: &Environment,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let Some(unit) = unit::place(environment).filter(|unit| !unit.exists()) else {
        return Ok(());
    };
    let question = teller.filled("setup.ask.service", &[("file", &shown(&unit))]);
    if !asking.yes_or_no(&question, true, teller)? {
        return Ok(());
    }
    unit::write(&unit, file, arguments.state.as_deref()).map_err(|why| unusable(&unit, why))?;
    teller.say("setup.service", &[("file", &shown(&unit))])
}
