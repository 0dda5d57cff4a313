//! An hour on hold: our music, and a phrase over it every fifteen seconds.

use super::*;
use crate::media::Phrasebook;
use crate::media::clip::Past;
use crate::media::codec::{FRAME_SAMPLES, Rate};
use crate::media::mixer::{FADE_TICKS, GLIDE_TICKS};
use crate::media::player::Player;
use crate::words::Language;

const PHRASES: usize = 240;
const EVERY: Duration = Duration::from_secs(15);
const EVERY_SLOTS: usize = 750;

fn music() -> Arc<Clip> {
    Phrasebook::shipped().music(Rate::Wide).unwrap()
}

fn phrase() -> Arc<Clip> {
    let still = "hold_still".parse().unwrap();
    let book = Phrasebook::shipped();
    book.clip_at(&still, Language::ZhCn, Rate::Wide).unwrap()
}

/// A caller on hold for an hour; the first phrase is said 15 s after its beginning.
fn an_hour(music: &Arc<Clip>, phrase: &Arc<Clip>, under: Under) -> Rig {
    let mut rig = Rig::new(&[CALLER]);
    rig.order(Order::Hear {
        leg: CALLER,
        hears: Hears {
            bed: Bed::Music(Arc::clone(music), under),
            ..Hears::default()
        },
    });
    let start = rig.now;
    for n in 0..PHRASES {
        let onset = start + EVERY * (n as u32 + 1);
        rig.run_until(onset - ms(300));
        rig.say(CALLER, n as u64, phrase, onset);
    }
    rig.run_until(start + EVERY * (PHRASES as u32 + 1) - ms(1));
    rig
}

/// Counts the frames that are the music alone, each of which must be its own tick's; `passed` is the music's time at
/// the beginning of a slot, where `said` phrases lie before it.
fn frames_of_music(
    rig: &Rig,
    music: &Clip,
    silent_slots: usize,
    passed: impl Fn(usize, usize) -> usize,
) -> usize {
    let mut exact = 0;
    for (slot, packet) in rig.packets.iter().enumerate() {
        let said = slot / EVERY_SLOTS;
        let is_spoken_over = said > 0 && slot % EVERY_SLOTS < silent_slots;
        if is_spoken_over || slot < GLIDE_TICKS / FRAME_SAMPLES {
            continue;
        }
        let mut frame = [0; FRAME_SAMPLES];
        music.read(Rate::Narrow, passed(slot, said), Past::Loop, &mut frame);
        let encoded = frame.map(|sample| Law::A.encode(sample));
        assert_eq!(packet.payload, encoded, "slot {slot}");
        exact += 1;
    }
    exact
}

fn stays_on_the_grid(rig: &Rig) {
    let onsets: Vec<(u32, Moment)> = (0..PHRASES as u64).map(|n| rig.started(n)).collect();
    let step = |pair: &[(u32, Moment)]| pair[1].0.wrapping_sub(pair[0].0);
    assert!(onsets.windows(2).all(|pair| step(pair) == 120_000));
    let wholes: Vec<(u64, bool)> = (0..PHRASES as u64).map(|n| (n, true)).collect();
    assert_eq!(rig.ended(), wholes);
    assert!(steps(&rig.packets).iter().all(|s| *s == (1, 160, FRAME)));
}

#[test]
fn for_an_hour_phrases_keep_their_grid_and_ducked_music_its_phase_to_the_sample() {
    let (music, phrase) = (music(), phrase());
    let rig = an_hour(&music, &phrase, Under::Duck);
    stays_on_the_grid(&rig);
    let covered = (phrase.len() + GLIDE_TICKS).div_ceil(FRAME_SAMPLES);
    let exact = frames_of_music(&rig, &music, covered, |slot, _| slot * FRAME_SAMPLES);
    assert!(exact > PHRASES * (EVERY_SLOTS - covered), "{exact}");
}

#[test]
fn for_an_hour_paused_music_misses_no_sample() {
    let (music, phrase) = (music(), phrase());
    let rig = an_hour(&music, &phrase, Under::Pause);
    stays_on_the_grid(&rig);
    let covered = (phrase.len() + FADE_TICKS).div_ceil(FRAME_SAMPLES);
    let paused = phrase.len() - FADE_TICKS;
    let passed = |slot: usize, said: usize| slot * FRAME_SAMPLES - said * paused;
    let exact = frames_of_music(&rig, &music, covered, passed);
    assert!(exact > PHRASES * (EVERY_SLOTS - covered), "{exact}");
}

/// What is heard of music that begins with a phrase 20 frames later, 60 frames in all.
fn heard(music: &Arc<Clip>, phrase: &Arc<Clip>, under: Under, rate: Rate) -> Vec<i16> {
    let mut player = Player::default();
    player.set_bed(&Bed::Music(Arc::clone(music), under), 0);
    player.say(1, Arc::clone(phrase), 20);
    let frames = phrase.len() / FRAME_SAMPLES + 40;
    let mut heard = Vec::new();
    for slot in 0..frames as u64 {
        let mut frame = vec![0; rate.frame_samples()];
        player.begin_slot(slot);
        player.render(slot, rate, &mut frame);
        player.advance();
        heard.extend(frame);
    }
    heard
}

/// -40 dBFS.
const STEP_MAX: i32 = 327;

fn steps_of(samples: &[i16]) -> Vec<i32> {
    let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
    samples.windows(2).map(step).collect()
}

#[test]
fn constant_sounds_are_joined_without_a_step() {
    let music = clip(ms(5_000), 1_036); // -30 dBov
    let mut spoken = vec![-1_642; 4_321]; // -26 dBov
    for n in 0..FADE_TICKS {
        let faded = (-1_642 * n as i32 / FADE_TICKS as i32) as i16;
        let last = spoken.len() - 1 - n;
        (spoken[n], spoken[last]) = (faded, faded);
    }
    let phrase = Arc::new(Clip::from_samples(spoken));
    for under in [Under::Duck, Under::Silence, Under::Pause] {
        for rate in [Rate::Narrow, Rate::Wide] {
            let worst = steps_of(&heard(&music, &phrase, under, rate));
            assert!(worst.iter().max() <= Some(&STEP_MAX), "{under:?} {rate:?}");
        }
    }
}

#[test]
fn our_music_and_phrases_are_joined_without_a_step_of_their_own() {
    let (music, phrase) = (music(), phrase());
    for rate in [Rate::Narrow, Rate::Wide] {
        let whole = |clip: &Clip, past, start: usize, ticks: usize| {
            let mut samples = vec![0; ticks * rate.factor()];
            clip.read(rate, start, past, &mut samples);
            samples
        };
        for under in [Under::Duck, Under::Silence] {
            let heard = heard(&music, &phrase, under, rate);
            let ticks = heard.len() / rate.factor();
            let bed = steps_of(&whole(&music, Past::Loop, 0, ticks));
            let onset = 20 * FRAME_SAMPLES;
            let mut said = vec![0; onset * rate.factor()];
            said.extend(whole(&phrase, Past::Silence, 0, ticks - onset));
            let said = steps_of(&said);
            for (n, step) in steps_of(&heard).iter().enumerate() {
                let own = bed[n] + said[n];
                assert!(step - own <= STEP_MAX, "{under:?} {rate:?} {n}");
            }
        }
        let end = music.len() - 4;
        let seam = steps_of(&whole(&music, Past::Loop, end, 8));
        let usual = steps_of(&whole(&music, Past::Loop, 0, music.len()));
        assert!(seam.iter().max() <= usual.iter().max(), "{seam:?}");
    }
}
