use std::sync::LazyLock;
use std::time::{Duration, Instant};

static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Since the first reading in truth: the performance counter, which the standard library reads here, goes on while the PC
/// sleeps, but where it stood at the boot is not told.
pub(super) fn since_boot() -> Duration {
    BEGUN.elapsed()
}

/// The same clock: a sleep is known by the desk's own silence alone.
pub(super) fn awake() -> Duration {
    since_boot()
}
