use std::time::Duration;

use nix::time::ClockId;

use crate::words::Moment;

/// Reads the boot clock, which counts the time the PC slept (D1).
pub fn now() -> Moment {
    let time = ClockId::CLOCK_BOOTTIME
        .now()
        .expect("Linux has a boot clock since 2.6.39");
    Moment::ZERO + Duration::from(time)
}
