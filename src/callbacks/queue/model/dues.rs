//! When each promise is due, as it was asked for, beside what the book makes of it (I4).

use jiff::SignedDuration;

use super::*;
use crate::callbacks::Promise;

/// A seat that is free is given so long; times are rounded to seconds.
const TAKEN_UP_WITHIN: SignedDuration = SignedDuration::from_secs(4);

/// The times of one call's promise for one reason. A retry changes nothing, but which of them was first in the book
/// depends on when it answered: what is between is not judged.
struct Owed {
    asks: u32,
    made: Timestamp,
    due_first: Timestamp,
    due_last: Timestamp,
}

/// By call and reason.
#[derive(Default)]
pub(super) struct Dues(BTreeMap<(CallId, String), Owed>);

impl World {
    /// The quiet hours have tests of their own: what they make of a time is taken for granted.
    pub(super) fn is_asked(&mut self, promise: &Promise) {
        let Some(call) = promise.origin else { return };
        let due = rules().dial_time(promise, promise.due);
        let made = promise.made_at;
        let first = Owed {
            asks: 0,
            made,
            due_first: due,
            due_last: due,
        };
        let key = (call, promise.reason.clone());
        let owed = self.dues.0.entry(key).or_insert(first);
        owed.asks += 1;
        owed.due_first = owed.due_first.min(due);
        owed.due_last = owed.due_last.max(due);
    }

    /// The rows that went into this one, and itself.
    fn kept_by(&self, keeper: CallbackId) -> Vec<&Callback> {
        let goes_there = |row: &&Callback| {
            let mut row = *row;
            while let Some(into) = row.merged_into().and_then(|into| self.book.get(into)) {
                row = into;
            }
            row.id == keeper
        };
        self.book.rows().filter(goes_there).collect()
    }

    fn owed_by(&self, keeper: CallbackId) -> Vec<&Owed> {
        let rows = self.kept_by(keeper).into_iter();
        let keys = rows.filter_map(|row| Some((row.promise.origin?, row.promise.reason.clone())));
        keys.filter_map(|key| self.dues.0.get(&key)).collect()
    }

    /// Once the customer's phone was reached for, or may have been, its time is over in any case.
    pub(super) fn is_tried_in_time_or_told_late(&self, callback: &Callback, attempt: &Attempt) {
        let id = callback.id;
        let due = self.owed_by(id).iter().map(|owed| owed.due_last).min();
        let is_late = due.is_some_and(|due| attempt.begun > due + TAKEN_UP_WITHIN);
        let mut outcomes = callback.outcomes.iter();
        let was_tried = outcomes.any(|outcome| outcome.reached_for_the_caller());
        if was_tried || !is_late || self.clock_was_set {
            return;
        }
        let rows = self.kept_by(id);
        let is_told = rows.iter().any(|row| self.overdue.contains_key(&row.id));
        assert!(is_told, "I4: due {due:?}, tried in silence: {attempt:?}");
    }

    pub(super) fn is_told_no_sooner(&self, id: CallbackId, news: News) {
        let owed = self.owed_by(id);
        let is_plain = owed.iter().all(|owed| owed.asks == 1);
        let due = owed.iter().map(|owed| owed.due_first).min();
        let made = owed.iter().map(|owed| owed.made).max();
        let (Some(due), Some(made), false) = (due, made, self.clock_was_set) else {
            return;
        };
        if news == News::Overdue {
            assert!(self.utc >= due, "I4: overdue before {due}");
        }
        if news == News::Near && is_plain {
            let near = made + due.duration_since(made) * 3 / 5;
            assert!(self.utc >= near, "I4: near before {near}");
        }
    }
}
