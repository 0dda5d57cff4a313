use super::Page;
use crate::callbacks::{Callback, CallbackId, CancelledBecause, News, Promise, State, Told};

impl Page<'_> {
    /// Takes a promise down, into a row that is open if there is one (D26).
    ///
    /// `known` keeps the promise of the same call and reason: then this is a retry, and changes nothing (I5).
    pub fn note(&mut self, id: CallbackId, promise: &Promise, known: Option<&Callback>) {
        if let Some(known) = known {
            return self.confirm(known, promise);
        }
        let asked = promise.due;
        let due = self.rules.dial_time(promise, asked);
        let promise = Promise {
            due,
            ..promise.clone()
        };
        let moved = due != asked;
        let (origin, kind) = (promise.origin, promise.kind);
        let keeper = self.older().unwrap_or(id);
        self.restore(Callback::new(id, promise));
        let kept = self.row(keeper).map_or(due, |row| row.promise.due);
        self.told.push(Told {
            id: keeper,
            origin,
            kind,
            news: News::Noted {
                due: kept,
                moved: moved && kept == due,
            },
        });
    }

    /// What was answered the first time, as it stands now.
    fn confirm(&mut self, known: &Callback, promise: &Promise) {
        let due = known.promise.due;
        self.told.push(Told {
            id: known.id,
            origin: promise.origin,
            kind: promise.kind,
            news: News::Noted {
                due,
                moved: due > promise.due,
            },
        });
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
