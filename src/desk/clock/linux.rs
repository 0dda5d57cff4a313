use std::time::Duration;

use nix::time::ClockId;

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
