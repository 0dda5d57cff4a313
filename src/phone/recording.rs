use super::incoming::Part;
use crate::media::Codec;
use crate::words::Moment;

/// Ten minutes a direction; what comes later is not recorded.
const SAMPLES_MAX: usize = 10 * 60 * 8000;
/// 20 ms each.
const ARRIVALS_MAX: usize = SAMPLES_MAX / 160;

/// Both directions of a phone's calls at 8 kHz, from its first call on.
#[derive(Default)]
pub(super) struct Recording {
    sent: Vec<i16>,
    received: Tape,
    /// Where the last call begins.
    call_from: usize,
}

/// What a phone received, at 8 kHz, from its first call on.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    pub samples: Vec<i16>,
    /// By their place on the tape.
    pub arrivals: Vec<Arrived>,
}

/// A packet of sound on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Where its first sample lies.
    pub sample: usize,
    pub at: Moment,
    pub codec: Codec,
}

impl Recording {
    pub(super) fn sent(&mut self, samples: &[i16]) {
        append(&mut self.sent, samples);
    }

    /// A call begins: what it brings is put beside what is sent from then on.
    pub(super) fn align(&mut self) {
        let length = self.sent.len().max(self.received.samples.len());
        self.sent.resize(length, 0);
        self.received.samples.resize(length, 0);
        self.call_from = length;
    }

    pub(super) fn received(&mut self, part: &Part) {
        append(&mut self.received.samples, &part.samples);
        let arrivals = &mut self.received.arrivals;
        let room = ARRIVALS_MAX.saturating_sub(arrivals.len());
        arrivals.extend(part.arrivals.iter().take(room).map(|arrival| Arrived {
            sample: self.call_from + usize::try_from(arrival.sample).unwrap_or(usize::MAX / 2),
            at: arrival.at,
            codec: arrival.codec,
        }));
    }

    pub(super) fn tape(&self) -> Tape {
        self.received.clone()
    }

    /// A WAV file: left is what the phone received, right what it sent.
    pub(super) fn wav(&self) -> Vec<u8> {
        let frames = self.sent.len().max(self.received.samples.len());
        let data_bytes = u32::try_from(frames * 4).unwrap_or(u32::MAX - 36);
        let mut wav = header(data_bytes);
        for n in 0..frames {
            for side in [&self.received.samples, &self.sent] {
                let sample = side.get(n).copied().unwrap_or(0);
                wav.extend_from_slice(&sample.to_le_bytes());
            }
        }
        wav
    }
}

fn append(side: &mut Vec<i16>, samples: &[i16]) {
    let room = SAMPLES_MAX.saturating_sub(side.len());
    side.extend(samples.iter().take(room));
}

/// RIFF, 16-bit PCM, two channels, 8 kHz.
fn header(data_bytes: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(44 + data_bytes as usize);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    for format_and_channels in [1_u16, 2] {
        header.extend_from_slice(&format_and_channels.to_le_bytes());
    }
    for rate in [8000_u32, 8000 * 4] {
        header.extend_from_slice(&rate.to_le_bytes());
    }
    for bytes_and_bits in [4_u16, 16] {
        header.extend_from_slice(&bytes_and_bits.to_le_bytes());
    }
    header.extend_from_slice(b"data");
    header.extend_from_slice(&data_bytes.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::incoming::Arrival;

    #[test]
    fn both_directions_stand_side_by_side() {
        let mut recording = Recording::default();
        recording.sent(&[1, 2]);
        recording.align();
        let arrival = Arrival {
            sample: 0,
            ssrc: 1,
            timestamp: 0,
            at: Moment::ZERO,
            codec: Codec::Pcma,
        };
        let part = Part {
            samples: vec![7],
            arrivals: vec![arrival],
        };
        recording.received(&part);
        assert_eq!(recording.tape().arrivals[0].sample, 2);
        let wav = recording.wav();
        assert_eq!(wav.len(), 44 + 3 * 4);
        assert_eq!(&wav[44..], [0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 0, 0]);
        assert_eq!(&wav[40..44], 12_u32.to_le_bytes());
    }
}
