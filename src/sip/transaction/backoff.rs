use std::time::Duration;

use super::{T1, T2};
use crate::words::Moment;

/// When to repeat a datagram next: pauses that double from T1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    next: Moment,
    pause: Duration,
    longest: Duration,
}

impl Backoff {
    /// Doubles without bound (timer A); the transaction's own end is the bound.
    pub(crate) fn doubling(now: Moment) -> Self {
        Self::new(Duration::MAX, now)
    }

    /// Doubles up to T2 (timers E and G, and the 2xx of RFC 3261 13.3.1.4).
    pub(crate) fn up_to_t2(now: Moment) -> Self {
        Self::new(T2, now)
    }

    fn new(longest: Duration, now: Moment) -> Self {
        Self {
            next: now + T1,
            pause: T1,
            longest,
        }
    }

    pub(crate) fn next(&self) -> Moment {
        self.next
    }

    /// Whether to repeat; then the next time is set.
    pub(crate) fn is_due(&mut self, now: Moment) -> bool {
        if now < self.next {
            return false;
        }
        self.pause = self.pause.saturating_mul(2).min(self.longest);
        self.next = now + self.pause;
        true
    }

    /// Repeats every T2 from here (timer E in Proceeding).
    pub(crate) fn slow_down(&mut self, now: Moment) {
        self.pause = T2;
        self.next = now + T2;
    }
}
