//! L2, shell. Bytes in, bytes out.
//!
//! Invariant: nothing here reads what it carries.

mod rtp_ports;
mod udp;

pub use rtp_ports::{PortPair, PortPool};
pub use udp::UdpPort;
