use jiff::Timestamp;

use super::Page;
use crate::callbacks::{
    Callback, CallbackId, CancelledBecause, News, Refusal, State, Wish, Wished,
};
use crate::words::SeatId;

/// Why what is promised to a number is cancelled of which nothing is to be kept.
const NUMBER_DELETED: &str = "number-deleted";

/// Wishes of one promise that only put it off, or give it to another: each is a row of the book.
const WISHES_MAX: u32 = 100;

impl Page<'_> {
    /// The caller spoke to a rep then: all that he had been promised is kept (D26). Where the book learns of it later, what he
    /// was promised since is still owed.
    pub fn joined(&mut self, at: Timestamp) {
        let is_late = at < self.at;
        let had = |row: &&Callback| !is_late || row.promise.made_at <= at;
        let ids: Vec<CallbackId> = self.rows.iter().filter(had).map(|row| row.id).collect();
        for id in ids {
            self.finish(id, State::Done, News::Withdrawn);
        }
    }

    /// All that is kept of the caller is to be deleted, by whoever says so.
    pub fn withdrawn(&mut self, by: &str) {
        let ids: Vec<CallbackId> = self.rows.iter().map(|row| row.id).collect();
        for id in ids {
            let reason = NUMBER_DELETED.to_owned();
            self.wish(id, Wish::Cancel { reason }, by.to_owned());
        }
    }

    /// A wish that has come true already, or cannot any more, changes nothing; the turn shows the row in any case.
    pub fn wish(&mut self, id: CallbackId, wish: Wish, by: String) {
        self.by = Some(by.clone());
        self.change(id, |_| {});
        let is_worn = self.row(id).is_some_and(|row| row.wishes >= WISHES_MAX);
        if is_worn && !wish.settles() {
            return self.tell(id, News::Refused(Refusal::TooManyWishes));
        }
        if self.comes_true(id, &wish) {
            self.note_wish(id, wish, by);
        }
    }

    fn comes_true(&mut self, id: CallbackId, wish: &Wish) -> bool {
        match wish {
            Wish::Cancel { reason } => {
                let reason = reason.clone();
                let why = CancelledBecause::Asked { reason };
                self.finish(id, State::Cancelled { why }, News::Cancelled)
            }
            Wish::Done => self.finish(id, State::Done, News::Done),
            Wish::Snooze(until) => self.dial_at(id, *until, News::Snoozed),
            Wish::Redial => self.dial_at(id, self.at, News::Redialled),
            Wish::Assign(seat) => self.assign(id, seat.as_ref()),
        }
    }

    /// It is written with what it did, or not at all.
    fn note_wish(&mut self, id: CallbackId, wish: Wish, by: String) {
        let at = self.at;
        self.change(id, |row| row.wishes = row.wishes.saturating_add(1));
        let wished = self.row(id).map(|row| Wished {
            number: row.wishes,
            at,
            by,
            wish,
        });
        self.wishes.extend(wished.map(|wished| (id, wished)));
    }

    /// Settles a callback from outside; an attempt in flight is hung up first, by whoever made it.
    fn finish(&mut self, id: CallbackId, state: State, news: News) -> bool {
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
            | None => return false,
        }
        self.tell(id, news);
        true
    }

    /// Only what waits can be dialled earlier or later; what is to be dialled then anyway is left alone.
    fn dial_at(&mut self, id: CallbackId, at: Timestamp, news: News) -> bool {
        let Some(row) = self.row(id) else {
            return false;
        };
        let then = self.rules.dial_time(&row.promise, at);
        let is_so = row.is_open() && (row.next == then || row.next.max(then) <= self.at);
        if is_so || !is_waiting(row) {
            return false;
        }
        self.open_at(id, at);
        self.tell(id, news);
        self.merge_into_reopened(id);
        true
    }

    fn assign(&mut self, id: CallbackId, seat: Option<&SeatId>) -> bool {
        let is_another = |row: &Callback| row.promise.seat.as_ref() != seat;
        if !self.row(id).is_some_and(is_another) {
            return false;
        }
        self.change(id, |row| row.promise.seat = seat.cloned());
        self.tell(id, News::Assigned);
        true
    }
}

fn is_waiting(row: &Callback) -> bool {
    matches!(row.state, State::Open | State::Uncertain { .. })
}
