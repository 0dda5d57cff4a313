//! The client that keeps one account registered (RFC 3261 10.2, RFC 5626, RFC 3608).
//!
//! Invariant: one REGISTER is under way at most, and none is sent sooner than the machine's own
//! waits allow: a wrong password is never tried twice in ten minutes, a dead server is backed off.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::expect_used))]

mod account;
mod client;
mod grant;
mod inquiry;
mod line;
mod pace;
mod stage;
mod verdicts;

pub use account::{Account, AddressOfRecord};
pub use client::Registration;
pub use inquiry::{Inquiry, Reply, Verdict};
pub use stage::{Action, Alarm, State};
