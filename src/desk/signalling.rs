//! The SIP endpoint with its socket: datagrams in, datagrams out.

use std::io;
use std::net::SocketAddr;

use crate::net::UdpPort;
use crate::sip::offer_answer::{Origin, Unusable};
use crate::sip::{Endpoint, Event, LegId, Refusal};
use crate::words::{Entropy, Moment};

/// Signalling as the desk uses it.
#[derive(Debug)]
pub(super) struct Signalling {
    pub(super) endpoint: Endpoint,
    port: UdpPort,
    entropy: Entropy,
    /// Datagrams the kernel would not take.
    pub(super) unsent: u64,
}

/// Datagrams taken in one go before the rest of the desk has its turn.
const BATCH: usize = 64;
const DATAGRAM_MAX: usize = 65_535;

impl Signalling {
    pub(super) fn new(endpoint: Endpoint, port: UdpPort, entropy: Entropy) -> Self {
        Self {
            endpoint,
            port,
            entropy,
            unsent: 0,
        }
    }

    /// Waits until there is something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.port.readable().await
    }

    /// Reads what is there; a read error is the last word about this batch, not about the socket.
    pub(super) fn receive(&mut self, now: Moment) {
        self.receive_by(UdpPort::try_receive, now);
    }

    /// Before the timers: what came in time is not late because we slept.
    pub(super) fn receive_unnoticed(&mut self, now: Moment) {
        self.receive_by(UdpPort::receive_unnoticed, now);
    }

    fn receive_by(
        &mut self,
        take: impl Fn(&UdpPort, &mut [u8]) -> io::Result<(usize, SocketAddr)>,
        now: Moment,
    ) {
        let mut datagram = [0; DATAGRAM_MAX];
        for _ in 0..BATCH {
            let Ok((length, from)) = take(&self.port, &mut datagram) else {
                break;
            };
            self.endpoint.receive(&datagram[..length], from, now);
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<(LegId, Event)> {
        self.endpoint.poll_event()
    }

    /// Sends what the endpoint has to say. What the kernel refuses, the transactions repeat.
    pub(super) fn flush(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            if self
                .port
                .try_send(&transmit.bytes, transmit.to.address)
                .is_err()
            {
                self.unsent += 1;
            }
        }
    }

    /// Ours in the session descriptions of a new leg (RFC 8866 5.2).
    pub(super) fn origin(&mut self) -> Origin {
        Origin {
            id: u64::from(self.entropy.u32()),
            version: 0,
        }
    }
}

/// What their offer lacks, for a 488 (RFC 3261 21.4.26).
pub(super) fn unusable(problem: &Unusable) -> Refusal {
    Refusal {
        warning: Some(problem.warning()),
        ..Refusal::new(488)
    }
}
