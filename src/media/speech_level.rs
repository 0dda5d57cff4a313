use super::codec::Rate;

/// The margin between threshold and active level, dB (ITU-T P.56 table 1).
const MARGIN_DB: f32 = 15.9;

/// Time constant of each of the two smoothings of the envelope, seconds (P.56 table 1).
const SMOOTHING_SECONDS: f32 = 0.03;

/// A pause shorter than this belongs to the speech, milliseconds (P.56 table 1: 0.2 s).
const HANG_OVER_MS: u32 = 200;

/// One threshold for each bit of a sample (P.56 table 1).
const THRESHOLDS: usize = 15;

const FULL_SCALE: f32 = 32_768.0;

/// The active speech level of ITU-T P.56, method B, while the sound comes.
///
/// The envelope follows each sample; the thresholds are asked once a millisecond, which 30 ms of smoothing cannot tell
/// from once a sample.
#[derive(Clone, Copy, Debug)]
pub struct SpeechLevel {
    samples_a_ms: usize,
    /// What a smoothing keeps of its value from one sample to the next.
    keeps: f32,
    once_smoothed: f32,
    envelope: f32,
    sums: Sums,
}

/// What was heard since the last [`SpeechLevel::restart`].
#[derive(Clone, Copy, Debug)]
struct Sums {
    energy: f64,
    samples: u64,
    /// Milliseconds, active or not.
    length: u32,
    /// Milliseconds in which each threshold was reached, pauses shorter than the hang-over included.
    active: [u32; THRESHOLDS],
    /// Since when each threshold is not reached, milliseconds.
    quiet: [u32; THRESHOLDS],
}

impl SpeechLevel {
    pub fn new(rate: Rate) -> Self {
        let samples_a_second = rate.hz() as f32;
        Self {
            samples_a_ms: rate.frame_samples() / 20,
            keeps: (-1.0 / (SMOOTHING_SECONDS * samples_a_second)).exp(),
            once_smoothed: 0.0,
            envelope: 0.0,
            sums: Sums::NONE,
        }
    }

    /// Hears whole milliseconds of sound.
    pub fn hear(&mut self, sound: &[i16]) {
        for millisecond in sound.chunks(self.samples_a_ms) {
            for sample in millisecond {
                self.follow(f32::from(*sample));
            }
            self.sums.count(self.envelope);
        }
        self.sums.samples += sound.len() as u64;
    }

    /// Forgets what was heard, but not how loud it is right now.
    pub fn restart(&mut self) {
        self.sums = Sums::NONE;
    }

    /// The active speech level against a full-scale square wave; none where nothing was active.
    pub fn dbov(&self) -> Option<f32> {
        self.sums.active_level().map(|(dbov, _)| dbov)
    }

    /// The share of the time in which somebody spoke, 0 to 1.
    pub fn activity(&self) -> f32 {
        let active = self.sums.active_level().map_or(0.0, |(_, share)| share);
        active.min(1.0)
    }

    /// How long somebody spoke, milliseconds.
    pub fn active_ms(&self) -> u32 {
        (self.activity() * self.sums.length as f32) as u32
    }

    fn follow(&mut self, sample: f32) {
        self.sums.energy += f64::from(sample * sample);
        let new = 1.0 - self.keeps;
        self.once_smoothed = self.keeps * self.once_smoothed + new * sample.abs();
        self.envelope = self.keeps * self.envelope + new * self.once_smoothed;
    }
}

impl Sums {
    const NONE: Self = Self {
        energy: 0.0,
        samples: 0,
        length: 0,
        active: [0; THRESHOLDS],
        quiet: [HANG_OVER_MS; THRESHOLDS],
    };

    /// Counts one millisecond.
    fn count(&mut self, envelope: f32) {
        self.length = self.length.saturating_add(1);
        let mut threshold = 1.0;
        for (active, quiet) in self.active.iter_mut().zip(&mut self.quiet) {
            *quiet = match envelope >= threshold {
                true => 0,
                false => quiet.saturating_add(1),
            };
            *active = active.saturating_add(u32::from(*quiet <= HANG_OVER_MS));
            threshold *= 2.0;
        }
    }

    /// Level in dBov and share of the time, where the level stands [`MARGIN_DB`] above the threshold that counted it.
    fn active_level(&self) -> Option<(f32, f32)> {
        let mean = (self.energy / self.samples.max(1) as f64) as f32;
        let long_term = 10.0 * (mean / (FULL_SCALE * FULL_SCALE)).log10();
        let mut below: Option<(f32, f32)> = None;
        for (bit, active) in (0_u8..).zip(&self.active) {
            if *active == 0 {
                break;
            }
            let share = *active as f32 / self.length.max(1) as f32;
            let level = long_term - 10.0 * share.log10();
            let threshold = 20.0 * (2_f32.powi(i32::from(bit)) / FULL_SCALE).log10();
            let excess = level - threshold - MARGIN_DB;
            if excess <= 0.0 {
                let level = between(below, (excess, level));
                return Some((level, 10_f32.powf((long_term - level) / 10.0)));
            }
            below = Some((excess, level));
        }
        None
    }
}

/// The level at which the excess over the margin is nothing.
fn between(below: Option<(f32, f32)>, above: (f32, f32)) -> f32 {
    let Some(below) = below else {
        return above.1;
    };
    let share = below.0 / (below.0 - above.0);
    below.1 + share * (above.1 - below.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of `dbov` for `on` milliseconds, then silence for `off`, five times.
    fn bursts(rate: Rate, dbov: f32, on: usize, off: usize) -> Vec<i16> {
        let ms = rate.frame_samples() / 20;
        // A sine's level is 3 dB below its peak.
        let peak = FULL_SCALE * 10_f32.powf((dbov + 3.01) / 20.0);
        let step = std::f32::consts::TAU * 1_000.0 / rate.hz() as f32;
        let tone = (0..on * ms).map(|n| ((n as f32 * step).sin() * peak) as i16);
        let once: Vec<i16> = tone.chain(std::iter::repeat_n(0, off * ms)).collect();
        once.repeat(5)
    }

    fn heard(rate: Rate, sound: &[i16]) -> SpeechLevel {
        let mut level = SpeechLevel::new(rate);
        for frame in sound.chunks(rate.frame_samples()) {
            level.hear(frame);
        }
        level
    }

    #[test]
    fn a_steady_tone_is_active_all_the_time_at_its_own_level() {
        for rate in [Rate::Narrow, Rate::Wide] {
            for dbov in [-6.0, -26.0, -42.0, -60.0] {
                let level = heard(rate, &bursts(rate, dbov, 2_000, 0));
                assert!((level.dbov().unwrap() - dbov).abs() < 0.3, "{level:?}");
                assert!(level.activity() > 0.97);
            }
        }
    }

    #[test]
    fn long_pauses_do_not_lower_the_level() {
        let level = heard(Rate::Narrow, &bursts(Rate::Narrow, -26.0, 1_000, 3_000));
        // The hang-over makes 1 s of tone some 1.2 to 1.3 s of activity.
        assert!((level.dbov().unwrap() + 26.9).abs() < 0.4, "{level:?}");
        assert!((0.25..0.35).contains(&level.activity()));
        assert!((5_000..7_000).contains(&level.active_ms()));
    }

    #[test]
    fn pauses_within_a_word_belong_to_it() {
        let level = heard(Rate::Wide, &bursts(Rate::Wide, -26.0, 300, 100));
        assert!(level.activity() > 0.95);
        assert!((level.dbov().unwrap() + 27.25).abs() < 0.3);
    }

    #[test]
    fn silence_has_no_level() {
        let level = heard(Rate::Narrow, &[0; 16_000]);
        assert_eq!((level.dbov(), level.active_ms()), (None, 0));
        assert_eq!(SpeechLevel::new(Rate::Wide).dbov(), None);
    }

    #[test]
    fn a_restart_measures_only_what_comes_after() {
        let mut level = heard(Rate::Narrow, &bursts(Rate::Narrow, -10.0, 1_000, 0));
        level.restart();
        level.hear(&bursts(Rate::Narrow, -40.0, 4_000, 0)[..80_000]);
        assert!((level.dbov().unwrap() + 40.0).abs() < 1.0, "{level:?}");
    }
}
