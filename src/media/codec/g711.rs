use std::sync::LazyLock;

use audio_codec_algorithms::{
    convert_alaw_to_ulaw, convert_ulaw_to_alaw, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw,
};

/// ITU-T G.711 in its two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    A,
    Mu,
}

static LINEAR_OF_ALAW: LazyLock<[i16; 256]> = LazyLock::new(|| table(decode_alaw));
static LINEAR_OF_ULAW: LazyLock<[i16; 256]> = LazyLock::new(|| table(decode_ulaw));

impl Law {
    pub fn decode(self, byte: u8) -> i16 {
        self.linear()[usize::from(byte)]
    }

    /// Every byte's sample, for loops over a packet.
    pub fn linear(self) -> &'static [i16; 256] {
        match self {
            Self::A => &LINEAR_OF_ALAW,
            Self::Mu => &LINEAR_OF_ULAW,
        }
    }

    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::A => encode_alaw(sample),
            Self::Mu => encode_ulaw(sample),
        }
    }

    /// The byte for a sample of zero.
    pub fn silence(self) -> u8 {
        match self {
            Self::A => 0xd5,
            Self::Mu => 0xff,
        }
    }

    /// The same sound in the law of `to`.
    pub fn transcode(self, byte: u8, to: Self) -> u8 {
        match (self, to) {
            (Self::A, Self::A) | (Self::Mu, Self::Mu) => byte,
            (Self::A, Self::Mu) => convert_alaw_to_ulaw(byte),
            (Self::Mu, Self::A) => convert_ulaw_to_alaw(byte),
        }
    }
}

fn table(decode: fn(u8) -> i16) -> [i16; 256] {
    let mut table = [0; 256];
    for (sample, byte) in table.iter_mut().zip(0..=u8::MAX) {
        *sample = decode(byte);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_decoding_and_encoding() {
        for byte in 0..=u8::MAX {
            assert_eq!(Law::A.encode(Law::A.decode(byte)), byte);
            let again = Law::Mu.encode(Law::Mu.decode(byte));
            // 0x7f and 0xff are both zero in mu-law.
            assert_eq!(Law::Mu.decode(again), Law::Mu.decode(byte));
        }
    }

    #[test]
    fn silence_is_the_quietest_byte() {
        assert_eq!(Law::Mu.decode(Law::Mu.silence()), 0);
        assert!(Law::A.decode(Law::A.silence()).abs() <= 8);
    }

    #[test]
    fn transcoding_keeps_the_sound() {
        for byte in 0..=u8::MAX {
            let before = i32::from(Law::A.decode(byte));
            let after = i32::from(Law::Mu.decode(Law::A.transcode(byte, Law::Mu)));
            assert!(
                (before - after).abs() <= before.abs() / 16 + 16,
                "{byte:#x}"
            );
        }
    }
}
