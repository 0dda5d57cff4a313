//! Recordings as people bring them, made fit for the telephone: read, resampled, levelled.

mod error;
mod loudness;
mod reading;

pub use error::PromptError;
pub use loudness::Loudness;

use std::time::Duration;

use bytes::Bytes;

use super::codec::Rate;
use super::resampling::{resample, to_i16};

/// The ends of file names we look for: the first that is there is played.
pub const EXTENSIONS: [&str; 4] = ["flac", "wav", "ogg", "mp3"];

/// A file larger than this is not read: ten minutes of WAV, 48 kHz, stereo, 24 bits, have 165 MB.
pub const FILE_MAX_BYTES: u64 = 176 << 20;

/// A recording longer than this is a mistake; it bounds the memory a file can ask for.
pub const SOUND_MAX_SECONDS: u32 = 600;

/// What a file may have: samples a second.
const LOWEST_RATE: u32 = 8_000;
const HIGHEST_RATE: u32 = 48_000;

/// The largest sample of 16 bits, less what reading rounds.
const FULL_SCALE: f32 = 32_766.0;

/// Mono sound at the rate it was recorded with.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples a second, 8,000 to 48,000.
    rate: u32,
    /// As they would be in 16 bits.
    samples: Vec<f32>,
}

/// How a sound is played: what joins its end, and how loud it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Once, between silence and silence.
    Phrase,
    /// Over and over.
    Loop,
}

impl Sound {
    /// Reads WAV, FLAC, Ogg Vorbis or MP3; two channels are mixed into one.
    pub fn read(file: Bytes) -> Result<Self, PromptError> {
        reading::read(file)
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The same sound at another rate; sample 0 stays sample 0.
    pub fn at(&self, rate: Rate) -> Result<Vec<i16>, PromptError> {
        let samples = self.resampled(rate, Shape::Phrase)?;
        Ok(samples.into_iter().map(to_i16).collect())
    }

    /// How long it is.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate))
    }

    /// Its active speech level as it lies in its file, dBov (ITU-T P.56); none where nobody speaks.
    pub fn level(&self) -> Result<Option<f32>, PromptError> {
        let telephone = self.at(Rate::Narrow)?;
        Ok(loudness::level(&telephone))
    }

    /// The share of its samples that lie at full scale: what was louder is cut off.
    pub fn clipped(&self) -> f64 {
        let at_rails = |sample: &&f32| sample.abs() >= FULL_SCALE;
        let clipped = self.samples.iter().filter(at_rails).count();
        clipped as f64 / self.samples.len().max(1) as f64
    }

    /// The gain that brings it to the level of its kind, as it is measured at 8 kHz.
    pub fn gain(&self, loudness: Loudness) -> Result<f32, PromptError> {
        let telephone = self.at(Rate::Narrow)?;
        loudness::gain(&telephone, loudness)
    }

    /// What is played: at `rate`, `gain` times as loud but never clipped, its ends without a step.
    pub fn levelled(&self, rate: Rate, gain: f32, shape: Shape) -> Result<Vec<i16>, PromptError> {
        let mut samples = self.resampled(rate, shape)?;
        samples.iter_mut().for_each(|sample| *sample *= gain);
        loudness::limit(&mut samples, rate)?;
        let mut samples: Vec<i16> = samples.into_iter().map(to_i16).collect();
        if shape == Shape::Phrase || loudness::has_a_step(&samples) {
            loudness::fade_ends(&mut samples, rate);
        }
        Ok(samples)
    }

    /// A loop's end is its beginning's past, also for the filter.
    fn resampled(&self, rate: Rate, shape: Shape) -> Result<Vec<f32>, PromptError> {
        let change = |samples: &[f32]| {
            resample(samples, self.rate, rate.hz())
                .map_err(|_| PromptError::UnusableRate { rate: self.rate })
        };
        if shape == Shape::Phrase || self.rate == rate.hz() || self.samples.is_empty() {
            return change(&self.samples);
        }
        // A second on either side is a whole number of samples at both rates.
        let second = self.rate as usize;
        let length = self.samples.len();
        let first = length - second % length;
        let around = self.samples.iter().cycle().skip(first);
        let around: Vec<f32> = around.take(length + 2 * second).copied().collect();
        let wanted = length as u64 * u64::from(rate.hz()) / u64::from(self.rate);
        let changed = change(&around)?.into_iter().skip(rate.hz() as usize);
        Ok(changed.take(wanted as usize).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn tone(hertz: f64, rate: u32) -> Sound {
        let turn = TAU * hertz / f64::from(rate);
        Sound {
            rate,
            samples: (0..rate)
                .map(|n| (10_000.0 * (turn * f64::from(n)).sin()) as f32)
                .collect(),
        }
    }

    #[test]
    fn a_shipped_prompt_is_read_whole() {
        let file = include_bytes!("../../../config/prompts/en/greeting.flac");
        let sound = Sound::read(Bytes::from_static(file)).unwrap();
        assert_eq!((sound.rate(), sound.samples.len()), (16_000, 25_386));
        assert_eq!(sound.at(Rate::Narrow).unwrap().len(), 12_693);
    }

    #[test]
    fn a_loop_is_resampled_as_if_it_had_no_end() {
        // 1,000 samples a turn at 48 kHz: a whole number of turns.
        let cosine = |n: usize, turn: usize| (TAU * n as f64 / turn as f64).cos() * 10_000.0;
        let looped = Sound {
            rate: 48_000,
            samples: (0..9_600).map(|n| cosine(n, 960) as f32).collect(),
        };
        let heard = looped.levelled(Rate::Narrow, 1.0, Shape::Loop).unwrap();
        assert_eq!(heard.len(), 1_600);
        for (n, sample) in heard.iter().enumerate() {
            assert!((f64::from(*sample) - cosine(n, 160)).abs() <= 2.0, "{n}");
        }
    }

    #[test]
    fn a_phrase_begins_and_ends_in_silence() {
        let mut sound = tone(1_000.0, 16_000);
        sound.samples.fill(9_000.0);
        let heard = sound.levelled(Rate::Wide, 1.0, Shape::Phrase).unwrap();
        let steps = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        assert!(steps.max() < Some(328));
        assert!(heard[0].abs() < 328 && heard[15_999].abs() < 328);
        assert_eq!(heard[8_000], 9_000);
    }
}
