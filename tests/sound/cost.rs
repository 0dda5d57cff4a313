#![expect(
    clippy::disallowed_methods,
    reason = "what a frame costs is told in real time"
)]

//! What a party's sound takes: bytes a leg, and time a frame. Bytes are judged, times are printed: they depend on the
//! machine, and on how the tests are built.

use std::time::{Duration, Instant};

use thirdring::media::codec::{PACKET_BYTES_MAX, PACKET_SAMPLES_MAX};
use thirdring::media::resampling::{Framing, Resampler};
use thirdring::media::{Codec, Decoder, Encoder, Playout, Rate};
use thirdring::words::Moment;

use super::network::{Network, Source};
use super::playing::play;
use super::syllables;

/// What something takes: itself, and what it allocated.
fn bytes_of<T>(make: impl Fn() -> T) -> u64 {
    let mut made = None;
    // What is made once for all is made before.
    drop(make());
    let counted = allocation_counter::measure(|| made = Some(make()));
    let heap = u64::try_from(counted.bytes_current).unwrap_or(0);
    heap + size_of::<T>() as u64
}

#[test]
fn a_leg_of_g711_takes_little_and_one_of_opus_what_its_library_takes() {
    println!("bytes     decoder  encoder  play-out, decoder included");
    for codec in Codec::ALL {
        let decoder = bytes_of(|| Decoder::new(codec));
        let encoder = bytes_of(|| Encoder::new(codec));
        let playout = bytes_of(|| Playout::new(codec));
        println!("{codec:?}: {decoder:>9} {encoder:>8} {playout:>8}");
        let most = match codec {
            Codec::Pcma | Codec::Pcmu => 10_500,
            Codec::G722 => 16_000,
            Codec::Opus => 520_000,
        };
        assert!(
            playout + encoder <= most,
            "{codec:?}: {playout} + {encoder} bytes"
        );
    }
}

/// What of a codec's memory is ever touched, in KiB a leg: the library reserves for stereo at 48 kHz. Of its 490 kB, 257
/// are CELT's, 30 SILK's, which is all that we write; the rest are buffers.
#[test]
fn what_a_leg_of_opus_touches() {
    const LEGS: usize = 100;
    let resident_kib = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
        kib.expect("a figure")
    };
    let mut bytes = [0; PACKET_BYTES_MAX];
    let mut sound = [0; PACKET_SAMPLES_MAX];
    let mut run = |encoder: &mut Encoder, decoder: &mut Decoder| {
        for frame in syllables::counting(10).chunks_exact(320) {
            let length = encoder.encode(frame, &mut bytes);
            decoder
                .decode(&bytes[..length], &mut sound)
                .expect("it is Opus");
        }
    };
    run(
        &mut Encoder::new(Codec::Opus),
        &mut Decoder::new(Codec::Opus),
    );
    let before = resident_kib();
    let mut legs = Vec::new();
    for _ in 0..LEGS {
        let (mut encoder, mut decoder) = (Encoder::new(Codec::Opus), Decoder::new(Codec::Opus));
        run(&mut encoder, &mut decoder);
        legs.push((encoder, decoder));
    }
    let each = (resident_kib() - before) / legs.len();
    println!("an Opus leg touches {each} KiB");
}

#[test]
fn what_a_frame_of_resampling_costs() {
    const FRAMES: u32 = 500;
    println!("20 ms     us   ms of delay");
    for (from, to) in [
        (16_000, 8_000),
        (8_000, 16_000),
        (48_000, 8_000),
        (48_000, 16_000),
        (8_000, 48_000),
        (16_000, 48_000),
        (44_100, 16_000),
        (16_000, 44_100),
    ] {
        let mut resampler = Resampler::new(from, to).expect("rates of sound cards");
        let frame = vec![1_000; from as usize / 50];
        let mut out = vec![0; to as usize / 50];
        let start = Instant::now();
        let written: usize = (0..FRAMES)
            .map(|_| resampler.process(&frame, &mut out))
            .sum();
        let each = start.elapsed() / FRAMES;
        assert_eq!(written, out.len() * FRAMES as usize);
        let delay_ms = resampler.delay_ms();
        println!("{from} -> {to}: {:.1}, {delay_ms} ms", micros(each));
    }
    let takes = bytes_of(|| Framing::new(48_000, Rate::Wide));
    println!("a microphone of 48 kHz takes {takes} bytes");
}

#[test]
fn what_a_frame_of_playing_costs() {
    let sound = syllables::counting(500);
    for loss in [0.0, 0.05] {
        let network = Network {
            loss,
            ..Network::default()
        };
        let come = network.carry(Source::default().packets(&sound, Moment::ZERO));
        let frames = sound.len() / 160;
        let start = Instant::now();
        play(
            Codec::Pcmu,
            &come,
            Moment::ZERO + Duration::from_millis(37),
            frames,
        );
        let each = start.elapsed() / frames as u32;
        println!("{} % lost: {:.2} us a frame", loss * 100.0, micros(each));
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
