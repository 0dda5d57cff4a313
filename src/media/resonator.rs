/// The power at some frequencies in a piece of sound at 8 kHz, by Goertzel's recursion, all in step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resonators<const N: usize> {
    coefficients: [f32; N],
    last: [f32; N],
    before: [f32; N],
    samples: usize,
}

impl<const N: usize> Resonators<N> {
    pub(super) fn new(hz: [f32; N]) -> Self {
        Self {
            coefficients: hz.map(|hz| 2.0 * (std::f32::consts::TAU * hz / 8_000.0).cos()),
            last: [0.0; N],
            before: [0.0; N],
            samples: 0,
        }
    }

    pub(super) fn hear(&mut self, sound: &[i16]) {
        let (mut last, mut before) = (self.last, self.before);
        for sample in sound {
            let sample = f32::from(*sample);
            for n in 0..N {
                let next = sample + self.coefficients[n] * last[n] - before[n];
                (last[n], before[n]) = (next, last[n]);
            }
        }
        (self.last, self.before) = (last, before);
        self.samples += sound.len();
    }

    /// The mean power, in squared 16-bit steps, of the sine at each frequency that was heard since the last time.
    pub(super) fn take_powers(&mut self) -> [f32; N] {
        // A sine of amplitude A: |X|^2 = (A N / 2)^2, and its power is A^2 / 2.
        let samples = self.samples.max(1) as f32;
        let powers = std::array::from_fn(|n| {
            let (last, before) = (self.last[n], self.before[n]);
            let squared = last * last + before * before - self.coefficients[n] * last * before;
            2.0 * squared / (samples * samples)
        });
        (self.last, self.before, self.samples) = ([0.0; N], [0.0; N], 0);
        powers
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
        let mut resonators = Resonators::new([1_000.0, 1_100.0]);
        sine.chunks(160).for_each(|frame| resonators.hear(frame));
        let [there, elsewhere] = resonators.take_powers();
        assert!((there / 8e6 - 1.0).abs() < 0.01);
        assert!(elsewhere < 100.0);
        assert_eq!(resonators.take_powers(), [0.0, 0.0]);
    }
}
