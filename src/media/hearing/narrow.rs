use crate::media::codec::{FRAME_SAMPLES, Frame, Rate, WIDE_FRAME_SAMPLES};

/// A half-band low-pass of 11 taps: the outer ones, then the middle; their sum is 512.
const OUTER: [i32; 3] = [3, -25, 150];
const MIDDLE: i32 = 256;
const SCALE: i32 = 512;

const TAPS: usize = 11;

/// Samples before a frame that the low-pass reaches back to.
const REACH: usize = TAPS - 2;

/// Makes 8 kHz of any rate, as well as hearing needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrow {
    before: [i16; REACH],
}

impl Narrow {
    /// The frame at 8 kHz; what is longer than 20 ms is cut off.
    pub fn take(&mut self, frame: &[i16], rate: Rate) -> Frame {
        let mut narrow = [0; FRAME_SAMPLES];
        match rate {
            Rate::Narrow => {
                for (to, from) in narrow.iter_mut().zip(frame) {
                    *to = *from;
                }
            }
            Rate::Wide => self.halve(frame, &mut narrow),
        }
        narrow
    }

    fn halve(&mut self, frame: &[i16], narrow: &mut Frame) {
        let mut sound = [0; REACH + WIDE_FRAME_SAMPLES];
        let length = frame.len().min(WIDE_FRAME_SAMPLES);
        let (before, now) = sound.split_at_mut(REACH);
        before.copy_from_slice(&self.before);
        now[..length].copy_from_slice(&frame[..length]);
        let windows = sound.windows(TAPS).step_by(2);
        for (window, to) in windows.zip(narrow.iter_mut().take(length / 2)) {
            *to = low_pass(window);
        }
        if let Some(last) = sound[..REACH + length].last_chunk() {
            self.before = *last;
        }
    }
}

fn low_pass(window: &[i16]) -> i16 {
    let mut sum = MIDDLE * i32::from(window[TAPS / 2]);
    for (n, weight) in OUTER.iter().enumerate() {
        let (early, late) = (window[2 * n], window[TAPS - 1 - 2 * n]);
        sum += weight * (i32::from(early) + i32::from(late));
    }
    let limits = (i32::from(i16::MIN), i32::from(i16::MAX));
    (sum / SCALE).clamp(limits.0, limits.1) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::hearing::Level;

    /// What is left of a tone at 16 kHz, dB.
    fn left_of(hz: f32) -> f32 {
        let step = std::f32::consts::TAU * hz / 16_000.0;
        let tone: Vec<i16> = (0..3_200)
            .map(|n| ((n as f32 * step).sin() * 10_000.0) as i16)
            .collect();
        let mut narrow = Narrow::default();
        let frames: Vec<Frame> = tone
            .chunks(320)
            .map(|frame| narrow.take(frame, Rate::Wide))
            .collect();
        Level::of(&frames[5..].concat()).dbov - Level::of(&tone).dbov
    }

    #[test]
    fn the_telephone_band_stays_and_what_would_fold_into_it_is_weak() {
        for hz in [100.0, 1_000.0, 3_000.0] {
            assert!(left_of(hz).abs() < 2.0, "{hz} Hz: {} dB", left_of(hz));
        }
        for hz in [6_000.0, 7_000.0] {
            assert!(left_of(hz) < -25.0, "{hz} Hz: {} dB", left_of(hz));
        }
    }

    #[test]
    fn what_is_narrow_stays_as_it_is() {
        let frame: Frame = std::array::from_fn(|n| n as i16);
        assert_eq!(Narrow::default().take(&frame, Rate::Narrow), frame);
    }
}
