use std::fmt;
use std::io::Cursor;

use claxon::FlacReader;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::words::{Catalogue, Language, Sentence};

/// The clock rate of G.711, samples a second (RFC 3551 4.5.14).
pub const TELEPHONE_RATE: u32 = 8_000;

/// A phrase longer than this is a mistake; it bounds the memory a file can ask for.
const PROMPT_MAX_SECONDS: u64 = 600;

/// A long filter keeps the passband up to 3.8 kHz and the alias below 16-bit noise.
const RESAMPLE_CHUNK: usize = 2_048;

/// Mono sound at the rate it was recorded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    pub samples: Vec<i16>,
}

/// Why a prompt cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptError {
    NotFlac(String),
    NotMono { channels: u32 },
    UnusableBitDepth { bits: u32 },
    UnusableRate { rate: u32 },
    TooLong { samples: u64 },
}

impl PromptError {
    /// What is wrong with a recording, and what would be right.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::NotFlac(why) => Sentence::of("sound.not-flac").with("why", why),
            Self::NotMono { channels } => Sentence::of("sound.not-mono").with("channels", channels),
            Self::UnusableBitDepth { bits } => Sentence::of("sound.bits").with("bits", bits),
            Self::UnusableRate { rate } => Sentence::of("sound.rate").with("rate", rate),
            Self::TooLong { samples } => Sentence::of("sound.too-long")
                .with("most", PROMPT_MAX_SECONDS)
                .with("samples", samples),
        }
    }
}

/// In English, for logs.
impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
    }
}

impl std::error::Error for PromptError {}

impl From<claxon::Error> for PromptError {
    fn from(error: claxon::Error) -> Self {
        Self::NotFlac(error.to_string())
    }
}

/// Decodes a mono FLAC file at the rate it has.
pub fn decode_flac(bytes: &[u8]) -> Result<Sound, PromptError> {
    let mut reader = FlacReader::new(Cursor::new(bytes))?;
    let stream = reader.streaminfo();
    let rate = usable_rate(stream.sample_rate)?;
    let shift = widening(stream.bits_per_sample)?;
    if stream.channels != 1 {
        return Err(PromptError::NotMono {
            channels: stream.channels,
        });
    }
    let limit = PROMPT_MAX_SECONDS * u64::from(rate);
    let mut samples = Vec::new();
    for sample in reader.samples() {
        if samples.len() as u64 >= limit {
            return Err(PromptError::TooLong { samples: limit });
        }
        samples.push(saturate(i64::from(sample?) << shift));
    }
    Ok(Sound { rate, samples })
}

/// Brings sound to the telephone's 8 kHz, alias-free; the same input gives the same output, and sample 0 stays sample 0.
pub fn to_8k(samples: &[i16], from_rate: u32) -> Result<Vec<i16>, PromptError> {
    if usable_rate(from_rate)? == TELEPHONE_RATE || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let refused = || PromptError::UnusableRate { rate: from_rate };
    let input: Vec<f32> = samples.iter().map(|sample| f32::from(*sample)).collect();
    let input = InterleavedSlice::new(&input, 1, samples.len()).map_err(|_| refused())?;
    let mut resampler = Fft::<f32>::new_custom(
        from_rate as usize,
        TELEPHONE_RATE as usize,
        RESAMPLE_CHUNK,
        1,
        1,
        WindowFunction::BlackmanHarris2,
        FixedSync::Input,
    )
    .map_err(|_| refused())?;
    let output = resampler
        .process_all(&input, samples.len(), None)
        .map_err(|_| refused())?;
    Ok(output
        .take_data()
        .into_iter()
        .map(|sample| saturate(sample.round() as i64))
        .collect())
}

fn usable_rate(rate: u32) -> Result<u32, PromptError> {
    if (TELEPHONE_RATE..=48_000).contains(&rate) {
        Ok(rate)
    } else {
        Err(PromptError::UnusableRate { rate })
    }
}

/// How far left a sample of this depth moves to fill 16 bits.
fn widening(bits: u32) -> Result<u32, PromptError> {
    match bits {
        8..=16 => Ok(16 - bits),
        _ => Err(PromptError::UnusableBitDepth { bits }),
    }
}

fn saturate(sample: i64) -> i16 {
    i16::try_from(sample).unwrap_or(if sample < 0 { i16::MIN } else { i16::MAX })
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn tone(hertz: f64, rate: u32) -> Vec<i16> {
        (0..rate)
            .map(|n| (10_000.0 * (TAU * hertz * f64::from(n) / f64::from(rate)).sin()) as i16)
            .collect()
    }

    fn power(samples: &[i16]) -> f64 {
        let inner = &samples[1_000..samples.len() - 1_000];
        inner.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / inner.len() as f64
    }

    #[test]
    fn a_shipped_prompt_is_decoded_whole() {
        let sound = decode_flac(include_bytes!("../../config/prompts/en/greeting.flac")).unwrap();
        assert_eq!((sound.rate, sound.samples.len()), (16_000, 25_386));
        assert_eq!(to_8k(&sound.samples, sound.rate).unwrap().len(), 12_693);
    }

    #[test]
    fn a_voice_tone_keeps_its_level_and_place() {
        let eight = to_8k(&tone(1_000.0, 16_000), 16_000).unwrap();
        let ideal = tone(1_000.0, 8_000);
        assert_eq!(eight.len(), ideal.len());
        let worst = eight[500..7_500]
            .iter()
            .zip(&ideal[500..7_500])
            .map(|(a, b)| (a - b).abs());
        assert!(worst.max() <= Some(2));
    }

    #[test]
    fn a_tone_above_the_telephone_band_leaves_no_alias() {
        let eight = to_8k(&tone(5_500.0, 16_000), 16_000).unwrap();
        assert!(power(&eight) < 1.0, "{}", power(&eight));
    }

    #[test]
    fn a_broken_file_is_an_error() {
        assert!(matches!(decode_flac(b"RIFF"), Err(PromptError::NotFlac(_))));
        assert!(to_8k(&[1, 2], 0).is_err());
    }
}
