use std::time::Duration;

use jiff::Timestamp;

use super::{Action, Alarm, Queue};
use crate::words::Moment;

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
