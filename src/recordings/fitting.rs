//! A call that changes its codec goes on in the same file: its sound is brought to the file's rate.

use crate::media::Rate;
use crate::media::codec::WIDE_FRAME_SAMPLES;

/// One side of one frame at the file's rate.
pub(super) type Fitted = [i16; WIDE_FRAME_SAMPLES];

/// One side of a file, and what the filter remembers of the frame before.
#[derive(Clone, Debug, Default)]
pub(super) struct Fit {
    /// The last samples that came, at the rate they came with.
    past: [i16; TAPS - 1],
}

/// A half-band filter in 1/32,768, windowed after Hamming: between 8 and 16 kHz, -6 dB at 4 kHz.
const HALF_BAND: [i64; TAPS] = [
    -91, 0, 250, 0, -629, 0, 1_380, 0, -3_019, 0, 10_302, 16_384, 10_302, 0, -3_019, 0, 1_380, 0,
    -629, 0, 250, 0, -91,
];
const TAPS: usize = 23;
/// For rounding.
const HALF: i64 = 1 << 14;

impl Fit {
    /// Writes `frame` to `out` at the rate `to`; the rest of `out` stays as it is.
    pub(super) fn fit(&mut self, frame: &[i16], from: Rate, to: Rate, out: &mut Fitted) {
        match (from, to) {
            (Rate::Narrow, Rate::Wide) => self.double(frame, out),
            (Rate::Wide, Rate::Narrow) => self.halve(frame, out),
            (Rate::Narrow, Rate::Narrow) | (Rate::Wide, Rate::Wide) => {
                for (out, sample) in out.iter_mut().zip(frame) {
                    *out = *sample;
                }
            }
        }
    }

    /// Every sample twice as far apart with zeros between, filtered; the gain makes up for the zeros.
    fn double(&mut self, frame: &[i16], out: &mut Fitted) {
        let mut line = [0; TAPS - 1 + WIDE_FRAME_SAMPLES];
        let stuffed = frame.iter().flat_map(|sample| [*sample, 0]);
        self.filter(stuffed, &mut line, out, 2, 1);
    }

    fn halve(&mut self, frame: &[i16], out: &mut Fitted) {
        let mut line = [0; TAPS - 1 + WIDE_FRAME_SAMPLES];
        self.filter(frame.iter().copied(), &mut line, out, 1, 2);
    }

    /// Filters at 16 kHz and takes each `step`th sample.
    fn filter(
        &mut self,
        sound: impl Iterator<Item = i16>,
        line: &mut [i16],
        out: &mut Fitted,
        gain: i64,
        step: usize,
    ) {
        for (place, sample) in line.iter_mut().zip(self.past.into_iter().chain(sound)) {
            *place = sample;
        }
        for (out, around) in out.iter_mut().zip(line.windows(TAPS).step_by(step)) {
            let sum: i64 = around
                .iter()
                .zip(HALF_BAND)
                .map(|(x, h)| i64::from(*x) * h)
                .sum();
            let sample = (sum * gain + HALF) >> 15;
            *out = sample.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16;
        }
        if let Some(end) = line.last_chunk() {
            self.past = *end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: Rate, samples: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hz / f64::from(rate.hz());
        (0..samples)
            .map(|n| ((n as f64 * step).sin() * 8_000.0) as i16)
            .collect()
    }

    /// All of a tone, brought from one rate to the other.
    fn fitted(hz: f64, from: Rate, to: Rate) -> Vec<i16> {
        let mut fit = Fit::default();
        let sound = tone(hz, from, from.frame_samples() * 50);
        let frames = sound.chunks(from.frame_samples());
        frames
            .flat_map(|frame| {
                let mut out = [0; WIDE_FRAME_SAMPLES];
                fit.fit(frame, from, to, &mut out);
                out[..to.frame_samples()].to_vec()
            })
            .collect()
    }

    /// The level of one frequency, 1.0 being that of `tone`.
    fn level(sound: &[i16], hz: f64, rate: Rate) -> f64 {
        let settled = &sound[rate.frame_samples()..];
        let step = std::f64::consts::TAU * hz / f64::from(rate.hz());
        let (sin, cos) = settled
            .iter()
            .enumerate()
            .fold((0.0, 0.0), |(sin, cos), (n, x)| {
                let angle = n as f64 * step;
                (
                    sin + f64::from(*x) * angle.sin(),
                    cos + f64::from(*x) * angle.cos(),
                )
            });
        sin.hypot(cos) / settled.len() as f64 / 4_000.0
    }

    #[test]
    fn a_tone_is_the_same_tone_at_the_other_rate() {
        for (from, to) in [(Rate::Narrow, Rate::Wide), (Rate::Wide, Rate::Narrow)] {
            let there = level(&fitted(1_000.0, from, to), 1_000.0, to);
            assert!((0.97..1.03).contains(&there), "{from:?} {there}");
        }
    }

    #[test]
    fn no_ghost_of_a_tone_is_heard() {
        let image = level(
            &fitted(1_000.0, Rate::Narrow, Rate::Wide),
            7_000.0,
            Rate::Wide,
        );
        let alias = level(
            &fitted(6_500.0, Rate::Wide, Rate::Narrow),
            1_500.0,
            Rate::Narrow,
        );
        assert!(image < 0.01 && alias < 0.01, "{image} {alias}");
    }
}
