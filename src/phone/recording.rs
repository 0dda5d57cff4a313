/// Ten minutes a direction; what comes later is not recorded.
const SAMPLES_MAX: usize = 10 * 60 * 8000;

/// Both directions of a phone's calls at 8 kHz, from its first call on.
#[derive(Default)]
pub(super) struct Recording {
    sent: Vec<i16>,
    received: Vec<i16>,
}

impl Recording {
    pub(super) fn sent(&mut self, samples: &[i16]) {
        append(&mut self.sent, samples);
    }

    /// A call begins: what it brings is put beside what is sent from then on.
    pub(super) fn align(&mut self) {
        let length = self.sent.len().max(self.received.len());
        self.sent.resize(length, 0);
        self.received.resize(length, 0);
    }

    pub(super) fn received(&mut self, samples: &[i16]) {
        append(&mut self.received, samples);
    }

    /// A WAV file: left is what the phone received, right what it sent.
    pub(super) fn wav(&self) -> Vec<u8> {
        let frames = self.sent.len().max(self.received.len());
        let data_bytes = u32::try_from(frames * 4).unwrap_or(u32::MAX - 36);
        let mut wav = header(data_bytes);
        for n in 0..frames {
            for side in [&self.received, &self.sent] {
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

    #[test]
    fn both_directions_stand_side_by_side() {
        let mut recording = Recording::default();
        recording.sent(&[1, 2]);
        recording.align();
        recording.received(&[7]);
        let wav = recording.wav();
        assert_eq!(wav.len(), 44 + 3 * 4);
        assert_eq!(&wav[44..], [0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 0, 0]);
        assert_eq!(&wav[40..44], 12_u32.to_le_bytes());
    }
}
