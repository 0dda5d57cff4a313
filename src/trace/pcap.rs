//! A capture that Wireshark, tshark and sngrep open: each message in a datagram of its own, whatever carried it.

use std::net::{IpAddr, SocketAddr};

use crate::records::{SipMessage, Way};

/// The classic format with nanoseconds, little-endian; the link is raw IP (LINKTYPE_RAW).
const MAGIC: u32 = 0xA1B2_3C4D;
const VERSION: (u16, u16) = (2, 4);
const SNAP_LENGTH: u32 = 0x0004_0000;
const RAW_IP: u32 = 101;

const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
const HOPS: u8 = 64;
/// What one IPv4 datagram holds beside its headers.
const PAYLOAD_MAX: usize = 65_535 - 20 - UDP_HEADER;

/// The messages as a file; what a message has above 65,507 bytes is left out.
pub fn pcap(messages: &[SipMessage]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(MAGIC.to_le_bytes());
    file.extend(VERSION.0.to_le_bytes());
    file.extend(VERSION.1.to_le_bytes());
    file.extend([0; 8]);
    file.extend(SNAP_LENGTH.to_le_bytes());
    file.extend(RAW_IP.to_le_bytes());
    for message in messages {
        let packet = packet(message);
        let seconds = u32::try_from(message.utc.as_second()).unwrap_or_default();
        let nanos = u32::try_from(message.utc.subsec_nanosecond()).unwrap_or_default();
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        for field in [seconds, nanos, length, length] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn packet(message: &SipMessage) -> Vec<u8> {
    let (from, to) = match message.way {
        Way::Received => (message.theirs, message.ours),
        Way::Sent => (message.ours, message.theirs),
    };
    let bytes = message.text.as_bytes();
    let payload = &bytes[..bytes.len().min(PAYLOAD_MAX)];
    match (from.ip(), to.ip()) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            let (source, target) = (source.octets(), target.octets());
            let udp = udp(from, to, payload, &[&source, &target]);
            let mut ip = vec![0x45, 0];
            ip.extend(short(udp.len() + 20).to_be_bytes());
            ip.extend([0, 0, 0x40, 0, HOPS, UDP, 0, 0]);
            ip.extend(source);
            ip.extend(target);
            let sum = checksum(&[&ip]);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            ip.extend(udp);
            ip
        }
        (source, target) => {
            let (source, target) = (wide(source), wide(target));
            let udp = udp(from, to, payload, &[&source, &target]);
            let mut ip = vec![0x60, 0, 0, 0];
            ip.extend(short(udp.len()).to_be_bytes());
            ip.extend([UDP, HOPS]);
            ip.extend(source);
            ip.extend(target);
            ip.extend(udp);
            ip
        }
    }
}

/// RFC 768; its checksum is over the addresses, too.
fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8], addresses: &[&[u8]; 2]) -> Vec<u8> {
    let length = short(payload.len() + UDP_HEADER);
    let mut udp = Vec::with_capacity(payload.len() + UDP_HEADER);
    for field in [from.port(), to.port(), length, 0] {
        udp.extend(field.to_be_bytes());
    }
    udp.extend(payload);
    let pseudo = [0, UDP, length.to_be_bytes()[0], length.to_be_bytes()[1]];
    // Zero would say that there is none.
    let sum = match checksum(&[addresses[0], addresses[1], &pseudo, &udp]) {
        0 => 0xFFFF,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    udp
}

/// RFC 1071, of parts of which each but the last has an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 = words
        .map(|word| {
            u32::from(u16::from_be_bytes([
                word[0],
                word.get(1).copied().unwrap_or(0),
            ]))
        })
        .sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let folded = (folded & 0xFFFF) + (folded >> 16);
    !u16::try_from(folded).unwrap_or(u16::MAX)
}

fn wide(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
