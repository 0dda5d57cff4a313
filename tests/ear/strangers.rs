use std::sync::Arc;

use thirdring::ear::{Reference, Repertoire, hear_all};
use thirdring::media::{Phrasebook, Rate};
use thirdring::words::Entropy;

use super::line::{Line, pink, white};
use super::shipped;

/// Half an hour.
const LENGTH_MIN: usize = 30 * 60 * 8000;

#[test]
fn nothing_is_heard_in_half_an_hour_of_other_speech_music_and_noise() {
    let (known, unknown): (Vec<_>, Vec<_>) = shipped()
        .iter()
        .cloned()
        .enumerate()
        .partition(|(index, _)| index % 2 == 0);
    let known: Vec<Reference> = known.into_iter().map(|(_, reference)| reference).collect();
    let unknown: Vec<Reference> = unknown
        .into_iter()
        .map(|(_, reference)| reference)
        .collect();

    let mut dice = Entropy::from_number(11);
    let stream = strange_sounds(&known, &unknown, &mut dice);
    assert!(stream.len() >= LENGTH_MIN, "{} s", stream.len() / 8000);
    let received = Line::ALaw.carry(&stream, 1500.0, &mut dice);
    let heard = hear_all(Arc::new(Repertoire::new(known)), &received);
    println!(
        "{} s of strangers: {} heard",
        stream.len() / 8000,
        heard.len()
    );
    assert_eq!(heard, []);
}

/// Phrases the ear does not know, voices higher and lower than those it knows, speech backwards, music, noise.
fn strange_sounds(known: &[Reference], unknown: &[Reference], dice: &mut Entropy) -> Vec<i16> {
    let mut stream = Vec::new();
    for reference in unknown {
        stream.extend(&reference.samples);
        stream.extend(played_at(0.85, &reference.samples));
        stream.extend(reference.samples.iter().rev());
    }
    for reference in known {
        stream.extend(played_at(0.94, &reference.samples));
        stream.extend(played_at(1.06, &reference.samples));
        stream.extend(reference.samples.iter().rev());
    }
    let music = Phrasebook::shipped().music(Rate::Narrow).unwrap();
    stream.extend(music.samples());
    stream.extend(played_at(1.12, music.samples()));
    stream.extend(white(480_000, dice).iter().map(|s| (s * 800.0) as i16));
    stream.extend(pink(480_000, dice).iter().map(|s| (s * 800.0) as i16));
    stream
}

/// Faster and higher, or slower and lower.
fn played_at(speed: f32, samples: &[i16]) -> Vec<i16> {
    let length = (samples.len() as f32 / speed) as usize - 2;
    let between = |n: usize| {
        let at = n as f32 * speed;
        let (whole, part) = (at as usize, at.fract());
        let (one, next) = (f32::from(samples[whole]), f32::from(samples[whole + 1]));
        (one + part * (next - one)) as i16
    };
    (0..length).map(between).collect()
}
