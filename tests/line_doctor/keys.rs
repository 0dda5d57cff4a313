//! Half an hour of speech and music holds no key.

use std::path::Path;

use thirdring::media::codec::Rate;
use thirdring::media::dtmf::InBandKeys;

use super::speakers::{MUSIC, SOUNDS, files, wav};
use crate::peers::missing::{Need, can_run};

/// Recordings that are tones.
const TONES: [&str; 6] = ["tone", "beep", "dtmf", "silence", "ring", "busy"];

#[test]
fn no_key_is_heard_in_speech_and_music() {
    if !can_run(&[Need::Sounds]) {
        return;
    }
    let (mut samples, mut found) = (0, Vec::new());
    for path in files(SOUNDS).into_iter().chain(files(MUSIC)) {
        if TONES.iter().any(|tone| path.contains(tone)) {
            continue;
        }
        let (sound, mut keys) = (wav(Path::new(&path)), InBandKeys::default());
        samples += sound.len();
        let heard = sound
            .chunks(160)
            .filter_map(|frame| keys.hear(frame, Rate::Narrow));
        found.extend(heard.map(|key| (path.clone(), key.as_char())));
    }
    let minutes = samples as f32 / 8_000.0 / 60.0;
    println!("in-band keys in {minutes:.0} min of speech and music: {found:?}");
    assert!(minutes >= 27.0 && found.is_empty(), "{found:?}");
}
