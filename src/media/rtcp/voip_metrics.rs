use rtcp_types::RtcpParseError;
use rtcp_types::prelude::*;

/// RFC 3611 4.7: the block's type, and its length in bytes.
const TYPE: u8 = 7;
const LENGTH: usize = 36;
/// The same in words, less one.
const WORDS: u16 = 8;

/// What a level, R factor or MOS says where it is not known (RFC 3611 4.7.4, 4.7.5).
pub const UNAVAILABLE: u8 = 127;

/// Losses closer together than this are one burst (RFC 3611 4.7.2 recommends 16).
pub(super) const GMIN: u8 = 16;

/// How a source sounds where it arrives (RFC 3611 4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoipMetrics {
    /// Whose sound it is.
    pub ssrc: u32,
    /// Of 256, over the whole call: packets that never came.
    pub loss_rate: u8,
    /// Of 256: packets that came too late or too early to be heard.
    pub discard_rate: u8,
    /// Of 256: the share of packets missing within bursts, and between them.
    pub burst_density: u8,
    pub gap_density: u8,
    pub burst_ms: u16,
    pub gap_ms: u16,
    /// Zero where it is not known.
    pub round_trip_ms: u16,
    /// What the receiver itself adds.
    pub end_system_ms: u16,
    /// In dBm0, signed; 127 where it is not known.
    pub signal_level: u8,
    pub noise_level: u8,
    /// Of the network, 0-100; 127 where it is not known.
    pub r_factor: u8,
    /// Times ten; 127 where it is not known.
    pub mos_lq: u8,
    pub mos_cq: u8,
    /// How long the jitter buffer holds a packet that comes in time, and at most.
    pub buffer_ms: u16,
    pub buffer_max_ms: u16,
}

impl VoipMetrics {
    /// Of a source nothing is known of.
    pub fn unknown(ssrc: u32) -> Self {
        Self {
            ssrc,
            loss_rate: 0,
            discard_rate: 0,
            burst_density: 0,
            gap_density: 0,
            burst_ms: 0,
            gap_ms: 0,
            round_trip_ms: 0,
            end_system_ms: 0,
            signal_level: UNAVAILABLE,
            noise_level: UNAVAILABLE,
            r_factor: UNAVAILABLE,
            mos_lq: UNAVAILABLE,
            mos_cq: UNAVAILABLE,
            buffer_ms: 0,
            buffer_max_ms: 0,
        }
    }

    /// The level of the speech that arrives, dBm0, where it is known.
    pub fn signal_dbm0(&self) -> Option<i8> {
        (self.signal_level != UNAVAILABLE).then_some(self.signal_level.cast_signed())
    }

    /// None when `block` is too short.
    pub(super) fn read(block: &[u8]) -> Option<Self> {
        let bytes = block.first_chunk::<LENGTH>()?;
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let word = |at: usize| u16::from_be_bytes([byte(at), byte(at + 1)]);
        Some(Self {
            ssrc: u32::from(word(4)) << 16 | u32::from(word(6)),
            loss_rate: byte(8),
            discard_rate: byte(9),
            burst_density: byte(10),
            gap_density: byte(11),
            burst_ms: word(12),
            gap_ms: word(14),
            round_trip_ms: word(16),
            end_system_ms: word(18),
            signal_level: byte(20),
            noise_level: byte(21),
            r_factor: byte(24),
            mos_lq: byte(26),
            mos_cq: byte(27),
            buffer_ms: word(30),
            buffer_max_ms: word(32),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[TYPE, 0]);
        out.extend_from_slice(&WORDS.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        let rates = [self.loss_rate, self.discard_rate];
        out.extend_from_slice(&rates);
        out.extend_from_slice(&[self.burst_density, self.gap_density]);
        for millis in [
            self.burst_ms,
            self.gap_ms,
            self.round_trip_ms,
            self.end_system_ms,
        ] {
            out.extend_from_slice(&millis.to_be_bytes());
        }
        let (signal, noise) = (self.signal_level, self.noise_level);
        out.extend_from_slice(&[signal, noise, UNAVAILABLE, GMIN]);
        let (r, lq, cq) = (self.r_factor, self.mos_lq, self.mos_cq);
        out.extend_from_slice(&[r, UNAVAILABLE, lq, cq, CONFIGURATION, 0]);
        for millis in [self.buffer_ms, self.buffer_max_ms, self.buffer_max_ms] {
            out.extend_from_slice(&millis.to_be_bytes());
        }
    }
}

/// RFC 3611 4.7.6: standard concealment, an adaptive jitter buffer, its rate of adjustment not told.
const CONFIGURATION: u8 = 0b1111_0000;

/// The block as the parser hands it out.
pub(super) struct Metrics<'a>(&'a [u8]);

impl<'a> Metrics<'a> {
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl XrBlockStaticType for Metrics<'_> {
    const BLOCK_TYPE: u8 = TYPE;
}

impl<'a> XrBlockParser<'a> for Metrics<'a> {
    fn parse(data: &'a [u8]) -> Result<Self, RtcpParseError> {
        Ok(Self(data))
    }

    fn header_data(&self) -> [u8; 4] {
        self.0.first_chunk().copied().unwrap_or_default()
    }
}
