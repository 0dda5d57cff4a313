//! A party who counts: syllables that are told apart by their pitch, so that one that is missing, cut or said twice is
//! noticed in what is heard.

use std::f32::consts::TAU;

/// A syllable and the silence after it, in samples at 8 kHz.
const SOUNDING: usize = 1_280;
const STEP: usize = 1_920;

/// How long one swells, and dies away.
const SWELL: usize = 240;

const LOUDEST: f32 = 6_000.0;

/// Pitches are so many Hz apart from 300 Hz on: each is an even count of periods in 10 ms.
const PITCHES: usize = 16;
const PITCH_STEP_HZ: f32 = 100.0;

/// 10 ms are told by their strongest pitch.
const PIECE: usize = 80;

/// The mean square of a piece that is within a syllable, and not of its swelling.
const SOUNDS: f32 = 4.0e6;

/// What is said next is never what was said, nor its neighbour.
fn pitch_of(syllable: usize) -> usize {
    syllable * 7 % PITCHES
}

fn hertz(pitch: usize) -> f32 {
    300.0 + pitch as f32 * PITCH_STEP_HZ
}

/// So many syllables.
pub(crate) fn counting(syllables: usize) -> Vec<i16> {
    let sample = |n: usize| {
        let (syllable, at) = (n / STEP, n % STEP);
        let to_edge = at.min(SOUNDING.saturating_sub(at));
        let swelling = (to_edge as f32 / SWELL as f32).min(1.0);
        let phase = hertz(pitch_of(syllable)) * TAU * at as f32 / 8_000.0;
        (LOUDEST * swelling * phase.sin()) as i16
    };
    (0..syllables * STEP).map(sample).collect()
}

/// What a syllable is heard as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syllable {
    pitch: usize,
    /// In pieces of 10 ms.
    length: usize,
}

/// The syllables in a sound: pieces of one pitch in a row.
pub(crate) fn heard(sound: &[i16]) -> Vec<Syllable> {
    let mut heard: Vec<Syllable> = Vec::new();
    let mut last = None;
    for piece in sound.chunks_exact(PIECE) {
        let pitch = strongest(piece);
        match (pitch, heard.last_mut()) {
            (Some(_), Some(syllable)) if pitch == last => syllable.length += 1,
            (Some(pitch), _) => heard.push(Syllable { pitch, length: 1 }),
            (None, _) => {}
        }
        last = pitch;
    }
    heard
}

/// Whether every syllable from the first one that was heard whole to the last was heard once, in order, and as long as it
/// was said, give or take so many milliseconds.
pub(crate) fn are_all_heard(sound: &[i16], give_ms: usize) -> Result<usize, String> {
    let heard = heard(sound);
    let spoken = self::heard(&counting(PITCHES + 1)[STEP..]);
    let length = spoken[0].length * 10;
    // The first and the last one may be cut by where the sound was.
    let inner = heard
        .get(1..heard.len().saturating_sub(1))
        .unwrap_or_default();
    let Some(first) = inner.first() else {
        return Err("nothing was heard".into());
    };
    let start = (0..PITCHES).find(|syllable| pitch_of(*syllable) == first.pitch);
    for (n, syllable) in inner.iter().enumerate() {
        let wanted = pitch_of(start.unwrap_or(0) + n);
        let is_whole = (syllable.length * 10).abs_diff(length) <= give_ms;
        if syllable.pitch != wanted || !is_whole {
            let around = &inner[n.saturating_sub(2)..(n + 3).min(inner.len())];
            return Err(format!(
                "{n}: pitch {wanted} for {length} ms wanted, {around:?}"
            ));
        }
    }
    Ok(inner.len())
}

fn strongest(piece: &[i16]) -> Option<usize> {
    let power: f32 = piece.iter().map(|s| f32::from(*s).powi(2)).sum();
    if power < SOUNDS * piece.len() as f32 {
        return None;
    }
    let of = |pitch: usize| {
        let turn = TAU * hertz(pitch) / 8_000.0;
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in piece.iter().enumerate() {
            re += f32::from(*sample) * (turn * n as f32).cos();
            im += f32::from(*sample) * (turn * n as f32).sin();
        }
        re * re + im * im
    };
    (0..PITCHES).max_by(|a, b| of(*a).total_cmp(&of(*b)))
}

#[test]
fn the_judge_hears_what_is_missing_cut_or_said_twice() {
    let sound = counting(20);
    assert_eq!(are_all_heard(&sound, 0), Ok(18));
    let whole: Vec<&[i16]> = sound.chunks(STEP).collect();
    let missing = [&whole[..5], &whole[6..]].concat().concat();
    let twice = [&whole[..6], &whole[5..]].concat().concat();
    let cut = [&sound[..5 * STEP + 500], &sound[5 * STEP + 900..]].concat();
    for wrong in [missing, twice, cut] {
        assert!(are_all_heard(&wrong, 20).is_err());
    }
}
