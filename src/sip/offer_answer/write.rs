use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use super::description::Direction;

/// The `o=` line's numbers: `version` rises with each new description of ours (RFC 3264 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub id: u64,
    pub version: u64,
}

/// The payload types we offer; telephone-event is 101, as most phones have it.
const OFFERED: [(u8, &str); 3] = [(8, "PCMA"), (0, "PCMU"), (101, "telephone-event")];

/// We would like to be told how we sound (RFC 3611 5.1).
pub(super) const EXTENDED_REPORTS: &str = "a=rtcp-xr:voip-metrics\r\n";

/// What every telephone speaks.
const PLAIN: [(u8, &str); 3] = [(8, "PCMA"), (0, "PCMU"), (101, "telephone-event")];

/// Our offer: PCMA, PCMU, telephone-event; 20 ms; both ways.
pub fn offer(local: SocketAddr, origin: Origin) -> Bytes {
    offer_with(local, origin, Direction::SendRecv)
}

/// Our offer with another direction.
pub fn offer_with(local: SocketAddr, origin: Origin, direction: Direction) -> Bytes {
    let stream = audio(local, "RTP/AVP", &OFFERED, direction);
    (head(local.ip(), origin) + &stream + EXTENDED_REPORTS).into()
}

/// Our offer of plain G.711, without the law of this payload type: another codec than the one in
/// use, which may be what hurts (R26).
pub fn offer_without(local: SocketAddr, origin: Origin, in_use: Option<u8>) -> Bytes {
    let others: Vec<(u8, &str)> = PLAIN
        .into_iter()
        .filter(|(number, _)| Some(*number) != in_use)
        .collect();
    let stream = audio(local, "RTP/AVP", &others, Direction::SendRecv);
    (head(local.ip(), origin) + &stream).into()
}

pub(super) fn head(ip: IpAddr, Origin { id, version }: Origin) -> String {
    let family = match ip {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    };
    format!("v=0\r\no=- {id} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n")
}

/// An audio stream at `local`, with RTCP on the next port.
pub(super) fn audio(
    local: SocketAddr,
    proto: &str,
    payloads: &[(u8, &str)],
    direction: Direction,
) -> String {
    let numbers: String = payloads
        .iter()
        .map(|(number, _)| format!(" {number}"))
        .collect();
    let mut text = format!("m=audio {} {proto}{numbers}\r\n", local.port());
    for (number, name) in payloads {
        text.push_str(&format!("a=rtpmap:{number} {name}/8000\r\n"));
        if *name == "telephone-event" {
            text.push_str(&format!("a=fmtp:{number} 0-15\r\n"));
        }
    }
    text + &format!("a=ptime:20\r\na={}\r\n", direction.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_without_the_codec_in_use_has_the_other_law() {
        let local = SocketAddr::from(([192, 0, 2, 1], 40_000));
        let origin = Origin { id: 7, version: 2 };
        let formats = |in_use| {
            let offer = offer_without(local, origin, in_use);
            let text = String::from_utf8(offer.to_vec()).unwrap();
            let media = text.lines().find(|line| line.starts_with("m=")).unwrap();
            media.replace("m=audio 40000 RTP/AVP ", "")
        };
        assert_eq!(formats(Some(8)), "0 101");
        assert_eq!(formats(Some(0)), "8 101");
        assert_eq!(formats(Some(9)), "8 0 101");
        assert_eq!(formats(None), "8 0 101");
    }
}
