//! RTCP as a test would have it, written byte by byte.

use std::net::{SocketAddr, UdpSocket};

use super::phone::Phone;

/// The reporter's own SSRC.
const REPORTER: u32 = 0x1234_5678;

/// A level that is not known (RFC 3611 4.7.4).
const UNKNOWN: i8 = 127;

/// Reports about the agent's stream, from the host of its caller.
pub(crate) struct Injector {
    socket: UdpSocket,
    to: SocketAddr,
    /// The agent's.
    ssrc: u32,
}

impl Injector {
    /// Reports on what `phone` hears, to the port above the agent's `sound`.
    pub(crate) fn open(phone: &Phone, sound: SocketAddr) -> Self {
        let heard = phone.recording();
        let first = heard.packets.first().expect("something was heard");
        Self {
            socket: UdpSocket::bind((phone.address.ip(), 0)).expect("a port is free"),
            to: SocketAddr::new(sound.ip(), sound.port() + 1),
            ssrc: first.header.ssrc,
        }
    }

    /// A receiver report whose block says that `highest` was the last packet, and what of 256 is lost (RFC 3550 6.4.2).
    pub(crate) fn report(&self, highest: u32, fraction_lost: u8) {
        self.send(&self.block(highest, fraction_lost));
    }

    /// A receiver report about nobody.
    pub(crate) fn report_of_nothing(&self) {
        self.send(&packet(0, 201, &[]));
    }

    /// The same as [`Self::report`], with VoIP metrics: so many of 256 came too late (RFC 3611 4.7).
    pub(crate) fn extended_report(&self, highest: u32, discarded: u8) {
        self.metrics(highest, discarded, UNKNOWN);
    }

    /// What is heard of us has this level, dBm0 (RFC 3611 4.7.4).
    pub(crate) fn report_level(&self, highest: u32, signal_dbm0: i8) {
        self.metrics(highest, 0, signal_dbm0);
    }

    fn metrics(&self, highest: u32, discarded: u8, signal_dbm0: i8) {
        let [signal] = signal_dbm0.to_be_bytes();
        let mut block = [&[7, 0, 0, 8][..], &self.ssrc.to_be_bytes()].concat();
        block.extend_from_slice(&[0, discarded, 0, 0, 0, 0, 0, 0, 0, 80, 0, 60]);
        block.extend_from_slice(&[
            signal, 127, 127, 16, 70, 127, 35, 35, 0, 0, 0, 40, 0, 80, 0, 80,
        ]);
        let metrics = packet(0, 207, &block);
        self.send(&[self.block(highest, 0), metrics].concat());
    }

    fn block(&self, highest: u32, fraction_lost: u8) -> Vec<u8> {
        let mut block = self.ssrc.to_be_bytes().to_vec();
        block.extend_from_slice(&[fraction_lost, 0, 0, 0]);
        block.extend_from_slice(&highest.to_be_bytes());
        block.extend_from_slice(&[0; 12]);
        packet(1, 201, &block)
    }

    fn send(&self, compound: &[u8]) {
        let sent = self.socket.send_to(compound, self.to);
        sent.expect("the network is up");
    }
}

fn packet(count: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
    let words = (rest.len() / 4 + 1) as u16;
    let mut packet = vec![0x80 | count, kind];
    packet.extend_from_slice(&words.to_be_bytes());
    packet.extend_from_slice(&REPORTER.to_be_bytes());
    packet.extend_from_slice(rest);
    packet
}
