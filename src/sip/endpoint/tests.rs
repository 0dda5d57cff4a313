//! Two endpoints on a wire that loses what a test wants lost, in virtual time.

mod calls;
mod crossings;
mod logins;
mod offers;
mod refusals;
mod registering;
mod storms;
mod transports;
mod wire;

use std::time::Duration;

use super::*;
use crate::sip::wire::NameAddr;
use wire::{Side, Wire};

/// A moment of virtual time, in milliseconds.
fn at(ms: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(ms)
}
