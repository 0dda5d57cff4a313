//! Sound from one rate to another, with nothing folded into its band: aliases and images stay below -100 dB.
//!
//! While a call runs it is our own filter, one design for all pairs of rates (`filter`): 8 and 16 kHz between codecs,
//! 44.1, 48 kHz and others for sound cards. It takes blocks of any size and waits for none. With the same 5 ms of delay,
//! `rubato`'s `Fft` lets a tone at 4.02 kHz through at -66 dB (Hann) or takes 1.6 dB from 3.4 kHz (Blackman), and at
//! 44.1 kHz it takes blocks of 10 ms at least, which are to be waited for. Files, where delay does not count, it resamples
//! in one go.

mod filter;
mod framing;
mod stream;

use std::fmt;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use super::codec::Rate;
pub(super) use filter::kaiser;
pub use framing::{Framing, Unframing};
pub use stream::Resampler;

/// Rates that have too little in common, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable {
    pub from: u32,
    pub to: u32,
}

/// Frames of one codec's rate as another's: as they are, halved or doubled.
#[derive(Clone, Debug)]
pub struct Bridge(Option<Resampler>);

impl Bridge {
    pub fn new(from: Rate, to: Rate) -> Self {
        let resampler = || Resampler::new(from.hz(), to.hz());
        Self((from != to).then(|| resampler().expect("8 and 16 kHz have a filter")))
    }

    /// With as little delay as a headset needs ([`Resampler::swift`]).
    pub fn swift(from: Rate, to: Rate) -> Self {
        let resampler = || Resampler::swift(from.hz(), to.hz());
        Self((from != to).then(|| resampler().expect("8 and 16 kHz have a filter")))
    }

    /// Fills `out`, a frame of the rate it leads to, and says how many samples it has.
    pub fn process(&mut self, frame: &[i16], out: &mut [i16]) -> usize {
        let Some(resampler) = &mut self.0 else {
            let samples = frame.len().min(out.len());
            out[..samples].copy_from_slice(&frame[..samples]);
            return samples;
        };
        resampler.process(frame, out)
    }
}

/// The whole of a sound at another rate; the same input gives the same output, and sample 0 stays sample 0.
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, Unusable> {
    /// A long filter: flat up to 0.95 of the band.
    const CHUNK: usize = 2_048;
    if from == to || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let unusable = Unusable { from, to };
    let input = InterleavedSlice::new(samples, 1, samples.len()).map_err(|_| unusable)?;
    let mut resampler = Fft::<f32>::new_custom(
        from as usize,
        to as usize,
        CHUNK,
        1,
        1,
        WindowFunction::BlackmanHarris2,
        FixedSync::Input,
    )
    .map_err(|_| unusable)?;
    let output = resampler.process_all(&input, samples.len(), None);
    Ok(output.map_err(|_| unusable)?.take_data())
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot resample from {} to {} Hz", self.from, self.to)
    }
}

impl std::error::Error for Unusable {}

/// The nearest sample; what is louder than 16 bits can say is limited.
pub fn to_i16(sample: f32) -> i16 {
    // A float that is too large becomes the largest integer.
    sample.round() as i16
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::f64::consts::TAU;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A second of a tone of -2 dBFS.
    fn tone(hertz: f64, rate: u32) -> Vec<f32> {
        let turn = TAU * hertz / f64::from(rate);
        (0..rate)
            .map(|n| (26_000.0 * (turn * f64::from(n)).sin()) as f32)
            .collect()
    }

    /// A tone that repeats itself in few samples repeats its rounding, too: that would be tones of its own.
    fn off_the_grid(hertz: u32) -> f64 {
        f64::from(hertz) + 0.37
    }

    fn integers(samples: &[f32]) -> Vec<i16> {
        samples.iter().map(|sample| to_i16(*sample)).collect()
    }

    /// What is made of a sound that comes in crumbs of all sizes.
    fn resampled(sound: &[i16], from: u32, to: u32) -> Vec<f32> {
        let (mut resampler, mut out) = (Resampler::new(from, to).unwrap(), Vec::new());
        let mut left = sound;
        for size in [1, 2, 479, 0, 480, 7, 960, 333].into_iter().cycle() {
            let (block, rest) = left.split_at(size.min(left.len()));
            resampler.filter(block, |sample| out.push(sample));
            left = rest;
            if left.is_empty() {
                return out;
            }
        }
        out
    }

    /// The Kaiser windows that were needed so far.
    fn window(length: usize) -> Arc<[f64]> {
        static MADE: Mutex<BTreeMap<usize, Arc<[f64]>>> = Mutex::new(BTreeMap::new());
        let make = || (0..length).map(|n| kaiser(2.0 * n as f64 / length as f64 - 1.0, 14.0));
        let mut made = MADE.lock().unwrap();
        Arc::clone(made.entry(length).or_insert_with(|| make().collect()))
    }

    /// The level of one frequency in the middle of a sound, in dB of [`tone`], under a Kaiser window.
    fn level(samples: &[f32], hertz: f64, rate: u32) -> f64 {
        let inner = &samples[samples.len() / 5..samples.len() * 4 / 5];
        let (step_sin, step_cos) = (TAU * hertz / f64::from(rate)).sin_cos();
        let (mut sin, mut cos) = (0.0, 1.0);
        let (mut re, mut im, mut whole) = (0.0, 0.0, 0.0);
        for (sample, window) in inner.iter().zip(window(inner.len()).iter()) {
            re += window * f64::from(*sample) * cos;
            im += window * f64::from(*sample) * sin;
            whole += window;
            (sin, cos) = (
                sin * step_cos + cos * step_sin,
                cos * step_cos - sin * step_sin,
            );
        }
        20.0 * (2.0 * re.hypot(im) / whole / 26_000.0).max(1e-12).log10()
    }

    /// All of a sound but one frequency, in dB of [`tone`].
    fn rest(samples: &[f32], hertz: f64, rate: u32) -> f64 {
        let inner = &samples[samples.len() / 5..samples.len() * 4 / 5];
        let wave = |n: usize| (TAU * hertz * n as f64 / f64::from(rate)).sin_cos();
        let (mut s, mut c) = (0.0, 0.0);
        for (n, sample) in inner.iter().enumerate() {
            let (sin, cos) = wave(n);
            s += 2.0 * f64::from(*sample) * sin / inner.len() as f64;
            c += 2.0 * f64::from(*sample) * cos / inner.len() as f64;
        }
        let rest = inner.iter().enumerate().map(|(n, sample)| {
            let (sin, cos) = wave(n);
            (f64::from(*sample) - s * sin - c * cos).powi(2)
        });
        let power = rest.sum::<f64>() / inner.len() as f64;
        10.0 * (2.0 * power / 26_000.0_f64.powi(2)).max(1e-24).log10()
    }

    /// Codecs' rates, and sound cards'.
    const PAIRS: [(u32, u32); 12] = [
        (8_000, 16_000),
        (8_000, 44_100),
        (8_000, 48_000),
        (16_000, 8_000),
        (16_000, 44_100),
        (16_000, 48_000),
        (44_100, 8_000),
        (44_100, 16_000),
        (48_000, 8_000),
        (48_000, 16_000),
        (96_000, 16_000),
        (32_000, 8_000),
    ];

    /// Where a tone lies after sampling at `rate`.
    fn folded(hertz: f64, rate: u32) -> f64 {
        let rate = f64::from(rate);
        let within = hertz % rate;
        within.min(rate - within)
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_leaves_no_alias() {
        for (from, to) in PAIRS.into_iter().filter(|(from, to)| from > to) {
            for part in (1..40).map(|n| 0.5025 + 0.4975 * f64::from(n) / 40.0) {
                let hertz = off_the_grid((part * f64::from(to)) as u32);
                let above = [hertz, f64::from(from) / 2.0 - hertz + f64::from(to) / 2.0];
                for hertz in above.into_iter().filter(|it| *it > 0.5025 * f64::from(to)) {
                    let out = resampled(&integers(&tone(hertz, from)), from, to);
                    let alias = level(&out, folded(hertz, to), to);
                    assert!(alias <= -100.0, "{from} -> {to}, {hertz} Hz: {alias} dB");
                }
            }
        }
    }

    #[test]
    fn a_tone_gets_no_image() {
        for (from, to) in PAIRS.into_iter().filter(|(from, to)| from < to) {
            for hertz in (100..from / 2 - 10).step_by(from as usize / 61) {
                let hertz = off_the_grid(hertz);
                let out = resampled(&integers(&tone(hertz, from)), from, to);
                let images = (1..=to / from).flat_map(|n| {
                    let middle = f64::from(n * from);
                    [middle - hertz, middle + hertz]
                });
                for image in images.filter(|image| *image < f64::from(to) / 2.0) {
                    let level = level(&out, image, to);
                    assert!(level <= -100.0, "{from} -> {to}, {hertz} Hz: {level} dB");
                }
            }
        }
    }

    #[test]
    fn the_bands_of_speech_pass_as_they_are() {
        for (from, to) in PAIRS {
            let at = |hertz| {
                level(
                    &resampled(&integers(&tone(hertz, from)), from, to),
                    hertz,
                    to,
                )
            };
            let (flat, edge): (&[f64], f64) = match from.min(to) {
                8_000 => (&[50.0, 1_000.0, 3_000.0, 3_300.0], 3_400.0),
                _ => (&[50.0, 1_000.0, 3_400.0, 6_850.0], 7_000.0),
            };
            for hertz in flat {
                assert!(at(*hertz).abs() < 0.01, "{from} -> {to}, {hertz} Hz");
            }
            assert!(
                at(edge) > -0.2,
                "{from} -> {to}: {} dB at its edge",
                at(edge)
            );
        }
    }

    #[test]
    fn sound_is_kept_back_for_as_long_as_is_said() {
        for (from, to) in PAIRS {
            let mut click = vec![0; from as usize / 20];
            click[0] = 20_000;
            let out = resampled(&click, from, to);
            let by_size = out.iter().enumerate();
            let loudest = by_size.max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
            let delay_ms = Resampler::new(from, to).unwrap().delay_ms();
            let wanted = f64::from(to * delay_ms) / 1_000.0;
            assert!(
                (loudest as f64 - wanted).abs() < 1.0,
                "{from} -> {to}: {loudest}"
            );
            assert_eq!(delay_ms, if from.min(to) == 8_000 { 5 } else { 3 });
        }
    }

    #[test]
    fn blocks_of_any_size_become_the_same_frames() {
        for from in [8_000, 16_000, 44_100, 48_000] {
            let sound = integers(&tone(440.0, from));
            let frames = |size: usize| {
                let (mut framing, mut out) = (Framing::new(from, Rate::Wide).unwrap(), Vec::new());
                for block in sound.chunks(size) {
                    framing.push(block, |frame| out.push(frame.to_vec()));
                }
                out
            };
            let whole = frames(from as usize);
            assert_eq!((whole.len(), whole[0].len()), (50, 320));
            for size in [1, 128, 441, 480, 1_024] {
                assert_eq!(frames(size), whole, "{from} Hz by {size}");
            }
        }
    }

    #[test]
    fn what_changes_nothing_changes_nothing() {
        let mut out = [0; 4];
        let mut same = Resampler::new(48_000, 48_000).unwrap();
        assert_eq!(
            (same.process(&[1, -2, 3], &mut out), out),
            (3, [1, -2, 3, 0])
        );
    }

    #[test]
    fn frames_allocate_nothing() {
        let mut resampler = Resampler::new(48_000, 8_000).unwrap();
        let mut framing = Framing::new(44_100, Rate::Wide).unwrap();
        let mut out = [0; 160];
        let counted = allocation_counter::measure(|| {
            for _ in 0..50 {
                assert_eq!(resampler.process(&[1_000; 960], &mut out), 160);
                framing.push(&[1_000; 882], |frame| assert_eq!(frame.len(), 320));
            }
        });
        assert_eq!(counted.count_total, 0);
    }

    #[test]
    fn rates_that_nobody_has_are_refused() {
        for (from, to) in [
            (0, 8_000),
            (8_000, 7_999),
            (16_000, 44_101),
            (192_000, 8_000),
        ] {
            assert_eq!(Resampler::new(from, to).err(), Some(Unusable { from, to }));
        }
    }

    #[test]
    fn a_bridge_fills_a_frame_of_the_other_rate() {
        let mut out = [0; 320];
        Bridge::new(Rate::Narrow, Rate::Wide).process(&[1_000; 160], &mut out);
        assert!((out[319] - 1_000).abs() <= 1);
        let mut out = [0; 160];
        Bridge::new(Rate::Wide, Rate::Narrow).process(&[1_000; 320], &mut out);
        assert!((out[159] - 1_000).abs() <= 1);
        Bridge::new(Rate::Wide, Rate::Wide).process(&[7; 160], &mut out);
        assert_eq!(out, [7; 160]);
    }

    #[test]
    fn a_file_of_any_rate_keeps_its_tone_and_gets_no_other() {
        for from in [
            8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
        ] {
            for to in [8_000, 16_000, 48_000] {
                let sound = resample(&tone(1_000.0, from), from, to).unwrap();
                let (gain, other) = (level(&sound, 1_000.0, to), rest(&sound, 1_000.0, to));
                assert!(sound.len().abs_diff(to as usize) <= 1, "{from} -> {to}");
                assert!(gain.abs() < 0.01, "{from} -> {to}: {gain} dB");
                assert!(other <= -100.0, "{from} -> {to}: {other} dB");
            }
        }
    }

    #[test]
    fn a_file_leaves_no_alias_of_what_does_not_fit() {
        for (from, to) in [
            (16_000, 8_000),
            (44_100, 16_000),
            (48_000, 8_000),
            (48_000, 16_000),
        ] {
            for part in [0.505, 0.53, 0.6, 0.75, 0.95] {
                let hertz = part * f64::from(to);
                let left = rest(&resample(&tone(hertz, from), from, to).unwrap(), 0.0, to);
                assert!(left <= -100.0, "{from} -> {to}, {hertz} Hz: {left} dB");
            }
        }
    }

    #[test]
    fn a_rate_of_zero_is_refused() {
        assert_eq!(
            resample(&[1.0, 2.0], 0, 8_000),
            Err(Unusable { from: 0, to: 8_000 })
        );
    }
}
