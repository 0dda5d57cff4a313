use std::fmt;

use super::{Codec, Law, g722, opus};

/// Makes linear sound of a source's packets, one after the other, at [`Codec::rate`].
///
/// No call allocates.
#[derive(Debug)]
pub enum Decoder {
    G711(Law),
    G722(Box<g722::Decoder>),
    Opus(Box<opus::Decoder>),
}

/// Makes packets of 20 ms of linear sound at [`Codec::rate`]; no call allocates.
#[derive(Debug)]
pub enum Encoder {
    G711(Law),
    G722(Box<g722::Encoder>),
    Opus(Box<opus::Encoder>),
}

/// A payload that is none of its codec, or of more than 60 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a payload that is none of its codec")
    }
}

impl std::error::Error for Unreadable {}

impl Decoder {
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcma => Self::G711(Law::A),
            Codec::Pcmu => Self::G711(Law::Mu),
            Codec::G722 => Self::G722(Box::new(g722::Decoder::new())),
            Codec::Opus => Self::Opus(Box::new(opus::Decoder::new())),
        }
    }

    /// Writes the samples of one payload to the front of `out`, and says how many; `out` has room for
    /// [`super::PACKET_SAMPLES_MAX`].
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Unreadable> {
        match self {
            Self::G711(law) => decode_g711(*law, payload, out),
            Self::G722(decoder) => decoder.decode(payload, out),
            Self::Opus(decoder) => decoder.decode(payload, out),
        }
    }

    /// What was lost before `next`, from what it says of that (Opus in-band FEC): the samples that end where `next`
    /// begins, and how many; none where it says nothing. `next` is still to be decoded.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Option<usize> {
        match self {
            Self::G711(_) | Self::G722(_) => None,
            Self::Opus(decoder) => decoder.recover(next, out),
        }
    }

    /// 20 ms of the codec's own concealment; none where it has none.
    pub fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        match self {
            Self::G711(_) | Self::G722(_) => None,
            Self::Opus(decoder) => decoder.conceal(out),
        }
    }
}

impl Encoder {
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcma => Self::G711(Law::A),
            Codec::Pcmu => Self::G711(Law::Mu),
            Codec::G722 => Self::G722(Box::new(g722::Encoder::new())),
            Codec::Opus => Self::Opus(Box::new(opus::Encoder::new())),
        }
    }

    /// Writes one frame's packet to the front of `out`, which has room for [`super::PACKET_BYTES_MAX`], and says how many
    /// bytes it has; 0 where there is none to be sent.
    pub fn encode(&mut self, frame: &[i16], out: &mut [u8]) -> usize {
        match self {
            Self::G711(law) => {
                for (byte, sample) in out.iter_mut().zip(frame) {
                    *byte = law.encode(*sample);
                }
                frame.len().min(out.len())
            }
            Self::G722(encoder) => encoder.encode(frame, out),
            Self::Opus(encoder) => encoder.encode(frame, out),
        }
    }
}

fn decode_g711(law: Law, payload: &[u8], out: &mut [i16]) -> Result<usize, Unreadable> {
    let out = out.get_mut(..payload.len()).ok_or(Unreadable)?;
    let linear = law.linear();
    for (sample, byte) in out.iter_mut().zip(payload) {
        *sample = linear[usize::from(*byte)];
    }
    Ok(payload.len())
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::media::codec::{PACKET_BYTES_MAX, PACKET_SAMPLES_MAX};

    /// A second of a voice: harmonics of 150 Hz that come and go.
    fn voice(codec: Codec) -> Vec<i16> {
        let hz = codec.rate().hz();
        let at = |n: u32| {
            let seconds = n as f32 / hz as f32;
            let harmonic =
                |k: u8| (f32::from(k) * 150.0 * TAU * seconds).sin() * 3_000.0 / f32::from(k);
            ((1..=12).map(harmonic).sum::<f32>() * (3.0 * TAU * seconds).sin()) as i16
        };
        (0..hz).map(at).collect()
    }

    fn packets(codec: Codec, sound: &[i16]) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(codec);
        let mut packet = [0; PACKET_BYTES_MAX];
        let frames = sound.chunks_exact(codec.rate().frame_samples());
        let encoded = frames.map(|frame| {
            let bytes = encoder.encode(frame, &mut packet);
            packet[..bytes].to_vec()
        });
        encoded.collect()
    }

    fn decoded(decoder: &mut Decoder, packet: &[u8]) -> Vec<i16> {
        let mut out = [0; PACKET_SAMPLES_MAX];
        let samples = decoder.decode(packet, &mut out).unwrap();
        out[..samples].to_vec()
    }

    /// How alike two sounds are: 1 for the same, 0 for strangers.
    fn likeness(a: &[i16], b: &[i16]) -> f64 {
        let product = |a: &[i16], b: &[i16]| -> f64 {
            let pairs = a.iter().zip(b);
            pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        product(a, b) / (product(a, a) * product(b, b)).sqrt()
    }

    /// The same at the delay where they are most alike, which is within 20 ms.
    fn likeness_when_delayed(sent: &[i16], heard: &[i16]) -> f64 {
        let at = |delay: usize| likeness(sent, &heard[delay..][..sent.len()]);
        (0..=320).map(at).fold(0.0, f64::max)
    }

    #[test]
    fn what_is_encoded_is_heard() {
        for (codec, alike) in [
            (Codec::Pcma, 0.999),
            (Codec::Pcmu, 0.999),
            (Codec::G722, 0.999),
            (Codec::Opus, 0.85),
        ] {
            let sent = voice(codec);
            let mut decoder = Decoder::new(codec);
            let packets = packets(codec, &sent);
            let heard: Vec<i16> = packets
                .iter()
                .flat_map(|packet| decoded(&mut decoder, packet))
                .collect();
            assert_eq!(heard.len(), sent.len());
            let found = likeness_when_delayed(&sent[..sent.len() - 320], &heard);
            assert!(found > alike, "{codec:?}: {found}");
        }
    }

    #[test]
    fn a_packet_holds_no_more_bytes_than_there_is_room_for() {
        for codec in Codec::ALL {
            let mut packet = [0; PACKET_BYTES_MAX];
            let noise = voice(codec).into_iter().map(|it| it.wrapping_mul(97));
            let noise: Vec<i16> = noise.take(codec.rate().frame_samples()).collect();
            let mut encoder = Encoder::new(codec);
            assert!((1..=PACKET_BYTES_MAX).contains(&encoder.encode(&noise, &mut packet)));
            assert!(encoder.encode(&noise, &mut packet[..20]) <= 20);
        }
    }

    #[test]
    fn packets_that_cannot_be_are_refused() {
        let mut out = [0; PACKET_SAMPLES_MAX];
        for (codec, payload) in [
            (Codec::Pcma, vec![0xd5; 961]),
            (Codec::G722, vec![0; 481]),
            (Codec::Opus, vec![]),
            // Code 3 without a count, and one of 64 frames of 20 ms.
            (Codec::Opus, vec![9 << 3 | 3]),
            (Codec::Opus, vec![9 << 3 | 3, 0x3f, 0, 0]),
        ] {
            let read = Decoder::new(codec).decode(&payload, &mut out);
            assert_eq!(read, Err(Unreadable), "{codec:?} {payload:?}");
        }
    }

    #[test]
    fn opus_brings_back_a_lost_packet_from_the_one_after_it() {
        let sent = voice(Codec::Opus);
        let packets = packets(Codec::Opus, &sent);
        let (mut whole, mut lossy, mut guessing) = (
            Decoder::new(Codec::Opus),
            Decoder::new(Codec::Opus),
            Decoder::new(Codec::Opus),
        );
        let lost = 20;
        for packet in &packets[..lost] {
            for decoder in [&mut whole, &mut lossy, &mut guessing] {
                decoded(decoder, packet);
            }
        }
        let wanted = decoded(&mut whole, &packets[lost]);
        let mut out = [0; PACKET_SAMPLES_MAX];
        assert_eq!(lossy.recover(&packets[lost + 1], &mut out), Some(320));
        let recovered = likeness(&wanted, &out[..320]);
        assert_eq!(guessing.conceal(&mut out), Some(320));
        let concealed = likeness(&wanted, &out[..320]);
        assert!(
            recovered > 0.9 && recovered > concealed,
            "{recovered} {concealed}"
        );
    }

    #[test]
    fn what_says_nothing_of_the_past_recovers_nothing() {
        let mut out = [0; PACKET_SAMPLES_MAX];
        let first = &packets(Codec::Opus, &voice(Codec::Opus))[0];
        assert_eq!(Decoder::new(Codec::Opus).recover(first, &mut out), None);
        for codec in [Codec::Pcma, Codec::G722] {
            let mut decoder = Decoder::new(codec);
            assert_eq!(decoder.recover(&[1; 160], &mut out), None);
            assert_eq!(decoder.conceal(&mut out), None);
        }
    }
}
