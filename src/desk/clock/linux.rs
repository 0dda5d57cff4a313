use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::time::ClockId;

use crate::words::Moment;

/// The kernel's stamps are by the wall clock; where that was set in between, they say nothing.
const STAMP_AGE_MAX: Duration = Duration::from_secs(5);

pub(super) fn since_boot() -> Duration {
    let time = ClockId::CLOCK_BOOTTIME
        .now()
        .expect("Linux has a boot clock since 2.6.39");
    Duration::from(time)
}

pub(super) fn awake() -> Duration {
    let time = ClockId::CLOCK_MONOTONIC
        .now()
        .expect("every Linux has this clock");
    Duration::from(time)
}

/// The moment of a stamp that the kernel has put on a datagram (socket(7), `SO_TIMESTAMPNS`).
pub fn stamped(stamp: TimeSpec) -> Moment {
    let wall = ClockId::CLOCK_REALTIME
        .now()
        .expect("every Linux has this clock");
    let age = Duration::from(wall).saturating_sub(Duration::from(stamp));
    let age = if age < STAMP_AGE_MAX {
        age
    } else {
        Duration::ZERO
    };
    Moment::ZERO + since_boot().saturating_sub(age)
}
