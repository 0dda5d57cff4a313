use std::fmt;
use std::net::SocketAddr;

/// What carries a message (RFC 3261 18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    #[default]
    Udp,
    Tcp,
    Tls,
}

/// One connection, for as long as it is open; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

/// Where a message came from, or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    pub transport: Transport,
    pub address: SocketAddr,
    /// The connection it came over; to send, it is taken while it is open (RFC 3261 18.2.2).
    pub flow: Option<FlowId>,
}

impl Transport {
    /// As it stands in a Via (RFC 3261 25.1).
    pub fn of_via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// RFC 3261 19.1.2.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }

    /// Whether what is sent arrives, or the sender learns that it did not: then nothing is repeated.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.of_via())
    }
}

impl Hop {
    pub fn udp(address: SocketAddr) -> Self {
        Self::to(Transport::Udp, address)
    }

    /// A hop that no connection leads to yet.
    pub fn to(transport: Transport, address: SocketAddr) -> Self {
        Self {
            transport,
            address,
            flow: None,
        }
    }
}

impl From<SocketAddr> for Hop {
    /// SIP without a word about transport goes by UDP.
    fn from(address: SocketAddr) -> Self {
        Self::udp(address)
    }
}
