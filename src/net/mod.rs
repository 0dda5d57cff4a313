//! L2, shell. Bytes in, bytes out.
//!
//! Invariant: nothing here reads what it carries, but where a message ends.

mod dscp;
mod icmp;
mod mending;
mod options;
mod resolver;
mod rtp_ports;
mod steady_udp;
mod streams;
mod udp;

pub use dscp::Dscp;
pub use icmp::found_nobody;
pub use options::{way_out, way_to};
pub use resolver::{Families, NotFound, Resolver, Target, Wanted};
pub use rtp_ports::{PortPair, PortPool};
pub use steady_udp::SteadyUdp;
pub use streams::{
    Clients, Doors, End, IdentityFiles, News, NoHandshake, Shown, StreamLimits, Streams, Tls,
    TlsFault, TlsSettings, Verify, good_until,
};
pub use udp::UdpPort;
