use std::fmt;

use super::{Codec, Law};

/// Makes linear sound of a source's packets, one after the other, at [`Codec::rate`].
///
/// No call allocates.
#[derive(Debug)]
pub enum Decoder {
    G711(Law),
}

/// Makes packets of 20 ms of linear sound at [`Codec::rate`]; no call allocates.
#[derive(Debug)]
pub enum Encoder {
    G711(Law),
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
        Self::G711(codec.law())
    }

    /// Writes the samples of one payload to the front of `out`, and says how many; `out` has room for
    /// [`super::PACKET_SAMPLES_MAX`].
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Unreadable> {
        match self {
            Self::G711(law) => {
                let out = out.get_mut(..payload.len()).ok_or(Unreadable)?;
                let linear = law.linear();
                for (sample, byte) in out.iter_mut().zip(payload) {
                    *sample = linear[usize::from(*byte)];
                }
                Ok(payload.len())
            }
        }
    }

    /// The samples of a lost packet from what the one after it says of it (Opus in-band FEC); none where it says nothing.
    pub fn recover(&mut self, _next: &[u8], _out: &mut [i16]) -> Option<usize> {
        match self {
            Self::G711(_) => None,
        }
    }

    /// 20 ms of the codec's own concealment; none where it has none.
    pub fn conceal(&mut self, _out: &mut [i16]) -> Option<usize> {
        match self {
            Self::G711(_) => None,
        }
    }
}

impl Encoder {
    pub fn new(codec: Codec) -> Self {
        Self::G711(codec.law())
    }

    /// Writes one frame's packet to the front of `out`, and says how many bytes it has.
    pub fn encode(&mut self, frame: &[i16], out: &mut [u8]) -> usize {
        match self {
            Self::G711(law) => {
                for (byte, sample) in out.iter_mut().zip(frame) {
                    *byte = law.encode(*sample);
                }
                frame.len().min(out.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let frame: Vec<i16> = (0..160).map(|n| n * 100).collect();
        let (mut packet, mut heard) = ([0; 200], [0; 960]);
        let bytes = Encoder::new(Codec::Pcmu).encode(&frame, &mut packet);
        let samples = Decoder::new(Codec::Pcmu).decode(&packet[..bytes], &mut heard);
        assert_eq!((bytes, samples), (160, Ok(160)));
        let worst = frame.iter().zip(&heard).map(|(a, b)| (a - b).abs()).max();
        assert!(worst < Some(600));
    }

    #[test]
    fn a_packet_that_is_too_long_is_refused() {
        let mut out = [0; 960];
        let read = Decoder::new(Codec::Pcma).decode(&[0xd5; 961], &mut out);
        assert_eq!(read, Err(Unreadable));
    }
}
