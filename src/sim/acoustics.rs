//! What can be measured of a piece of sound at 8 kHz.

use std::f32::consts::TAU;

use crate::media::FRAME_SAMPLES;

/// Nobody hears what is quieter: 10 dB below the comfort noise of a usual line.
pub(super) const SILENT_DBOV: f32 = -60.0;

/// Of nothing at all.
const LEAST_DBOV: f32 = -100.0;

/// From which part of the peak on a sample counts as being there.
const AT_PEAK: f32 = 0.98;
/// -30 dB of full scale.
const PEAK_LEAST: u16 = 1_000;

/// The mean level, where 0 is a full-scale square wave (ITU-T G.100.1).
pub(super) fn level_dbov(sound: &[i16]) -> f32 {
    let power: f64 = sound.iter().map(|it| f64::from(*it).powi(2)).sum();
    let mean = power / sound.len().max(1) as f64 / 32_768.0_f64.powi(2);
    ((10.0 * mean.max(1e-10).log10()) as f32).max(LEAST_DBOV)
}

/// The level of the loudest 20 ms.
pub(super) fn loudest_dbov(sound: &[i16]) -> f32 {
    let frames = sound.chunks(FRAME_SAMPLES).map(level_dbov);
    frames.fold(LEAST_DBOV, f32::max)
}

/// The part of the power that is at this frequency, 0-1; a second of sound tells tones 2 Hz apart.
pub(super) fn tone_part(sound: &[i16], hz: f32) -> f32 {
    let (mut re, mut im, mut power) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (n, sample) in sound.iter().enumerate() {
        let (sample, turn) = (f64::from(*sample), f64::from(TAU * hz / 8_000.0) * n as f64);
        re += sample * turn.cos();
        im += sample * turn.sin();
        power += sample * sample;
    }
    // A sine of amplitude A: |X|^2 = (A N / 2)^2, and its power N A^2 / 2.
    let tone = 2.0 * (re * re + im * im) / sound.len().max(1) as f64;
    (tone / power.max(1.0)) as f32
}

/// The part of the samples that are as loud as the loudest, 0-1: few in speech, many where its peaks were cut off. What is quiet
/// has no peaks.
pub(super) fn flat_part(sound: &[i16]) -> f32 {
    let peak = sound.iter().map(|it| it.unsigned_abs()).max().unwrap_or(0);
    if peak < PEAK_LEAST {
        return 0.0;
    }
    let least = f32::from(peak) * AT_PEAK;
    let is_flat = |it: &&i16| f32::from(it.unsigned_abs()) >= least;
    sound.iter().filter(is_flat).count() as f32 / sound.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, amplitude: f32) -> Vec<i16> {
        let at = |n: i32| (n as f32 * TAU * hz / 8_000.0).sin() * amplitude;
        (0..8_000).map(|n| at(n) as i16).collect()
    }

    #[test]
    fn a_sine_has_its_level_and_its_frequency() {
        let sound = sine(440.0, 8_000.0);
        let level = level_dbov(&sound);
        assert!((level - -15.26).abs() < 0.1, "{level}");
        assert!(tone_part(&sound, 440.0) > 0.99);
        assert!(tone_part(&sound, 450.0) < 0.01);
        assert!(tone_part(&[0; 800], 440.0) < 0.01);
    }

    #[test]
    fn silence_is_silent_until_its_loudest_frame_is_not() {
        let mut sound = vec![8; 8_000];
        assert!(loudest_dbov(&sound) < SILENT_DBOV);
        sound[4_000..4_160].fill(100);
        assert!(loudest_dbov(&sound) > SILENT_DBOV && level_dbov(&sound) < SILENT_DBOV);
        assert_eq!(level_dbov(&[]), LEAST_DBOV);
    }

    #[test]
    fn cut_off_peaks_are_flat() {
        let sound = sine(440.0, 8_000.0);
        let cut: Vec<i16> = sound.iter().map(|it| (*it).clamp(-3_000, 3_000)).collect();
        assert!(flat_part(&cut) > 3.0 * flat_part(&sound));
        assert_eq!(flat_part(&[8; 100]), 0.0);
    }
}
