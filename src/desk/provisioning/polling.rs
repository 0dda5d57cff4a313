use std::path::PathBuf;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::provision::{Refusal, first_after};
use crate::settings::{Provision, ProvisionServer, Sources};
use crate::words::{Catalogue, Language, Moment, Sentence};

use super::super::Desk;
use super::super::reloading::{Cause, Reload};
use super::{Asked, BY_THE_WAY, ask, server_of};

/// Stands while what the server gives cannot be used.
const PROVISION_UNFIT: &str = "provision-unfit";

/// When the server is asked next, and what is being asked.
#[derive(Default)]
pub(in crate::desk) struct Polling {
    sources: Sources,
    every: Duration,
    /// Where the copy is kept whose files this agent opened at its start.
    began_with: Option<PathBuf>,
    /// None where nothing is provisioned.
    due: Option<Moment>,
    asking: Option<JoinHandle<Option<Result<Asked, Refusal>>>>,
}

impl Polling {
    pub(in crate::desk) fn new(
        provision: &Provision,
        sources: Option<&Sources>,
        began_with: Option<PathBuf>,
        now: Moment,
    ) -> Self {
        let server = provision.server();
        let Some((server, sources)) = server.zip(sources) else {
            return Self::default();
        };
        let every = provision.every.get();
        Self {
            sources: sources.clone(),
            every,
            began_with,
            due: Some(now + first_after(&server.pc, every)),
            asking: None,
        }
    }

    pub(in crate::desk) fn due(&self) -> Option<Moment> {
        self.due.filter(|_| self.asking.is_none())
    }

    /// Asks where it is time to; this PC's own settings may name another server since.
    pub(in crate::desk) fn look(&mut self, now: Moment) {
        if self.due().is_some_and(|due| due <= now) {
            self.due = Some(now + self.every);
            let (sources, spared) = (self.sources.clone(), self.began_with.clone());
            self.asking = Some(spawn_blocking(move || {
                let server: ProvisionServer = server_of(&sources)?;
                Some(ask(&server, &sources, BY_THE_WAY, spared))
            }));
        }
    }

    /// What came of it; for ever where nothing is being asked. Cancel-safe.
    pub(in crate::desk) async fn done(&mut self) -> Option<Result<Asked, Refusal>> {
        let Some(asking) = &mut self.asking else {
            return std::future::pending().await;
        };
        let asked = asking.await;
        self.asking = None;
        asked.unwrap_or_else(|error| {
            let why = Sentence::of("io.other").with("why", error);
            Some(Err(Refusal::Disk { why }))
        })
    }
}

impl Desk {
    /// What was taken goes the way of every change of the settings; what was refused leaves them as they are. So does what
    /// was taken before and does not count yet: it was not read right then, or another start has taken it.
    pub(in crate::desk) fn provisioned(
        &mut self,
        asked: Option<Result<Asked, Refusal>>,
        reload: &mut Reload,
        now: Moment,
    ) {
        let Some(asked) = asked else {
            return;
        };
        self.note_provisioning(&asked, now);
        let is_to_read = match &asked {
            Ok(Asked::Taken(_)) => true,
            Ok(Asked::Unchanged(held)) => held.is_some_and(|held| !reload.uses(&held)),
            Err(_) => false,
        };
        if is_to_read {
            reload.begin(Cause::Change);
        }
    }

    /// Counts, logs, and lets the alarm stand as long as what the server gives cannot be used.
    pub(in crate::desk) fn note_provisioning(
        &mut self,
        asked: &Result<Asked, Refusal>,
        now: Moment,
    ) {
        let metrics = &self.chronicle.metrics;
        match asked {
            Ok(asked) => {
                metrics.provision_asked(asked.as_str());
                self.duty.alarms.remove(PROVISION_UNFIT);
                if let Asked::Taken(held) = asked {
                    tracing::info!(serial = held.serial, "provisioned settings were taken");
                }
            }
            Err(refusal) => {
                metrics.provision_asked(refusal.as_str());
                log(refusal);
                if !refusal.is_absence() && !self.duty.alarms.contains(PROVISION_UNFIT) {
                    self.standing_alarm(PROVISION_UNFIT, now);
                }
            }
        }
    }
}

/// In English. What stands in a line of the settings may be somebody's number: of a fault its place and its name are told.
fn log(refusal: &Refusal) {
    let why = Catalogue::shipped().say(&refusal.sentence(), Language::En);
    if let Refusal::Unfit { faults, told, .. } = refusal {
        tracing::warn!(faults, why = told, "provisioned settings stay as they were");
    } else if refusal.is_absence() {
        tracing::info!(why, "nobody says whether provisioned settings changed");
    } else {
        tracing::warn!(why, "provisioned settings stay as they were");
    }
}
