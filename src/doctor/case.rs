//! Who is examined: the settings, the state folder, and the agent that runs there, if one does.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::console::{HealthView, RegistrationView, SeatView};
use crate::settings::{Inspection, Settings};

pub use super::verdicts::sound::Asked;

/// What an examination begins with.
pub struct Case {
    /// As `config check` reads them.
    pub config: Option<PathBuf>,
    pub sets: Vec<String>,
    pub state: PathBuf,
    /// `THIRDRING_TOKEN` is set: then no token file is looked for.
    pub token_is_told: bool,
    /// What was written, but for what could not be read.
    pub settings: Settings,
    pub running: Option<Running>,
    pub asked: Asked,
}

/// The agent that answers at the API of these settings: it has the ports, the store and the headset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub health: HealthView,
    /// Without the right token it tells no more than its health.
    pub known: Option<Known>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub registrations: Vec<RegistrationView>,
    pub seats: Vec<SeatView>,
}

impl Case {
    /// Settings with faults are examined as far as they can be read.
    pub fn new(config: Option<PathBuf>, sets: Vec<String>, state: PathBuf) -> Self {
        let inspection = Inspection::of(config.as_deref(), &sets);
        Self {
            settings: inspection.settings().clone(),
            config,
            sets,
            state,
            token_is_told: false,
            running: None,
            asked: Asked::Nobody,
        }
    }

    /// Where an agent with these settings answers.
    pub fn api(&self) -> SocketAddr {
        self.settings.api.listen
    }

    pub(super) fn known(&self) -> Option<&Known> {
        self.running.as_ref()?.known.as_ref()
    }

    pub(super) fn agent_runs(&self) -> bool {
        self.running.is_some()
    }
}
