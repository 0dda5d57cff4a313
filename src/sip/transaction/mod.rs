//! Transactions (RFC 3261 17, RFC 6026): what is repeated, absorbed and given up, and when.
//!
//! Invariant: a transaction never makes a message; it keeps the bytes it was given and repeats them.

mod alarms;
mod backoff;
mod client;
mod clients;
mod server;
mod servers;

use std::time::Duration;

pub(super) use alarms::{Alarms, Wake};
pub(super) use backoff::Backoff;
pub(super) use client::{Client, ClientTick, Received, Use};
pub(super) use clients::{ClientKey, Clients};
pub(super) use server::{Server, ServerTick};
pub(super) use servers::{ServerKey, Servers};

/// RFC 3261 17.1.1.1: the estimated round-trip time.
pub(super) const T1: Duration = Duration::from_millis(500);
/// RFC 3261 17.1.2.1: the longest pause between repetitions.
pub(super) const T2: Duration = Duration::from_secs(4);
/// RFC 3261 17.1.2.2: how long a message may stay in the network.
pub(super) const T4: Duration = Duration::from_secs(5);
/// Timers B, F, H, J, L, M: 64 x T1, 32 s.
pub(super) const GIVE_UP: Duration = Duration::from_secs(32);
