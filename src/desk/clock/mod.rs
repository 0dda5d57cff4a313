#![expect(
    clippy::disallowed_methods,
    reason = "the desk is where the clocks are read (D1)"
)]

mod setting;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(target_os = "linux")]
pub use system::stamped;

use std::time::Duration;

use jiff::Timestamp;

use crate::words::Moment;

/// Reads the boot clock, which counts the time the PC slept (D1).
pub fn now() -> Moment {
    Moment::ZERO + system::since_boot()
}

/// Reads the clock that stands still while the PC sleeps.
pub(super) fn awake() -> Duration {
    system::awake()
}

/// Reads the wall clock.
pub fn utc() -> Timestamp {
    setting::as_set(Timestamp::now())
}

/// The wall-clock time of a moment to come, as the clock stands now.
pub(super) fn utc_of(moment: Moment, now: Moment) -> Timestamp {
    let ahead = moment.since(now);
    utc().checked_add(ahead).unwrap_or(Timestamp::MAX)
}

/// Milliseconds of the Unix epoch, as UUIDs of version 7 count.
pub(super) fn unix_ms() -> u64 {
    u64::try_from(utc().as_millisecond()).unwrap_or(0)
}

/// A seed nobody can guess, from the system.
pub fn seed() -> Result<[u8; 32], getrandom::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map(|()| seed)
}
