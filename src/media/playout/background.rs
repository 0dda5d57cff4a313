use super::comfort_noise::ORDER;

/// A frame that is at most so much stronger than the quietest one of late is the noise behind the voice: 4 dB.
const STRONGER: f32 = 2.5;

/// What the quietest frame of late counts with each frame more: 2 dB a second.
const FORGET: f32 = 1.0093;

/// No frame counts as quieter than this: -90 dBov.
const POWER_MIN: f32 = 1.0;

/// What one frame weighs: noise is told by the last 160 ms of it.
const WEIGHT: f32 = 0.125;

/// The noise behind a party's voice as it was heard last: this is what their pauses sound like.
#[derive(Debug)]
pub(super) struct Background {
    /// The mean power of a sample in the quietest frame of late; none before the first frame.
    least: Option<f32>,
    correlation: [f32; ORDER + 1],
}

impl Background {
    pub(super) fn new() -> Self {
        Self {
            least: None,
            correlation: [0.0; ORDER + 1],
        }
    }

    /// The autocorrelation of the noise, for one sample; zeros while nothing was heard.
    pub(super) fn correlation(&self) -> &[f32; ORDER + 1] {
        &self.correlation
    }

    /// Takes in a frame that was played as it was sent.
    pub(super) fn hear(&mut self, frame: &[i16]) {
        let power = correlation(frame, 0).max(POWER_MIN);
        let before = self.least.unwrap_or(f32::INFINITY);
        let least = power.min(before * FORGET);
        self.least = Some(least);
        if power > least * STRONGER {
            return;
        }
        let is_another = power * STRONGER < before;
        let weight = if is_another { 1.0 } else { WEIGHT };
        for (lag, mean) in self.correlation.iter_mut().enumerate() {
            *mean += weight * (correlation(frame, lag) - *mean);
        }
    }
}

fn correlation(frame: &[i16], lag: usize) -> f32 {
    let later = frame.get(lag..).unwrap_or_default();
    let products = frame
        .iter()
        .zip(later)
        .map(|(one, other)| f32::from(*one) * f32::from(*other));
    products.sum::<f32>() / frame.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Entropy;

    fn dbov(background: &Background) -> f32 {
        10.0 * (background.correlation()[0] / 32_768.0_f32.powi(2)).log10()
    }

    /// White noise whose level is so many dBov.
    fn noise(entropy: &mut Entropy, dbov: f32) -> [i16; 160] {
        let loudest = 32_768.0 * 3.0_f32.sqrt() * 10_f32.powf(dbov / 20.0);
        std::array::from_fn(|_| {
            (f32::from(entropy.u16().cast_signed()) / 32_768.0 * loudest) as i16
        })
    }

    #[test]
    fn it_is_the_noise_between_the_words() {
        let mut entropy = Entropy::from_number(1);
        let mut background = Background::new();
        for n in 0..500 {
            let level = if n % 50 < 35 { -25.0 } else { -55.0 };
            background.hear(&noise(&mut entropy, level));
        }
        assert!(
            (dbov(&background) + 55.0).abs() < 1.0,
            "{}",
            dbov(&background)
        );
    }

    #[test]
    fn a_louder_room_is_followed() {
        let mut entropy = Entropy::from_number(1);
        let mut background = Background::new();
        for n in 0..1_000 {
            let level = if n < 250 { -65.0 } else { -50.0 };
            background.hear(&noise(&mut entropy, level));
        }
        assert!(
            (dbov(&background) + 50.0).abs() < 1.0,
            "{}",
            dbov(&background)
        );
    }

    #[test]
    fn who_mutes_himself_has_none() {
        let mut background = Background::new();
        background.hear(&[3_000; 160]);
        (0..50).for_each(|_| background.hear(&[0; 160]));
        assert!(dbov(&background) < -60.0);
    }
}
