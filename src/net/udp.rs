use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// A second of 1,000 calls/s at 2 KB a datagram must fit while the desk is busy.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// CS3, the class of signalling (RFC 4594 2.3), in the upper six bits of the TOS byte.
const CS3: u32 = 24 << 2;

/// A bound UDP socket for signalling.
#[derive(Debug)]
pub struct UdpPort {
    socket: UdpSocket,
    /// The same socket, past the runtime.
    direct: std::net::UdpSocket,
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
        prefer(&socket, address);
        socket.bind(&address.into())?;
        let direct = socket.try_clone()?.into();
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self { socket, direct })
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
        self.socket.try_recv_from(buffer)
    }

    /// The same, also where the runtime has not noticed it yet: when the PC has slept, timers are
    /// told before datagrams.
    pub fn receive_unnoticed(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.direct.recv_from(buffer)
    }

    /// Hands a datagram to the system at once; what it does not take is lost, as on the way.
    pub fn try_send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.socket.try_send_to(datagram, to)
    }

    /// One datagram into `buffer`: its length and sender. Cancel-safe.
    pub async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer).await
    }

    pub async fn send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.socket.send_to(datagram, to).await
    }
}

/// What makes the port better where the system allows it; it works without.
fn prefer(socket: &Socket, address: SocketAddr) {
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    let _ = match address {
        SocketAddr::V4(_) => socket.set_tos_v4(CS3),
        SocketAddr::V6(_) => socket.set_tclass_v6(CS3),
    };
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
}
