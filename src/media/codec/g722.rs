use std::fmt;

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

use super::Unreadable;

/// Samples of one byte: a pair of the two bands' (ITU-T G.722, 64 kbit/s).
const SAMPLES_PER_BYTE: usize = 2;

/// Sound at 16 kHz of a G.722 stream.
pub struct Decoder(G722Decoder);

/// A G.722 stream of 64 kbit/s.
pub struct Encoder(G722Encoder);

impl Decoder {
    pub(super) fn new() -> Self {
        Self(G722Decoder::new())
    }

    /// Any bytes are G.722; only how many there are can be wrong.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Unreadable> {
        if payload.len() > out.len() / SAMPLES_PER_BYTE {
            return Err(Unreadable);
        }
        self.0.decode_into(payload, out).map_err(|_| Unreadable)
    }
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self(G722Encoder::new())
    }

    pub(super) fn encode(&mut self, frame: &[i16], out: &mut [u8]) -> usize {
        let samples = frame.len().min(out.len() * SAMPLES_PER_BYTE);
        let frame = frame.get(..samples).unwrap_or_default();
        self.0.encode_into(frame, out).unwrap_or(0)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("g722::Decoder")
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("g722::Encoder")
    }
}
