use super::level::{SILENCE_DBOV, dbov};
use crate::media::codec::Frame;
use crate::media::resonator::Resonators;

/// What mains put on a line, Hz.
const MAINS_HZ: [f32; 3] = [50.0, 100.0, 150.0];

/// Frames of one measurement: 200 ms, so 5 Hz wide.
const FRAMES: usize = 10;

/// Measurements a hum lasts through at least: 5 s.
const LASTS: usize = 25;

/// Hears the hum of the mains: a tone at 50, 100 or 150 Hz that no word and no pause interrupts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hum {
    resonators: Resonators<3>,
    frames: usize,
    /// The strongest of the three, dBov, of the last 5 s.
    measured: [f32; LASTS],
    next: usize,
}

impl Default for Hum {
    fn default() -> Self {
        Self {
            resonators: Resonators::new(MAINS_HZ),
            frames: 0,
            measured: [SILENCE_DBOV; LASTS],
            next: 0,
        }
    }
}

impl Hum {
    pub(super) fn hear(&mut self, frame: &Frame) {
        self.resonators.hear(frame);
        self.frames += 1;
        if self.frames == FRAMES {
            self.frames = 0;
            self.measure();
        }
    }

    /// The level that the hum had at least in the last 5 s, dBov.
    pub(super) fn dbov(&self) -> f32 {
        self.measured.iter().copied().fold(0.0, f32::min)
    }

    fn measure(&mut self) {
        let powers = self.resonators.take_powers();
        self.measured[self.next] = dbov(powers.into_iter().fold(0.0, f32::max));
        self.next = (self.next + 1) % LASTS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::FRAME_SAMPLES;

    fn heard(seconds: f32, sample: impl Fn(f32) -> f32) -> Hum {
        let mut hum = Hum::default();
        for frame in 0..(seconds * 50.0) as usize {
            let first = frame * FRAME_SAMPLES;
            hum.hear(&std::array::from_fn(|n| {
                sample((first + n) as f32 / 8_000.0) as i16
            }));
        }
        hum
    }

    fn sine(seconds: f32, hz: f32) -> f32 {
        (seconds * hz * std::f32::consts::TAU).sin()
    }

    #[test]
    fn a_hum_is_measured_after_five_seconds() {
        let hum = |seconds| heard(seconds, |at| 400.0 * sine(at, 100.1)).dbov();
        assert!((hum(5.2) + 41.3).abs() < 0.5);
        assert_eq!(hum(4.0), SILENCE_DBOV);
    }

    #[test]
    fn a_voice_of_a_hundred_hertz_with_pauses_is_none() {
        let voice = |at: f32| {
            if at % 1.0 < 0.6 {
                8_000.0 * sine(at, 100.0)
            } else {
                0.0
            }
        };
        assert!(heard(10.0, voice).dbov() < -60.0);
    }

    #[test]
    fn a_tone_elsewhere_is_none() {
        assert!(heard(6.0, |at| 8_000.0 * sine(at, 425.0)).dbov() < -50.0);
    }
}
