use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Action, Alarm, Queue};
use crate::words::Moment;

/// How late a jump is noticed at most, while there are promises to keep.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A reading of both clocks (D1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) now: Moment,
    utc: Timestamp,
    /// By how much the wall clock was set back.
    back: SignedDuration,
}

/// D1: what drifts less than this is the wall clock being steered.
const JUMP: SignedDuration = SignedDuration::from_secs(60);

impl Clock {
    pub(super) fn new(now: Moment, utc: Timestamp) -> Self {
        Self {
            now,
            utc,
            back: SignedDuration::ZERO,
        }
    }

    /// The book's time: the wall clock's, but that it is never set back, so that no promise becomes later by that.
    pub(super) fn at(self) -> Timestamp {
        self.utc.saturating_add(self.back).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn at_after(self, wait: Duration) -> Timestamp {
        self.at().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// Where a time of the book lies on the steady clock; what has passed is now.
    pub(super) fn moment_of(self, at: Timestamp) -> Moment {
        let ahead = at.duration_since(self.at());
        self.now + Duration::try_from(ahead).unwrap_or(Duration::ZERO)
    }

    /// The same of a time that has passed.
    pub(super) fn moment_before(self, at: Timestamp) -> Moment {
        let ago = self.at().duration_since(at);
        self.now - Duration::try_from(ago).unwrap_or(Duration::ZERO)
    }

    /// The book's time of what is read off the wall clock.
    pub(super) fn of_wall(self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.back).unwrap_or(Timestamp::MAX)
    }

    /// What the wall clock has gained over the steady one since `earlier`.
    fn gained(self, earlier: Self) -> SignedDuration {
        let steady = SignedDuration::try_from(self.now.since(earlier.now));
        let wall = self.utc.duration_since(earlier.utc);
        wall.saturating_sub(steady.unwrap_or(SignedDuration::MAX))
    }
}

impl Queue {
    /// When to compare the clocks next.
    pub(super) fn look_at_clock(&self) -> Option<Moment> {
        let waits = self.next.is_some() || !self.held.is_empty();
        self.clock
            .filter(|_| waits)
            .map(|seen| seen.now + LOOK_EVERY)
    }

    /// The time of this input, and an alarm where the wall clock jumped.
    pub(super) fn read_clock(&mut self, now: Moment, utc: Timestamp) -> (Clock, Option<Action>) {
        let mut clock = Clock::new(now, utc);
        let Some(earlier) = self.clock.replace(clock) else {
            return (clock, None);
        };
        let by = clock.gained(earlier);
        clock.back = earlier.back;
        let jumped = by.abs() > JUMP;
        if jumped {
            // Set forward again, or by more: from then on the wall clock is right.
            clock.back = earlier.back.saturating_sub(by).max(SignedDuration::ZERO);
            // What is due by it now was not a moment ago.
            self.next = self.next.map(|_| now);
        }
        self.clock = Some(clock);
        let by_s = by.as_secs();
        (
            clock,
            jumped.then_some(Action::Alarm(Alarm::ClockJumped { by_s })),
        )
    }
}
