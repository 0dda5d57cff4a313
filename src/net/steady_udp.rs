#![expect(
    clippy::disallowed_methods,
    reason = "a broken socket rests in real time"
)]

use std::io;
use std::net::SocketAddr;

use tokio::time::{Instant, sleep_until};

use super::mending::{Cure, Mending};
use super::{Dscp, UdpPort};

/// A signalling port that is bound again when reading from it fails and fails.
#[derive(Debug)]
pub struct SteadyUdp {
    address: SocketAddr,
    dscp: Dscp,
    /// None after it was given up, until it is bound again.
    port: Option<UdpPort>,
    mending: Mending,
}

impl SteadyUdp {
    /// Binds within a tokio runtime; port 0 lets the system choose, once and for all.
    pub fn bind(address: SocketAddr, dscp: Dscp) -> io::Result<Self> {
        let port = UdpPort::bind(address)?;
        port.mark(dscp);
        Ok(Self {
            address: port.local_addr()?,
            dscp,
            port: Some(port),
            mending: Mending::default(),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until a datagram may have come; binds anew where that is due. Cancel-safe.
    pub async fn readable(&mut self) {
        loop {
            if let Some(until) = self.mending.rest_until() {
                sleep_until(until).await;
                self.mending.rested();
            }
            match self.wait().await {
                Ok(()) => return,
                Err(error) => self.failed(&error),
            }
        }
    }

    /// A datagram that has come already.
    pub fn try_receive(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.receive_by(UdpPort::try_receive, buffer)
    }

    /// The same, also where the runtime has not noticed it yet: after the PC has slept.
    pub fn receive_unnoticed(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.receive_by(UdpPort::receive_unnoticed, buffer)
    }

    fn receive_by(
        &mut self,
        take: impl Fn(&UdpPort, &mut [u8]) -> io::Result<(usize, SocketAddr)>,
        buffer: &mut [u8],
    ) -> Option<(usize, SocketAddr)> {
        match take(self.port.as_ref()?, buffer) {
            Ok(received) => {
                self.mending.works();
                Some(received)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => {
                self.failed(&error);
                None
            }
        }
    }

    /// Hands a datagram to the system at once; what it does not take is lost, as on the way.
    pub fn try_send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        match &self.port {
            Some(port) => port.try_send(datagram, to),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    async fn wait(&mut self) -> io::Result<()> {
        if self.port.is_none() {
            let port = UdpPort::bind(self.address)?;
            port.mark(self.dscp);
            self.port = Some(port);
            tracing::info!(address = %self.address, "the SIP port is bound again");
        }
        match &self.port {
            Some(port) => port.readable().await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        match self.mending.failed(Instant::now()) {
            Cure::Tell => tracing::warn!(%error, address = %self.address, "read from the SIP port"),
            Cure::Rest => {}
            Cure::BindAnew => self.port = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_fails_and_fails_is_bound_again_where_it_was() {
        let mut port = SteadyUdp::bind("127.0.0.1:0".parse().unwrap(), Dscp::default()).unwrap();
        for _ in 0..3 {
            port.failed(&io::ErrorKind::NetworkDown.into());
        }
        let peer = UdpPort::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(port.try_send(b"hello", peer.local_addr().unwrap()).is_err());
        let there = port.address();
        let speak = async {
            loop {
                // Nobody is there at first.
                let _ = peer.send(b"hello", there).await;
                tokio::task::yield_now().await;
            }
        };
        let mut buffer = [0; 16];
        let hear = async {
            loop {
                port.readable().await;
                if let Some((length, _)) = port.try_receive(&mut buffer) {
                    return length;
                }
            }
        };
        let heard = tokio::select! {
            heard = hear => heard,
            () = speak => 0,
        };
        assert_eq!(heard, 5);
    }
}
