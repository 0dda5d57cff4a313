//! A loudspeaker beside the microphone (60 ms away, with a tail of 80 ms) while both sides are real speech: what is left
//! of the echo, and whether who speaks at the same time is cut. About 10 s of one core.

use std::fs;
use std::time::{Duration, Instant};

use thirdring::media::headset::{
    DEVICE_HZ, EchoCancel, Gain, Headset, HeadsetSpec, Leg, News, Noise, VoiceSpec,
};
use thirdring::media::prompts::Sound;
use thirdring::media::resampling::resample;
use thirdring::media::{Codec, Decoder, Encoder, Rate, RtpHeader, RtpPacket};
use thirdring::words::{Country, Entropy, Moment};

use super::speech::minute;
use crate::peers::missing::{Need, can_run};

/// What the devices give and take at once, and packets in one 20 ms.
const BLOCK: usize = 240;
const BLOCKS_A_PACKET: usize = 4;

const SECOND: usize = DEVICE_HZ as usize;

/// 10 s of the far side alone, and then 16 s more: alone, or with the near side.
const ALONE: usize = 10 * SECOND;
const WHOLE: usize = 26 * SECOND;

/// The echo's way, and how long it dies away by 60 dB.
const WAY: usize = SECOND * 60 / 1_000;
const TAIL: usize = SECOND * 80 / 1_000;

/// Reflections of the tail.
const REFLECTIONS: usize = 400;

/// A room: what of a sound comes back when.
struct Room {
    reflections: Vec<(usize, f32)>,
    /// All that was played.
    played: Vec<f32>,
}

impl Room {
    /// Its echo is by so many dB weaker than what is played.
    fn new(loss_db: f32) -> Self {
        let mut entropy = Entropy::from_number(3);
        let mut reflections: Vec<_> = (0..REFLECTIONS)
            .map(|_| {
                let late = entropy.below(TAIL as u32) as usize;
                let sign = if entropy.below(2) == 0 { 1.0 } else { -1.0 };
                let fades = (-6.9 * late as f32 / TAIL as f32).exp();
                (WAY + late, sign * fades)
            })
            .collect();
        let power: f32 = reflections.iter().map(|(_, gain)| gain * gain).sum();
        let factor = 10_f32.powf(-loss_db / 20.0) / power.sqrt();
        for (_, gain) in &mut reflections {
            *gain *= factor;
        }
        Self {
            reflections,
            played: Vec::new(),
        }
    }

    /// What comes back while a block is played.
    fn echo(&mut self, block: &[f32]) -> Vec<f32> {
        let start = self.played.len();
        self.played.extend_from_slice(block);
        let at = |n: usize| {
            let back = self.reflections.iter().filter_map(|(late, gain)| {
                let place = (start + n).checked_sub(*late)?;
                Some(self.played.get(place)? * gain)
            });
            back.sum()
        };
        (0..block.len()).map(at).collect()
    }
}

/// One call: what the far side hears of the near side, what was told, and how long it took us.
struct Heard {
    sound: Vec<i16>,
    news: Vec<News>,
    took: Duration,
}

fn call(
    codec: Codec,
    echo_cancel: EchoCancel,
    far: &[f32],
    near: &[f32],
    room: Option<f32>,
) -> Heard {
    let spec = HeadsetSpec {
        leg: Leg {
            codec,
            payload_type: codec.payload_type(),
        },
        voice: VoiceSpec {
            echo_cancel,
            noise: Noise::Off,
            gain: Gain::Off,
        },
        country: Country::Cn,
        ring_percent: 50,
    };
    let mut headset = Headset::new(&spec, &mut Entropy::from_number(1));
    let mut room = room.map(Room::new);
    let mut noise = Entropy::from_number(9);
    let mut packets = packets(codec, far).into_iter();
    let mut decoder = Decoder::new(codec);
    let mut heard = Heard {
        sound: Vec::new(),
        news: Vec::new(),
        took: Duration::ZERO,
    };
    for (n, near) in near.chunks_exact(BLOCK).enumerate() {
        let now = Moment::from_nanos(1_000_000_000 + n as u64 * 5_000_000);
        let began = stopwatch();
        if n % BLOCKS_A_PACKET == 0
            && let Some(packet) = packets.next()
        {
            headset.receive(&packet, now);
        }
        let mut played = [0.0; BLOCK];
        headset.play(&mut played, now);
        heard.took += began.elapsed();
        let echo = room
            .as_mut()
            .map_or(vec![0.0; BLOCK], |room| room.echo(&played));
        let hiss = |noise: &mut Entropy| f32::from(noise.u16().cast_signed()) / 32_768.0 * 0.0002;
        let captured: Vec<f32> = near
            .iter()
            .zip(echo)
            .map(|(near, echo)| near + echo + hiss(&mut noise))
            .collect();
        let began = stopwatch();
        let mut sent = None;
        headset.capture(&captured, |packet| sent = Some(packet.to_vec()), now);
        heard.took += began.elapsed();
        if let Some(packet) = sent {
            let mut frame = [0; 960];
            let payload = RtpPacket::parse(&packet).unwrap().payload;
            let samples = decoder.decode(payload, &mut frame).unwrap();
            heard.sound.extend_from_slice(&frame[..samples]);
        }
        heard
            .news
            .extend(std::iter::from_fn(|| headset.poll_news()));
    }
    heard
}

#[expect(clippy::disallowed_methods, reason = "what it costs is measured here")]
fn stopwatch() -> Instant {
    Instant::now()
}

fn packets(codec: Codec, sound: &[f32]) -> Vec<Vec<u8>> {
    let sound = integers(&resample(sound, DEVICE_HZ, codec.rate().hz()).unwrap());
    let mut encoder = Encoder::new(codec);
    let frames = sound.chunks_exact(codec.rate().frame_samples());
    let packet = |(n, frame): (usize, &[i16])| {
        let header = RtpHeader {
            payload_type: codec.payload_type(),
            marker: n == 0,
            sequence: n as u16,
            timestamp: n as u32 * codec.frame_ticks(),
            ssrc: 5,
        };
        let mut packet = Vec::new();
        header.write(&mut packet);
        let mut payload = [0; 160];
        let bytes = encoder.encode(frame, &mut payload);
        packet.extend_from_slice(&payload[..bytes]);
        packet
    };
    frames.enumerate().map(packet).collect()
}

fn integers(sound: &[f32]) -> Vec<i16> {
    sound.iter().map(|it| (it * 32_768.0) as i16).collect()
}

fn at_device(speech: &[i16], hz: u32) -> Vec<f32> {
    let sound: Vec<f32> = speech.iter().map(|it| f32::from(*it) / 32_768.0).collect();
    resample(&sound, hz, DEVICE_HZ).unwrap()
}

fn dbov(sound: &[i16]) -> f64 {
    let squares = sound.iter().map(|it| f64::from(*it).powi(2));
    let power = squares.sum::<f64>() / sound.len() as f64;
    10.0 * (power.max(0.01) / 32_768.0_f64.powi(2)).log10()
}

/// Of two pieces of 8 s after the far side was alone, PESQ-WB.
fn quality(near: &[f32], heard: &Heard) -> f32 {
    let wide = |sound: &[f32]| integers(&resample(sound, DEVICE_HZ, 16_000).unwrap());
    let reference = wide(near);
    let scores = [10, 18].map(|second| {
        let span = second * 16_000..(second + 8) * 16_000;
        pesq::pesq_wb(&reference[span.clone()], &heard.sound[span]).unwrap()
    });
    (scores[0] + scores[1]) / 2.0
}

/// The far side, and the near side that is silent at first: a prompt's wideband voice.
fn both_sides() -> (Vec<f32>, Vec<f32>) {
    let far = at_device(&minute(), 8_000);
    let mut near = vec![0.0; ALONE];
    near.extend(at_device(&prompts(), 16_000));
    (far[..WHOLE].to_vec(), near[..WHOLE].to_vec())
}

/// Half a minute of our Chinese phrases, the longest ones, at 16 kHz.
fn prompts() -> Vec<i16> {
    let mut prompts: Vec<Vec<i16>> = fs::read_dir("config/prompts/zh-CN")
        .expect("our phrases")
        .map(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            Sound::read(bytes.into()).unwrap().at(Rate::Wide).unwrap()
        })
        .collect();
    prompts.sort_by_key(|prompt| std::cmp::Reverse(prompt.len()));
    prompts.into_iter().flatten().take(30 * 16_000).collect()
}

#[test]
fn an_echo_goes_and_who_speaks_meanwhile_stays() {
    if !can_run(&[Need::Speech]) {
        return;
    }
    let (far, near) = both_sides();
    let silence = vec![0.0; WHOLE];
    for loss_db in [6.0, 10.0] {
        let room = Some(loss_db);
        let after = 16_000 * 10..;
        let echo = call(Codec::G722, EchoCancel::Off, &far, &silence, room);
        let rest = call(Codec::G722, EchoCancel::On, &far, &silence, room);
        let removed = dbov(&echo.sound[after.clone()]) - dbov(&rest.sound[after]);
        let left = quality(
            &near,
            &call(Codec::G722, EchoCancel::Off, &far, &near, room),
        );
        let cancelled = quality(&near, &call(Codec::G722, EchoCancel::On, &far, &near, room));
        let part = rest.took.as_secs_f64() / 26.0 * 100.0;
        println!(
            "echo of -{loss_db} dB: {removed:.1} dB removed; PESQ-WB of who speaks meanwhile \
             {left:.2} with the echo, {cancelled:.2} without; {part:.2} % of a core"
        );
        assert!(removed >= 40.0, "{removed}");
        assert!(cancelled >= left + 0.5, "{cancelled} {left}");
    }
}

#[test]
fn a_headset_without_an_echo_is_left_alone() {
    if !can_run(&[Need::Speech]) {
        return;
    }
    let (far, near) = both_sides();
    let heard = call(Codec::G722, EchoCancel::Auto, &far, &near, None);
    assert!(!heard.news.iter().any(is_echo));
    let on = call(Codec::G722, EchoCancel::On, &far, &near, None);
    let (auto, on) = (quality(&near, &heard), quality(&near, &on));
    println!("no echo: PESQ-WB {auto:.2}, and {on:.2} with the canceller on");
    assert!(auto >= 3.9 && on >= auto - 0.5, "{auto} {on}");
}

#[test]
fn an_echo_is_found_in_seconds_and_then_cancelled() {
    if !can_run(&[Need::Speech]) {
        return;
    }
    let (far, _) = both_sides();
    let silence = vec![0.0; WHOLE];
    for loss_db in [6.0, 20.0, 30.0] {
        let heard = call(Codec::Pcma, EchoCancel::Auto, &far, &silence, Some(loss_db));
        let found: Vec<_> = heard.news.iter().filter(|news| is_echo(news)).collect();
        let levels = heard.news.iter().take_while(|news| !is_echo(news)).count();
        println!("echo of -{loss_db} dB: after {levels} s {found:?}");
        assert!(found.len() == 1 && levels <= 6, "{found:?} {levels}");
        let left = dbov(&heard.sound[16 * 8_000..]);
        assert!(left < -60.0, "{left}");
    }
}

fn is_echo(news: &News) -> bool {
    matches!(news, News::EchoHeard(_))
}
