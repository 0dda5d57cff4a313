//! What strangers, disks and admins do to a running agent: the call beside it goes on.
//!
//! Each test attacks a process of its own, from loopback, and waits for what it must see, never for time to pass.

mod disk;
mod ending;
mod offers;
mod rubbish;
mod slow_streams;
mod strangers;
mod streams;
mod wire;
