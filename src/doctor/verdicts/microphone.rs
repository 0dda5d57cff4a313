//! What three seconds of a microphone say about it.

use std::time::Duration;

use crate::seats::sound_cards::SAMPLE_RATE;

/// What is looked at together, in samples: 20 ms.
const FRAME: usize = SAMPLE_RATE as usize / 50;

/// Below what any microphone gives.
const SILENCE_DBFS: f32 = -120.0;

/// Speech of a headset has some -30 dBFS; below it a caller has to strain (ITU-T P.342: 10 dB are a nuisance).
const QUIET_DBFS: f32 = -45.0;

/// Noise that is heard behind the words.
const NOISY_DBFS: f32 = -50.0;

/// The part of all samples at full scale from which on clipping is heard.
const CLIPPED: f32 = 0.001;
const FULL_SCALE: f32 = 0.98;

/// How far the samples a second may be from 48,000: clocks differ by 0.1 % at most, our reading by a block.
const RATE_TOLERANCE: u32 = SAMPLE_RATE / 50;

/// Correlation of a frame with itself some milliseconds later, below which it is noise: tones and voices repeat.
const REPEATS: f32 = 0.6;

/// Periods looked for: 2 ms to 10 ms, 100 to 500 Hz, and what has these as multiples.
const PERIODS: std::ops::Range<usize> = 96..480;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Of the loudest tenth of all frames: of speech, where somebody spoke.
    pub level_dbfs: f32,
    /// Of the quietest tenth.
    pub floor_dbfs: f32,
    pub peak_dbfs: f32,
    /// Whether what is in the quietest tenth does not repeat.
    floor_is_noise: bool,
    /// Of all samples, those at full scale: 0 to 1.
    clipped: f32,
    /// Samples a second.
    pub rate: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    Fine,
    Muted,
    Dead,
    Stalled,
    TooQuiet,
    TooLoud,
    Noisy,
}

impl Fitness {
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Muted => "muted",
            Self::Dead => "dead",
            Self::Stalled => "stalled",
            Self::TooQuiet => "too-quiet",
            Self::TooLoud => "too-loud",
            Self::Noisy => "noisy",
        }
    }
}

pub fn measure(samples: &[f32], took: Duration) -> Measured {
    let mut frames: Vec<&[f32]> = samples.chunks_exact(FRAME).collect();
    frames.sort_by(|one, other| power(one).total_cmp(&power(other)));
    let tenth = frames.len().div_ceil(10);
    let quiet = frames.get(..tenth).unwrap_or_default();
    let loud = frames
        .get(frames.len().saturating_sub(tenth)..)
        .unwrap_or_default();
    let peak = samples
        .iter()
        .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let clipped = samples
        .iter()
        .filter(|sample| sample.abs() >= FULL_SCALE)
        .count();
    let seconds = took.as_secs_f64().max(0.001);
    Measured {
        level_dbfs: level(loud),
        floor_dbfs: level(quiet),
        peak_dbfs: decibels(peak * peak),
        floor_is_noise: quiet.iter().filter(|frame| !repeats(frame)).count() * 2 > quiet.len(),
        clipped: clipped as f32 / samples.len().max(1) as f32,
        rate: (samples.len() as f64 / seconds).round() as u32,
    }
}

/// The gravest first: what is not there cannot be too quiet.
pub fn judge(measured: &Measured, is_muted: bool) -> Fitness {
    if is_muted {
        Fitness::Muted
    } else if measured.rate.abs_diff(SAMPLE_RATE) > RATE_TOLERANCE {
        Fitness::Stalled
    } else if measured.peak_dbfs <= SILENCE_DBFS {
        Fitness::Dead
    } else if measured.clipped > CLIPPED {
        Fitness::TooLoud
    } else if measured.level_dbfs < QUIET_DBFS {
        Fitness::TooQuiet
    } else if measured.floor_is_noise && measured.floor_dbfs > NOISY_DBFS {
        Fitness::Noisy
    } else {
        Fitness::Fine
    }
}

/// Mean square; a device may give what is no number.
fn power(frame: &[f32]) -> f32 {
    let energy: f32 = frame.iter().map(|sample| sample * sample).sum();
    let power = energy / frame.len().max(1) as f32;
    if power.is_finite() { power } else { 0.0 }
}

fn level(frames: &[&[f32]]) -> f32 {
    let sum: f32 = frames.iter().map(|frame| power(frame)).sum();
    decibels(sum / frames.len().max(1) as f32)
}

fn decibels(power: f32) -> f32 {
    (10.0 * power.log10()).max(SILENCE_DBFS)
}

fn repeats(frame: &[f32]) -> bool {
    let likeness = |period: usize| {
        let (early, late) = (frame.iter(), frame.iter().skip(period));
        let (mut both, mut one, mut other) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (a, b) in early.zip(late) {
            (both, one, other) = (both + a * b, one + a * a, other + b * b);
        }
        both / (one * other).sqrt()
    };
    PERIODS.step_by(4).any(|period| likeness(period) > REPEATS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = SAMPLE_RATE as usize;

    fn tone(peak: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * 1_000.0 / SAMPLE_RATE as f32;
        let samples = (0..3 * SECOND).map(|at| peak * (step * (at % 48) as f32).sin());
        samples.collect()
    }

    fn noise(peak: f32) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            peak * ((state >> 8) as f32 / 8_388_608.0 - 1.0)
        };
        (0..3 * SECOND).map(|_| next()).collect()
    }

    fn verdict(samples: &[f32]) -> Fitness {
        judge(&measure(samples, Duration::from_secs(3)), false)
    }

    #[test]
    fn a_tone_is_fine_with_its_level() {
        let measured = measure(&tone(0.25), Duration::from_secs(3));
        assert!((measured.level_dbfs + 15.05).abs() < 0.1, "{measured:?}");
        assert_eq!(measured.rate, SAMPLE_RATE);
        assert_eq!(judge(&measured, false), Fitness::Fine);
        assert_eq!(judge(&measured, true), Fitness::Muted);
    }

    #[test]
    fn zeros_are_a_dead_microphone() {
        assert_eq!(verdict(&vec![0.0; 3 * SECOND]), Fitness::Dead);
        assert_eq!(verdict(&[]), Fitness::Stalled);
    }

    #[test]
    fn levels_have_their_verdicts() {
        assert_eq!(verdict(&tone(0.004)), Fitness::TooQuiet);
        let clipped: Vec<f32> = tone(1.5)
            .into_iter()
            .map(|it| it.clamp(-1.0, 1.0))
            .collect();
        assert_eq!(verdict(&clipped), Fitness::TooLoud);
        assert_eq!(verdict(&noise(0.05)), Fitness::Noisy);
    }

    #[test]
    fn words_over_a_quiet_room_are_fine_and_over_a_loud_one_noisy() {
        let spoken = |room: f32| -> Vec<f32> {
            let words = tone(0.2).into_iter().enumerate();
            let words = words.map(|(at, sample)| if at % 48_000 < 24_000 { sample } else { 0.0 });
            words
                .zip(noise(room))
                .map(|(word, room)| word + room)
                .collect()
        };
        assert_eq!(verdict(&spoken(0.001)), Fitness::Fine);
        assert_eq!(verdict(&spoken(0.02)), Fitness::Noisy);
    }

    #[test]
    fn a_device_that_does_not_keep_time_has_stalled() {
        let measured = measure(&tone(0.25), Duration::from_secs(4));
        assert_eq!(judge(&measured, false), Fitness::Stalled);
    }

    #[test]
    fn what_is_no_number_does_no_harm() {
        verdict(&vec![f32::NAN; SECOND]);
        verdict(&vec![f32::INFINITY; SECOND]);
    }
}
