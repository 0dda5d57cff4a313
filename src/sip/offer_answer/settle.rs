use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

use super::codec::{Codec, Codecs};
use super::crypto::Agreed;
use super::description::{Audio, Description, Direction, Stream};
use super::payload::Payload;
use super::write::{EVENTS, EXTENDED_REPORTS, Format, Origin, audio, head};
use crate::words::SrtpKeys;

/// What both sides agreed on, from our side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Their RTP; unspecified while they hold the old way (then nothing is sent).
    pub remote: SocketAddr,
    pub remote_rtcp: SocketAddr,
    pub codec: Codec,
    pub payload_type: u8,
    /// The payload type of RFC 4733 events, when both know them: on the codec's clock where they have it so.
    pub telephone_event: Option<u8>,
    /// The payload type of comfort noise on the codec's clock, where they know it (RFC 3389).
    pub comfort_noise: Option<u8>,
    pub direction: Direction,
    /// What they would like to receive.
    pub ptime_ms: Option<u32>,
    /// They want VoIP metrics with our reports (RFC 3611 5).
    pub extended_reports: bool,
    /// How the sound is protected; none where it is plain RTP.
    pub srtp: Option<SrtpKeys>,
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
    /// The encodings we have and those they named.
    NoCommonCodec {
        ours: String,
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
            Self::NoCommonCodec { ours, theirs } => {
                write!(f, "no common codec: {ours} here, {} there", theirs.join(" "))
            }
        }
    }
}

impl std::error::Error for Unusable {}

impl Unusable {
    /// In one word, for events.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoAudio => "no-audio",
            Self::SrtpOnly => "srtp-only",
            Self::RtpOnly => "rtp-only",
            Self::NoCommonCrypto => "no-common-crypto",
            Self::NoCommonCodec { .. } => "no-common-codec",
        }
    }

    /// The encodings they named, where none of them is ours.
    pub fn offered(&self) -> &[String] {
        match self {
            Self::NoCommonCodec { theirs, .. } => theirs,
            Self::NoAudio | Self::SrtpOnly | Self::RtpOnly | Self::NoCommonCrypto => &[],
        }
    }

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
    codecs: &Codecs,
) -> Result<(Bytes, Negotiated), Unusable> {
    let theirs = chosen(offer)?;
    let choice = Choice::of(theirs, codecs)?;
    let (formats, negotiated) = (choice.formats(), choice.negotiated(theirs));
    let mut text = head(local.ip(), origin);
    for (number, stream) in offer.streams.iter().enumerate() {
        if number == theirs.stream {
            let proto = &stream.proto;
            text.push_str(&audio(local, proto, &formats, negotiated.direction));
            text.extend(theirs.wants_metrics.then_some(EXTENDED_REPORTS));
            text.extend(theirs.agreed.as_ref().map(Agreed::line));
        } else {
            text.push_str(&refused(stream));
        }
    }
    Ok((text.into(), negotiated))
}

/// What a description of theirs means for us: their answer to our offer, or an offer to be answered.
pub fn settle(theirs: &Description, codecs: &Codecs) -> Result<Negotiated, Unusable> {
    let audio = chosen(theirs)?;
    Ok(Choice::of(audio, codecs)?.negotiated(audio))
}

fn chosen(theirs: &Description) -> Result<&Audio, Unusable> {
    theirs.audio.as_ref().map_err(Clone::clone)
}

/// Of their payload types, those in use.
struct Choice<'a> {
    codec: Codec,
    sound: &'a Payload,
    events: Option<&'a Payload>,
    noise: Option<&'a Payload>,
}

impl<'a> Choice<'a> {
    /// Their first codec that is ours too.
    fn of(audio: &'a Audio, codecs: &Codecs) -> Result<Self, Unusable> {
        let ours = |it: &'a Payload| Codec::of(it).filter(|codec| codecs.contains(*codec));
        let mut payloads = audio.payloads.iter();
        let chosen = payloads.find_map(|it| Some((ours(it)?, it)));
        let (codec, sound) = chosen.ok_or_else(|| Unusable::NoCommonCodec {
            ours: codecs.names(),
            theirs: sounds(audio),
        })?;
        let on_its_clock = |it: &Payload| it.clock_rate_hz == codec.clock_hz();
        let mut noises = audio.payloads.iter().filter(|it| it.is("CN"));
        let events = || audio.payloads.iter().filter(|it| it.is(EVENTS));
        Ok(Self {
            codec,
            sound,
            // Beside Opus many phones have them at 8 kHz only, and a key must come through (D11).
            events: events().find(|it| on_its_clock(it)).or(events().next()),
            noise: noises.find(|it| on_its_clock(it)),
        })
    }

    fn formats(&self) -> Vec<Format> {
        let sound = Format::of(self.sound.number, self.codec);
        let events = self
            .events
            .map(|it| Format::events(it.number, it.clock_rate_hz));
        let noise = self
            .noise
            .map(|it| Format::noise(it.number, it.clock_rate_hz));
        [sound].into_iter().chain(noise).chain(events).collect()
    }

    fn negotiated(&self, audio: &Audio) -> Negotiated {
        Negotiated {
            remote: audio.address,
            remote_rtcp: audio.rtcp.unwrap_or_else(|| next_port(audio.address)),
            codec: self.codec,
            payload_type: self.sound.number,
            telephone_event: self.events.map(|it| it.number),
            comfort_noise: self.noise.map(|it| it.number),
            direction: audio.direction.mirrored(),
            ptime_ms: audio.ptime_ms,
            extended_reports: audio.wants_metrics,
            srtp: audio.agreed.as_ref().map(|agreed| agreed.keys.clone()),
        }
    }
}

/// What of a stream can be a call's sound: the names that a PBX's settings have, each once.
fn sounds(audio: &Audio) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for it in &audio.payloads {
        if !it.is(EVENTS) && !it.is("CN") && !names.contains(&it.encoding) {
            names.push(it.encoding.clone());
        }
    }
    names
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

    fn all() -> Codecs {
        Codecs::new(&Codec::ALL).unwrap()
    }

    fn local() -> SocketAddr {
        "192.0.2.1:40000".parse().unwrap()
    }

    fn described(media: &str) -> Description {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
        read(format!("{head}{media}").as_bytes()).unwrap()
    }

    #[test]
    fn our_own_offer_is_answered_with_our_first_codec_both_ways() {
        for (codec, number, events) in [
            (Codec::Pcma, 8, 101),
            (Codec::G722, 9, 101),
            (Codec::Opus, 111, 110),
        ] {
            let codecs = all().led_by(codec);
            let theirs = read(&offer(local(), ORIGIN, &codecs)).unwrap();
            let (answer, negotiated) = answer(&theirs, local(), ORIGIN, &all()).unwrap();
            let found = (negotiated.codec, negotiated.payload_type);
            assert_eq!(found, (codec, number));
            assert_eq!(negotiated.telephone_event, Some(events));
            assert_eq!(negotiated.remote_rtcp.port(), 40001);
            let settled = settle(&read(&answer).unwrap(), &codecs);
            assert_eq!(settled, Ok(negotiated));
        }
    }

    #[test]
    fn their_order_and_numbers_win() {
        let media = "m=audio 4000 RTP/AVP 18 0 8 97 13\r\na=rtpmap:97 telephone-event/8000\r\na=sendonly\r\n";
        let (answer, negotiated) = answer(&described(media), local(), ORIGIN, &all()).unwrap();
        let found = (negotiated.codec, negotiated.telephone_event);
        assert_eq!(found, (Codec::Pcmu, Some(97)));
        assert_eq!(negotiated.comfort_noise, Some(13));
        assert_eq!(negotiated.direction, Direction::RecvOnly);
        let text = String::from_utf8(answer.to_vec()).unwrap();
        assert!(text.contains("m=audio 40000 RTP/AVP 0 13 97\r\n") && text.contains("a=recvonly"));
    }

    #[test]
    fn only_what_is_spoken_here_is_chosen() {
        let media = "m=audio 4000 RTP/AVP 96 9 8\r\na=rtpmap:96 opus/48000/2\r\n";
        for (codecs, chosen) in [
            (all(), Codec::Opus),
            (Codecs::default(), Codec::Pcma),
            (
                Codecs::new(&[Codec::Pcma, Codec::G722]).unwrap(),
                Codec::G722,
            ),
        ] {
            let negotiated = settle(&described(media), &codecs).unwrap();
            assert_eq!(negotiated.codec, chosen);
        }
    }

    #[test]
    fn opus_is_answered_under_their_number_with_keys_on_its_clock() {
        let media = "m=audio 4000 RTP/AVP 96 97 98 13\r\na=rtpmap:96 OPUS/48000/2\r\na=fmtp:96 stereo=1;cbr=1\r\n\
                     a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 telephone-event/48000\r\n";
        let (answer, negotiated) = answer(&described(media), local(), ORIGIN, &all()).unwrap();
        let found = (negotiated.payload_type, negotiated.telephone_event);
        assert_eq!(found, (96, Some(98)));
        assert_eq!(negotiated.comfort_noise, None);
        let text = String::from_utf8(answer.to_vec()).unwrap();
        let expected = "m=audio 40000 RTP/AVP 96 98\r\na=rtpmap:96 opus/48000/2\r\n\
                        a=fmtp:96 useinbandfec=1;maxaveragebitrate=24000;maxplaybackrate=16000;stereo=0;usedtx=0\r\n\
                        a=rtpmap:98 telephone-event/48000\r\na=fmtp:98 0-15\r\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn keys_on_another_clock_are_better_than_none() {
        let media = "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n";
        let (answer, negotiated) = answer(&described(media), local(), ORIGIN, &all()).unwrap();
        assert_eq!(negotiated.telephone_event, Some(97));
        let text = String::from_utf8(answer.to_vec()).unwrap();
        assert!(text.contains("a=rtpmap:97 telephone-event/8000\r\n"));
    }

    #[test]
    fn metrics_are_told_to_those_who_want_them() {
        let plain = "m=audio 4000 RTP/AVP 8\r\n";
        let wanting = format!("{plain}a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n");
        for (media, wanted) in [(plain, false), (&*wanting, true)] {
            let (answer, negotiated) = answer(&described(media), local(), ORIGIN, &all()).unwrap();
            assert_eq!(negotiated.extended_reports, wanted);
            let text = String::from_utf8(answer.to_vec()).unwrap();
            assert_eq!(text.contains("a=rtcp-xr:voip-metrics\r\n"), wanted);
        }
        let ours = read(&offer(local(), ORIGIN, &all())).unwrap();
        assert!(settle(&ours, &all()).unwrap().extended_reports);
    }

    #[test]
    fn video_is_refused_in_its_place() {
        let media = "m=video 5000 RTP/AVP 31\r\nm=audio 0 RTP/AVP 8\r\nm=audio 4000 RTP/AVP 8\r\n";
        let (answer, _) = answer(&described(media), local(), ORIGIN, &all()).unwrap();
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
        let media = "m=audio 4000 RTP/AVP 18 4 101 18\r\na=rtpmap:101 telephone-event/8000\r\n";
        let unusable = settle(&described(media), &Codecs::default()).unwrap_err();
        assert_eq!(
            unusable.warning(),
            "305 thirdring \"no common codec: PCMA PCMU here, G729 G723 there\""
        );
        let srtp = settle(&described("m=audio 4000 RTP/SAVP 8\r\n"), &all());
        assert_eq!(srtp.unwrap_err(), Unusable::SrtpOnly);
    }
}
