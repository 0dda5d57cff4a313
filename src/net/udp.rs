use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;

use super::{Dscp, icmp, options};

/// A second of 1,000 calls/s at 2 KB a datagram must fit while the desk is busy.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// A bound UDP socket for signalling; at `[::]` it is one for IPv4, too.
#[derive(Debug)]
pub struct UdpPort {
    socket: UdpSocket,
    /// The same socket, past the runtime.
    direct: std::net::UdpSocket,
    bound: SocketAddr,
}

impl UdpPort {
    /// Binds within a tokio runtime; port 0 lets the system choose.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        socket.set_nonblocking(true)?;
        options::both_families(&socket, address)?;
        // Better with it, and it works without.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
        socket.bind(&address.into())?;
        let direct = socket.try_clone()?.into();
        let socket = UdpSocket::from_std(socket.into())?;
        let bound = socket.local_addr()?;
        Ok(Self {
            socket,
            direct,
            bound,
        })
    }

    /// How routers treat what it sends.
    pub fn mark(&self, dscp: Dscp) {
        dscp.mark(&SockRef::from(&self.direct), self.bound);
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits until a datagram has come. Cancel-safe.
    pub async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// A datagram that has come already; `WouldBlock` when there is none.
    pub fn try_receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (length, from) = icmp::past_errors(|| self.socket.try_recv_from(buffer))?;
        Ok((length, options::canonical(from)))
    }

    /// The same, also where the runtime has not noticed it yet: when the PC has slept, timers are
    /// told before datagrams.
    pub fn receive_unnoticed(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (length, from) = icmp::past_errors(|| self.direct.recv_from(buffer))?;
        Ok((length, options::canonical(from)))
    }

    /// Hands a datagram to the system at once; what it does not take is lost, as on the way.
    pub fn try_send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        let to = options::as_seen_by(self.bound, to);
        self.socket.try_send_to(datagram, to)
    }

    /// One datagram into `buffer`: its length and sender. Cancel-safe.
    pub async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            match self.socket.recv_from(buffer).await {
                Ok((length, from)) => return Ok((length, options::canonical(from))),
                Err(error) if icmp::found_nobody(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub async fn send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        let to = options::as_seen_by(self.bound, to);
        self.socket.send_to(datagram, to).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_datagram_arrives_with_its_sender() {
        let any = "127.0.0.1:0".parse().unwrap();
        let (one, two) = (UdpPort::bind(any).unwrap(), UdpPort::bind(any).unwrap());
        one.send(b"hello", two.local_addr().unwrap()).await.unwrap();
        let mut buffer = [0; 16];
        let (length, from) = two.receive(&mut buffer).await.unwrap();
        assert_eq!(
            (&buffer[..length], from),
            (&b"hello"[..], one.local_addr().unwrap())
        );
    }

    #[tokio::test]
    async fn a_port_of_both_families_talks_to_both() {
        let both = UdpPort::bind("[::]:0".parse().unwrap()).unwrap();
        let port = both.local_addr().unwrap().port();
        for own in ["127.0.0.1", "[::1]"] {
            let peer = UdpPort::bind(format!("{own}:0").parse().unwrap()).unwrap();
            let there = format!("{own}:{port}").parse().unwrap();
            peer.send(b"hello", there).await.unwrap();
            let mut buffer = [0; 16];
            let (length, from) = both.receive(&mut buffer).await.unwrap();
            assert_eq!((length, from), (5, peer.local_addr().unwrap()));
            both.send(b"back", from).await.unwrap();
            assert_eq!(peer.receive(&mut buffer).await.unwrap(), (4, there));
        }
    }
}
