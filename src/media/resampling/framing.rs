use super::{Resampler, Unusable, to_i16};
use crate::media::codec::Rate;

/// Makes frames of 20 ms of sound that comes in blocks of any size at a device's rate, as microphones give it.
#[derive(Clone, Debug)]
pub struct Framing {
    resampler: Resampler,
    frame: Box<[i16]>,
    filled: usize,
}

impl Framing {
    pub fn new(from: u32, to: Rate) -> Result<Self, Unusable> {
        Ok(Self {
            resampler: Resampler::swift(from, to.hz())?,
            frame: vec![0; to.frame_samples()].into_boxed_slice(),
            filled: 0,
        })
    }

    /// Takes in a block, and hands out the frames that are full with it.
    pub fn push(&mut self, block: &[i16], mut take: impl FnMut(&mut [i16])) {
        let Self {
            resampler,
            frame,
            filled,
        } = self;
        resampler.filter(block, |sample| {
            if let Some(place) = frame.get_mut(*filled) {
                *place = to_i16(sample);
            }
            *filled += 1;
            if *filled == frame.len() {
                take(frame);
                *filled = 0;
            }
        });
    }
}

/// Makes blocks of any size at a device's rate, as earpieces ask for them, of frames that are asked for when they are
/// needed.
#[derive(Clone, Debug)]
pub struct Unframing {
    resampler: Resampler,
    frame: Box<[i16]>,
    /// At the device's rate, in 16-bit steps: what is left of the last frame lies from `played` to `filled`.
    ready: Box<[f32]>,
    played: usize,
    filled: usize,
}

impl Unframing {
    pub fn new(from: Rate, to: u32) -> Result<Self, Unusable> {
        // 20 ms, and the sample more that rates which do not divide give now and then.
        let longest = to as usize / 50 + 2;
        Ok(Self {
            resampler: Resampler::swift(from.hz(), to)?,
            frame: vec![0; from.frame_samples()].into_boxed_slice(),
            ready: vec![0.0; longest].into_boxed_slice(),
            played: 0,
            filled: 0,
        })
    }

    /// Fills `out`, in 16-bit steps. `give` writes the sound that comes next to the front of a frame of 20 ms, and says
    /// how many samples it has; none is silence for the rest of `out`.
    pub fn pull(&mut self, out: &mut [f32], mut give: impl FnMut(&mut [i16]) -> usize) {
        let mut rest = out;
        while !rest.is_empty() {
            if self.played == self.filled && !self.refill(&mut give) {
                return rest.fill(0.0);
            }
            let ready = self.ready.get(self.played..self.filled).unwrap_or_default();
            let samples = ready.len().min(rest.len());
            let (now, later) = rest.split_at_mut(samples);
            now.copy_from_slice(&ready[..samples]);
            self.played += samples;
            rest = later;
        }
    }

    /// False where nothing came.
    fn refill(&mut self, give: &mut impl FnMut(&mut [i16]) -> usize) -> bool {
        let given = give(&mut self.frame).min(self.frame.len());
        let mut places = self.ready.iter_mut();
        let mut filled = 0;
        self.resampler.filter(&self.frame[..given], |sample| {
            if let Some(place) = places.next() {
                *place = sample;
                filled += 1;
            }
        });
        (self.played, self.filled) = (0, filled);
        filled > 0
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    /// A tone at 16 kHz, frame by frame.
    fn frames(hertz: f32) -> impl FnMut(&mut [i16]) -> usize {
        let mut turns = 0.0_f32;
        move |frame| {
            for sample in frame.iter_mut() {
                turns = (turns + hertz / 16_000.0).fract();
                *sample = (10_000.0 * (TAU * turns).sin()) as i16;
            }
            frame.len()
        }
    }

    fn pulled(hertz: f32, to: u32, sizes: &[usize]) -> Vec<f32> {
        let mut unframing = Unframing::new(Rate::Wide, to).unwrap();
        let (mut sound, mut give) = (vec![0.0; to as usize], frames(hertz));
        let mut rest = &mut sound[..];
        for size in sizes.iter().cycle() {
            let (block, later) = rest.split_at_mut((*size).min(rest.len()));
            unframing.pull(block, &mut give);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        sound
    }

    #[test]
    fn frames_become_the_same_blocks_of_any_size() {
        for to in [44_100, 48_000] {
            let whole = pulled(440.0, to, &[to as usize]);
            assert!(whole[to as usize / 2..].iter().any(|it| *it > 9_900.0));
            for sizes in [&[1, 7, 480, 0, 333][..], &[240], &[1_024]] {
                assert_eq!(pulled(440.0, to, sizes), whole, "{to} Hz by {sizes:?}");
            }
        }
    }

    #[test]
    fn where_no_frame_comes_silence_does() {
        let mut unframing = Unframing::new(Rate::Narrow, 48_000).unwrap();
        let mut out = [1.0; 100];
        unframing.pull(&mut out, |_| 0);
        assert_eq!(out, [0.0; 100]);
    }

    #[test]
    fn blocks_allocate_nothing() {
        let (mut unframing, mut give) =
            (Unframing::new(Rate::Wide, 48_000).unwrap(), frames(440.0));
        let mut out = [0.0; 240];
        let counted = allocation_counter::measure(|| {
            (0..200).for_each(|_| unframing.pull(&mut out, &mut give));
        });
        assert_eq!(counted.count_total, 0);
    }

    #[test]
    fn a_swift_filter_lets_the_telephone_band_pass_and_folds_nothing_into_it() {
        let passed = |hertz: f32| {
            let mut framing = Framing::new(48_000, Rate::Narrow).unwrap();
            let tone = |n: usize| (10_000.0 * (TAU * hertz * n as f32 / 48_000.0).sin()) as i16;
            let sound: Vec<i16> = (0..48_000).map(tone).collect();
            let (mut power, mut samples) = (0.0, 0);
            let mut began = false;
            framing.push(&sound[..], |frame| {
                // The tone's own beginning has all frequencies.
                if std::mem::replace(&mut began, true) {
                    power += frame.iter().map(|it| f32::from(*it).powi(2)).sum::<f32>();
                    samples += frame.len();
                }
            });
            10.0 * (power / samples as f32 / (10_000.0_f32.powi(2) / 2.0)).log10()
        };
        for hertz in [300.0, 1_000.0, 3_400.0] {
            assert!(passed(hertz).abs() < 0.2, "{hertz} Hz: {}", passed(hertz));
        }
        for hertz in [4_200.0, 5_000.0, 9_000.0, 20_000.0] {
            assert!(passed(hertz) < -48.0, "{hertz} Hz: {}", passed(hertz));
        }
    }
}
