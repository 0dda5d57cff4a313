use crate::media::codec::{
    Encoder, FRAME_SAMPLES, Law, PACKET_BYTES_MAX, Rate, WIDE_FRAME_SAMPLES,
};

/// 20 ms that are sent to a party: the packet's payload, and how it sounds.
pub(super) struct Spoken {
    bytes: [u8; PACKET_BYTES_MAX],
    length: usize,
    linear: [i16; WIDE_FRAME_SAMPLES],
    rate: Rate,
}

impl Spoken {
    /// A frame that is G.711 already.
    pub(super) fn coded(law: Law, sound: &[u8]) -> Self {
        let mut bytes = [law.silence(); PACKET_BYTES_MAX];
        let mut linear = [0; WIDE_FRAME_SAMPLES];
        let of = law.linear();
        for ((byte, sample), sound) in bytes.iter_mut().zip(&mut linear).zip(sound) {
            *byte = *sound;
            *sample = of[usize::from(*sound)];
        }
        Self {
            bytes,
            length: FRAME_SAMPLES,
            linear,
            rate: Rate::Narrow,
        }
    }

    /// What `write` makes of silence, coded.
    pub(super) fn made(encoder: &mut Encoder, rate: Rate, write: impl FnOnce(&mut [i16])) -> Self {
        let mut linear = [0; WIDE_FRAME_SAMPLES];
        let sound = &mut linear[..rate.frame_samples()];
        write(sound);
        let mut bytes = [0; PACKET_BYTES_MAX];
        let length = encoder.encode(sound, &mut bytes);
        Self {
            bytes,
            length,
            linear,
            rate,
        }
    }

    /// Empty where the codec has nothing to send for this frame.
    pub(super) fn payload(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(super) fn linear(&self) -> &[i16] {
        self.linear
            .get(..self.rate.frame_samples())
            .unwrap_or_default()
    }
}
