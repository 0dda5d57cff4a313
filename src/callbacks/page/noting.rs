use super::Page;
use crate::callbacks::{Callback, CallbackId, CancelledBecause, News, Promise, State, Told};

impl Page<'_> {
    /// Takes a promise down, into a row that is open if there is one (D26).
    pub fn note(&mut self, id: CallbackId, promise: &Promise) {
        let asked = promise.due;
        let due = self.rules.dial_time(promise, asked);
        let promise = Promise {
            due,
            ..promise.clone()
        };
        let moved = due != asked;
        let keeper = self.older().unwrap_or(id);
        self.restore(Callback::new(id, promise.clone()));
        let kept = self.row(keeper).map_or(due, |row| row.promise.due);
        let noted = News::Noted {
            due: kept,
            moved: moved && kept == due,
        };
        self.told.push(Told::of(keeper, &promise, noted));
    }

    /// Takes a row in as it stands.
    pub fn restore(&mut self, row: Callback) {
        let (id, older) = (row.id, self.older());
        let is_open = row.is_open();
        self.add(row);
        if let Some(into) = older.filter(|_| is_open) {
            self.merge(id, into);
        }
    }

    /// A row that was noted twice, here and elsewhere: it is kept by its id, and only the one that is known by its key.
    pub fn stand_in(&mut self, row: &Callback, known: CallbackId) {
        let promise = Promise {
            origin: None,
            key: None,
            ..row.promise.clone()
        };
        let why = CancelledBecause::Merged { into: known };
        let state = if row.is_open() {
            State::Cancelled { why }
        } else {
            row.state.clone()
        };
        self.add(Callback {
            promise,
            state,
            ..row.clone()
        });
    }

    /// What became elsewhere of a row that nobody has touched here; what was told of it is not told again.
    pub fn replace(&mut self, row: &Callback) {
        let was_touched = row.attempts > 0 || row.wishes > 0 || row.is_settled();
        let Some(warned) = self.row(row.id).map(|known| known.warned) else {
            return;
        };
        if was_touched {
            self.change(row.id, |known| *known = row.clone());
        }
        if was_touched || row.warned > warned {
            self.change(row.id, |known| known.warned = warned.max(row.warned));
        }
    }

    /// The open row that takes in what else is promised.
    fn older(&self) -> Option<CallbackId> {
        self.rows.iter().find(|row| row.is_open()).map(|row| row.id)
    }

    /// The older row takes the younger one's promise over.
    fn merge(&mut self, younger: CallbackId, into: CallbackId) {
        let Some(promise) = self.row(younger).map(|row| row.promise.clone()) else {
            return;
        };
        self.change(into, |row| row.absorb(&promise));
        self.change(younger, |row| {
            row.state = State::Cancelled {
                why: CancelledBecause::Merged { into },
            };
        });
    }

    /// A row that is open again takes over what its caller was promised meanwhile.
    pub(super) fn merge_into_reopened(&mut self, id: CallbackId) {
        let is_open = |row: &&Callback| row.is_open();
        if !self.row(id).is_some_and(Callback::is_open) {
            return;
        }
        let others: Vec<CallbackId> = self
            .rows
            .iter()
            .filter(is_open)
            .map(|row| row.id)
            .filter(|other| *other != id)
            .collect();
        for other in others {
            self.merge(other, id);
        }
    }
}
