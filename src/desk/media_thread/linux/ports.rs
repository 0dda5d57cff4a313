use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

use crate::desk::media_thread::ready::Heard;
use crate::media::Channel;
use crate::net::PortPair;

/// Errors taken from one socket in one turn.
const ERRORS_A_TURN: usize = 8;

/// SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6 of linux/errqueue.h.
const ORIGIN_ICMP: [u8; 2] = [2, 3];

/// The sockets of a leg.
pub(in crate::desk::media_thread) struct Ports(PortPair);

impl Ports {
    pub(in crate::desk::media_thread) fn new(pair: PortPair) -> Self {
        Self(pair)
    }

    pub(super) fn rtp(&self) -> &UdpSocket {
        &self.0.rtp
    }

    pub(super) fn rtcp(&self) -> &UdpSocket {
        &self.0.rtcp
    }

    fn socket(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.0.rtp,
            Channel::Rtcp => &self.0.rtcp,
        }
    }

    /// Looks once at what has come. ICMP counts on the RTP port alone (D17).
    pub(in crate::desk::media_thread) fn hear(
        &self,
        channel: Channel,
        with_errors: bool,
        datagram: &mut [u8],
    ) -> Heard {
        let unreachable = if with_errors && channel == Channel::Rtp {
            take_icmp_errors(&self.0.rtp)
        } else {
            0
        };
        let datagram = self.socket(channel).recv_from(datagram).ok();
        Heard {
            unreachable,
            datagram,
            more: datagram.is_some(),
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

/// How many ICMP errors wait in the socket's error queue; they are taken from it.
fn take_icmp_errors(socket: &UdpSocket) -> usize {
    (0..ERRORS_A_TURN)
        .map_while(|_| take_error(socket))
        .filter(|is_icmp| *is_icmp)
        .count()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "non-exhaustive, and of 20 kinds two are errors"
)]
/// One entry of the error queue: whether it came by ICMP; none when the queue is empty.
fn take_error(socket: &UdpSocket) -> Option<bool> {
    let (mut payload, mut control) = ([0; 64], [0; 256]);
    let mut parts = [IoSliceMut::new(&mut payload)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)
            .ok()?;
    let is_icmp = message.cmsgs().ok()?.any(|part| match part {
        ControlMessageOwned::Ipv4RecvErr(error, _) => ORIGIN_ICMP.contains(&error.ee_origin),
        ControlMessageOwned::Ipv6RecvErr(error, _) => ORIGIN_ICMP.contains(&error.ee_origin),
        // Only the error queue is read here; what else a kernel may attach is no error.
        _ => false,
    });
    Some(is_icmp)
}
