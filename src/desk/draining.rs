//! An agent that takes no more calls, and ends by itself once the last is over (D29).

use crate::console::DrainView;
use crate::records::What;
use crate::words::Moment;

use super::Desk;
use super::promises::{DISK_FULL, STORE_FAILED};

/// Whether new calls are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Working,
    /// Until nothing keeps it, or somebody thinks better of it.
    Draining,
    /// For good.
    Stopping,
}

impl Desk {
    /// Whoever is on the line is served to the end, and who waits for a seat, too; nobody is phoned back from here.
    pub(super) fn drain(&mut self, on: bool, now: Moment) {
        let stage = match (self.duty.stage, on) {
            (Stage::Stopping, _) => Stage::Stopping,
            (Stage::Working | Stage::Draining, true) => Stage::Draining,
            (Stage::Working | Stage::Draining, false) => Stage::Working,
        };
        if self.duty.stage != stage {
            self.duty.stage = stage;
            tracing::info!(on, calls = self.calls.len(), "drain");
            self.note_desk(What::Drain { on }, now);
            self.tell_queue_of_seats(now);
        }
    }

    pub(super) fn drain_view(&self) -> DrainView {
        DrainView {
            on: self.duty.stage != Stage::Working,
            calls: self.calls.len(),
            unsaved: self.has_unsaved(),
        }
    }

    pub(super) fn is_drained(&self) -> bool {
        let keeps = self.calls.len() > 0 || self.has_unsaved();
        self.duty.stage == Stage::Draining && !keeps
    }

    /// What nobody else could keep while this machine is off.
    fn has_unsaved(&self) -> bool {
        let fails = [STORE_FAILED, DISK_FULL].map(|alarm| self.duty.alarms.contains(alarm));
        !self.promises.queue.unsaved().is_empty() || fails.contains(&true)
    }
}
