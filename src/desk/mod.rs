//! L3. Composition: owns the calls and the clock.

pub mod clock;
pub mod media_ports;
pub mod media_thread;
