use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use super::codec::{Codec, Codecs};
use super::description::Direction;

/// The `o=` line's numbers: `version` rises with each new description of ours (RFC 3264 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub id: u64,
    pub version: u64,
}

/// The encoding name of RFC 4733.
pub(super) const EVENTS: &str = "telephone-event";

/// We would like to be told how we sound (RFC 3611 5.1).
pub(super) const EXTENDED_REPORTS: &str = "a=rtcp-xr:voip-metrics\r\n";

/// A payload type as a description writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    number: u8,
    encoding: &'static str,
    clock_hz: u32,
    channels: &'static str,
    parameters: Option<String>,
}

impl Format {
    pub(super) fn of(number: u8, codec: Codec) -> Self {
        Self {
            number,
            encoding: codec.encoding(),
            clock_hz: codec.clock_hz(),
            channels: codec.channels(),
            parameters: codec.parameters(),
        }
    }

    /// The keys of a telephone and no other events.
    pub(super) fn events(number: u8, clock_hz: u32) -> Self {
        Self {
            parameters: Some("0-15".to_owned()),
            ..Self::plain(number, EVENTS, clock_hz)
        }
    }

    pub(super) fn noise(number: u8, clock_hz: u32) -> Self {
        Self::plain(number, "CN", clock_hz)
    }

    fn plain(number: u8, encoding: &'static str, clock_hz: u32) -> Self {
        Self {
            number,
            encoding,
            clock_hz,
            channels: "",
            parameters: None,
        }
    }

    fn lines(&self) -> String {
        let Self {
            number,
            encoding,
            clock_hz,
            channels,
            parameters,
        } = self;
        let map = format!("a=rtpmap:{number} {encoding}/{clock_hz}{channels}\r\n");
        match parameters {
            Some(parameters) => map + &format!("a=fmtp:{number} {parameters}\r\n"),
            None => map,
        }
    }
}

/// Our offer: these codecs, with telephone-events on each of their clocks; 20 ms; both ways.
pub fn offer(local: SocketAddr, origin: Origin, codecs: &Codecs) -> Bytes {
    offer_with(local, origin, codecs, Direction::SendRecv)
}

/// Our offer with another direction.
pub fn offer_with(
    local: SocketAddr,
    origin: Origin,
    codecs: &Codecs,
    direction: Direction,
) -> Bytes {
    let stream = audio(local, "RTP/AVP", &formats(codecs), direction);
    (head(local.ip(), origin) + &stream + EXTENDED_REPORTS).into()
}

/// Our offer of plain G.711, without the law of this payload type: another codec than the one in
/// use, which may be what hurts (R26).
pub fn offer_without(local: SocketAddr, origin: Origin, in_use: Option<u8>) -> Bytes {
    let plain = [Codec::Pcma, Codec::Pcmu].into_iter();
    let others: Vec<Codec> = plain.filter(|it| Some(it.number()) != in_use).collect();
    let codecs = Codecs::new(&others).unwrap_or_default();
    offer(local, origin, &codecs)
}

/// Telephone-events stand at 101, as in most phones; at Opus's clock where browsers have them.
fn formats(codecs: &Codecs) -> Vec<Format> {
    let sounds = codecs.iter().map(|it| Format::of(it.number(), it));
    let clocks = [(101, 8_000), (110, 48_000)].into_iter();
    let used = clocks.filter(|(_, clock_hz)| codecs.iter().any(|it| it.clock_hz() == *clock_hz));
    let events = used.map(|(number, clock_hz)| Format::events(number, clock_hz));
    sounds.chain(events).collect()
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
    formats: &[Format],
    direction: Direction,
) -> String {
    let numbers: String = formats.iter().map(|it| format!(" {}", it.number)).collect();
    let lines: String = formats.iter().map(Format::lines).collect();
    format!(
        "m=audio {} {proto}{numbers}\r\n{lines}a=ptime:20\r\na={}\r\n",
        local.port(),
        direction.as_str()
    )
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
