use std::f64::consts::PI;
use std::sync::{Arc, LazyLock};

use super::Unusable;

/// Sums that grow side by side, so that one instruction adds to several. With 8 or 16 it was measured slower.
const LANES: usize = 4;

/// The Kaiser window of 103 dB.
const BETA: f64 = 10.4;

/// Half of what is passed lies so many Hz below half the lower rate, for each millisecond less of delay the more: what
/// lies above that half is down by 100 dB.
const HALF_BELOW_HZ_MS: f64 = 1_655.0;

/// The Kaiser window of 50 dB, and where it passes half: flat to 3.4 kHz of a telephone's 4, and down by 50 dB 130 Hz
/// above them, which falls back where no telephone sounds (ITU-T G.712 asks for 32 dB at 4.6 kHz).
const SWIFT_BETA: f64 = 4.53;
const SWIFT_HALF_BELOW_HZ: f64 = 234.0;
const SWIFT_MS: u32 = 2;

/// A telephone's 3.4 kHz need a steep filter; the 7 kHz of wideband speech do not.
const STEEP_BELOW_HZ: u32 = 16_000;
const STEEP_MS: u32 = 5;
const GENTLE_MS: u32 = 3;

/// Sound cards have rates from here to there.
const HZ_MIN: u32 = 8_000;
const HZ_MAX: u32 = 96_000;

/// Rates that have so little in common that the filter were longer are nobody's: 44.1 kHz from 16 takes 44,100.
const TABLE_MAX: usize = 100_000;

/// The most taps of one phase: 10 ms of 96 kHz.
pub(super) const TAPS_MAX: usize = 964;

static HALVING: LazyLock<Option<Arc<Filter>>> = LazyLock::new(|| clean(16_000, 8_000));
static DOUBLING: LazyLock<Option<Arc<Filter>>> = LazyLock::new(|| clean(8_000, 16_000));

/// A low-pass filter for one pair of rates, taken apart into the phases in which samples of the one can lie between
/// samples of the other.
#[derive(Debug)]
pub(super) struct Filter {
    /// What comes in lies so many phases apart.
    phases: usize,
    /// What comes out lies so far apart.
    step: Place,
    /// Of each phase, whole lanes.
    pub(super) taps: usize,
    /// Phase after phase, each turned round, so that the newest sample meets its last tap.
    table: Vec<f32>,
    /// In milliseconds.
    pub(super) delay_ms: u32,
}

/// A place between samples that come in: behind so many of them, and so many phases of the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) samples: usize,
    phases: usize,
}

/// How steep a filter is, and what that costs.
struct Shape {
    delay_ms: u32,
    /// Where half is passed, Hz below half the lower rate.
    half_below_hz: f64,
    beta: f64,
}

impl Shape {
    /// Nothing folded is above -100 dB.
    fn clean(from: u32, to: u32) -> Self {
        let delay_ms = match from.min(to) {
            _ if from == to => 0,
            lower if lower < STEEP_BELOW_HZ => STEEP_MS,
            _ => GENTLE_MS,
        };
        Self {
            delay_ms,
            half_below_hz: HALF_BELOW_HZ_MS / f64::from(delay_ms.max(1)),
            beta: BETA,
        }
    }

    /// As little delay as the telephone band allows.
    fn swift(from: u32, to: u32) -> Self {
        Self {
            delay_ms: if from == to { 0 } else { SWIFT_MS },
            half_below_hz: SWIFT_HALF_BELOW_HZ,
            beta: SWIFT_BETA,
        }
    }
}

impl Filter {
    /// For a person who waits for an answer: less delay, at -50 dB.
    pub(super) fn swift(from: u32, to: u32) -> Result<Arc<Self>, Unusable> {
        design(from, to, &Shape::swift(from, to)).ok_or(Unusable { from, to })
    }

    /// The two that calls need are made once, others where a device is opened.
    pub(super) fn between(from: u32, to: u32) -> Result<Arc<Self>, Unusable> {
        let filter = match (from, to) {
            (16_000, 8_000) => HALVING.clone(),
            (8_000, 16_000) => DOUBLING.clone(),
            (from, to) => clean(from, to),
        };
        filter.ok_or(Unusable { from, to })
    }

    /// What lies at `place`; the newest of `window` is the sample that came at it, or last before it.
    pub(super) fn apply(&self, place: Place, window: &[f32]) -> f32 {
        let start = place.phases * self.taps;
        let taps = self.table.get(start..start + self.taps);
        dot(window, taps.unwrap_or_default())
    }

    /// The place after this one.
    pub(super) fn after(&self, place: Place) -> Place {
        let phases = place.phases + self.step.phases;
        let samples = place.samples + self.step.samples;
        match phases.checked_sub(self.phases) {
            Some(phases) => Place {
                samples: samples + 1,
                phases,
            },
            None => Place { samples, phases },
        }
    }
}

fn clean(from: u32, to: u32) -> Option<Arc<Filter>> {
    design(from, to, &Shape::clean(from, to))
}

fn design(from: u32, to: u32, shape: &Shape) -> Option<Arc<Filter>> {
    let rates = HZ_MIN..=HZ_MAX;
    if !rates.contains(&from) || !rates.contains(&to) {
        return None;
    }
    let common = gcd(from, to);
    let (phases, step) = ((to / common) as usize, (from / common) as usize);
    let delay_ms = shape.delay_ms;
    let dense_hz = u64::from(from) * phases as u64;
    let reach = usize::try_from(dense_hz * u64::from(delay_ms) / 1_000).ok()?;
    let taps = (2 * reach + 1).div_ceil(phases).next_multiple_of(LANES);
    if taps * phases > TABLE_MAX {
        return None;
    }
    let half_at = f64::from(from.min(to)) / 2.0 - shape.half_below_hz;
    let prototype = low_pass(reach, 2.0 * half_at / dense_hz as f64, shape.beta);
    Some(Arc::new(Filter {
        phases,
        step: Place {
            samples: step / phases,
            phases: step % phases,
        },
        taps,
        table: taken_apart(&prototype, phases, taps),
        delay_ms,
    }))
}

/// `phases` times the gain: all but one of as many samples that it filters are inserted zeros.
fn taken_apart(prototype: &[f64], phases: usize, taps: usize) -> Vec<f32> {
    let mut table = vec![0.0; phases * taps];
    for (phase, row) in table.chunks_exact_mut(taps).enumerate() {
        let own = prototype.iter().skip(phase).step_by(phases);
        for (tap, value) in row.iter_mut().rev().zip(own) {
            *tap = (phases as f64 * value) as f32;
        }
    }
    table
}

/// Passes half of what is at `cutoff`, in parts of half the rate, and reaches so many samples to either side.
fn low_pass(reach: usize, cutoff: f64, beta: f64) -> Vec<f64> {
    let tap = |n: usize| {
        let distance = n as f64 - reach as f64;
        let angle = PI * cutoff * distance;
        let sinc = if n == reach { 1.0 } else { angle.sin() / angle };
        sinc * kaiser(distance / reach.max(1) as f64, beta)
    };
    let taps: Vec<f64> = (0..=2 * reach).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

fn dot(window: &[f32], taps: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (window, taps) in window.chunks_exact(LANES).zip(taps.chunks_exact(LANES)) {
        for ((sum, sample), tap) in sums.iter_mut().zip(window).zip(taps) {
            *sum += sample * tap;
        }
    }
    sums.iter().sum()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The Kaiser window at `place` of its half width (0 is its middle, 1 its end).
pub(in crate::media) fn kaiser(place: f64, beta: f64) -> f64 {
    let inside = (1.0 - place * place).max(0.0).sqrt();
    bessel_i0(beta * inside) / bessel_i0(beta)
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let terms = (1..=60).scan(1.0, |term, n| {
        *term *= quarter / f64::from(n * n);
        Some(*term)
    });
    1.0 + terms.sum::<f64>()
}
