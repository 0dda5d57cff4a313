use crate::media::codec::{Decoder, Encoder, PACKET_BYTES_MAX, PACKET_SAMPLES_MAX, Rate};
use crate::media::resampling::Bridge;
use crate::media::{Codec, FRAME_SAMPLES};
use crate::sip::offer_answer::{self, Codecs, Negotiated};

/// What the offer and answer say about how to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tongue {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    pub(super) telephone_event: Option<u8>,
}

impl Tongue {
    pub(super) fn of(peer: &Negotiated) -> Self {
        Self {
            codec: match peer.codec {
                offer_answer::Codec::Pcma => Codec::Pcma,
                offer_answer::Codec::Pcmu => Codec::Pcmu,
                offer_answer::Codec::G722 => Codec::G722,
                offer_answer::Codec::Opus => Codec::Opus,
            },
            payload_type: peer.payload_type,
            telephone_event: peer.telephone_event,
        }
    }

    /// The codec of a packet: static types leave no doubt.
    pub(super) fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        match payload_type == self.payload_type {
            true => Some(self.codec),
            false => Codec::of_payload_type(payload_type),
        }
    }
}

/// What a phone of this codec speaks: that first, and what everybody does.
pub(super) fn codecs(codec: Codec) -> Codecs {
    let first = match codec {
        Codec::Pcma => offer_answer::Codec::Pcma,
        Codec::Pcmu => offer_answer::Codec::Pcmu,
        Codec::G722 => offer_answer::Codec::G722,
        Codec::Opus => offer_answer::Codec::Opus,
    };
    let usual = Codecs::default();
    let all: Vec<_> = [first].into_iter().chain(usual.iter()).collect();
    Codecs::new(&all).unwrap_or(usual)
}

/// Makes packets of frames at 8 kHz.
pub(super) struct Speaker {
    codec: Codec,
    encoder: Encoder,
    bridge: Bridge,
}

impl Speaker {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            encoder: Encoder::new(codec),
            bridge: Bridge::new(Rate::Narrow, codec.rate()),
        }
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends one frame's payload to `packet`.
    pub(super) fn speak(&mut self, samples: &[i16; FRAME_SAMPLES], packet: &mut Vec<u8>) {
        let mut frame = [0; PACKET_SAMPLES_MAX];
        let frame = &mut frame[..self.codec.rate().frame_samples()];
        self.bridge.process(samples, frame);
        let mut payload = [0; PACKET_BYTES_MAX];
        let bytes = self.encoder.encode(frame, &mut payload);
        packet.extend_from_slice(&payload[..bytes]);
    }
}

/// Makes sound at 8 kHz of packets.
pub(super) struct Listener {
    codec: Codec,
    decoder: Decoder,
    bridge: Bridge,
}

impl Listener {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            decoder: Decoder::new(codec),
            bridge: Bridge::new(codec.rate(), Rate::Narrow),
        }
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// The sound of a packet; nothing where it cannot be read.
    pub(super) fn hear(&mut self, payload: &[u8]) -> Vec<i16> {
        let mut sound = [0; PACKET_SAMPLES_MAX];
        let samples = self.decoder.decode(payload, &mut sound).unwrap_or(0);
        let mut heard = vec![0; samples / self.codec.rate().factor()];
        self.bridge.process(&sound[..samples], &mut heard);
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_is_heard_at_its_length_in_every_codec() {
        for codec in Codec::ALL {
            let (mut speaker, mut listener) = (Speaker::new(codec), Listener::new(codec));
            let mut heard = Vec::new();
            for n in 0..50 {
                let at = |i: usize| ((n * FRAME_SAMPLES + i) as f32 * 0.3).sin() * 8_000.0;
                let mut packet = Vec::new();
                speaker.speak(&std::array::from_fn(|i| at(i) as i16), &mut packet);
                heard.extend(listener.hear(&packet));
            }
            assert_eq!(heard.len(), 50 * FRAME_SAMPLES);
            let power = |sound: &[i16]| sound.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>();
            let mean = (power(&heard[4_000..]) / 4_000.0).sqrt();
            assert!((4_500.0..7_000.0).contains(&mean), "{codec:?}: {mean}");
        }
    }
}
