//! L1, pure. A headset's buttons and lamps, as HID tells and takes them.
//!
//! [`Layout`] reads from a report descriptor where they are (`sieve` makes it safe to read), [`Buttons`] turns reports
//! into presses and what the desk shows into reports: something and the time go in, a list comes out. What tells
//! our own lamp's echo from a finger is in `echo` and [`Buttons`].
//!
//! Invariant: nothing a device says can panic, cost more than its size, or be a press twice; no lamp is a press.

mod echo;
mod field;
mod finger;
#[cfg(test)]
mod headsets;
mod layout;
mod lights;
mod machine;
mod sieve;
mod usage;

pub use layout::{Layout, LayoutError};
pub use lights::Lamps;
pub use machine::{Action, Buttons, Input, Press};
pub(crate) use sieve::DESCRIPTOR_MAX;
pub use usage::{Control, Lamp, is_telephony};
