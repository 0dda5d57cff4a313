use std::time::Duration;

use jiff::Timestamp;

use super::{Action, Alarm, Queue};
use crate::words::Moment;

/// How late a jump is noticed at most, while there are promises to keep.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A reading of both clocks (D1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) now: Moment,
    pub(super) utc: Timestamp,
}

/// D1: what drifts less than this is the wall clock being steered.
const JUMP: i64 = 60;

impl Clock {
    /// Where `utc` lies on the steady clock; what has passed is now.
    pub(super) fn moment_of(self, utc: Timestamp) -> Moment {
        let ahead = utc.duration_since(self.utc);
        self.now + Duration::try_from(ahead).unwrap_or(Duration::ZERO)
    }

    pub(super) fn utc_after(self, wait: Duration) -> Timestamp {
        self.utc.checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// Seconds the wall clock has gained over the steady one since `earlier`.
    fn gained_s(self, earlier: Self) -> i64 {
        let wall = self.utc.duration_since(earlier.utc).as_secs();
        let steady = self.now.since(earlier.now).as_secs();
        wall.saturating_sub(i64::try_from(steady).unwrap_or(i64::MAX))
    }
}

impl Queue {
    /// When to compare the clocks next.
    pub(super) fn look_at_clock(&self) -> Option<Moment> {
        let promises = self.rows.values().any(|row| row.callback.is_open());
        self.clock
            .filter(|_| promises)
            .map(|seen| seen.now + LOOK_EVERY)
    }

    /// Anchors the due times anew when the wall clock jumped: no promise becomes later by that.
    pub(super) fn watch_clock(&mut self, clock: Clock) -> Vec<Action> {
        let Some(anchor) = &mut self.clock else {
            self.clock = Some(clock);
            return Vec::new();
        };
        let by_s = clock.gained_s(*anchor);
        *anchor = clock;
        if by_s.abs() <= JUMP {
            return Vec::new();
        }
        for row in self.rows.values_mut() {
            row.due = row.due.min(clock.moment_of(row.callback.promise.due));
            row.next = row.next.min(clock.moment_of(row.callback.next));
        }
        vec![Action::Alarm(Alarm::ClockJumped { by_s })]
    }
}
