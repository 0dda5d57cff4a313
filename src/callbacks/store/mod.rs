//! L2, shell. Where promises and live calls survive `kill -9` and a power cut.

mod calls_over;
mod columns;
mod error;
mod outbox;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use std::fmt;

use jiff::Timestamp;

use super::{Attempt, Callback, CallbackId, Order, Rules, State, Turn, Wished};
use crate::words::PhoneNumber;

pub use error::{OpenError, StoreError};
pub use outbox::Outbox;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
pub use sqlite::{Opened, Sqlite};

/// What a database is that nobody has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examined {
    /// It is made at the next start.
    NotThere,
    Whole {
        version: u32,
        known: u32,
    },
    /// The next start moves it aside, and takes over what is whole in it (D30).
    Damaged,
}

/// A book that outlives us. Every call blocks until the disk has it: the desk runs it on a thread of its own.
pub trait Store: fmt::Debug + Send {
    /// Carries the order out wholly, or not at all.
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError>;

    /// Several, one after the other, each with its own answer; where it is cheaper all are put on disk at once.
    fn take_all(
        &mut self,
        orders: &[(Order, Timestamp)],
        rules: &Rules,
    ) -> Vec<Result<Turn, StoreError>> {
        let orders = orders.iter();
        orders
            .map(|(order, at)| self.take(order, rules, *at))
            .collect()
    }

    /// Whether something is written elsewhere until the book itself has it.
    fn is_behind(&self) -> bool {
        false
    }

    /// Those that are not settled, and the last that were, each oldest first.
    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError>;

    /// Those whose last attempt has no known end, the oldest first.
    fn uncertain(&mut self) -> Result<Vec<Callback>, StoreError> {
        let is_uncertain = |row: &Callback| matches!(row.state, State::Uncertain { .. });
        let rows = self.callbacks()?.into_iter();
        Ok(rows.filter(is_uncertain).collect())
    }

    /// One of them, settled or not.
    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError>;

    /// The attempts of one promise, the first first.
    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError>;

    /// What was wished of one promise and came true, the first first.
    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError>;

    /// Promises after this one, settled or not, the oldest first, so many at a time; at the end there are none.
    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError>;

    /// Deletes what is settled for this caller, so that it is not in the files either. What is not, stays.
    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError>;

    /// Deletes promises that were settled before then, some at a time; returns how many.
    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError>;
}

/// A promise, how it was kept, or not, and what was wished of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub callback: Callback,
    /// The first first.
    pub attempts: Vec<Attempt>,
    pub wishes: Vec<Wished>,
}

/// What was deleted of one caller's promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub callbacks: u64,
    pub attempts: u64,
    /// Promises that are not settled: still there.
    pub left: u64,
}

/// What is wrong with what the last run left behind.
#[derive(Debug, Default)]
pub struct Found {
    /// Ids of damaged rows, kept apart for whoever wants to look: an alarm each.
    pub set_aside: Vec<String>,
    /// Commits that were done and are not there any more, a database moved aside apart: an alarm.
    pub lost: u64,
    /// Of a database that was damaged.
    pub salvaged: Option<Salvaged>,
}

/// What could be saved of a damaged database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Promises whose rows were whole, settled ones too.
    pub taken_over: usize,
    /// Promises of which only their ids, or rows with a wrong checksum, were left. They are in the table `set_aside`.
    pub lost: usize,
    /// Commits that were done and are not there any more.
    pub commits: u64,
}

#[cfg(test)]
mod tests;
