//! All that is not settled for one caller: what is decided about him is decided on all of it together.

mod attempting;
mod noting;
mod wishing;

use jiff::Timestamp;

use super::{Attempt, Callback, CallbackId, News, Rules, State, Told, Turn, Warned, Wished};

/// A caller's rows, and what an order has come to so far.
///
/// A store reads it, gives it one order, and writes what changed, all in one transaction in which nobody else has the
/// same caller's page: so never two attempts are in flight for one number (I2).
#[derive(Debug)]
pub struct Page<'a> {
    /// Not settled when they were read, the oldest first.
    rows: Vec<Callback>,
    changed: Vec<CallbackId>,
    attempts: Vec<(CallbackId, Attempt)>,
    wishes: Vec<(CallbackId, Wished)>,
    told: Vec<Told>,
    /// Who asked for what is told.
    by: Option<String>,
    rules: &'a Rules,
    at: Timestamp,
}

impl<'a> Page<'a> {
    /// `at` is the book's time; the rows are all that are not settled for one number.
    pub fn new(rows: Vec<Callback>, rules: &'a Rules, at: Timestamp) -> Self {
        Self {
            rows,
            changed: Vec::new(),
            attempts: Vec::new(),
            wishes: Vec::new(),
            told: Vec::new(),
            by: None,
            rules,
            at,
        }
    }

    /// What is to be written, and told once it is.
    pub fn turn(self) -> Turn {
        let Self {
            rows,
            changed,
            rules,
            ..
        } = self;
        let changed = rows.into_iter().filter(|row| changed.contains(&row.id));
        Turn {
            rows: changed.map(|row| rules.reserved(row)).collect(),
            attempts: self.attempts,
            wishes: self.wishes,
            told: self.told,
            ..Turn::default()
        }
    }

    /// Says once what is near its due time, or past it (I4).
    pub fn warn(&mut self) {
        let at = self.at;
        let late: Vec<(CallbackId, Warned)> = self
            .rows
            .iter()
            .filter_map(|row| Some((row.id, row.warning_at(at)?)))
            .collect();
        for (id, warned) in late {
            self.change(id, |row| row.warned = warned);
            self.tell(
                id,
                if warned == Warned::Near {
                    News::Near
                } else {
                    News::Overdue
                },
            );
        }
    }

    fn row(&self, id: CallbackId) -> Option<&Callback> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The one that is in flight, if any.
    fn in_flight(&self) -> Option<&Callback> {
        self.rows.iter().find(|row| row.attempt().is_some())
    }

    fn add(&mut self, row: Callback) {
        self.changed.push(row.id);
        self.rows.push(row);
    }

    fn change(&mut self, id: CallbackId, how: impl FnOnce(&mut Callback)) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            how(row);
            if !self.changed.contains(&id) {
                self.changed.push(id);
            }
        }
    }

    fn tell(&mut self, id: CallbackId, news: News) {
        let told = self.row(id).map(|row| Told {
            by: self.by.clone(),
            ..Told::of(id, &row.promise, news)
        });
        self.told.extend(told);
    }

    /// Dialled then, but not in the quiet hours.
    fn open_at(&mut self, id: CallbackId, at: Timestamp) {
        let rules = self.rules;
        self.change(id, |row| {
            row.state = State::Open;
            row.next = rules.dial_time(&row.promise, at);
        });
    }
}
