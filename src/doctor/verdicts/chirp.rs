//! A chirp, and where in a recording it is: how long sound takes from the ear to the microphone.

use std::f32::consts::TAU;

use realfft::RealFftPlanner;

use crate::seats::sound_cards::SAMPLE_RATE;

/// Half a second, long enough to be told from words and noise.
const LENGTH: usize = SAMPLE_RATE as usize / 2;
/// What headsets and telephones carry.
const FROM_HZ: f32 = 300.0;
const TO_HZ: f32 = 3_400.0;
/// -20 dBFS: heard, and no shock to whoever wears it.
const PEAK: f32 = 0.1;
/// It fades in and out over so many samples: 10 ms.
const FADE: usize = SAMPLE_RATE as usize / 100;

/// A tone that rises evenly.
pub(in crate::doctor) fn chirp() -> Vec<f32> {
    let seconds = LENGTH as f32 / SAMPLE_RATE as f32;
    let sample = |n: usize| {
        let t = n as f32 / SAMPLE_RATE as f32;
        let turns = FROM_HZ * t + (TO_HZ - FROM_HZ) * t * t / (2.0 * seconds);
        let edge = n.min(LENGTH - 1 - n).min(FADE) as f32 / FADE as f32;
        PEAK * edge * (TAU * turns.fract()).sin()
    };
    (0..LENGTH).map(sample).collect()
}

/// Where in a recording a sound is, and how like it is what is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::doctor) struct Place {
    /// Its first sample.
    pub(in crate::doctor) at: usize,
    /// Normalised correlation, 0 to 1.
    pub(in crate::doctor) likeness: f32,
}

/// The likest place; none where the recording is shorter than the sound.
pub(in crate::doctor) fn find(sound: &[f32], heard: &[f32]) -> Option<Place> {
    let places = heard.len().checked_sub(sound.len())? + 1;
    let products = products(sound, heard);
    let own = energy(sound);
    let mut theirs = energy(heard.get(..sound.len())?);
    let mut best = Place {
        at: 0,
        likeness: 0.0,
    };
    for (at, product) in products.iter().take(places).enumerate() {
        // Below it there is nothing but rounding.
        let likeness = f64::from(product.abs()) / (own * theirs.max(own * 1e-9)).sqrt();
        if likeness as f32 > best.likeness {
            best = Place {
                at,
                likeness: likeness as f32,
            };
        }
        let (leaves, enters) = (heard.get(at), heard.get(at + sound.len()));
        theirs += square(enters) - square(leaves);
    }
    Some(best)
}

/// The sum of products at each place, by way of the spectrum.
fn products(sound: &[f32], heard: &[f32]) -> Vec<f32> {
    let length = (sound.len() + heard.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(length),
        planner.plan_fft_inverse(length),
    );
    let spectrum = |samples: &[f32]| {
        let mut block = forward.make_input_vec();
        for (place, sample) in block.iter_mut().zip(samples) {
            *place = if sample.is_finite() { *sample } else { 0.0 };
        }
        let mut spectrum = forward.make_output_vec();
        forward
            .process(&mut block, &mut spectrum)
            .expect("the buffers were made by this transform");
        spectrum
    };
    let mut product = spectrum(heard);
    for (theirs, ours) in product.iter_mut().zip(spectrum(sound)) {
        *theirs *= ours.conj();
    }
    // The first and the last bin of a real signal are real; rounding may say otherwise.
    for edge in [0, length / 2] {
        product[edge].im = 0.0;
    }
    let mut products = inverse.make_output_vec();
    inverse
        .process(&mut product, &mut products)
        .expect("the buffers were made by this transform");
    let scale = 1.0 / length as f32;
    products.iter_mut().for_each(|it| *it *= scale);
    products
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|it| square(Some(it))).sum()
}

fn square(sample: Option<&f32>) -> f64 {
    let sample = sample.copied().filter(|it| it.is_finite());
    f64::from(sample.unwrap_or_default()).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize, peak: f32) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            peak * ((state >> 8) as f32 / 8_388_608.0 - 1.0)
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn it_is_found_in_noise_to_the_sample() {
        let sound = chirp();
        let mut heard = noise(2 * LENGTH, 0.02);
        for (place, sample) in heard.iter_mut().skip(12_345).zip(&sound) {
            *place += 0.3 * sample;
        }
        let place = find(&sound, &heard).unwrap();
        assert_eq!(place.at, 12_345);
        assert!(place.likeness > 0.6, "{place:?}");
    }

    #[test]
    fn noise_and_silence_are_no_chirp() {
        let sound = chirp();
        assert!(find(&sound, &noise(3 * LENGTH, 0.1)).unwrap().likeness < 0.15);
        assert_eq!(find(&sound, &vec![0.0; 2 * LENGTH]).unwrap().likeness, 0.0);
        assert_eq!(find(&sound, &[0.0; 10]), None);
        assert!(find(&sound, &vec![f32::NAN; 2 * LENGTH]).is_some());
    }
}
