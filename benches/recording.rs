//! What one frame of a recorded call costs the recorder, and the media thread that hands it over: prints one JSON object.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]

use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::media::{FRAME_TIME, LegKey, Rate, RecordedFrame};
use thirdring::recordings::store::{Recorder, RecorderSettings};
use thirdring::recordings::{Format, Key, Recording, Sealer};
use thirdring::words::{CallId, Entropy, Moment};

/// Two minutes of one call.
const FRAMES: u32 = 6_000;
/// As many as wait for the disk without one being lost.
const BURST: u32 = 4_000;

fn main() {
    println!(
        "{}",
        json!({
            "us_per_frame": {
                "wav": us_per_frame(Format::Wav, Rate::Narrow),
                "wav_wide": us_per_frame(Format::Wav, Rate::Wide),
                "ogg": us_per_frame(Format::Ogg, Rate::Narrow),
                "ogg_wide": us_per_frame(Format::Ogg, Rate::Wide),
                "seal_more": us_to_seal(),
                "offer": us_to_offer(),
            }
        })
    );
}

fn frame(number: u32, rate: Rate, noise: &mut Entropy) -> RecordedFrame {
    let mut sample = || (noise.u16() as i16) / 16;
    RecordedFrame {
        leg: LegKey::new(1),
        at: Moment::ZERO + FRAME_TIME * number,
        rate,
        left: std::array::from_fn(|_| sample()),
        right: std::array::from_fn(|_| sample()),
    }
}

fn frames(count: u32, rate: Rate) -> Vec<RecordedFrame> {
    let mut noise = Entropy::from_number(1);
    (0..count).map(|n| frame(n, rate, &mut noise)).collect()
}

fn us_each(spent: Duration, count: u32) -> f64 {
    spent.as_secs_f64() * 1e6 / f64::from(count)
}

fn us_per_frame(format: Format, rate: Rate) -> f64 {
    let frames = frames(FRAMES, rate);
    let mut recording = Recording::new(format, 1, Moment::ZERO);
    let start = Instant::now();
    for frame in &frames {
        recording.hear(frame);
        std::hint::black_box(recording.take_due());
    }
    us_each(start.elapsed(), FRAMES)
}

fn us_to_seal() -> f64 {
    let key = Key::parse(&"7e".repeat(32)).expect("64 digits");
    let mut sealer = Sealer::new(&key, CallId::new(0, [0; 10]), [0; 16]);
    let half_a_second = vec![0; 16_000];
    let start = Instant::now();
    for _ in 0..FRAMES / 25 {
        let mut out = Vec::new();
        sealer.seal(&half_a_second, &mut out);
        std::hint::black_box(out);
    }
    us_each(start.elapsed(), FRAMES)
}

/// On the media thread: one copy into the queue.
fn us_to_offer() -> f64 {
    let folder = std::env::temp_dir().join(format!("thirdring-bench-{}", std::process::id()));
    let settings = RecorderSettings {
        folder: folder.clone(),
        format: Format::Wav,
        key: None,
        key_file: None,
    };
    let recorder = Recorder::start(settings, Entropy::from_number(1), |_| {}).expect("it starts");
    let queue = recorder.frames();
    let frames = frames(BURST, Rate::Narrow);
    let start = Instant::now();
    for frame in frames {
        queue.offer(frame);
    }
    let spent = start.elapsed();
    drop(recorder);
    // It was only measured.
    let _ = std::fs::remove_dir_all(folder);
    us_each(spent, BURST)
}
