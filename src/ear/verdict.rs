use super::repertoire::Phrase;
use super::tape::{SILENT_PEAK, Tape};
use crate::words::{Language, PromptId};

/// A phrase that was found in what was received.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub prompt: PromptId,
    pub language: Language,
    /// Where the reference's first sample lies in the stream.
    pub began_at_sample: u64,
    pub ended: Ended,
    /// How like the reference it was: 1 is the very samples, about 0.5 is 10 dB of noise.
    pub score: f32,
    /// The level of its sounding parts, in dBov (0 is a full-scale square wave).
    pub level_dbov: f32,
    /// Where more than 40 ms of sound were missing.
    pub gaps: Vec<Gap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Whole,
    /// Its sound broke off here; a cut inside a pause is put at the pause's beginning.
    Cut {
        at_sample: u64,
    },
}

/// Digital silence where the phrase should sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub at_sample: u64,
    pub samples: u32,
}

impl Heard {
    /// The sample after its last, given how long the reference is.
    pub fn end_sample(&self, reference_samples: u64) -> u64 {
        match self.ended {
            Ended::Whole => self.began_at_sample.saturating_add(reference_samples),
            Ended::Cut { at_sample } => at_sample,
        }
    }
}

/// 40 ms: shorter holes are the concealment's business.
const GAP_OVER: usize = 320;
/// A phrase has fewer; what is beyond is not told.
const GAPS_MAX: usize = 64;
/// The grain, 5 ms, in which the reference is asked whether it sounds.
const GRAIN: usize = 40;

/// The holes of `phrase`, begun at `start`, among its samples `from..until`.
pub(super) fn gaps(
    tape: &Tape,
    phrase: &Phrase,
    start: i64,
    from: usize,
    until: usize,
) -> Vec<Gap> {
    let received = tape.raw(offset(start, from), until.saturating_sub(from));
    let mut gaps = Vec::new();
    let mut run = 0;
    for n in 0..=received.len() {
        let silent = received.get(n).is_some_and(is_silent);
        if silent {
            run += 1;
            continue;
        }
        if run > GAP_OVER && gaps.len() < GAPS_MAX {
            gaps.extend(sounding_part(phrase, start, from + n - run, from + n));
        }
        run = 0;
    }
    gaps
}

fn is_silent(sample: &i16) -> bool {
    sample.unsigned_abs() <= SILENT_PEAK
}

/// A silence counts only where the reference sounds: phrases have pauses of their own.
fn sounding_part(phrase: &Phrase, start: i64, from: usize, until: usize) -> Option<Gap> {
    let sounds = |&at: &usize| phrase.sounds(at, at + GRAIN);
    let first = (from..until).step_by(GRAIN).find(sounds)?;
    let last = (from..until).step_by(GRAIN).rfind(sounds)?;
    let samples = (last + GRAIN).min(until) - first;
    (samples > GAP_OVER).then(|| Gap {
        at_sample: position(start, first),
        samples: u32::try_from(samples).unwrap_or(u32::MAX),
    })
}

/// The level of the sounding frames of `from..until`.
pub(super) fn level_dbov(
    tape: &Tape,
    phrase: &Phrase,
    start: i64,
    from: usize,
    until: usize,
) -> f32 {
    let (mut power, mut samples) = (0.0_f64, 0_u32);
    for at in (from..until).step_by(GRAIN) {
        if phrase.sounds(at, at + GRAIN) {
            for sample in tape.raw(offset(start, at), GRAIN) {
                power += f64::from(*sample).powi(2);
                samples += 1;
            }
        }
    }
    let mean = power / f64::from(samples.max(1)) / 32768.0_f64.powi(2);
    (10.0 * mean.max(1e-10).log10()) as f32
}

/// Where sample `at` of a phrase begun at `start` lies in the stream.
pub(super) fn position(start: i64, at: usize) -> u64 {
    u64::try_from(offset(start, at)).unwrap_or(0)
}

pub(super) fn offset(start: i64, at: usize) -> i64 {
    start.saturating_add(i64::try_from(at).unwrap_or(i64::MAX))
}
