//! What the service manager that started us is told (sd_notify(3)): that we take calls, that we live, that we leave.
//!
//! A desk that hangs tells nothing, and is killed and started anew; its calls are phoned back (D29).

#[cfg(target_os = "linux")]
pub(super) use self::systemd::Supervisor;

#[cfg(target_os = "linux")]
mod systemd {
    use std::time::Duration;

    use sd_notify::NotifyState;

    use crate::words::Moment;

    #[derive(Debug, Default)]
    pub(in crate::desk) struct Supervisor {
        /// How often it wants to hear of us: twice in the time after which it takes us for dead.
        every: Option<Duration>,
        told: Option<Moment>,
    }

    impl Supervisor {
        /// Nobody where nobody started us so.
        pub(in crate::desk) fn of_this_process() -> Self {
            Self {
                every: sd_notify::watchdog_enabled().map(|within| within / 2),
                told: None,
            }
        }

        /// The desk works.
        pub(in crate::desk) fn lives(&mut self, now: Moment) {
            if self.told.is_none() {
                tell(NotifyState::Ready);
                self.told = Some(now);
            }
            if self.due().is_some_and(|due| due <= now) {
                tell(NotifyState::Watchdog);
                self.told = Some(now);
            }
        }

        /// When to tell it again.
        pub(in crate::desk) fn due(&self) -> Option<Moment> {
            Some(self.told? + self.every?)
        }

        pub(in crate::desk) fn leaves(&self) {
            tell(NotifyState::Stopping);
        }
    }

    fn tell(what: NotifyState<'_>) {
        if let Err(why) = sd_notify::notify(&[what]) {
            tracing::warn!(%why, "tell the service manager");
        }
    }
}

/// Elsewhere nobody asks.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, Default)]
pub(super) struct Supervisor;

#[cfg(not(target_os = "linux"))]
impl Supervisor {
    pub(super) fn of_this_process() -> Self {
        Self
    }

    pub(super) fn lives(&mut self, _: crate::words::Moment) {}

    pub(super) fn due(&self) -> Option<crate::words::Moment> {
        None
    }

    pub(super) fn leaves(&self) {}
}
