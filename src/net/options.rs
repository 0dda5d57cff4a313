//! Socket options that signalling wants; it works without most of them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::net::TcpStream;

use super::Dscp;

/// After which silence the system asks a peer whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Any address of ours, and one far away that belongs to nobody (RFC 5737, RFC 3849).
const WAY_OUT_V4: (IpAddr, IpAddr) = (
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
);
const WAY_OUT_V6: (IpAddr, IpAddr) = (
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
);
const DISCARD_PORT: u16 = 9;

/// A connection carries small messages that must not wait for one another.
pub(super) fn for_signalling(stream: &TcpStream, dscp: Dscp) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE));
    if let Ok(address) = stream.local_addr() {
        dscp.mark(&socket, address);
    }
}

/// `[::]` listens for IPv4, too, whatever the system's default is.
pub(super) fn both_families(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    Ok(())
}

/// Connections of our last run linger in the system: they must not keep us from the port. On Windows they do not, and
/// the option would let others listen where we do.
pub(super) fn past_lingering(socket: &Socket) -> io::Result<()> {
    match cfg!(windows) {
        true => Ok(()),
        false => socket.set_reuse_address(true),
    }
}

/// An IPv4 peer is one, also where a socket of both families shows it as `::ffff:192.0.2.1`.
pub(super) fn canonical(peer: SocketAddr) -> SocketAddr {
    match peer {
        SocketAddr::V6(mapped) => match mapped.ip().to_ipv4_mapped() {
            Some(ip) => SocketAddr::new(ip.into(), mapped.port()),
            None => peer, // with its zone, which the way back needs
        },
        SocketAddr::V4(_) => peer,
    }
}

/// The address of this machine that peers reach, where a socket is bound to all of them: the one
/// the way out begins at. Nothing is sent.
pub fn way_out(bound: IpAddr) -> IpAddr {
    let ways: &[(IpAddr, IpAddr)] = match bound {
        IpAddr::V4(_) => &[WAY_OUT_V4],
        IpAddr::V6(_) => &[WAY_OUT_V4, WAY_OUT_V6],
    };
    let begins = |(any, far): &(IpAddr, IpAddr)| {
        let socket = UdpSocket::bind((*any, 0)).ok()?;
        socket.connect((*far, DISCARD_PORT)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let found = ways.iter().find_map(begins);
    found.unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// The address of this machine that a peer sees us come from, where a socket is bound so; none while
/// no way leads there. Nothing is sent.
pub fn way_to(bound: IpAddr, peer: IpAddr) -> Option<IpAddr> {
    let from = match (bound, peer) {
        (IpAddr::V6(any), IpAddr::V4(_)) if any.is_unspecified() => Ipv4Addr::UNSPECIFIED.into(),
        _ => bound,
    };
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((peer, DISCARD_PORT)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// An address as a socket of this family has to be told it.
pub(super) fn as_seen_by(bound: SocketAddr, peer: SocketAddr) -> SocketAddr {
    match (bound, peer) {
        (SocketAddr::V6(_), SocketAddr::V4(peer)) => {
            SocketAddr::new(peer.ip().to_ipv6_mapped().into(), peer.port())
        }
        (SocketAddr::V6(_) | SocketAddr::V4(_), _) => peer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_peer_begins_at_the_address_that_leads_there() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let loopback = ip("127.0.0.1");
        for bound in ["0.0.0.0", "::", "127.0.0.1"] {
            assert_eq!(way_to(ip(bound), loopback), Some(loopback), "{bound}");
        }
        // An address that is not ours any more leads nowhere.
        assert_eq!(way_to(ip("192.0.2.77"), loopback), None);
    }

    #[test]
    fn an_ipv4_peer_of_a_socket_of_both_families_keeps_its_address() {
        let (bound, peer) = (
            "[::]:5060".parse().unwrap(),
            "192.0.2.1:5070".parse().unwrap(),
        );
        let seen = as_seen_by(bound, peer);
        assert_eq!(seen, "[::ffff:192.0.2.1]:5070".parse().unwrap());
        assert_eq!(canonical(seen), peer);
        assert_eq!(as_seen_by(peer, peer), peer);
    }
}
