/// The power at one frequency in a piece of sound at 8 kHz, by Goertzel's recursion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resonator {
    coefficient: f32,
    last: f32,
    before: f32,
    samples: usize,
}

impl Resonator {
    pub(super) fn new(hz: f32) -> Self {
        Self {
            coefficient: 2.0 * (std::f32::consts::TAU * hz / 8_000.0).cos(),
            last: 0.0,
            before: 0.0,
            samples: 0,
        }
    }

    pub(super) fn hear(&mut self, sound: &[i16]) {
        let (mut last, mut before) = (self.last, self.before);
        for sample in sound {
            let next = f32::from(*sample) + self.coefficient * last - before;
            (last, before) = (next, last);
        }
        (self.last, self.before) = (last, before);
        self.samples += sound.len();
    }

    /// The mean power, in squared 16-bit steps, of the sine that was heard since the last time.
    pub(super) fn take_power(&mut self) -> f32 {
        let (last, before) = (self.last, self.before);
        let squared = last * last + before * before - self.coefficient * last * before;
        // A sine of amplitude A: |X|^2 = (A N / 2)^2, and its power is A^2 / 2.
        let samples = self.samples.max(1) as f32;
        (self.last, self.before, self.samples) = (0.0, 0.0, 0);
        2.0 * squared / (samples * samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_has_its_power_where_it_is_and_none_elsewhere() {
        let sine: Vec<i16> = (0..800)
            .map(|n| ((n as f32 * std::f32::consts::TAU / 8.0).sin() * 4_000.0) as i16)
            .collect();
        let power = |hz| {
            let mut resonator = Resonator::new(hz);
            sine.chunks(160).for_each(|frame| resonator.hear(frame));
            resonator.take_power()
        };
        assert!((power(1_000.0) / 8e6 - 1.0).abs() < 0.01);
        assert!(power(1_100.0) < 100.0);
    }
}
