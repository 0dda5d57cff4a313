use std::fmt;
use std::sync::{Arc, LazyLock};

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::media::codec::{FRAME_SAMPLES, Frame};

/// Samples of one spectrum: 64 ms, so 15.6 Hz a bin.
const SIZE: usize = 512;
const BINS: usize = SIZE / 2 + 1;

/// One spectrum every 100 ms, of the frames after the first.
pub(super) const FRAMES: usize = 5;
const HELD: usize = (FRAMES - 1) * FRAME_SAMPLES;

/// Bins that tones are looked for in: 125 Hz to 3.7 kHz.
const FIRST: usize = 8;
const LAST: usize = 236;

/// A Hann window spreads a tone over so many bins on either side.
const LOBE: usize = 2;

/// Bins on either side that a tone is held against, its lobe excluded.
const AROUND: usize = 10;

/// A tone stands above the quieter side by this factor of its mean power: 12 dB. The other side may hold another tone.
const STANDS_OUT: f32 = 16.0;

/// The transform's own work space, at most.
const SCRATCH: usize = SIZE;

static TRANSFORM: LazyLock<Arc<dyn RealToComplex<f32>>> =
    LazyLock::new(|| RealFftPlanner::new().plan_fft_forward(SIZE));
static WINDOW: LazyLock<[f32; SIZE]> = LazyLock::new(|| {
    std::array::from_fn(|n| {
        let turn = std::f32::consts::TAU * n as f32 / SIZE as f32;
        0.5 - 0.5 * turn.cos()
    })
});

/// Finds what is tone in the sound.
pub(super) struct Spectrum {
    sound: [i16; HELD],
}

/// What is tone in 100 ms of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tones {
    /// The share of the power that is in tones, 0 to 1.
    pub(super) share: f32,
    /// The share in the two strongest.
    pub(super) two: f32,
    /// The frequency of the strongest, Hz; nothing where there is none.
    pub(super) hz: f32,
}

impl Spectrum {
    /// Makes the tables now, so that no call does so later.
    pub(super) fn new() -> Self {
        LazyLock::force(&TRANSFORM);
        LazyLock::force(&WINDOW);
        Self { sound: [0; HELD] }
    }

    /// Hears frame 0 to [`FRAMES`] - 1 of 100 ms.
    pub(super) fn hear(&mut self, frame: &Frame, number: usize) {
        let place = number.checked_sub(1);
        let frames = self.sound.as_chunks_mut::<FRAME_SAMPLES>().0;
        if let Some(place) = place.and_then(|place| frames.get_mut(place)) {
            *place = *frame;
        }
    }

    /// What is tone in the last 64 of the 100 ms.
    pub(super) fn tones(&self) -> Tones {
        tones(&self.powers())
    }

    fn powers(&self) -> [f32; BINS] {
        let mut input = [0.0; SIZE];
        let windowed = self.sound[HELD - SIZE..].iter().zip(WINDOW.iter());
        for (to, (sample, weight)) in input.iter_mut().zip(windowed) {
            *to = f32::from(*sample) * weight;
        }
        let (mut bins, mut scratch) = ([Complex::default(); BINS], [Complex::default(); SCRATCH]);
        let needed = TRANSFORM.get_scratch_len().min(SCRATCH);
        // It fails for wrong lengths only, and these are its own.
        let _ = TRANSFORM.process_with_scratch(&mut input, &mut bins, &mut scratch[..needed]);
        bins.map(|bin| bin.norm_sqr())
    }
}

impl fmt::Debug for Spectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spectrum")
    }
}

fn tones(powers: &[f32; BINS]) -> Tones {
    let total: f32 = powers.iter().skip(1).sum();
    if total <= 0.0 {
        return Tones::default();
    }
    let (mut share, mut first, mut second) = (0.0, (0.0, 0), 0.0);
    for bin in FIRST..=LAST {
        if !is_tone(powers, bin) {
            continue;
        }
        let power = powers[bin - LOBE..=bin + LOBE].iter().sum::<f32>() / total;
        share += power;
        if power > first.0 {
            (first, second) = ((power, bin), first.0);
        } else if power > second {
            second = power;
        }
    }
    Tones {
        share: share.min(1.0),
        two: (first.0 + second).min(1.0),
        hz: first.1 as f32 * 8_000.0 / SIZE as f32,
    }
}

fn is_tone(powers: &[f32; BINS], bin: usize) -> bool {
    let power = powers[bin];
    if power < powers[bin - 1] || power <= powers[bin + 1] {
        return false;
    }
    let below = &powers[bin.saturating_sub(AROUND)..bin - LOBE];
    let above = &powers[bin + LOBE + 1..(bin + AROUND + 1).min(BINS)];
    power > STANDS_OUT * mean(below).min(mean(above))
}

fn mean(powers: &[f32]) -> f32 {
    powers.iter().sum::<f32>() / powers.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Entropy;

    fn heard(mut sample: impl FnMut(f32) -> f32) -> Tones {
        let mut spectrum = Spectrum::new();
        for frame in 0..FRAMES {
            let sound = std::array::from_fn(|n| {
                sample((frame * FRAME_SAMPLES + n) as f32 / 8_000.0) as i16
            });
            spectrum.hear(&sound, frame);
        }
        spectrum.tones()
    }

    fn sine(at: f32, hz: f32) -> f32 {
        3_000.0 * (at * hz * std::f32::consts::TAU).sin()
    }

    #[test]
    fn a_tone_is_tone_and_is_found_where_it_is() {
        let tones = heard(|at| sine(at, 450.0));
        assert!(
            tones.share > 0.95 && (tones.hz - 450.0).abs() < 16.0,
            "{tones:?}"
        );
        let tones = heard(|at| sine(at, 480.0) + sine(at, 620.0));
        assert!(tones.two > 0.95, "{tones:?}");
    }

    #[test]
    fn noise_is_none() {
        let mut entropy = Entropy::from_number(7);
        let tones = heard(|_| f32::from(entropy.u16() as i16) / 8.0);
        assert!(tones.share < 0.05, "{tones:?}");
        assert_eq!(heard(|_| 0.0), Tones::default());
    }

    #[test]
    fn a_tone_ten_decibels_above_noise_is_mostly_tone() {
        let mut entropy = Entropy::from_number(9);
        // Uniform noise of amplitude A has the power A^2 / 3.
        let tones =
            heard(|at| sine(at, 450.0) + f32::from(entropy.u16() as i16) / 32_768.0 * 1_160.0);
        assert!((0.8..0.97).contains(&tones.two), "{tones:?}");
    }
}
