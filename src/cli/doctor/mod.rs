//! `thirdring doctor`: what is wrong here, why, and what to do.

mod echo;
mod running;
mod sheet;

use super::arguments::{DoctorArguments, DoctorVerb, Everywhere};
use super::failure::Failure;
use super::{Environment, Teller};
use crate::doctor::{Asked, Case, Check, Fix, Verdict, examine};
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
    let state = arguments.state.clone().or_else(|| environment.state());
    let state = state.ok_or(Failure::NoStateFolder)?;
    let layers = arguments.layers.clone();
    let mut case = Case::new(layers.config, layers.set, state);
    case.token_is_told = environment.token.is_some() || everywhere.token_file.is_some();
    if environment.terminal {
        case.asked = Asked::Somebody;
    }
    case.running = running(&case, everywhere, environment, teller.language);
    Ok(case)
}
