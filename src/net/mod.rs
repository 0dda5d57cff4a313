//! L2, shell. Bytes in, bytes out.
//!
//! Invariant: nothing here reads what it carries.

mod udp;

pub use udp::UdpPort;
