use super::PromptError;
use crate::media::codec::Rate;
use crate::media::mixer::FADE_TICKS;
use crate::media::resampling::resample;
use crate::media::speech_level::SpeechLevel;

/// How loud a sound is to be, by its active speech level (ITU-T P.56).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    /// -26 dBov, the level telephones are made for (ITU-T P.800).
    Phrase,
    /// -30 dBov: behind the voices.
    Music,
}

/// What is softer than this holds no voice, only the noise of its recording, dBov.
const SILENT_BELOW: f32 = -65.0;

/// -1 dBTP, the usual ceiling of true peaks (EBU R 128).
const CEILING: f32 = 29_205.0;

/// A true peak lies between samples, yet hardly more than 3 dB above them.
const HEADROOM: f32 = 1.41;

/// A true peak is looked for at four times the rate (ITU-R BS.1770 annex 2).
const OVERSAMPLING: usize = 4;

/// -40 dBFS: a larger step from one sample to the next may click.
const STEP_MAX: u16 = 327;

impl Loudness {
    fn dbov(self) -> f32 {
        match self {
            Self::Phrase => -26.0,
            Self::Music => -30.0,
        }
    }
}

/// What brings these samples at 8 kHz to their level.
pub(super) fn gain(samples: &[i16], loudness: Loudness) -> Result<f32, PromptError> {
    let dbov = level(samples).ok_or(PromptError::Silent)?;
    Ok(10_f32.powf((loudness.dbov() - dbov) / 20.0))
}

/// The active speech level of samples at 8 kHz; none where there is only noise.
pub(super) fn level(samples: &[i16]) -> Option<f32> {
    let mut level = SpeechLevel::new(Rate::Narrow);
    level.hear(samples);
    level.dbov().filter(|dbov| *dbov > SILENT_BELOW)
}

/// Turns down what would rise above the ceiling, for 5 ms on either side and evenly.
pub(super) fn limit(samples: &mut [f32], rate: Rate) -> Result<(), PromptError> {
    let loudest = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
    if loudest * HEADROOM <= CEILING {
        return Ok(());
    }
    let wanted = wanted(samples, rate)?;
    if wanted.iter().all(|gain| *gain >= 1.0) {
        return Ok(());
    }
    let reach = FADE_TICKS * rate.factor();
    let lowest = around(&wanted, reach, |gains| {
        gains.iter().copied().fold(1.0, f32::min)
    });
    let even = around(&lowest, reach, |gains| {
        gains.iter().sum::<f32>() / gains.len() as f32
    });
    for (sample, gain) in samples.iter_mut().zip(even) {
        *sample *= gain;
    }
    Ok(())
}

/// For each sample the gain at which the true peaks beside it stay below the ceiling.
fn wanted(samples: &[f32], rate: Rate) -> Result<Vec<f32>, PromptError> {
    let hz = rate.hz();
    let finer = resample(samples, hz, hz * OVERSAMPLING as u32)
        .map_err(|_| PromptError::UnusableRate { rate: hz })?;
    let of_peak = |peak: f32| (CEILING / peak.max(CEILING)).min(1.0);
    let peaks = (0..samples.len()).map(|n| {
        let from = (n * OVERSAMPLING).saturating_sub(OVERSAMPLING);
        let to = ((n + 1) * OVERSAMPLING).min(finer.len());
        let near = finer.get(from..to).unwrap_or(&[]);
        near.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()))
    });
    Ok(peaks.map(of_peak).collect())
}

/// For each value what `of` makes of those up to `reach` away.
fn around(values: &[f32], reach: usize, of: impl Fn(&[f32]) -> f32) -> Vec<f32> {
    let near = |n: usize| &values[n.saturating_sub(reach)..(n + reach + 1).min(values.len())];
    (0..values.len()).map(|n| of(near(n))).collect()
}

/// Whether a loop clicks where it begins again.
pub(super) fn has_a_step(samples: &[i16]) -> bool {
    match (samples.first(), samples.last()) {
        (Some(first), Some(last)) => first.abs_diff(*last) > STEP_MAX,
        _ => false, // nothing is there
    }
}

/// Begins and ends within 5 ms.
pub(super) fn fade_ends(samples: &mut [i16], rate: Rate) {
    let ramp = (FADE_TICKS * rate.factor()) as i32;
    let fade = |sample: &mut i16, n: i32| {
        *sample = (i32::from(*sample) * n / ramp) as i16; // smaller than it was
    };
    for (sample, n) in samples.iter_mut().zip(0..ramp) {
        fade(sample, n);
    }
    for (sample, n) in samples.iter_mut().rev().zip(0..ramp) {
        fade(sample, n);
    }
}
