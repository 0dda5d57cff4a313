use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU16, Ordering};

use socket2::SockRef;

use super::{Dscp, icmp};

/// Odd ports and ports whose neighbour is taken, before we give up finding a pair.
const EPHEMERAL_ATTEMPTS: usize = 200;

/// An even RTP port and the RTCP port above it (RFC 3550 11).
#[derive(Debug)]
pub struct PortPair {
    pub rtp: UdpSocket,
    pub rtcp: UdpSocket,
}

/// Where our media ports come from.
#[derive(Debug)]
pub struct PortPool {
    range: Option<RangeInclusive<u16>>,
    dscp: Dscp,
    /// Even ports handed out so far: a port just given back rests longest.
    handed_out: AtomicU16,
}

impl PortPool {
    /// Without a range the system chooses.
    pub fn new(range: Option<RangeInclusive<u16>>, dscp: Dscp) -> Self {
        Self {
            range,
            dscp,
            handed_out: AtomicU16::new(0),
        }
    }

    /// Binds the next free pair at `ip`.
    pub fn bind(&self, ip: IpAddr) -> io::Result<PortPair> {
        let pair = match &self.range {
            Some(range) => self.bind_in(ip, range),
            None => bind_ephemeral(ip),
        }?;
        for socket in [&pair.rtp, &pair.rtcp] {
            self.dscp.mark(&SockRef::from(socket), socket.local_addr()?);
        }
        Ok(pair)
    }

    fn bind_in(&self, ip: IpAddr, range: &RangeInclusive<u16>) -> io::Result<PortPair> {
        let first = range.start().next_multiple_of(2);
        let pairs = (u32::from(*range.end()) + 1).saturating_sub(first.into()) / 2;
        for _ in 0..pairs {
            let turn = u32::from(self.handed_out.fetch_add(1, Ordering::Relaxed)) % pairs;
            let port = u32::from(first) + 2 * turn;
            if let Some(pair) = u16::try_from(port)
                .ok()
                .and_then(|port| bind_pair(ip, port).ok())
            {
                return Ok(pair);
            }
        }
        Err(none_free())
    }
}

fn bind_ephemeral(ip: IpAddr) -> io::Result<PortPair> {
    for _ in 0..EPHEMERAL_ATTEMPTS {
        let rtp = bind_one(ip, 0)?;
        let port = rtp.local_addr()?.port();
        if port % 2 == 0
            && let Ok(rtcp) = bind_one(ip, port + 1)
        {
            return finish(PortPair { rtp, rtcp });
        }
    }
    Err(none_free())
}

fn bind_pair(ip: IpAddr, port: u16) -> io::Result<PortPair> {
    let rtp = bind_one(ip, port)?;
    let rtcp = bind_one(ip, port.saturating_add(1))?;
    finish(PortPair { rtp, rtcp })
}

fn bind_one(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(ip, port))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// ICMP errors are wanted on the RTP port only (D17).
fn finish(pair: PortPair) -> io::Result<PortPair> {
    icmp::ask_for_errors(&pair.rtp)?;
    Ok(pair)
}

fn none_free() -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, "open media ports: no free pair")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ports(pair: &PortPair) -> (u16, u16) {
        (
            pair.rtp.local_addr().unwrap().port(),
            pair.rtcp.local_addr().unwrap().port(),
        )
    }

    #[test]
    fn a_pair_is_even_and_the_port_above() {
        let (rtp, rtcp) = ports(&PortPool::new(None, Dscp::default()).bind(LOOPBACK).unwrap());
        assert_eq!((rtp % 2, rtcp), (0, rtp + 1));
    }

    #[test]
    fn a_range_is_kept_and_an_empty_one_refused() {
        let pool = PortPool::new(Some(41_001..=41_201), Dscp::default());
        let pairs = [pool.bind(LOOPBACK).unwrap(), pool.bind(LOOPBACK).unwrap()];
        assert!(
            pairs
                .iter()
                .all(|pair| ports(pair).0 >= 41_002 && ports(pair).1 <= 41_201)
        );
        assert_ne!(ports(&pairs[0]), ports(&pairs[1]));
        assert!(
            PortPool::new(Some(41_001..=41_001), Dscp::default())
                .bind(LOOPBACK)
                .is_err()
        );
    }
}
