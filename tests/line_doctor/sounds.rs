//! What is put together to make a call: speech, noise, tones.

use thirdring::words::Entropy;

use super::speakers::{Speaker, at_level};

/// Samples of so many seconds.
pub(super) fn samples(seconds: f32) -> usize {
    (seconds * 8_000.0) as usize
}

pub(super) fn silence(seconds: f32) -> Vec<f32> {
    vec![0.0; samples(seconds)]
}

/// 0 to 1.
pub(super) fn share(entropy: &mut Entropy) -> f32 {
    f32::from(entropy.u16()) / 65_536.0
}

/// One of several.
pub(super) fn pick<'a, T>(of: &'a [T], entropy: &mut Entropy) -> &'a T {
    &of[entropy.below(of.len() as u32) as usize]
}

/// So many seconds of one person, with pauses of at most `pause` seconds.
pub(super) fn speech(
    speaker: &Speaker,
    dbov: f32,
    seconds: f32,
    pause: f32,
    entropy: &mut Entropy,
) -> Vec<f32> {
    let mut sound = Vec::new();
    while sound.len() < samples(seconds) {
        sound.extend(at_level(pick::<Vec<i16>>(&speaker.says, entropy), dbov));
        sound.extend(silence(pause * share(entropy)));
    }
    sound.truncate(samples(seconds));
    sound
}

/// Noise of a level; `colour` 0 is white, near 1 a rumble.
pub(super) fn noise(dbov: f32, seconds: f32, colour: f32, entropy: &mut Entropy) -> Vec<f32> {
    let mut last = 0.0;
    let raw = (0..samples(seconds)).map(|_| {
        let white = share(entropy) + share(entropy) - 1.0;
        last = colour * last + white;
        last
    });
    with_power(raw.collect(), dbov)
}

/// Six people who speak at once, somewhere behind.
pub(super) fn babble(
    speakers: &[Speaker],
    dbov: f32,
    seconds: f32,
    entropy: &mut Entropy,
) -> Vec<f32> {
    let mut sum = silence(seconds);
    for _ in 0..6 {
        let speaker = pick(speakers, entropy);
        add(&mut sum, &speech(speaker, -26.0, seconds, 0.3, entropy));
    }
    with_power(sum, dbov)
}

/// Sines of these frequencies, each as loud; on and off for so many seconds.
pub(super) fn tone(hz: &[f32], dbov: f32, seconds: f32, on: f32, off: f32) -> Vec<f32> {
    let always = (0..samples(seconds)).map(|n| {
        let at = n as f32 * std::f32::consts::TAU / 8_000.0;
        hz.iter().map(|hz| (at * hz).sin()).sum()
    });
    let mut sound = with_power(always.collect(), dbov);
    for (n, sample) in sound.iter_mut().enumerate() {
        if n as f32 / 8_000.0 % (on + off) >= on {
            *sample = 0.0;
        }
    }
    sound
}

pub(super) fn add(sound: &mut [f32], other: &[f32]) {
    for (sample, other) in sound.iter_mut().zip(other) {
        *sample += other;
    }
}

/// With this mean power.
pub(super) fn with_power(mut sound: Vec<f32>, dbov: f32) -> Vec<f32> {
    let power = sound.iter().map(|s| s * s).sum::<f32>() / sound.len().max(1) as f32;
    let gain = 32_768.0 * 10_f32.powf(dbov / 20.0) / power.sqrt().max(1e-9);
    sound.iter_mut().for_each(|sample| *sample *= gain);
    sound
}
