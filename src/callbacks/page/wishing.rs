use std::time::Duration;

use jiff::Timestamp;

use super::Page;
use crate::callbacks::{Callback, CallbackId, CancelledBecause, News, State, Wish};

impl Page<'_> {
    /// The caller speaks to a rep: all that he was promised is kept (D26).
    pub fn joined(&mut self) {
        let ids: Vec<CallbackId> = self.rows.iter().map(|row| row.id).collect();
        for id in ids {
            self.finish(id, State::Done, News::Withdrawn);
        }
    }

    /// A wish that has come true already, or cannot any more, changes nothing.
    pub fn wish(&mut self, id: CallbackId, wish: Wish) {
        match wish {
            Wish::Cancel { reason } => {
                let why = CancelledBecause::Asked { reason };
                self.finish(id, State::Cancelled { why }, News::Cancelled);
            }
            Wish::Done => self.finish(id, State::Done, News::Done),
            Wish::Snooze(wait) => self.dial_in(id, wait),
            Wish::Redial => self.dial_in(id, Duration::ZERO),
            Wish::Assign(seat) => {
                if self
                    .row(id)
                    .is_some_and(|row| row.promise.seat.as_ref() != Some(&seat))
                {
                    self.change(id, |row| row.promise.seat = Some(seat));
                    self.tell(id, News::Assigned);
                }
            }
        }
    }

    /// Settles a callback from outside; an attempt in flight is hung up first, by whoever made it.
    fn finish(&mut self, id: CallbackId, state: State, news: News) {
        match self.row(id).map(|row| &row.state) {
            Some(State::Open | State::Uncertain { .. }) => self.change(id, |row| row.state = state),
            Some(State::Attempting { then: None, .. }) => {
                self.change(id, |row| row.withdraw(state))
            }
            Some(
                State::Attempting { .. }
                | State::Done
                | State::GivenUp { .. }
                | State::Cancelled { .. },
            )
            | None => return,
        }
        self.tell(id, news);
    }

    /// Only what waits can be dialled earlier or later.
    fn dial_in(&mut self, id: CallbackId, wait: Duration) {
        let waits = |row: &Callback| matches!(row.state, State::Open | State::Uncertain { .. });
        if self.row(id).is_some_and(waits) {
            self.open_at(id, self.at.saturating_add(wait).unwrap_or(Timestamp::MAX));
            self.tell(id, News::Snoozed { wait });
            self.merge_into_reopened(id);
        }
    }
}
