use std::time::Duration;

use super::{Digest, Pc};

/// How long after its start a PC first asks: of 200 that are switched on together each has a moment of its own.
pub fn first_after(pc: &Pc, every: Duration) -> Duration {
    let name = format!("{}\n{}", pc.host, pc.user);
    every.mul_f64(Digest::of(name.to_lowercase().as_bytes()).fraction())
}
