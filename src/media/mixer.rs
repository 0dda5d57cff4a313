use super::clip::Clip;
use super::codec::{FRAME_SAMPLES, Frame, Law};

/// 5 ms at 8 kHz: short enough to be exact, long enough not to click.
pub const FADE_SAMPLES: usize = 40;

/// Adds sounds into one 20 ms frame; only the sum is limited.
#[derive(Clone, Debug)]
pub struct Mix {
    sum: [i32; FRAME_SAMPLES],
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            sum: [0; FRAME_SAMPLES],
        }
    }
}

impl Mix {
    pub fn add(&mut self, frame: &Frame) {
        self.add_each(|n| i32::from(frame[n]));
    }

    /// Adds a clip's 20 ms from `position`, silence past its end.
    pub fn add_clip(&mut self, clip: &Clip, position: usize) {
        self.add_each(|n| i32::from(clip.sample(position.saturating_add(n))));
    }

    /// Adds 5 ms of a sound that falls silent.
    pub fn add_fading(&mut self, sample: impl Fn(usize) -> i16) {
        self.add_each(|n| fade(sample(n), FADE_SAMPLES.saturating_sub(n)));
    }

    pub fn add_each(&mut self, sample: impl Fn(usize) -> i32) {
        for (n, sum) in self.sum.iter_mut().enumerate() {
            *sum = sum.saturating_add(sample(n));
        }
    }

    pub fn encode(&self, law: Law, payload: &mut [u8; FRAME_SAMPLES]) {
        for (byte, sum) in payload.iter_mut().zip(self.sum) {
            *byte = law.encode(sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
        }
    }
}

/// A sample at `level` of [`FADE_SAMPLES`].
pub fn fade(sample: i16, level: usize) -> i32 {
    i32::from(sample) * level.min(FADE_SAMPLES) as i32 / FADE_SAMPLES as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_limited_not_wrapped() {
        let mut mix = Mix::default();
        mix.add(&[30_000; FRAME_SAMPLES]);
        mix.add(&[30_000; FRAME_SAMPLES]);
        let mut payload = [0; FRAME_SAMPLES];
        mix.encode(Law::A, &mut payload);
        assert!(Law::A.decode(payload[0]) > 30_000);
    }

    #[test]
    fn a_fade_has_no_step() {
        let mut mix = Mix::default();
        mix.add_fading(|_| 8_000);
        assert_eq!((mix.sum[0], mix.sum[40]), (8_000, 0));
        assert!(mix.sum.windows(2).all(|pair| pair[0] - pair[1] <= 200));
    }
}
