//! L1, pure. What a network does to datagrams: late, unevenly late, lost singly or in bursts, out of order, twice, or not at all.
//!
//! A [`Path`] is one direction: a datagram and the time go in, and what comes out, and when, is asked for.
//!
//! Invariant: no socket, no clock; the same seed and the same datagrams at the same moments have the same journey.

mod path;
mod weather;

pub use path::{Counts, Path};
pub use weather::{Burst, Percent, Weather};
