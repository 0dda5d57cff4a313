//! How often the detector of human voices is asked, and how late a human is noticed who is asked about now and then.

use std::time::Duration;

use thirdring::media::Codec;
use thirdring::media::hearing::Verdict;
use thirdring::voices::Detector;
use thirdring::words::Entropy;

use super::sounds::{add, babble, noise, samples, silence, speech, tone};
use super::speakers::{music, speakers};
use super::watched::{Call, at};
use crate::peers::missing::{Need, can_run};

/// Long after the call began, whatever sounds: an eighth of the time, and two windows saved before. At 75 us a block this
/// is 0.03 % of a core.
const A_SECOND_MAX: f32 = 4.3;

const BEGINNING: Duration = Duration::from_secs(30);
const SECONDS: f32 = 150.0;

/// Music for so long, then somebody speaks.
const MUSIC: f32 = 60.0;
const NOTICED_MAX: Duration = Duration::from_secs(5);

fn music_for(seconds: f32, from: f32) -> Vec<f32> {
    let ours = music()[0].iter().cycle().skip(samples(from));
    ours.take(samples(seconds)).map(|s| f32::from(*s)).collect()
}

/// Noise for half a second of each.
fn bursts(seconds: f32, entropy: &mut Entropy) -> Vec<f32> {
    let mut sound = noise(-24.0, seconds, 0.5, entropy);
    for second in sound.chunks_mut(samples(1.0)) {
        second[samples(0.5)..].fill(0.0);
    }
    sound
}

#[test]
fn no_sound_is_asked_about_often_in_the_long_run() {
    if !can_run(&[Need::Sounds]) {
        return;
    }
    let entropy = &mut Entropy::from_number(11);
    let mut radio = babble(speakers(), -40.0, SECONDS, entropy);
    add(&mut radio, &music_for(SECONDS, 3.0));
    let sounds = [
        (
            "a voice",
            speech(&speakers()[0], -24.0, SECONDS, 2.0, entropy),
        ),
        ("music", music_for(SECONDS, 0.0)),
        ("music over voices", radio),
        ("noise", noise(-30.0, SECONDS, 0.5, entropy)),
        ("bursts", bursts(SECONDS, entropy)),
        ("busy", tone(&[450.0], -20.0, SECONDS, 0.35, 0.35)),
        ("ring-back", tone(&[450.0], -20.0, SECONDS, 1.0, 4.0)),
        ("nothing", silence(SECONDS)),
    ];
    let mut detector = Detector::new().unwrap();
    for (name, sound) in sounds {
        let (_, asked) = Call::of(&sound, Codec::Pcma).watch_asking(&mut detector);
        let late = asked.iter().filter(|at| **at > BEGINNING).count();
        let a_second = late as f32 / (SECONDS - BEGINNING.as_secs_f32());
        println!(
            "{name}: {} blocks in the first 30 s, then {a_second:.1} a second",
            asked.len() - late
        );
        assert!(a_second <= A_SECOND_MAX, "{name}");
    }
}

#[test]
fn a_human_who_speaks_after_music_is_noticed() {
    if !can_run(&[Need::Sounds]) {
        return;
    }
    let entropy = &mut Entropy::from_number(12);
    let mut detector = Detector::new().unwrap();
    let mut late = Vec::new();
    for (speaker, pause) in speakers()
        .iter()
        .flat_map(|who| [0.0, 0.1, 0.7].map(|p| (who, p)))
    {
        let mut sound = music_for(MUSIC + 0.37 * late.len() as f32, 0.0);
        sound.extend(silence(pause));
        let began = Duration::from_secs_f32(sound.len() as f32 / 8_000.0);
        sound.extend(speech(speaker, -24.0, 10.0, 0.5, entropy));
        add_room(&mut sound, entropy);
        let told = Call::of(&sound, Codec::Pcma).watch(&mut detector);
        assert_eq!(at(&told, began), Verdict::MusicOrTone, "{told:?}");
        let noticed = told.iter().find(|(_, at, voice)| *at > began && *voice);
        let noticed = noticed.map_or(Duration::MAX, |(_, at, _)| *at - began);
        assert!(noticed <= NOTICED_MAX, "{}: {told:?}", speaker.name);
        late.push(noticed);
    }
    late.sort();
    println!(
        "a human after music is noticed within {:?} (half of them), {:?} (all {})",
        late[late.len() / 2],
        late[late.len() - 1],
        late.len()
    );
}

fn add_room(sound: &mut [f32], entropy: &mut Entropy) {
    let seconds = sound.len() as f32 / 8_000.0;
    add(sound, &noise(-60.0, seconds, 0.6, entropy));
}
