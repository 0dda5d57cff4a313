//! The promise and its life: noted, due, attempted, and how it ended.
//!
//! Invariants: pure, with a [`store`] beside it; an acknowledged callback ends as done, given up or
//! cancelled, or is still open; never two attempts in flight for one number, and none for one that is on the line.

mod attempt;
mod callback;
mod engaged;
mod line;
mod live_call;
mod memory;
mod order;
mod page;
mod queue;
mod quiet_hours;
mod rules;
mod sheet;
pub mod store;
mod wished;

pub use attempt::{Attempt, AttemptEnd, Outcome, SipCause};
pub use callback::{Callback, CallbackId, CancelledBecause, Kind, Lease, Promise, State, Warned};
pub use live_call::{LiveCall, LiveCalls};
pub use memory::Memory;
pub use order::{Claim, Claimer, News, Order, Refusal, Told, Turn, Wish};
pub use page::Page;
pub use queue::{Action, Alarm, Input, Queue, Ticket, Timer};
pub use quiet_hours::{DayOfWeek, MovedTo, QuietDay, QuietHours};
pub use rules::{KindRules, Rules};
pub use sheet::{OPEN_MAX, Outlook, Sheet, carry_out};
pub use wished::Wished;
