//! How sound is put into packets: G.711, G.722 and Opus, behind what they have in common.
//!
//! Linear sound is 8 kHz for G.711 and 16 kHz for the others ([`Codec::rate`]); the RTP clock is another thing
//! ([`Codec::clock_hz`]).

mod coder;
mod g711;
mod g722;
mod opus;
mod opus_packet;

use std::time::Duration;

pub use coder::{Decoder, Encoder, Unreadable};
pub use g711::Law;

/// Samples in one 20 ms frame at 8 kHz; with G.711 also its bytes.
pub const FRAME_SAMPLES: usize = 160;

/// The step of an 8 kHz RTP clock from one of our frames to the next.
pub const FRAME_TICKS: u32 = 160;

/// Samples in one 20 ms frame at 16 kHz.
pub const WIDE_FRAME_SAMPLES: usize = 320;

/// The most of one packet of sound: 60 ms at 16 kHz.
pub const PACKET_SAMPLES_MAX: usize = 3 * WIDE_FRAME_SAMPLES;

/// The most bytes of one packet of ours: 20 ms of G.711 or G.722, and more than Opus ever needs.
pub const PACKET_BYTES_MAX: usize = 160;

/// One 20 ms frame of linear sound at 8 kHz.
pub type Frame = [i16; FRAME_SAMPLES];

pub const SILENT_FRAME: Frame = [0; FRAME_SAMPLES];

/// Of a sample at 8 kHz.
const MICROS_A_SAMPLE: u64 = 125;

/// How long so many samples at 8 kHz are heard.
pub fn lasting(samples: u64) -> Duration {
    Duration::from_micros(samples.saturating_mul(MICROS_A_SAMPLE))
}

/// The samples at 8 kHz that are heard in that time.
pub fn samples_in(span: Duration) -> usize {
    usize::try_from(span.as_micros() / u128::from(MICROS_A_SAMPLE)).unwrap_or(usize::MAX)
}

/// How many samples of linear sound a second has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rate {
    /// 8 kHz, the telephone's.
    Narrow,
    /// 16 kHz, for what is called HD voice.
    Wide,
}

impl Rate {
    /// Samples a second.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Wide => 16_000,
        }
    }

    /// Samples in 20 ms.
    pub const fn frame_samples(self) -> usize {
        match self {
            Self::Narrow => FRAME_SAMPLES,
            Self::Wide => WIDE_FRAME_SAMPLES,
        }
    }

    /// Samples for each one at 8 kHz.
    pub const fn factor(self) -> usize {
        self.frame_samples() / FRAME_SAMPLES
    }
}

/// What the sound of a leg is coded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    Pcma,
    Pcmu,
    G722,
    Opus,
}

impl Codec {
    pub const ALL: [Self; 4] = [Self::Pcma, Self::Pcmu, Self::G722, Self::Opus];

    /// The codec behind a static payload type (RFC 3551 6).
    pub fn of_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            9 => Some(Self::G722),
            _ => None,
        }
    }

    /// The payload type we offer it under: its static one where it has one.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// The name in an `a=rtpmap` line.
    pub fn encoding_name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The law of G.711 it is, if it is one.
    pub fn law(self) -> Option<Law> {
        match self {
            Self::Pcma => Some(Law::A),
            Self::Pcmu => Some(Law::Mu),
            Self::G722 | Self::Opus => None,
        }
    }

    /// The rate of its linear sound.
    pub fn rate(self) -> Rate {
        match self {
            Self::Pcma | Self::Pcmu => Rate::Narrow,
            Self::G722 | Self::Opus => Rate::Wide,
        }
    }

    /// Ticks a second of its RTP clock. G.722's is 8,000 by an old error that stays (RFC 3551 4.5.2), Opus's 48,000
    /// whatever its sound (RFC 7587 4.1).
    pub fn clock_hz(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// The RTP clock's step from one 20 ms frame to the next.
    pub fn frame_ticks(self) -> u32 {
        self.clock_hz() / 50
    }
}
