//! L2, shell. Where promises and live calls survive `kill -9` and a power cut.

mod error;
mod sqlite;

use std::fmt;

use jiff::Timestamp;

use super::{Attempt, Callback, CallbackId, LiveCall, Order, Rules, Turn};
use crate::words::CallId;

pub use error::{OpenError, StoreError};
pub use sqlite::{Opened, Sqlite};

/// A book that outlives us. Every call blocks until the disk has it: the desk runs it on a thread of its own.
pub trait Store: fmt::Debug + Send {
    /// Carries the order out wholly, or not at all.
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError>;

    /// Those that are not settled, and the last that were, each oldest first.
    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError>;

    /// One of them, settled or not.
    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError>;

    /// The attempts of one promise, the first first.
    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError>;

    /// From its answer on a call is remembered.
    fn call_answered(&mut self, call: &LiveCall) -> Result<(), StoreError>;

    /// It has a record, or a callback: either way nothing is owed for it any more.
    fn call_ended(&mut self, call: CallId) -> Result<(), StoreError>;
}

/// What the last run left behind, that is no promise.
#[derive(Debug, Default)]
pub struct Found {
    /// Calls that died with it. Their rows stay until [`Store::call_ended`].
    pub calls: Vec<LiveCall>,
    /// Ids of damaged rows, kept apart for whoever wants to look: an alarm each.
    pub set_aside: Vec<String>,
    /// Commits that were done and are not there any more, a database moved aside apart: an alarm.
    pub lost: u64,
}

#[cfg(test)]
mod tests;
