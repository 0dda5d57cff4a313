#![expect(
    clippy::disallowed_methods,
    reason = "a broken socket rests in real time"
)]

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use crate::net::mending::{Cure, Mending};
use crate::net::{Dscp, options};

/// Connections that wait in the system to be accepted.
const BACKLOG: i32 = 256;

/// A TCP socket that lets connections in, and mends itself.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    dscp: Dscp,
    /// None after it was given up, until it is bound again.
    socket: Option<TcpListener>,
    mending: Mending,
}

impl Listener {
    /// Binds within a tokio runtime; port 0 lets the system choose, once and for all.
    pub(super) fn bind(address: SocketAddr, dscp: Dscp) -> io::Result<Self> {
        let socket = listen(address)?;
        Ok(Self {
            address: socket.local_addr()?,
            dscp,
            socket: Some(socket),
            mending: Mending::default(),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection. Cancel-safe.
    pub(super) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Some(until) = self.mending.rest_until() {
                sleep_until(until).await;
                self.mending.rested();
            }
            match self.try_accept().await {
                Ok((stream, peer)) => {
                    self.mending.works();
                    options::for_signalling(&stream, self.dscp);
                    return (stream, options::canonical(peer));
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    async fn try_accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        if self.socket.is_none() {
            self.socket = Some(listen(self.address)?);
            tracing::info!(address = %self.address, "the listener is bound again");
        }
        match &self.socket {
            Some(socket) => socket.accept().await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// No socket left for us, or the listener itself is dead: rest, then bind anew.
    fn failed(&mut self, error: &io::Error) {
        match self.mending.failed(Instant::now()) {
            Cure::Tell => {
                tracing::warn!(%error, address = %self.address, "accept a SIP connection")
            }
            Cure::Rest => {}
            Cure::BindAnew => self.socket = None,
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    options::both_families(&socket, address)?;
    options::past_lingering(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_listener_listens_again_at_the_same_address() {
        let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Dscp::default()).unwrap();
        let address = listener.address();
        let socket = listener.socket.as_ref().unwrap();
        socket2::SockRef::from(socket)
            .shutdown(std::net::Shutdown::Both)
            .unwrap();
        let connected = async {
            loop {
                match TcpStream::connect(address).await {
                    Ok(stream) => return stream.local_addr().unwrap(),
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let ((_, peer), client) = tokio::join!(listener.accept(), connected);
        assert_eq!(peer, client);
    }
}
