//! `thirdring doctor`: what is wrong here, why, and what to do.

mod echo;
mod running;
mod sheet;

use serde_json::{Value, json};

use super::arguments::{DoctorArguments, DoctorVerb, Everywhere};
use super::failure::Failure;
use super::{Environment, Teller};
use crate::doctor::{Asked, Case, Check, Finding, Fix, Verdict, examine};
use crate::words::Sentence;
pub(super) use running::agent as running;
use sheet::Sheet;

/// Exit code 0, 1 with warnings, 2 with faults.
pub(super) fn run(
    arguments: &DoctorArguments,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    if let Some(DoctorVerb::Call(arguments)) = &arguments.verb {
        return echo::call(arguments, environment, teller);
    }
    let case = case(arguments, everywhere, environment, teller)?;
    let checks = match arguments.only.as_slice() {
        [] => &Check::ALL[..],
        only => only,
    };
    let fix = match arguments.fix {
        true => Fix::Yes,
        false => Fix::No,
    };
    ends_as(examined(&case, checks, fix, environment, teller)?)
}

fn ends_as(verdict: Verdict) -> Result<(), Failure> {
    match verdict {
        Verdict::Ok | Verdict::Skipped => Ok(()),
        Verdict::Warning => Err(Failure::Warned),
        Verdict::Fault => Err(Failure::Ill),
    }
}

/// A finding for programs: its key stays, its words are the reader's.
fn raw(finding: &Finding, teller: &Teller<'_>) -> Value {
    let say = |sentence: &Sentence| teller.texts.say(sentence, teller.language);
    json!({
        "verdict": finding.verdict.as_str(),
        "key": finding.cause.key(),
        "cause": say(&finding.cause),
        "remedy": finding.remedy().map(|remedy| say(&remedy)),
    })
}

/// The gravest verdict; all of them have been shown.
pub(super) fn examined(
    case: &Case,
    checks: &[Check],
    fix: Fix,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<Verdict, Failure> {
    let mut sheet = Sheet::new(environment.terminal, teller);
    let verdict = examine(case, checks, fix, |news| sheet.take(&news));
    let verdict = verdict.map_err(|why| Failure::not_started(&why))?;
    sheet.finish(verdict)?;
    Ok(verdict)
}

fn case(
    arguments: &DoctorArguments,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &Teller<'_>,
) -> Result<Case, Failure> {
    let sources = arguments.layers.sources(environment);
    let state = sources.state.ok_or(Failure::NoStateFolder)?;
    let mut case = Case::new(sources.file, sources.sets, state);
    case.token_is_told = environment.token.is_some() || everywhere.token_file.is_some();
    if environment.terminal {
        case.asked = Asked::Somebody;
    }
    case.running = running(&case, everywhere, environment, teller.language);
    Ok(case)
}
