use std::sync::LazyLock;

use audio_codec_algorithms::{
    convert_alaw_to_ulaw, convert_ulaw_to_alaw, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw,
};

/// Samples in one 20 ms frame at 8 kHz; with G.711 also its bytes.
pub const FRAME_SAMPLES: usize = 160;

/// The RTP clock's step from one of our frames to the next.
pub const FRAME_TICKS: u32 = 160;

/// One frame of linear sound.
pub type Frame = [i16; FRAME_SAMPLES];

pub const SILENT_FRAME: Frame = [0; FRAME_SAMPLES];

/// ITU-T G.711 in its two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    Pcma,
    Pcmu,
}

static LINEAR_OF_ALAW: LazyLock<[i16; 256]> = LazyLock::new(|| table(decode_alaw));
static LINEAR_OF_ULAW: LazyLock<[i16; 256]> = LazyLock::new(|| table(decode_ulaw));

impl Codec {
    /// The codec behind a static payload type (RFC 3551 6).
    pub fn of_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            _ => None,
        }
    }

    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The name in an `a=rtpmap` line.
    pub fn encoding_name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    pub fn decode(self, byte: u8) -> i16 {
        self.linear()[usize::from(byte)]
    }

    /// Every byte's sample, for loops over a packet.
    pub fn linear(self) -> &'static [i16; 256] {
        match self {
            Self::Pcma => &LINEAR_OF_ALAW,
            Self::Pcmu => &LINEAR_OF_ULAW,
        }
    }

    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcma => encode_alaw(sample),
            Self::Pcmu => encode_ulaw(sample),
        }
    }

    /// The byte for a sample of zero.
    pub fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xd5,
            Self::Pcmu => 0xff,
        }
    }

    /// The same sound in the law of `to`.
    pub fn transcode(self, byte: u8, to: Self) -> u8 {
        match (self, to) {
            (Self::Pcma, Self::Pcma) | (Self::Pcmu, Self::Pcmu) => byte,
            (Self::Pcma, Self::Pcmu) => convert_alaw_to_ulaw(byte),
            (Self::Pcmu, Self::Pcma) => convert_ulaw_to_alaw(byte),
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
            assert_eq!(Codec::Pcma.encode(Codec::Pcma.decode(byte)), byte);
            let again = Codec::Pcmu.encode(Codec::Pcmu.decode(byte));
            // 0x7f and 0xff are both zero in mu-law.
            assert_eq!(Codec::Pcmu.decode(again), Codec::Pcmu.decode(byte));
        }
    }

    #[test]
    fn silence_is_the_quietest_byte() {
        assert_eq!(Codec::Pcmu.decode(Codec::Pcmu.silence()), 0);
        assert!(Codec::Pcma.decode(Codec::Pcma.silence()).abs() <= 8);
    }

    #[test]
    fn transcoding_keeps_the_sound() {
        for byte in 0..=u8::MAX {
            let before = i32::from(Codec::Pcma.decode(byte));
            let after = i32::from(Codec::Pcmu.decode(Codec::Pcma.transcode(byte, Codec::Pcmu)));
            assert!(
                (before - after).abs() <= before.abs() / 16 + 16,
                "{byte:#x}"
            );
        }
    }
}
