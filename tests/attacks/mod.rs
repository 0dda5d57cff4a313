//! What strangers, disks and admins do to a running agent: the call beside it goes on.
//!
//! Each test attacks a process of its own, from loopback, and waits for what it must see, never for time to pass.

#![expect(
    clippy::disallowed_methods,
    reason = "what is attacked runs in real time"
)]

mod asleep;
pub(crate) mod disk;
mod ending;
mod flood;
mod guessing;
mod offers;
mod registrars;
mod rubbish;
mod slow_streams;
mod sound;
mod start;
mod strangers;
mod streams;
mod wire;
