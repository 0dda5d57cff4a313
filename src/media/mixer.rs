use super::clip::{Clip, Past};
use super::codec::{FRAME_SAMPLES, Rate, WIDE_FRAME_SAMPLES};

/// 5 ms in ticks of 8 kHz: short enough to be exact, long enough not to click.
pub const FADE_TICKS: usize = 40;

/// 100 ms in ticks: music steps aside for a voice as a hand at the fader would.
pub const GLIDE_TICKS: usize = 800;

/// Adds sounds into one 20 ms frame at either rate; only the sum is limited.
#[derive(Clone, Debug)]
pub struct Mix {
    sum: [i32; WIDE_FRAME_SAMPLES],
    rate: Rate,
}

/// How loud a sound is, in 1,600ths: fades of 5 and of 100 ms take whole steps of it at both rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gain(u16);

/// A gain on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fade {
    pub from: Gain,
    pub to: Gain,
    /// From silence to all: [`FADE_TICKS`] or [`GLIDE_TICKS`].
    pub ticks: usize,
}

impl Gain {
    pub const SILENT: Self = Self(0);
    pub const WHOLE: Self = Self(1_600);
    /// -15 dB.
    pub const DUCKED: Self = Self(285);

    fn of(self, sample: i16) -> i32 {
        i32::from(sample) * i32::from(self.0) / i32::from(Self::WHOLE.0)
    }
}

impl Fade {
    /// The last 5 ms of a sound that was this loud.
    pub fn out(from: Gain) -> Self {
        Self {
            from,
            to: Gain::SILENT,
            ticks: FADE_TICKS,
        }
    }

    /// Ticks until its end is reached.
    pub fn duration(&self) -> usize {
        let way = self.from.0.abs_diff(self.to.0);
        usize::from(way.div_ceil(self.step(Rate::Narrow)))
    }

    fn step(&self, rate: Rate) -> u16 {
        let samples = self.ticks.saturating_mul(rate.factor()).max(1);
        u16::try_from(usize::from(Gain::WHOLE.0) / samples).unwrap_or(u16::MAX)
    }
}

impl Mix {
    pub fn new(rate: Rate) -> Self {
        Self {
            sum: [0; WIDE_FRAME_SAMPLES],
            rate,
        }
    }

    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Adds a frame of the same rate.
    pub fn add(&mut self, frame: &[i16]) {
        for (sum, sample) in self.sum.iter_mut().zip(frame) {
            *sum = sum.saturating_add(i32::from(*sample));
        }
    }

    /// Adds a clip's 20 ms from tick `position`, silence past its end.
    pub fn add_clip(&mut self, clip: &Clip, position: usize) {
        let mut samples = [0; WIDE_FRAME_SAMPLES];
        let samples = &mut samples[..self.rate.frame_samples()];
        clip.read(self.rate, position, Past::Silence, samples);
        self.add(samples);
    }

    /// Adds the 5 ms of a clip from `position` in which it falls silent.
    pub fn add_fading(&mut self, clip: &Clip, position: usize) {
        let fade = Fade::out(Gain::WHOLE);
        let place = (position, Past::Silence);
        self.add_faded(0, FADE_TICKS, clip, place, fade);
    }

    /// Adds `ticks` of a clip from its `place` on behind tick `start` of the frame; returns the gain it ends with.
    pub fn add_faded(
        &mut self,
        start: usize,
        ticks: usize,
        clip: &Clip,
        (position, past): (usize, Past),
        fade: Fade,
    ) -> Gain {
        let mut samples = [0; WIDE_FRAME_SAMPLES];
        let ticks = ticks.min(FRAME_SAMPLES.saturating_sub(start));
        let factor = self.rate.factor();
        let samples = &mut samples[..ticks * factor];
        clip.read(self.rate, position, past, samples);
        let (mut gain, step) = (fade.from.0, fade.step(self.rate));
        for (sum, sample) in self.sum.iter_mut().skip(start * factor).zip(samples) {
            gain = match gain <= fade.to.0 {
                true => gain.saturating_add(step).min(fade.to.0),
                false => gain.saturating_sub(step).max(fade.to.0),
            };
            *sum = sum.saturating_add(Gain(gain).of(*sample));
        }
        Gain(gain)
    }

    /// Writes the frame, limited to 16 bits.
    pub fn write(&self, out: &mut [i16]) {
        for (sample, sum) in out.iter_mut().zip(self.sum) {
            *sample = sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_limited_not_wrapped() {
        let mut mix = Mix::new(Rate::Wide);
        mix.add(&[30_000; WIDE_FRAME_SAMPLES]);
        mix.add(&[30_000; WIDE_FRAME_SAMPLES]);
        let mut frame = [0; WIDE_FRAME_SAMPLES];
        mix.write(&mut frame);
        assert_eq!(frame, [i16::MAX; WIDE_FRAME_SAMPLES]);
    }

    #[test]
    fn a_fade_takes_five_milliseconds_at_either_rate_and_has_no_step() {
        let clip = Clip::from_samples(vec![8_000; 400]);
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut mix = Mix::new(rate);
            mix.add_fading(&clip, 100);
            let end = FADE_TICKS * rate.factor();
            assert!(mix.sum[0] >= 7_800 && mix.sum[end - 2] > 0);
            assert_eq!(mix.sum[end - 1..], [0; WIDE_FRAME_SAMPLES][end - 1..]);
            assert!(mix.sum.windows(2).all(|pair| pair[0] - pair[1] <= 200));
        }
    }

    #[test]
    fn a_ducked_sound_is_fifteen_decibels_softer() {
        let decibels = 20.0 * (f64::from(Gain::DUCKED.of(i16::MAX)) / 32_767.0).log10();
        assert!((decibels + 15.0).abs() < 0.05, "{decibels}");
    }

    #[test]
    fn a_glide_reaches_its_end_and_stays() {
        let clip = Clip::from_samples(vec![16_000; 1_000]);
        let mut fade = Fade {
            from: Gain::WHOLE,
            to: Gain::DUCKED,
            ticks: GLIDE_TICKS,
        };
        assert_eq!(fade.duration(), 658);
        for _ in 0..5 {
            let mut mix = Mix::new(Rate::Narrow);
            fade.from = mix.add_faded(0, FRAME_SAMPLES, &clip, (0, Past::Loop), fade);
        }
        assert_eq!((fade.from, fade.duration()), (Gain::DUCKED, 0));
    }
}
