use super::codec::{Law, Rate};
use super::hearing::{Level, SpeechGate};
use super::speech_level::SpeechLevel;

/// What a person on the phone is best heard at, dBov (ITU-T P.56 levels, P.830's -26).
const WANTED_DBOV: f32 = -26.0;

/// Up to this much is added, dB.
const GAIN_MAX_DB: f32 = 15.0;

/// So little below what is wanted is left alone, dB.
const GOOD_ENOUGH_DB: f32 = 3.0;

/// Speech of which less is active holds two voices, a loud and a faint one: it is measured anew, milliseconds.
const MIXED_MS: u32 = 3_000;

/// The gain moves by so much in a second, dB: nobody hears it move.
const SLEW_DB_A_SECOND: f32 = 3.0;

/// Speech that is measured before the gain moves, milliseconds.
const MEASURED_MS: u32 = 1_000;

const FRAMES_A_SECOND: f32 = 50.0;

/// Above this the limiter holds down, 16-bit steps: -6 dBov's peak.
const CEILING: f32 = 16_384.0;

/// The limiter lets go by half in about 100 ms.
const RELEASE_A_FRAME: f32 = 0.87;

/// Makes a party that is too quiet louder towards who listens, slowly, by at most 15 dB, and never its noise.
#[derive(Clone, Copy, Debug)]
pub struct AutoGain {
    level: SpeechLevel,
    gate: SpeechGate,
    wanted_db: f32,
    gain_db: f32,
    factor: f32,
}

impl AutoGain {
    pub fn new(rate: Rate) -> Self {
        Self {
            level: SpeechLevel::new(rate),
            gate: SpeechGate::default(),
            wanted_db: 0.0,
            gain_db: 0.0,
            factor: 1.0,
        }
    }

    /// Amplifies one 20 ms frame in place.
    pub fn apply(&mut self, frame: &mut [i16]) {
        // Neither the noise nor a pause moves the gain.
        if self.gate.lets_through(Level::of(frame).dbov) {
            self.measure(frame);
            self.move_gain();
        }
        let before = self.factor;
        self.factor = factor(self.gain_db);
        if before != 1.0 || self.factor != 1.0 {
            ramp(frame, before, self.factor);
        }
    }

    /// What is added, dB.
    pub fn gain_db(&self) -> f32 {
        self.gain_db
    }

    fn measure(&mut self, frame: &[i16]) {
        self.level.hear(frame);
        if self.level.active_ms() < MEASURED_MS {
            if self.level.length_ms() >= MIXED_MS {
                self.level.restart();
            }
            return;
        }
        let missing = self.level.dbov().map_or(0.0, |speech| WANTED_DBOV - speech);
        self.wanted_db = match missing > GOOD_ENOUGH_DB {
            true => missing.min(GAIN_MAX_DB),
            false => 0.0,
        };
        self.level.restart();
    }

    fn move_gain(&mut self) {
        let step = SLEW_DB_A_SECOND / FRAMES_A_SECOND;
        self.gain_db += (self.wanted_db - self.gain_db).clamp(-step, step);
    }
}

/// Holds a party down that is too loud; without look-ahead, so it adds no delay.
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    factor: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { factor: 1.0 }
    }
}

impl Limiter {
    /// Limits one 20 ms frame in place: no sample leaves above the ceiling, and none is cut off flat.
    pub fn apply(&mut self, frame: &mut [i16]) {
        let peak = frame.iter().map(|sample| sample.unsigned_abs()).max();
        let peak = f32::from(peak.unwrap_or(0));
        let before = self.factor;
        let fits = if peak > CEILING { CEILING / peak } else { 1.0 };
        let released = 1.0 - (1.0 - before) * RELEASE_A_FRAME;
        self.factor = released.min(fits);
        if self.factor > 0.999 {
            self.factor = 1.0;
        }
        match self.factor < before {
            true => self.attack(frame, before),
            false => ramp(frame, before.min(fits), self.factor),
        }
    }

    /// What is taken away, dB; never positive.
    pub fn gain_db(&self) -> f32 {
        20.0 * self.factor.log10()
    }

    /// Down within the first eighth of the frame, and softly bent where that is too late.
    fn attack(&self, frame: &mut [i16], before: f32) {
        let (first, rest) = frame.split_at_mut(frame.len() / 8);
        ramp(first, before, self.factor);
        for sample in first {
            *sample = bend(*sample);
        }
        ramp(rest, self.factor, self.factor);
    }
}

/// A gain in steps of 1 dB on G.711 as it is, byte for byte, for what is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GainTable([u8; 256]);

impl GainTable {
    pub fn new(law: Law, gain_db: i8) -> Self {
        let factor = factor(f32::from(gain_db));
        let mut table = [0; 256];
        for (byte, louder) in (0..=u8::MAX).zip(&mut table) {
            *louder = match gain_db {
                0 => byte,
                _ => law.encode((f32::from(law.decode(byte)) * factor) as i16),
            };
        }
        Self(table)
    }

    pub fn apply(&self, payload: &mut [u8]) {
        for byte in payload {
            *byte = self.0[usize::from(*byte)];
        }
    }
}

fn factor(gain_db: f32) -> f32 {
    10_f32.powf(gain_db / 20.0)
}

/// Multiplies by a factor that goes from one value to the other; float-to-integer conversion saturates.
fn ramp(frame: &mut [i16], from: f32, to: f32) {
    let step = (to - from) / frame.len().max(1) as f32;
    let mut factor = from;
    for sample in frame {
        factor += step;
        *sample = (f32::from(*sample) * factor) as i16;
    }
}

/// Above the ceiling, ever less of what is above, and at most half as much again.
fn bend(sample: i16) -> i16 {
    let (size, sign) = (f32::from(sample).abs(), f32::from(sample.signum()));
    if size <= CEILING {
        return sample;
    }
    let above = (size - CEILING) / CEILING;
    (sign * CEILING * (1.0 + above / (2.0 + 2.0 * above))) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(peak: f32, frames: usize) -> Vec<i16> {
        let samples = 0..frames * 160;
        samples
            .map(|n| ((n as f32 * 0.3).sin() * peak) as i16)
            .collect()
    }

    /// Words of 400 ms with 100 ms between them.
    fn words(peak: f32, frames: usize) -> Vec<i16> {
        let mut words = tone(peak, frames);
        for pair in words.chunks_mut(25 * 160) {
            pair[..5 * 160].fill(1);
        }
        words
    }

    fn level(sound: &[i16]) -> f32 {
        Level::of(sound).dbov
    }

    fn amplified(gain: &mut AutoGain, mut sound: Vec<i16>) -> Vec<i16> {
        sound.chunks_mut(160).for_each(|frame| gain.apply(frame));
        sound
    }

    #[test]
    fn a_quiet_caller_is_raised_to_where_he_is_well_heard() {
        let mut gain = AutoGain::new(Rate::Narrow);
        let heard = amplified(&mut gain, words(730.0, 500));
        assert!((level(&words(730.0, 50)) + 37.0).abs() < 0.3);
        assert!((level(&heard[72_000..]) + 26.0).abs() < 1.5, "{gain:?}");
    }

    #[test]
    fn the_gain_is_bounded_and_slow() {
        let mut gain = AutoGain::new(Rate::Narrow);
        let mut before = 0.0;
        for frame in words(100.0, 1_000).chunks_mut(160) {
            gain.apply(frame);
            assert!((gain.gain_db() - before).abs() <= 0.061);
            before = gain.gain_db();
        }
        assert_eq!(gain.gain_db(), GAIN_MAX_DB);
    }

    #[test]
    fn who_is_loud_enough_passes_untouched() {
        let mut gain = AutoGain::new(Rate::Narrow);
        let sound = words(2_000.0, 500);
        assert_eq!(amplified(&mut gain, sound.clone()), sound);
    }

    #[test]
    fn noise_between_the_words_is_not_pumped_up() {
        let mut gain = AutoGain::new(Rate::Narrow);
        amplified(&mut gain, words(730.0, 100));
        let before = gain.gain_db();
        amplified(&mut gain, tone(40.0, 400));
        assert!(before > 1.0 && gain.gain_db() <= before + 0.6, "{gain:?}");
    }

    #[test]
    fn the_limiter_holds_the_ceiling_and_leaves_the_rest() {
        let mut limiter = Limiter::default();
        let calm = tone(8_000.0, 20);
        let mut sound = calm.clone();
        sound.chunks_mut(160).for_each(|frame| limiter.apply(frame));
        assert_eq!(sound, calm);
        let mut loud = tone(32_000.0, 50);
        loud.chunks_mut(160).for_each(|frame| limiter.apply(frame));
        let peak = |sound: &[i16]| sound.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(peak(&loud[..160]) <= Some(24_576));
        assert!(peak(&loud[160..]) <= Some(16_384));
        assert!(limiter.gain_db() < -5.0);
    }

    #[test]
    fn the_limiter_lets_go_in_half_a_second() {
        let mut limiter = Limiter::default();
        limiter.apply(&mut tone(32_000.0, 1));
        for frame in tone(1_000.0, 25).chunks_mut(160) {
            limiter.apply(frame);
        }
        assert!(limiter.gain_db() > -0.3);
    }

    #[test]
    fn a_gain_table_is_the_gain_within_g711s_own_steps() {
        for law in [Law::A, Law::Mu] {
            assert!((0..=255).all(|byte| GainTable::new(law, 0).0[byte] == byte as u8));
            let mut payload: Vec<u8> = tone(2_000.0, 10).iter().map(|s| law.encode(*s)).collect();
            let linear =
                |bytes: &[u8]| -> Vec<i16> { bytes.iter().map(|b| law.decode(*b)).collect() };
            let before = level(&linear(&payload));
            GainTable::new(law, 9).apply(&mut payload);
            assert!((level(&linear(&payload)) - before - 9.0).abs() < 0.2);
            GainTable::new(law, -20).apply(&mut payload);
            assert!((level(&linear(&payload)) - before + 11.0).abs() < 0.3);
        }
    }
}
