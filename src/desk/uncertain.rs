//! Promises of which nobody knows whether the customer was reached: they wait for a rep, and are seen until he decides (I3).

use crate::callbacks::{Callback, State, Turn};
use crate::words::{Moment, SeatId};

use super::Desk;
use super::keeper::Job;

/// Stands while one of this desk's seats has such a promise.
const CALLBACKS_UNCERTAIN: &str = "callbacks-uncertain";

impl Desk {
    /// Whether an order made one uncertain, or settled one, is asked where it can be otherwise than it was.
    pub(super) fn look_for_uncertain(&mut self, turn: &Turn) {
        let are_known = self.promises.uncertain == Some(0);
        let is_one = turn.rows.iter().any(|row| tried_by(row).is_some());
        if is_one || (!are_known && turn.unsettled.is_some()) {
            self.ask_for_uncertain();
        }
    }

    /// Another desk may have decided.
    pub(super) fn look_whether_still_uncertain(&mut self) {
        if self.promises.uncertain != Some(0) {
            self.ask_for_uncertain();
        }
    }

    /// Where the disk cannot follow it is asked at the next order.
    fn ask_for_uncertain(&self) {
        self.keeper.spare(Job::Uncertain);
    }

    /// The seats that made the attempts; those of other desks are shown there.
    pub(super) fn uncertain(&mut self, seats: &[SeatId], now: Moment) {
        let ours = seats.iter().filter(|seat| self.seating.get(seat).is_some());
        let count = ours.count();
        self.promises.uncertain = Some(count);
        let shown = i64::try_from(count).unwrap_or(i64::MAX);
        self.chronicle.metrics.promises_uncertain.set(shown);
        let stands = self.duty.alarms.contains(CALLBACKS_UNCERTAIN);
        match count {
            0 => drop(self.duty.alarms.remove(CALLBACKS_UNCERTAIN)),
            _ if stands => {}
            _ => self.standing_alarm(CALLBACKS_UNCERTAIN, now),
        }
    }
}

/// Whose attempt it was, where its end is not known.
pub(super) fn tried_by(row: &Callback) -> Option<&SeatId> {
    let State::Uncertain { attempt } = &row.state else {
        return None;
    };
    Some(&attempt.seat)
}
