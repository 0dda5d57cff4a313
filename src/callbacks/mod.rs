//! The promise and its life: noted, due, attempted, and how it ended.
//!
//! Invariants: pure, with a [`store`] beside it; an acknowledged callback ends as done, given up or
//! cancelled, or is still open; never two attempts in flight for one number.

mod attempt;
mod callback;
mod live_call;
mod queue;
mod quiet_hours;
mod rules;
pub mod store;

pub use attempt::{Attempt, AttemptEnd, Outcome};
pub use callback::{Callback, CallbackId, CancelledBecause, Kind, Promise, State};
pub use live_call::LiveCall;
pub use queue::{Action, Alarm, Commit, Input, News, Queue, Refusal, Ticket, Timer, Wish};
pub use quiet_hours::QuietHours;
pub use rules::Rules;
