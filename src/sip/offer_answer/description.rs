use std::fmt;
use std::net::{IpAddr, SocketAddr};

use sdp_types::{Attribute, Connection, Media, Session};

use super::crypto::{self, Agreed, Crypto};
use super::payload::{Payload, payloads};
use super::settle::Unusable;

/// The most streams of one description; a description with more is refused.
const STREAMS_MAX: usize = 16;
/// Ports below are other services' (hardening).
const PORT_MIN: u16 = 1024;

/// A session description as far as it concerns us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The stream that counts: the first over RTP, until a [`Shield`](super::Shield) has weighed it.
    pub audio: Result<Audio, Unusable>,
    /// The first audio stream over RTP that is not refused.
    pub(super) plain: Option<Audio>,
    /// The first one over SRTP.
    pub(super) secure: Option<Audio>,
    /// Every `m=` line in its order; an answer has the same ones (RFC 3264 6).
    pub(super) streams: Vec<Stream>,
}

/// An `m=` line: kept to be refused in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) media: String,
    pub(super) proto: String,
    pub(super) formats: String,
}

/// An audio stream as one side describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Where RTP goes; unspecified when the old way of holding (`0.0.0.0`) is used.
    pub address: SocketAddr,
    /// In order of preference.
    pub payloads: Vec<Payload>,
    pub ptime_ms: Option<u32>,
    pub direction: Direction,
    /// Of `a=rtcp:` (RFC 3605).
    pub rtcp: Option<SocketAddr>,
    /// Which `m=` line it is.
    /// They would like to be told how they sound (RFC 3611 5).
    pub(super) wants_metrics: bool,
    pub(super) stream: usize,
    pub(super) crypto: Vec<Crypto>,
    /// Its keys, once it was weighed.
    pub(super) agreed: Option<Agreed>,
}

/// Who sends, seen from the side that says it (RFC 3264 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// The same seen from the other side.
    pub fn mirrored(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::SendRecv | Self::Inactive => self,
        }
    }

    /// As ours: we may not send, so the other side holds us.
    pub fn is_held(self) -> bool {
        matches!(self, Self::RecvOnly | Self::Inactive)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn of(attributes: &[Attribute]) -> Option<Self> {
        let all = [
            Self::SendRecv,
            Self::SendOnly,
            Self::RecvOnly,
            Self::Inactive,
        ];
        let named = |it: &Attribute| all.into_iter().find(|one| one.as_str() == it.attribute);
        attributes.iter().find_map(named)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdpError {
    NotSdp,
    TooManyStreams,
    /// The audio stream has no address, or a domain name where an address belongs.
    NoAddress,
    /// Broadcast, multicast, a reserved block, or a port below 1024.
    ForbiddenAddress,
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSdp => "not a session description",
            Self::TooManyStreams => "a session description with more than 16 streams",
            Self::NoAddress => "an audio stream without an IP address",
            Self::ForbiddenAddress => "an audio stream at a broadcast, multicast or system address",
        })
    }
}

impl std::error::Error for SdpError {}

/// Reads a session description. Audio that is refused (port 0), or neither RTP nor SRTP with keys in it, is no audio.
pub fn read(sdp: &[u8]) -> Result<Description, SdpError> {
    let session = Session::parse(sdp).map_err(|_| SdpError::NotSdp)?;
    if session.medias.len() > STREAMS_MAX {
        return Err(SdpError::TooManyStreams);
    }
    let plain = first_over(&session, ["RTP/AVP", "RTP/AVPF"])?;
    let secure = first_over(&session, ["RTP/SAVP", "RTP/SAVPF"])?;
    let streams = session.medias.iter().map(|media| Stream {
        media: media.media.clone(),
        proto: media.proto.clone(),
        formats: media.fmt.clone(),
    });
    Ok(Description {
        audio: plain.clone().ok_or(match secure {
            Some(_) => Unusable::SrtpOnly,
            None => Unusable::NoAudio,
        }),
        plain,
        secure,
        streams: streams.collect(),
    })
}

fn first_over(session: &Session, protos: [&str; 2]) -> Result<Option<Audio>, SdpError> {
    let is_it = |media: &Media| {
        media.media == "audio" && media.port != 0 && protos.contains(&media.proto.as_str())
    };
    let mut streams = session.medias.iter().enumerate();
    let found = streams.find(|(_, media)| is_it(media));
    found
        .map(|(stream, media)| read_audio(session, media, stream))
        .transpose()
}

fn read_audio(session: &Session, media: &Media, stream: usize) -> Result<Audio, SdpError> {
    let connection = media.connections.first().or(session.connection.as_ref());
    let ip = connection.and_then(ip_of).ok_or(SdpError::NoAddress)?;
    let address = allowed(SocketAddr::new(ip, media.port))?;
    let direction = Direction::of(&media.attributes)
        .or_else(|| Direction::of(&session.attributes))
        .unwrap_or(Direction::SendRecv);
    let ptime = value(&media.attributes, "ptime").and_then(|it| it.trim().parse().ok());
    Ok(Audio {
        address,
        payloads: payloads(media),
        ptime_ms: ptime,
        direction: match ip.is_unspecified() {
            true => held(direction),
            false => direction,
        },
        rtcp: value(&media.attributes, "rtcp").and_then(|it| rtcp(it, ip)),
        wants_metrics: wants_metrics(&media.attributes) || wants_metrics(&session.attributes),
        stream,
        crypto: crypto::lines(&media.attributes),
        agreed: None,
    })
}

/// `a=rtcp-xr:` with `voip-metrics` among its words (RFC 3611 5.1).
fn wants_metrics(attributes: &[Attribute]) -> bool {
    let mut words = value(attributes, "rtcp-xr").unwrap_or_default().split(' ');
    words.any(|word| word.trim() == "voip-metrics")
}

/// RFC 3264 8.4: `0.0.0.0` is the old way to say "do not send to me".
fn held(direction: Direction) -> Direction {
    match direction {
        Direction::SendRecv | Direction::SendOnly => Direction::SendOnly,
        Direction::RecvOnly | Direction::Inactive => Direction::Inactive,
    }
}

fn ip_of(connection: &Connection) -> Option<IpAddr> {
    connection.try_address().ok().map(|address| address.ip)
}

fn allowed(address: SocketAddr) -> Result<SocketAddr, SdpError> {
    if is_one_host(address.ip()) && address.port() >= PORT_MIN {
        Ok(address)
    } else {
        Err(SdpError::ForbiddenAddress)
    }
}

/// Neither a group nor a reserved block; `0.0.0.0` and `::` are nobody, which holds.
fn is_one_host(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        // RFC 1122 3.2.1.3: 0.0.0.0/8 is "this network"; 240.0.0.0/4 is reserved, with broadcast in it.
        IpAddr::V4(ip) => {
            let [block, ..] = ip.octets();
            ip.is_unspecified() || !(ip.is_multicast() || block == 0 || block >= 240)
        }
        IpAddr::V6(ip) => !ip.is_multicast(),
    }
}

/// `port [IN IP4 address]` (RFC 3605 2.1); a forbidden one, or another host, is as good as none.
fn rtcp(value: &str, ip: IpAddr) -> Option<SocketAddr> {
    let mut pieces = value.split_ascii_whitespace();
    let port = pieces.next()?.parse().ok()?;
    let named: IpAddr = match pieces.nth(2) {
        Some(named) => named.parse().ok()?,
        None => ip,
    };
    // Reports sent where no sound comes from would let a caller point us at a stranger.
    (named == ip).then(|| allowed(SocketAddr::new(ip, port)).ok())?
}

fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    let mut attributes = attributes.iter();
    attributes.find(|it| it.attribute == name)?.value.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn sdp(connection: &str, media: &str) -> String {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n{connection}t=0 0\r\n{media}")
    }

    fn audio(connection: &str, media: &str) -> Result<Audio, SdpError> {
        read(sdp(connection, media).as_bytes()).map(|it| it.audio.unwrap())
    }

    #[test]
    fn addresses_of_both_families_stand_at_either_level() {
        let it = audio("c=IN IP6 2001:db8::1\r\n", "m=audio 4000 RTP/AVP 0\r\n").unwrap();
        assert_eq!(it.address, "[2001:db8::1]:4000".parse().unwrap());
        let media = "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 192.0.2.1\r\na=rtcp:4005\r\n";
        let it = audio("c=IN IP4 192.0.2.2\r\n", media).unwrap();
        assert_eq!(it.address, "192.0.2.1:4000".parse().unwrap());
        assert_eq!(it.rtcp, Some("192.0.2.1:4005".parse().unwrap()));
    }

    #[test]
    fn forbidden_addresses_are_refused() {
        for (ip, port) in [
            ("255.255.255.255", 4000),
            ("224.0.0.1", 4000),
            ("240.0.0.1", 4000),
            ("0.1.2.3", 4000),
            ("::ffff:224.0.0.1", 4000),
            ("ff02::1", 4000),
            ("192.0.2.1", 53),
        ] {
            let media = format!("m=audio {port} RTP/AVP 0\r\n");
            let family = if ip.contains(':') { "IP6" } else { "IP4" };
            let it = audio(&format!("c=IN {family} {ip}\r\n"), &media);
            assert_eq!(it.unwrap_err(), SdpError::ForbiddenAddress, "{ip}:{port}");
        }
        let it = audio("", "m=audio 4000 RTP/AVP 0\r\n");
        assert_eq!(it.unwrap_err(), SdpError::NoAddress);
    }

    #[test]
    fn reports_never_go_to_another_host() {
        for (rtcp, expected) in [
            ("4005 IN IP4 192.0.2.1", Some("192.0.2.1:4005")),
            ("4005 IN IP4 198.51.100.7", None),
            ("0", None),
        ] {
            let media = format!("m=audio 4000 RTP/AVP 8\r\na=rtcp:{rtcp}\r\n");
            let it = audio("c=IN IP4 192.0.2.1\r\n", &media).unwrap();
            assert_eq!(it.rtcp, expected.map(|it| it.parse().unwrap()), "{rtcp}");
        }
    }

    #[test]
    fn the_old_hold_is_a_hold() {
        let it = audio("c=IN IP4 0.0.0.0\r\n", "m=audio 4000 RTP/AVP 0\r\n").unwrap();
        assert_eq!(it.direction, Direction::SendOnly);
    }

    #[test]
    fn the_length_of_packets_is_a_wish() {
        let it = audio(
            "c=IN IP4 192.0.2.1\r\n",
            "m=audio 4000 RTP/AVP 0\r\na=ptime:30\r\n",
        )
        .unwrap();
        assert_eq!(it.ptime_ms, Some(30));
    }
}
