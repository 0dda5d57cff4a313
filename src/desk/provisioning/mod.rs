//! What an admin provisions is asked for again and again, and taken where it is right and makes settings without a
//! fault. Nobody in a call waits for a server.

mod asking;
mod polling;

use std::path::PathBuf;
use std::time::Duration;

use crate::provision::store::Copy;
use crate::provision::{Held, Refusal};
use crate::settings::{Inspection, ProvisionServer, Sources};
use crate::words::Sentence;

use super::{clock, inspect};

pub use asking::{Answer, Newer, Question};
pub(super) use polling::Polling;

/// How long a start waits for a server where there is a copy to begin with.
const WITH_A_COPY: Duration = Duration::from_secs(3);

/// And where there is none: prompts may have to be taken, too.
const WITHOUT_ONE: Duration = Duration::from_secs(60);

/// A poll by the way.
const BY_THE_WAY: Duration = Duration::from_secs(60);

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What was taken before counts.
    Unchanged(Option<Held>),
    /// What counts from now on.
    Taken(Held),
}

impl Asked {
    /// What counts it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged(_) => "unchanged",
            Self::Taken(_) => "taken",
        }
    }
}

/// Whom the PC's own settings name, and the state folder in which is kept what he gives.
pub fn server_of(sources: &Sources) -> Option<ProvisionServer> {
    Inspection::own(sources).settings().provision.server()
}

/// Asks before a start; none where nothing is provisioned. With a copy it is a matter of seconds; the error is a first
/// start that got none.
pub fn provision(sources: &Sources) -> Option<Result<Result<Asked, Refusal>, Sentence>> {
    let server = server_of(sources)?;
    let state = sources.state.as_deref()?;
    let has_copy = matches!(server.copy(state), Ok(Some(copy)) if copy.spoilt.is_none());
    let within = if has_copy { WITH_A_COPY } else { WITHOUT_ONE };
    let asked = ask(&server, sources, within, None);
    Some(match asked {
        Err(why) if !has_copy => Err(Sentence::of("provision.no-copy")
            .with("url", &server.url)
            .with("why", why.sentence())),
        asked => Ok(asked),
    })
}

/// Asks, and takes what is newer; the copy that is spared is not cleared away then.
fn ask(
    server: &ProvisionServer,
    sources: &Sources,
    within: Duration,
    spared: Option<PathBuf>,
) -> Result<Asked, Refusal> {
    let question = Question::open(server, sources.state.as_deref(), within)?.sparing(spared);
    match question.ask()? {
        Answer::Unchanged { etag } => {
            question.confirm(etag, clock::utc())?;
            Ok(Asked::Unchanged(question.held().map(Copy::held)))
        }
        Answer::Newer(newer) => {
            let fits = |copy: &Copy| check(server, sources, copy);
            let copy = question.take(*newer, fits, clock::utc())?;
            Ok(Asked::Taken(copy.held()))
        }
    }
}

/// As `thirdring config check` would with it.
fn check(server: &ProvisionServer, sources: &Sources, copy: &Copy) -> Result<(), Refusal> {
    let mut inspection = Inspection::with_copy(sources, &server.url.to_string(), copy);
    inspect(&mut inspection);
    let Err(error) = inspection.settings_if_right() else {
        return Ok(());
    };
    let faults = error.findings();
    match faults.first() {
        None => Ok(()),
        Some(first) => Err(Refusal::Unfit {
            faults: faults.len(),
            first: first.title().clone(),
            told: error.for_log(),
        }),
    }
}
