/// Reflection coefficients that are used: more say nothing of a telephone's noise.
pub(super) const ORDER: usize = 12;

/// A mean amplitude below this has no sample but 0.
const AUDIBLE: f32 = 0.2;

/// Less than 1 whatever comes, so that the filter is stable.
const REFLECTION_MAX: f32 = 0.98;

/// The part of the way to a new level that is gone with each sample: 16 ms at 8 kHz.
const APPROACH: f32 = 1.0 / 128.0;

/// What was not described is at most this loud: -45 dBov, as a power.
const IMITATED_MAX: f32 = 33_955.0;

/// Keeps the imitation of a hum from ringing: noise at -30 dB beside it.
const WHITER: f32 = 1.001;

/// No noise is louder, whatever is described: -20 dBov. What is louder comforts nobody.
const LEVEL_MIN: u8 = 20;

/// No sample of a noise is so much louder than its mean. While one filter takes over from another, what rings in it can
/// be.
const PEAK: f32 = 5.0;

/// Noise as the other end described it (RFC 3389), or as it was heard.
#[derive(Debug)]
pub(super) struct ComfortNoise {
    reflections: [f32; ORDER],
    /// The excitation that gives the level which was asked for, and the one there is.
    wanted: f32,
    gain: f32,
    /// The mean amplitude that was asked for, and the one there is.
    wanted_rms: f32,
    rms: f32,
    backward: [f32; ORDER + 1],
    state: u32,
}

impl ComfortNoise {
    pub(super) fn new() -> Self {
        Self {
            reflections: [0.0; ORDER],
            wanted: 0.0,
            gain: 0.0,
            wanted_rms: 0.0,
            rms: 0.0,
            backward: [0.0; ORDER + 1],
            state: 1,
        }
    }

    /// Reads a payload: the level in -dBov, then quantised reflection coefficients (RFC 3389 3.1, 3.2).
    pub(super) fn describe(&mut self, payload: &[u8]) {
        let (level, coefficients) = payload.split_first().unwrap_or((&127, &[]));
        self.reflections = [0.0; ORDER];
        for (reflection, byte) in self.reflections.iter_mut().zip(coefficients) {
            let value = (f32::from(*byte) - 127.0) * 258.0 / 32_768.0;
            *reflection = value.clamp(-REFLECTION_MAX, REFLECTION_MAX);
        }
        let rms = 32_768.0 * 10_f32.powf(-f32::from((level & 0x7f).max(LEVEL_MIN)) / 20.0);
        self.sound_at(rms);
    }

    /// Imitates a noise, softly: by its autocorrelation, for one sample (Levinson's recursion).
    pub(super) fn imitate(&mut self, correlation: &[f32; ORDER + 1]) {
        let power = correlation[0];
        let mut filter = [0.0; ORDER];
        let mut error = power * WHITER;
        self.reflections = [0.0; ORDER];
        for stage in 0..ORDER {
            if error <= 0.0 {
                break;
            }
            let said = filter[..stage]
                .iter()
                .zip(correlation[1..=stage].iter().rev());
            let said: f32 = said.map(|(a, r)| a * r).sum();
            let k = -(correlation[stage + 1] + said) / error;
            let k = k.clamp(-REFLECTION_MAX, REFLECTION_MAX);
            let before = filter;
            for (one, other) in filter.iter_mut().zip(before[..stage].iter().rev()) {
                *one += k * other;
            }
            filter[stage] = k;
            self.reflections[stage] = k;
            error *= 1.0 - k * k;
        }
        self.sound_at(power.min(IMITATED_MAX).sqrt());
    }

    /// Falls silent.
    pub(super) fn end(&mut self) {
        self.sound_at(0.0);
    }

    /// Whether it is, or is to be, heard at all.
    pub(super) fn is_audible(&self) -> bool {
        self.rms.max(self.wanted_rms) > AUDIBLE
    }

    fn sound_at(&mut self, rms: f32) {
        let passed: f32 = self.reflections.iter().map(|k| 1.0 - k * k).product();
        self.wanted = rms * passed.sqrt();
        self.wanted_rms = rms;
    }

    pub(super) fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            self.gain += (self.wanted - self.gain) * APPROACH;
            self.rms += (self.wanted_rms - self.rms) * APPROACH;
            let excitation = self.gain * self.white();
            let loudest = PEAK * self.rms;
            *sample = self.lattice(excitation).clamp(-loudest, loudest) as i16;
        }
    }

    /// The all-pole lattice filter of the reflection coefficients.
    fn lattice(&mut self, excitation: f32) -> f32 {
        let mut forward = excitation;
        for stage in (0..ORDER).rev() {
            let k = self.reflections[stage];
            forward -= k * self.backward[stage];
            // One place more than the order: what the last stage reflects goes nowhere.
            self.backward[stage + 1] = self.backward[stage] + k * forward;
        }
        self.backward[0] = forward;
        forward
    }

    /// Uniform noise of variance 1: xorshift, for no ear finds a period of 2^32.
    fn white(&mut self) -> f32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        f32::sqrt(3.0) * (self.state as f32 / (u32::MAX / 2) as f32 - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level in dBov, and how like each sample is to the one before.
    fn measured(payload: &[u8]) -> (f32, f32) {
        let mut noise = ComfortNoise::new();
        noise.describe(payload);
        heard(&mut noise)
    }

    fn heard(noise: &mut ComfortNoise) -> (f32, f32) {
        let mut out = [0; 16_000];
        noise.fill(&mut out);
        let sound: Vec<f32> = out[4_000..]
            .iter()
            .map(|s| f32::from(*s) / 32_768.0)
            .collect();
        let power: f32 = sound.iter().map(|s| s * s).sum();
        let next: f32 = sound.windows(2).map(|pair| pair[0] * pair[1]).sum();
        (10.0 * (power / sound.len() as f32).log10(), next / power)
    }

    #[test]
    fn noise_has_the_level_and_the_colour_it_was_described_with() {
        let (level, likeness) = measured(&[40]);
        assert!((level + 40.0).abs() < 1.0 && likeness.abs() < 0.05);
        // The first coefficient -0.7: each sample is like the one before.
        let (level, likeness) = measured(&[30, 127 - 89]);
        assert!((level + 30.0).abs() < 1.0 && (likeness - 0.7).abs() < 0.05);
    }

    #[test]
    fn an_imitation_sounds_like_what_was_heard_but_soft() {
        let imitated = |correlation: &[f32; ORDER + 1]| {
            let mut noise = ComfortNoise::new();
            noise.imitate(correlation);
            heard(&mut noise)
        };
        // -50 dBov, each sample like the one before.
        let power = 32_768.0_f32.powi(2) * 1e-5;
        let correlation = std::array::from_fn(|lag| power * 0.7_f32.powi(lag as i32));
        let (level, likeness) = imitated(&correlation);
        assert!((level + 50.0).abs() < 1.0 && (likeness - 0.7).abs() < 0.05);
        let (level, _) = imitated(&correlation.map(|r| 100.0 * r));
        assert!((level + 45.0).abs() < 1.0, "{level}");
        assert_eq!(imitated(&[0.0; ORDER + 1]).0, f32::NEG_INFINITY);
        assert!(imitated(&[1e6; ORDER + 1]).0 < -40.0);
    }

    #[test]
    fn no_description_hurts() {
        for payload in [[0].as_slice(), &[0, 0], &[0, 255, 0, 3]] {
            let (level, _) = measured(payload);
            assert!((level + 20.0).abs() < 2.0, "{payload:?}: {level}");
        }
    }

    #[test]
    fn what_rings_on_of_one_description_does_not_burst_out_in_the_next() {
        let mut noise = ComfortNoise::new();
        let mut out = [0; 8_000];
        noise.describe(&[20]);
        noise.fill(&mut out);
        // Found by the fuzz test of play-out.
        noise.describe(&[20, 0, 5, 57, 96, 67, 105, 86, 74, 21, 43, 88, 86]);
        noise.fill(&mut out);
        assert!(out.iter().all(|sample| sample.unsigned_abs() <= 16_500));
    }

    #[test]
    fn no_payload_makes_it_unstable() {
        assert_eq!(measured(&[]).0, f32::NEG_INFINITY);
        for byte in [0, 255] {
            let (level, _) = measured(&[[20].as_slice(), &[byte; 40]].concat());
            assert!(level < 0.0);
        }
    }
}
