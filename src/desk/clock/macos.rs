use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The standard library reads the clock that stands still here.
static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Goes on while the PC sleeps (clock_gettime(3)).
pub(super) fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    let whole = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(whole, nanos)
}

pub(super) fn awake() -> Duration {
    BEGUN.elapsed()
}
