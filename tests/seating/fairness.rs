use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use thirdring::words::SeatId;

/// What each seat had of the day.
#[derive(Clone, Debug, Default)]
pub(super) struct Fairness {
    of: BTreeMap<SeatId, Had>,
    /// Callers who left before a rep came.
    pub(super) left: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Had {
    calls: usize,
    talk: Duration,
    idle: Duration,
}

impl Fairness {
    pub(super) fn took(&mut self, seat: &SeatId) {
        self.of.entry(seat.clone()).or_default().calls += 1;
    }

    pub(super) fn talked(&mut self, seat: &SeatId, lasted: Duration) {
        self.of.entry(seat.clone()).or_default().talk += lasted;
    }

    pub(super) fn idled(&mut self, seat: &SeatId, lasted: Duration) {
        self.of.entry(seat.clone()).or_default().idle += lasted;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (seat, had) in &other.of {
            let sum = self.of.entry(seat.clone()).or_default();
            sum.calls += had.calls;
            sum.talk += had.talk;
            sum.idle += had.idle;
        }
        self.left += other.left;
    }

    /// Every call there was.
    pub(super) fn calls(&self) -> usize {
        self.of.values().map(|had| had.calls).sum::<usize>() + self.left
    }

    /// Jain's index of the calls a seat: 1 is even, 1/n is all for one.
    pub(super) fn jain(&self) -> f64 {
        let each = self.of.values().map(|had| had.calls as f64);
        let (sum, squares) = each.fold((0.0, 0.0), |(sum, squares), calls| {
            (sum + calls, squares + calls * calls)
        });
        sum * sum / (self.of.len() as f64 * squares)
    }
}

impl fmt::Display for Fairness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (seat, had) in &self.of {
            let minutes = |time: Duration| time.as_secs_f64() / 60.0;
            write!(
                f,
                "{seat} {} calls, {:.0} min talk, {:.0} min idle; ",
                had.calls,
                minutes(had.talk),
                minutes(had.idle)
            )?;
        }
        write!(f, "{} left; Jain {:.4}", self.left, self.jain())
    }
}
