//! Two endpoints on a wire that loses what a test wants lost, in virtual time.

mod asking;
mod back_off;
mod calls;
mod conformance;
mod crossings;
mod crowds;
mod forks;
mod logins;
mod offers;
mod programs;
mod provisional;
mod referrals;
mod refusals;
mod registering;
mod replacing;
mod sentences;
mod sessions;
mod storms;
mod transports;
mod updates;
mod wire;

use std::time::Duration;

use super::*;
use crate::sip::Standing;
use crate::sip::wire::NameAddr;
use wire::{Side, Wire};

/// The status code of a response; 0 of a request.
fn code_of(message: &Message) -> u16 {
    match message.start {
        Start::Response { code, .. } => code,
        Start::Request { .. } => 0,
    }
}

/// A moment of virtual time, in milliseconds.
fn at(ms: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(ms)
}
