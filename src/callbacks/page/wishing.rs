use jiff::Timestamp;

use super::Page;
use crate::callbacks::{Callback, CallbackId, CancelledBecause, News, State, Wish};
use crate::words::SeatId;

/// Why what is promised to a number is cancelled of which nothing is to be kept.
const NUMBER_DELETED: &str = "number-deleted";

impl Page<'_> {
    /// The caller speaks to a rep: all that he was promised is kept (D26).
    pub fn joined(&mut self) {
        let ids: Vec<CallbackId> = self.rows.iter().map(|row| row.id).collect();
        for id in ids {
            self.finish(id, State::Done, News::Withdrawn);
        }
    }

    /// All that is kept of the caller is to be deleted, by whoever says so.
    pub fn withdrawn(&mut self, by: &str) {
        self.by = Some(by.to_owned());
        let ids: Vec<CallbackId> = self.rows.iter().map(|row| row.id).collect();
        for id in ids {
            let reason = NUMBER_DELETED.to_owned();
            let why = CancelledBecause::Asked { reason };
            self.finish(id, State::Cancelled { why }, News::Cancelled);
        }
    }

    /// A wish that has come true already, or cannot any more, changes nothing; the turn shows the row in any case.
    pub fn wish(&mut self, id: CallbackId, wish: Wish, by: String) {
        self.by = Some(by);
        self.change(id, |_| {});
        match wish {
            Wish::Cancel { reason } => {
                let why = CancelledBecause::Asked { reason };
                self.finish(id, State::Cancelled { why }, News::Cancelled);
            }
            Wish::Done => self.finish(id, State::Done, News::Done),
            Wish::Snooze(until) => self.dial_at(id, until, News::Snoozed),
            Wish::Redial => self.dial_at(id, self.at, News::Redialled),
            Wish::Assign(seat) => self.assign(id, seat),
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

    /// Only what waits can be dialled earlier or later; what is to be dialled then anyway is left alone.
    fn dial_at(&mut self, id: CallbackId, at: Timestamp, news: News) {
        let Some(row) = self.row(id) else { return };
        let is_so = row.is_open() && row.next == self.rules.dial_time(&row.promise, at);
        if is_so || !is_waiting(row) {
            return;
        }
        self.open_at(id, at);
        self.tell(id, news);
        self.merge_into_reopened(id);
    }

    fn assign(&mut self, id: CallbackId, seat: Option<SeatId>) {
        if self.row(id).is_some_and(|row| row.promise.seat != seat) {
            self.change(id, |row| row.promise.seat = seat);
            self.tell(id, News::Assigned);
        }
    }
}

fn is_waiting(row: &Callback) -> bool {
    matches!(row.state, State::Open | State::Uncertain { .. })
}
