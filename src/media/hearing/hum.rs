use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::level::{SILENCE_DBOV, dbov};
use crate::media::codec::{FRAME_SAMPLES, Frame};

/// What mains put on a line, 50, 100 and 150 Hz: whole waves within a frame of 20 ms.
const WAVES: [usize; 3] = [1, 2, 3];

/// Frames of one measurement: 200 ms, so 5 Hz wide.
const FRAMES: u8 = 10;

/// Measurements a hum lasts through at least: 5 s.
const LASTS: usize = 25;

/// One wave of 50 Hz: its cosine.
static COSINE: LazyLock<[f32; FRAME_SAMPLES]> =
    LazyLock::new(|| std::array::from_fn(|n| (n as f32 * TAU / FRAME_SAMPLES as f32).cos()));

/// Hears the hum of the mains: a tone at 50, 100 or 150 Hz that no word and no pause interrupts.
///
/// Such a tone is the same in each frame, so the frames are laid upon each other and measured as one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hum {
    folded: [i32; FRAME_SAMPLES],
    frames: u8,
    /// The strongest of the three, dBov, of the last 5 s.
    measured: [f32; LASTS],
    next: u8,
}

impl Default for Hum {
    fn default() -> Self {
        LazyLock::force(&COSINE);
        Self {
            folded: [0; FRAME_SAMPLES],
            frames: 0,
            measured: [SILENCE_DBOV; LASTS],
            next: 0,
        }
    }
}

impl Hum {
    pub(super) fn hear(&mut self, frame: &Frame) {
        for (sum, sample) in self.folded.iter_mut().zip(frame) {
            *sum += i32::from(*sample);
        }
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
        let powers = WAVES.map(|waves| self.power(waves));
        if let Some(place) = self.measured.get_mut(usize::from(self.next)) {
            *place = dbov(powers.into_iter().fold(0.0, f32::max));
        }
        self.next = (self.next + 1) % LASTS as u8;
        self.folded.fill(0);
    }

    /// The mean power of a tone of so many waves a frame.
    fn power(&self, waves: usize) -> f32 {
        let (mut cosine, mut sine) = (0.0, 0.0);
        for (n, sum) in self.folded.iter().enumerate() {
            let turn = n * waves;
            cosine += *sum as f32 * COSINE[turn % FRAME_SAMPLES];
            // A quarter of a wave earlier.
            sine += *sum as f32 * COSINE[(turn + 3 * FRAME_SAMPLES / 4) % FRAME_SAMPLES];
        }
        let samples = f32::from(FRAMES) * FRAME_SAMPLES as f32;
        2.0 * (cosine * cosine + sine * sine) / (samples * samples)
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
        (seconds * hz * TAU).sin()
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
