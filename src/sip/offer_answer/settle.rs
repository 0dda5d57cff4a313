use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

use super::crypto::Agreed;
use super::description::{Audio, Description, Direction, Payload, Stream};
use super::write::{EXTENDED_REPORTS, Origin, audio, head};
use crate::words::SrtpKeys;

/// What both sides agreed on, from our side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Their RTP; unspecified while they hold the old way (then nothing is sent).
    pub remote: SocketAddr,
    pub remote_rtcp: SocketAddr,
    pub codec: Codec,
    pub payload_type: u8,
    /// The payload type of RFC 4733 events, when both know them.
    pub telephone_event: Option<u8>,
    pub direction: Direction,
    /// What they would like to receive.
    pub ptime_ms: Option<u32>,
    /// They want VoIP metrics with our reports (RFC 3611 5).
    pub extended_reports: bool,
    /// How the sound is protected; none where it is plain RTP.
    pub srtp: Option<SrtpKeys>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Pcma,
    Pcmu,
}

impl Codec {
    fn of(payload: &Payload) -> Option<Self> {
        match (payload.encoding.as_str(), payload.clock_rate_hz) {
            ("pcma", 8000) => Some(Self::Pcma),
            ("pcmu", 8000) => Some(Self::Pcmu),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }
}

/// Why a description cannot be used: 488.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    NoAudio,
    /// They want SRTP, and it is off.
    SrtpOnly,
    /// SRTP is required, and they have none.
    RtpOnly,
    /// They want SRTP in a way that is not ours.
    NoCommonCrypto,
    /// The encodings they named, for the Warning.
    NoCommonCodec {
        theirs: Vec<String>,
    },
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAudio => f.write_str("no audio stream over RTP/AVP"),
            Self::SrtpOnly => f.write_str("SRTP is off here: offer RTP/AVP"),
            Self::RtpOnly => f.write_str("SRTP is required here: offer RTP/SAVP"),
            Self::NoCommonCrypto => f.write_str(
                "no common SRTP: AES_CM_128_HMAC_SHA1_80 and AEAD_AES_128_GCM by a=crypto without MKI",
            ),
            Self::NoCommonCodec { theirs } => {
                write!(
                    f,
                    "no common codec: PCMA and PCMU against {}",
                    theirs.join(" ")
                )
            }
        }
    }
}

impl std::error::Error for Unusable {}

impl Unusable {
    /// A Warning value for the 488 (RFC 3261 20.43): 302 transport, 304 media type, 305 format.
    pub fn warning(&self) -> String {
        let code = match self {
            Self::SrtpOnly | Self::RtpOnly | Self::NoCommonCrypto => 302,
            Self::NoAudio => 304,
            Self::NoCommonCodec { .. } => 305,
        };
        let text: String = self.to_string().replace(['"', '\\'], "");
        format!("{code} thirdring \"{text}\"")
    }
}

/// Answers an offer from `local`: their payload numbers, their first codec that is ours too, their
/// direction mirrored; every other stream refused with port 0.
pub fn answer(
    offer: &Description,
    local: SocketAddr,
    origin: Origin,
) -> Result<(Bytes, Negotiated), Unusable> {
    let negotiated = settle(offer)?;
    let theirs = chosen(offer)?;
    let mut payloads = vec![(negotiated.payload_type, negotiated.codec.name())];
    payloads.extend(
        negotiated
            .telephone_event
            .map(|number| (number, "telephone-event")),
    );
    let mut text = head(local.ip(), origin);
    for (number, stream) in offer.streams.iter().enumerate() {
        if number == theirs.stream {
            let proto = &stream.proto;
            text.push_str(&audio(local, proto, &payloads, negotiated.direction));
            text.extend(theirs.wants_metrics.then_some(EXTENDED_REPORTS));
            text.extend(theirs.agreed.as_ref().map(Agreed::line));
        } else {
            text.push_str(&refused(stream));
        }
    }
    Ok((text.into(), negotiated))
}

/// What a description of theirs means for us: their answer to our offer, or an offer to be answered.
pub fn settle(theirs: &Description) -> Result<Negotiated, Unusable> {
    let audio = chosen(theirs)?;
    let mut payloads = audio.payloads.iter();
    let chosen = payloads.find_map(|it| Some((Codec::of(it)?, it.number)));
    let (codec, payload_type) = chosen.ok_or_else(|| Unusable::NoCommonCodec {
        theirs: audio
            .payloads
            .iter()
            .map(|it| it.encoding.clone())
            .collect(),
    })?;
    Ok(Negotiated {
        remote: audio.address,
        remote_rtcp: audio.rtcp.unwrap_or_else(|| next_port(audio.address)),
        codec,
        payload_type,
        telephone_event: telephone_event(audio),
        direction: audio.direction.mirrored(),
        ptime_ms: audio.ptime_ms,
        extended_reports: audio.wants_metrics,
        srtp: audio.agreed.as_ref().map(|agreed| agreed.keys.clone()),
    })
}

fn chosen(theirs: &Description) -> Result<&Audio, Unusable> {
    theirs.audio.as_ref().map_err(Clone::clone)
}

fn telephone_event(audio: &Audio) -> Option<u8> {
    let mut payloads = audio.payloads.iter();
    payloads
        .find(|it| it.encoding == "telephone-event" && it.clock_rate_hz == 8000)
        .map(|it| it.number)
}

/// RFC 3550 11: RTCP without `a=rtcp:` is on the next port.
fn next_port(rtp: SocketAddr) -> SocketAddr {
    SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1))
}

fn refused(stream: &Stream) -> String {
    format!(
        "m={} 0 {} {}\r\n",
        stream.media, stream.proto, stream.formats
    )
}

#[cfg(test)]
mod tests {
    use super::super::{offer, read};
    use super::*;

    const ORIGIN: Origin = Origin { id: 7, version: 1 };

    fn local() -> SocketAddr {
        "192.0.2.1:40000".parse().unwrap()
    }

    fn described(media: &str) -> Description {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
        read(format!("{head}{media}").as_bytes()).unwrap()
    }

    #[test]
    fn our_own_offer_is_answered_with_pcma_both_ways() {
        let theirs = read(&offer(local(), ORIGIN)).unwrap();
        let (answer, negotiated) = answer(&theirs, local(), ORIGIN).unwrap();
        assert_eq!(
            (negotiated.codec, negotiated.telephone_event),
            (Codec::Pcma, Some(101))
        );
        assert_eq!(negotiated.remote_rtcp.port(), 40001);
        assert_eq!(settle(&read(&answer).unwrap()).unwrap(), negotiated);
    }

    #[test]
    fn their_order_and_numbers_win() {
        let media =
            "m=audio 4000 RTP/AVP 18 0 8 97\r\na=rtpmap:97 telephone-event/8000\r\na=sendonly\r\n";
        let (answer, negotiated) = answer(&described(media), local(), ORIGIN).unwrap();
        assert_eq!(
            (negotiated.codec, negotiated.telephone_event),
            (Codec::Pcmu, Some(97))
        );
        assert_eq!(negotiated.direction, Direction::RecvOnly);
        let text = String::from_utf8(answer.to_vec()).unwrap();
        assert!(text.contains("m=audio 40000 RTP/AVP 0 97\r\n") && text.contains("a=recvonly"));
    }

    #[test]
    fn metrics_are_told_to_those_who_want_them() {
        let plain = "m=audio 4000 RTP/AVP 8\r\n";
        let wanting = format!("{plain}a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n");
        for (media, wanted) in [(plain, false), (&*wanting, true)] {
            let (answer, negotiated) = answer(&described(media), local(), ORIGIN).unwrap();
            assert_eq!(negotiated.extended_reports, wanted);
            let text = String::from_utf8(answer.to_vec()).unwrap();
            assert_eq!(text.contains("a=rtcp-xr:voip-metrics\r\n"), wanted);
        }
        let ours = read(&offer(local(), ORIGIN)).unwrap();
        assert!(settle(&ours).unwrap().extended_reports);
    }

    #[test]
    fn video_is_refused_in_its_place() {
        let media = "m=video 5000 RTP/AVP 31\r\nm=audio 0 RTP/AVP 8\r\nm=audio 4000 RTP/AVP 8\r\n";
        let (answer, _) = answer(&described(media), local(), ORIGIN).unwrap();
        let text = String::from_utf8(answer.to_vec()).unwrap();
        let streams: Vec<&str> = text.lines().filter(|it| it.starts_with("m=")).collect();
        assert_eq!(
            streams,
            [
                "m=video 0 RTP/AVP 31",
                "m=audio 0 RTP/AVP 8",
                "m=audio 40000 RTP/AVP 8"
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let unusable = settle(&described("m=audio 4000 RTP/AVP 9 18\r\n")).unwrap_err();
        assert_eq!(
            unusable.warning(),
            "305 thirdring \"no common codec: PCMA and PCMU against g722 g729\""
        );
        let srtp = settle(&described("m=audio 4000 RTP/SAVP 8\r\n"));
        assert_eq!(srtp.unwrap_err(), Unusable::SrtpOnly);
    }
}
