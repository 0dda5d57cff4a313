//! The registrar of the reps' own phones (RFC 3261 10.3).
//!
//! Invariant: nothing is bound, listed or removed before the password is proven, and until then
//! known and unknown users get the same answers. Every store has a limit.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::expect_used))]

mod bindings;
mod contacts;
mod guard;
mod judged;
mod server;
mod settings;

pub use bindings::Binding;
pub use judged::{Judged, Judgements};
pub use server::{Outcome, Registrar};
pub use settings::{ExpiryLimits, PhoneLogin, RegistrarSettings};
