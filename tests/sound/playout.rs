//! What a party hears of a network's doings, in virtual time.

use std::time::Duration;

use proptest::prelude::*;
use thirdring::media::{Codec, Content, Law, Played, Playout, RtpHeader};
use thirdring::words::{Entropy, Moment};

use super::network::{Jitter, Network, Packet, Source};
use super::playing::{COMFORT_NOISE, FRAME, Heard, play};
use super::syllables;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A voice of 125 Hz that is never silent, and the same in any two seconds.
fn voice(seconds: usize) -> Vec<i16> {
    let sample = |n: usize| {
        let phase = (n % 64) as f32 / 64.0 * std::f32::consts::TAU;
        (6_000.0 * phase.sin() + 3_000.0 * (3.0 * phase).sin()) as i16
    };
    (0..seconds * 8_000).map(sample).collect()
}

fn lossless(sound: &[i16]) -> Vec<i16> {
    let through = |sample: &i16| Law::Mu.decode(Law::Mu.encode(*sample));
    sound.iter().map(through).collect()
}

/// Played for as long as the packets come.
fn hear(come: &[Packet]) -> Heard {
    let (Some(first), Some(last)) = (come.first(), come.last()) else {
        panic!("nothing came");
    };
    let start = first.at + ms(7);
    let frames = last.at.since(start).as_millis() / 20;
    play(Codec::Pcmu, come, start, frames as usize)
}

/// The largest change of slope: a click is one of thousands.
fn sharpest(sound: &[i16]) -> i32 {
    let bends = sound.windows(3).map(|three| {
        let [a, b, c] = [three[0], three[1], three[2]].map(i32::from);
        (a - 2 * b + c).abs()
    });
    bends.max().unwrap_or(0)
}

/// From the first frame of sound on.
fn from_first_sound(heard: &Heard) -> &[i16] {
    let first = heard
        .played
        .iter()
        .position(|played| *played == Played::Sound);
    &heard.sound[first.unwrap_or(0) * FRAME..]
}

#[test]
fn packets_of_any_length_are_heard_as_they_were_sent() {
    let sound = voice(5);
    for packet in [80, 160, 240, 320, 480] {
        let source = Source {
            packet,
            ..Source::default()
        };
        let heard = hear(&Network::default().carry(source.packets(&sound, Moment::ZERO)));
        let out = from_first_sound(&heard);
        assert_eq!(out, &lossless(&sound)[..out.len()], "{packet} samples");
        assert_eq!(heard.frames(Played::Concealed), 0);
        let most = heard.delays.iter().max().unwrap();
        assert!(*most < ms(40) + ms(packet as u64 / 8), "{packet}: {most:?}");
    }
}

#[test]
fn duplicates_are_counted_and_not_heard() {
    let sound = voice(10);
    let network = Network {
        duplicates: 0.2,
        ..Network::default()
    };
    let heard = hear(&network.carry(Source::default().packets(&sound, Moment::ZERO)));
    let out = from_first_sound(&heard);
    assert_eq!(out, &lossless(&sound)[..out.len()]);
    assert!(
        (70..130).contains(&heard.counts.duplicate),
        "{:?}",
        heard.counts
    );
}

#[test]
fn packets_out_of_order_are_waited_for() {
    let network = Network {
        reordered: 0.1,
        ..Network::default()
    };
    let heard = hear(&network.carry(Source::default().packets(&voice(60), Moment::ZERO)));
    // Until it is known that some come later.
    assert!(heard.counts.concealed_ms <= 100, "{:?}", heard.counts);
    assert!(heard.mean_delay() < ms(60), "{:?}", heard.mean_delay());
}

#[test]
fn a_drifting_clock_is_followed_without_a_click() {
    let sound = voice(600);
    let clean = sharpest(&lossless(&sound[..8_000]));
    for drift_ppm in [-200, 200] {
        let source = Source {
            drift_ppm,
            ..Source::default()
        };
        let network = Network {
            jitter: Jitter::Even { most: ms(3) },
            ..Network::default()
        };
        let heard = hear(&network.carry(source.packets(&sound, Moment::ZERO)));
        let settled = &heard.delays[100..];
        let (least, most) = (settled.iter().min().unwrap(), settled.iter().max().unwrap());
        assert!(*least > ms(15) && *most < ms(75), "{least:?} to {most:?}");
        assert_eq!(heard.counts.concealed_ms, 0);
        let stretched = heard.counts.shortened_ms + heard.counts.lengthened_ms;
        assert!((80..=160).contains(&stretched), "{:?}", heard.counts);
        let sharpest = sharpest(from_first_sound(&heard));
        assert!(sharpest < clean * 3 / 2, "{sharpest} {clean}");
    }
}

/// The largest change of slope of what is told in syllables, where nothing happens to it.
fn sharpest_of_syllables() -> i32 {
    sharpest(&lossless(&syllables::counting(16)))
}

/// What does not lose a packet loses no syllable, says none twice, and clicks nowhere.
fn is_heard_well(name: &str, source: Source, network: Network, syllables: usize) -> Heard {
    let sound = syllables::counting(syllables);
    let heard = hear(&network.carry(source.packets(&sound, Moment::ZERO)));
    let all = syllables::are_all_heard(from_first_sound(&heard), 20);
    let count = *all.as_ref().unwrap_or(&0);
    assert!(count >= syllables - 3, "{name}: {all:?}");
    let (sharpest, usual) = (sharpest(&heard.sound), sharpest_of_syllables());
    assert!(
        sharpest < usual * 3 / 2,
        "{name}: {sharpest}, usual {usual}"
    );
    heard
}

#[test]
fn packets_of_any_length_lose_no_syllable_though_they_jitter() {
    for packet in [80, 160, 240, 320, 480] {
        let source = Source {
            packet,
            ..Source::default()
        };
        let network = Network {
            jitter: Jitter::Even { most: ms(15) },
            ..Network::default()
        };
        is_heard_well(&format!("{packet} samples"), source, network, 60);
    }
}

#[test]
fn a_drifting_clock_neither_loses_nor_repeats_a_syllable() {
    for drift_ppm in [-200, 200] {
        let source = Source {
            drift_ppm,
            ..Source::default()
        };
        let network = Network {
            jitter: Jitter::Even { most: ms(3) },
            ..Network::default()
        };
        let heard = is_heard_well(&format!("{drift_ppm} ppm"), source, network, 2_500);
        assert_eq!(heard.counts.concealed_ms, 0);
    }
}

#[test]
fn packets_out_of_order_and_twice_lose_no_syllable() {
    let network = Network {
        duplicates: 0.2,
        reordered: 0.1,
        ..Network::default()
    };
    is_heard_well("reordered", Source::default(), network, 250);
}

#[test]
fn another_source_in_the_midst_of_a_word_breaks_off_none() {
    let sound = syllables::counting(40);
    for at in [1_000, 1_500, 2_000] {
        let mut sent = Source::default().packets(&sound, Moment::ZERO);
        for packet in &mut sent {
            if packet.at >= Moment::ZERO + ms(at) {
                let header = &mut packet.header;
                header.ssrc = 2;
                header.sequence = header.sequence.wrapping_add(12_345);
                header.timestamp = header.timestamp.wrapping_add(0x1234_5678);
            }
        }
        let heard = hear(&Network::default().carry(sent));
        let all = syllables::are_all_heard(from_first_sound(&heard), 20);
        let count = *all.as_ref().unwrap_or(&0);
        assert!(count >= 37, "{at} ms: {all:?}");
        let sharpest = sharpest(&heard.sound);
        assert!(
            sharpest < sharpest_of_syllables() * 3 / 2,
            "{at} ms: {sharpest}"
        );
    }
}

/// Noise of a room.
fn room(dbov: f32, samples: usize) -> Vec<i16> {
    let loudest = 32_768.0 * 3.0_f32.sqrt() * 10_f32.powf(dbov / 20.0);
    let mut entropy = Entropy::from_number(1);
    let mut sample = || f32::from(entropy.u16().cast_signed()) / 32_768.0;
    (0..samples).map(|_| (loudest * sample()) as i16).collect()
}

fn dbov(sound: &[i16]) -> f64 {
    let power: f64 = sound.iter().map(|s| f64::from(*s).powi(2)).sum();
    10.0 * (power / sound.len() as f64 / 32_768_f64.powi(2)).log10()
}

/// A party who counts in a room, and sends nothing from the first of these milliseconds to the second.
fn with_a_pause(room: &[i16], from: u64, to: u64) -> Heard {
    let mut sound = syllables::counting(room.len() / 1_920);
    for (sample, noise) in sound.iter_mut().zip(room) {
        *sample += noise;
    }
    let mut sent = Source::default().packets(&sound, Moment::ZERO);
    sent.retain(|packet| !(from..to).contains(&(packet.at.as_nanos() / 1_000_000)));
    for (n, packet) in sent.iter_mut().enumerate() {
        packet.header.sequence = n as u16;
    }
    hear(&Network::default().carry(sent))
}

#[test]
fn a_pause_that_nobody_describes_sounds_like_the_room() {
    // A pause between two syllables.
    let heard = with_a_pause(&room(-55.0, 80_000), 4_000, 7_000);
    assert!(
        (140..=150).contains(&heard.frames(Played::Nothing)),
        "{:?}",
        heard.played
    );
    assert_eq!(heard.counts.concealed_ms, 0);
    let level = dbov(&heard.sound[210 * FRAME..345 * FRAME]);
    assert!((level + 55.0).abs() < 1.5, "{level} dBov");
    let all = syllables::are_all_heard(from_first_sound(&heard), 20);
    assert!(all.is_err(), "what was not sent cannot be heard");
    let usual = sharpest_of_syllables() + 400;
    assert!(sharpest(&heard.sound) < usual * 3 / 2);
}

#[test]
fn a_pause_of_who_is_loud_is_soft() {
    let heard = with_a_pause(&room(-30.0, 80_000), 4_000, 7_000);
    let level = dbov(&heard.sound[210 * FRAME..345 * FRAME]);
    assert!((-47.0..=-44.0).contains(&level), "{level} dBov");
}

#[test]
fn a_line_that_stays_dead_sounds_dead() {
    let heard = with_a_pause(&room(-55.0, 400_000), 4_000, 46_000);
    let frames = |from: usize, to: usize| dbov(&heard.sound[from * FRAME..to * FRAME]);
    assert!(frames(1_600, 1_690) > -57.0);
    assert_eq!(frames(1_720, 2_200), f64::NEG_INFINITY);
}

#[test]
fn a_source_that_says_nothing_for_a_while_has_lost_nothing() {
    let heard = with_a_pause(&vec![0; 80_000], 4_000, 6_000);
    assert_eq!(heard.counts.concealed_ms, 0);
    assert!((95..=99).contains(&heard.frames(Played::Nothing)));
    let pause = &heard.sound[210 * FRAME..290 * FRAME];
    assert!(
        pause.iter().all(|sample| *sample == 0),
        "a silent room stays silent"
    );
}

#[test]
fn a_described_noise_is_heard_until_the_talk_goes_on() {
    let mut sent = Source::default().packets(&voice(3), Moment::ZERO);
    sent.retain(|packet| {
        let at = packet.at.as_nanos() / 1_000_000;
        at <= 1_000 || at >= 2_000
    });
    for (n, packet) in sent.iter_mut().enumerate() {
        packet.header.sequence = n as u16;
        if packet.at == Moment::ZERO + ms(1_000) {
            packet.header.payload_type = COMFORT_NOISE;
            packet.payload = vec![30];
        }
    }
    let heard = hear(&Network::default().carry(sent));
    assert_eq!(heard.counts.concealed_ms, 0);
    assert_eq!(heard.frames(Played::ComfortNoise), 50);
    let noise = &heard.sound[60 * FRAME..90 * FRAME];
    let power: f64 = noise.iter().map(|s| f64::from(*s).powi(2)).sum();
    let level = 10.0 * (power / noise.len() as f64 / 32_768_f64.powi(2)).log10();
    assert!((level + 30.0).abs() < 1.5, "{level}");
    assert!(sharpest(&heard.sound[45 * FRAME..]) < 9_000);
}

#[test]
fn another_source_or_a_restarted_clock_is_heard_at_once() {
    type Change = fn(&mut RtpHeader);
    let changes: [Change; 3] = [
        |header| header.ssrc = 2,
        |header| header.timestamp = header.timestamp.wrapping_add(0x7abc_def0),
        |header| {
            header.sequence = header.sequence.wrapping_sub(30_000);
            header.timestamp = header.timestamp.wrapping_sub(8_000_000);
        },
    ];
    for change in changes {
        let mut sent = Source::default().packets(&voice(4), Moment::ZERO);
        let late = sent
            .iter_mut()
            .filter(|packet| packet.at >= Moment::ZERO + ms(2_000));
        late.for_each(|packet| change(&mut packet.header));
        let heard = hear(&Network::default().carry(sent));
        let silent = heard.frames(Played::Nothing) + heard.frames(Played::Concealed);
        assert!(silent <= 8, "{silent} frames");
    }
}

#[test]
fn a_clock_that_stood_still_in_a_hold_goes_on() {
    let mut sent = Source::default().packets(&voice(4), Moment::ZERO);
    for packet in &mut sent {
        if packet.at >= Moment::ZERO + ms(2_000) {
            packet.at += ms(30_000);
        }
    }
    let heard = hear(&Network::default().carry(sent));
    assert!(
        heard.frames(Played::Sound) >= 190,
        "{}",
        heard.frames(Played::Sound)
    );
    assert!(*heard.delays.last().unwrap() < ms(60));
}

#[test]
fn a_network_that_stops_for_a_while_is_caught_up_with() {
    let mut come = Network::default().carry(Source::default().packets(&voice(25), Moment::ZERO));
    let (stopped, again) = (Moment::ZERO + ms(20_000), Moment::ZERO + ms(20_250));
    for packet in &mut come {
        if (stopped..again).contains(&packet.at) {
            packet.at = again;
        }
    }
    let heard = hear(&come);
    assert!(heard.counts.concealed_ms <= 80, "{:?}", heard.counts);
    let caught_up = heard.delays[1_060];
    assert!(caught_up < ms(60), "{caught_up:?}");
}

#[test]
fn a_longer_way_is_learned_without_losing_a_word() {
    let mut come = Network::default().carry(Source::default().packets(&voice(20), Moment::ZERO));
    for packet in &mut come {
        if packet.at >= Moment::ZERO + ms(5_000) {
            packet.at += ms(100);
        }
    }
    let heard = hear(&come);
    assert_eq!((heard.counts.late, heard.counts.discarded), (0, 0));
    assert!(heard.counts.concealed_ms <= 120, "{:?}", heard.counts);
}

#[derive(Clone, Debug)]
enum Step {
    Push {
        header: RtpHeader,
        payload: Vec<u8>,
        noise: bool,
    },
    Pop {
        frames: u8,
    },
    Wait {
        ms: u32,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let header = (any::<bool>(), 0..8_u16, 0..8_u32, 0..3_u32, any::<u32>());
    let header = header.prop_map(|(marker, sequence, timestamp, ssrc, leap)| RtpHeader {
        payload_type: 0,
        marker,
        sequence: sequence.wrapping_mul(if leap % 7 == 0 { 8_191 } else { 1 }),
        timestamp: if leap % 5 == 0 { leap } else { timestamp * 160 },
        ssrc,
    });
    let payload = proptest::collection::vec(any::<u8>(), 0..600);
    prop_oneof![
        4 => (header, payload, proptest::bool::weighted(0.1))
            .prop_map(|(header, payload, noise)| Step::Push { header, payload, noise }),
        3 => (1..6_u8).prop_map(|frames| Step::Pop { frames }),
        1 => (0..2_000_u32).prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_comes_every_frame_is_filled(steps in proptest::collection::vec(step(), 1..200)) {
        let mut playout = Playout::new(Codec::Pcma);
        let mut now = Moment::ZERO + ms(1);
        let (mut pushed, mut popped) = (0, 0);
        for step in steps {
            match step {
                Step::Push { header, payload, noise } => {
                    pushed += 1;
                    let content = if noise { Content::ComfortNoise(&payload) } else { Content::Sound(&payload) };
                    playout.push(&header, content, now);
                }
                Step::Pop { frames } => for _ in 0..frames {
                    let mut out = [i16::MIN; FRAME];
                    playout.pop(&mut out, now);
                    prop_assert!(out.iter().any(|sample| *sample != i16::MIN));
                    now += ms(20);
                    popped += 20;
                },
                Step::Wait { ms: wait } => now += ms(u64::from(wait)),
            }
        }
        let counts = playout.counts();
        prop_assert!(counts.late + counts.discarded + counts.duplicate <= pushed);
        prop_assert!(counts.concealed_ms <= popped + 80);
        prop_assert!(playout.target() >= ms(20) && playout.target() <= ms(200));
    }
}
