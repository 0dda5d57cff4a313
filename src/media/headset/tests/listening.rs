//! What a headset notices of its rep, its microphone and its room.

use super::*;

/// Words of 300 ms with pauses of 200, of a voice of 150 Hz.
fn words(seconds: usize) -> Vec<f32> {
    let speaks = |n: usize| n / 480 % 50 < 30;
    let harmonic = |n: usize, k: usize| {
        let turns = (150 * k * n % DEVICE_HZ as usize) as f32 / DEVICE_HZ as f32;
        0.1 / k as f32 * (TAU * turns).sin()
    };
    let at = |n: usize| {
        if speaks(n) {
            (1..=8).map(|k| harmonic(n, k)).sum()
        } else {
            0.0001
        }
    };
    (0..seconds * DEVICE_HZ as usize).map(at).collect()
}

#[test]
fn talking_while_muted_is_told_and_heard_by_the_rep() {
    let mut headset = headset(Codec::Pcma);
    packets(&mut headset, &words(1));
    assert_eq!(all_news(&mut headset).len(), 1);
    headset.set_muted(true);
    let mut ear = vec![0.0; 48_000];
    headset.play(&mut ear, after(0, 48_000.0));
    assert_eq!(onset(&ear, 0.0), None);
    packets(&mut headset, &words(2));
    assert!(all_news(&mut headset).contains(&News::TalkingWhileMuted));
    headset.play(&mut ear, after(0, 48_000.0));
    assert!(onset(&ear, 0.05).is_some());
}

#[test]
fn a_microphone_that_gives_zeros_is_dead_until_it_sounds() {
    let mut headset = headset(Codec::Pcma);
    let is_level = |news: &News| matches!(news, News::Level(_));
    let mut news = |sound: &[f32]| {
        packets(&mut headset, sound);
        let mut news = all_news(&mut headset);
        news.retain(|news| !is_level(news));
        news
    };
    assert_eq!(news(&[0.0; 48_000]), []);
    assert_eq!(news(&[0.0; 96_000]), [News::MicrophoneDead]);
    assert_eq!(news(&[0.0; 96_000]), []);
    assert_eq!(news(&words(1)), [News::MicrophoneAlive]);
}

#[test]
fn each_second_says_how_loud_it_was() {
    let mut headset = headset(Codec::G722);
    packets(&mut headset, &tone(440.0, 0.1, 48_000));
    let news = all_news(&mut headset);
    let [News::Level(dbov)] = news[..] else {
        panic!("{news:?}");
    };
    assert!((dbov + 23.0).abs() < 0.2, "{dbov}");
}

#[test]
fn signals_sound_over_the_line_and_before_it() {
    let mut ear = headset(Codec::Pcma);
    ear.start(Signal::Joining);
    let mut sound = vec![0.0; 24_000];
    ear.play(&mut sound, after(0, 48_000.0));
    let began = onset(&sound, 0.05).unwrap();
    assert!(began < 10 * 48, "{began}");
    let sent = packets(&mut headset(Codec::Pcma), &tone(440.0, 0.2, 48_000));
    ear.start(Signal::Rejoined);
    let sound = heard(&mut ear, &sent, 48_000, 48_000.0);
    let loudest = |sound: &[f32]| sound.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
    assert!(loudest(&sound[4_800..12_000]) > 0.25);
    assert!(loudest(&sound[24_000..]) < 0.22);
}
