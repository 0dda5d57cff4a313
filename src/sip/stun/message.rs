//! Binding requests and their answers as bytes: of STUN no more than that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// RFC 8489 5.
const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const HEADER: usize = 20;
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const ERROR: u16 = 0x0111;

/// RFC 8489 14.
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// Attributes from here on may be unknown to us; of those below we know these.
const OPTIONAL: u16 = 0x8000;
const KNOWN: [u16; 6] = [
    0x0001, // MAPPED-ADDRESS, which a router may have rewritten
    0x0006, // USERNAME
    0x0008, // MESSAGE-INTEGRITY
    0x0009, // ERROR-CODE
    0x001C, // MESSAGE-INTEGRITY-SHA256
    XOR_MAPPED_ADDRESS,
];

/// What names a request and its answer.
pub(super) type Id = [u8; 12];

/// An answer to a request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Mapped(SocketAddr),
    /// It will not say, or not in words that we know.
    Refused,
}

/// Whether a datagram is STUN and no SIP.
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.get(4..8) == Some(&COOKIE[..]) && datagram.first().is_some_and(|byte| byte >> 6 == 0)
}

pub(super) fn request(id: Id) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend(REQUEST.to_be_bytes());
    bytes.extend([0, 0]); // no attributes
    bytes.extend(COOKIE);
    bytes.extend(id);
    bytes
}

/// The answer to the request of this id; none where it is no whole answer to it.
pub(super) fn read(datagram: &[u8], id: Id) -> Option<Answer> {
    let (head, attributes) = datagram.split_at_checked(HEADER)?;
    let length = usize::from(number(head, 2)?);
    let is_answer = is_stun(head) && head.get(8..) == Some(&id[..]) && length == attributes.len();
    match number(head, 0)? {
        SUCCESS if is_answer => Some(mapped(attributes, id).unwrap_or(Answer::Refused)),
        ERROR if is_answer => Some(Answer::Refused),
        _ => None,
    }
}

/// None where an attribute is cut, or unknown and not to be passed over (RFC 8489 6.3.3).
fn mapped(mut attributes: &[u8], id: Id) -> Option<Answer> {
    let mut mapped = None;
    while !attributes.is_empty() {
        let (kind, length) = (number(attributes, 0)?, usize::from(number(attributes, 2)?));
        let value = attributes.get(4..4 + length)?;
        if kind == XOR_MAPPED_ADDRESS {
            mapped = mapped.or(address(value, id));
        } else if kind < OPTIONAL && !KNOWN.contains(&kind) {
            return None;
        }
        // Padded to four bytes; the last one's padding some leave out.
        let next = (4 + length).next_multiple_of(4);
        attributes = attributes.get(next..).unwrap_or_default();
    }
    mapped.map(Answer::Mapped)
}

/// RFC 8489 14.2: hidden from routers that rewrite every address they see.
fn address(value: &[u8], id: Id) -> Option<SocketAddr> {
    const V4: u8 = 1;
    const V6: u8 = 2;
    let mask: Vec<u8> = COOKIE.into_iter().chain(id).collect();
    let shown = |hidden: &[u8]| -> Vec<u8> {
        let bytes = hidden.iter().zip(&mask);
        bytes.map(|(byte, mask)| byte ^ mask).collect()
    };
    let port = number(&shown(value.get(2..4)?), 0)?;
    let ip = shown(value.get(4..)?);
    let ip = match *value.get(1)? {
        V4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
        V6 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes(two.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 2: the test vectors' transaction, and their answers without what signs them.
    const ID: Id = *b"\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";
    const SOFTWARE: &[u8] = b"\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20";
    const OVER_V4: &[u8] = b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";
    const OVER_V6: &[u8] =
        b"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9";

    fn answer(kind: u16, attributes: &[&[u8]]) -> Vec<u8> {
        let attributes = attributes.concat();
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend((attributes.len() as u16).to_be_bytes());
        bytes.extend(COOKIE);
        bytes.extend(ID);
        bytes.extend(attributes);
        bytes
    }

    fn mapped(text: &str) -> Option<Answer> {
        Some(Answer::Mapped(text.parse().unwrap()))
    }

    #[test]
    fn the_addresses_of_the_rfcs_test_vectors_are_read() {
        let v4 = answer(SUCCESS, &[SOFTWARE, OVER_V4]);
        assert_eq!(read(&v4, ID), mapped("192.0.2.1:32853"));
        let v6 = answer(SUCCESS, &[SOFTWARE, OVER_V6]);
        let expected = mapped("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
        assert_eq!(read(&v6, ID), expected);
    }

    #[test]
    fn what_does_not_answer_our_request_is_nothing() {
        let good = answer(SUCCESS, &[OVER_V4]);
        let other = [1; 12];
        assert_eq!(read(&good, other), None);
        assert_eq!(read(&good[..good.len() - 1], ID), None);
        assert_eq!(read(&answer(REQUEST, &[OVER_V4]), ID), None);
        assert!(!is_stun(b"OPTIONS sip:a@b SIP/2.0\r\n"));
        assert!(!is_stun(b"\r\n\r\n"));
        assert!(is_stun(&request(ID)));
    }

    #[test]
    fn an_answer_that_does_not_say_it_is_a_refusal() {
        let unknown = b"\x00\x42\x00\x00";
        let cut = b"\x00\x20\x00\x40\x00\x01";
        for attributes in [&[][..], &[unknown, OVER_V4], &[OVER_V4, cut]] {
            let read = read(&answer(SUCCESS, attributes), ID);
            assert_eq!(read, Some(Answer::Refused), "{attributes:?}");
        }
        assert_eq!(read(&answer(ERROR, &[]), ID), Some(Answer::Refused));
    }
}
