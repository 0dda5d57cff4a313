use std::io;
use std::net::SocketAddr;
use std::sync::Once;

use socket2::SockRef;

/// How routers treat what a socket sends (RFC 2474): six bits; none is best effort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dscp(u8);

/// One word in the log is enough: the sockets of all calls fare alike.
static TOLD: Once = Once::new();

impl Dscp {
    /// The lower six bits.
    pub const fn new(value: u8) -> Self {
        Self(value & 0x3f)
    }

    /// The upper six bits of the TOS byte.
    fn tos(self) -> u32 {
        u32::from(self.0) << 2
    }

    /// Marks what a socket bound at `address` sends. It sends without, too: then the log says why.
    pub(super) fn mark(self, socket: &SockRef<'_>, address: SocketAddr) {
        if let Err(error) = self.try_mark(socket, address) {
            TOLD.call_once(|| {
                tracing::warn!(%error, dscp = self.0, "the system does not mark our packets");
            });
        }
    }

    fn try_mark(self, socket: &SockRef<'_>, address: SocketAddr) -> io::Result<()> {
        if address.is_ipv4() {
            return socket.set_tos_v4(self.tos());
        }
        // A socket of both families sends IPv4, too.
        let _ = socket.set_tos_v4(self.tos());
        mark_v6(socket, self.tos())
    }
}

#[cfg(unix)]
fn mark_v6(socket: &SockRef<'_>, class: u32) -> io::Result<()> {
    socket.set_tclass_v6(class)
}

/// Windows marks by a policy of its administrator.
#[cfg(not(unix))]
fn mark_v6(_: &SockRef<'_>, _: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_are_marked() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let socket = std::net::UdpSocket::bind(address).unwrap();
            let socket = SockRef::from(&socket);
            let address: SocketAddr = address.parse().unwrap();
            Dscp::new(46).try_mark(&socket, address).unwrap();
            let tos = match address {
                SocketAddr::V4(_) => socket.tos_v4(),
                SocketAddr::V6(_) => socket.tclass_v6(),
            };
            assert_eq!(tos.unwrap(), 46 << 2);
        }
    }
}
