use std::io;
use std::net::SocketAddr;

use mio::net::UdpSocket;

use crate::desk::media_thread::ready::Heard;
use crate::media::Channel;
use crate::net::{PortPair, found_nobody};

/// The sockets of a leg.
pub(in crate::desk::media_thread) struct Ports {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Ports {
    pub(in crate::desk::media_thread) fn new(pair: PortPair) -> Self {
        Self {
            rtp: UdpSocket::from_std(pair.rtp),
            rtcp: UdpSocket::from_std(pair.rtcp),
        }
    }

    pub(super) fn socket_mut(&mut self, channel: Channel) -> &mut UdpSocket {
        match channel {
            Channel::Rtp => &mut self.rtp,
            Channel::Rtcp => &mut self.rtcp,
        }
    }

    fn socket(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }

    /// Looks once at what has come. ICMP, which Windows tells in the place of a datagram, counts on the RTP port alone (D17).
    pub(in crate::desk::media_thread) fn hear(
        &self,
        channel: Channel,
        _: bool,
        datagram: &mut [u8],
    ) -> Heard {
        let read = self.socket(channel).recv_from(datagram);
        let error = read.as_ref().err();
        let is_icmp = channel == Channel::Rtp && error.is_some_and(found_nobody);
        Heard {
            unreachable: usize::from(is_icmp),
            more: error.is_none_or(|error| error.kind() != io::ErrorKind::WouldBlock),
            datagram: read.ok(),
        }
    }

    pub(in crate::desk::media_thread) fn send(
        &self,
        channel: Channel,
        datagram: &[u8],
        to: SocketAddr,
    ) -> io::Result<usize> {
        self.socket(channel).send_to(datagram, to)
    }
}
