//! `--test`: three seconds of the microphone, back into the ear, and what is to be said of them.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::json;

use super::super::Teller;
use super::super::failure::Failure;
use super::Devices;
use super::verdict::{Measured, Verdict, judge, measure};
use crate::desk::clock;
use crate::seats::sound_cards::{CardError, Pair, SAMPLE_RATE};
use crate::words::Sentence;

/// What is recorded, in samples: 3 s.
const RECORDED: usize = 3 * SAMPLE_RATE as usize;

/// So long it may take at most: an idle device wakes, and one that stalls is judged by what came.
const RECORD_WAIT: Duration = Duration::from_secs(5);

/// So much longer than it lasts playing may take.
const PLAY_WAIT: Duration = Duration::from_secs(2);

/// A block of what is taken at once, in samples.
const BLOCK: usize = 960;

/// Of what the microphone gave.
struct Recorded {
    samples: Vec<f32>,
    /// From the first sample to the last.
    took: Duration,
}

pub(super) fn run(
    devices: &Devices,
    pair: &Pair,
    is_muted: bool,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    say("devices.speak", teller)?;
    let recorded = record(devices, pair)?;
    say("devices.playing", teller)?;
    play(devices, pair, &recorded.samples)?;
    let measured = measure(&recorded.samples, recorded.took);
    let verdict = judge(&measured, is_muted);
    show(&measured, verdict, teller)?;
    match verdict {
        Verdict::Fine => Ok(()),
        Verdict::Muted
        | Verdict::Dead
        | Verdict::Stalled
        | Verdict::TooQuiet
        | Verdict::TooLoud
        | Verdict::Noisy => Err(Failure::HeadsetUnfit),
    }
}

fn say(key: &str, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        return Ok(());
    }
    teller.line(&teller.text(key))?;
    teller.out.flush().map_err(Failure::Output)
}

fn no_stream(error: CardError) -> Failure {
    Failure::Headset(Sentence::of("devices.no-stream").with("why", error))
}

fn record(devices: &Devices, pair: &Pair) -> Result<Recorded, Failure> {
    let (wake, woken) = waker();
    let capture = devices.cards.capture(&pair.microphone, wake);
    let mut capture = capture.map_err(no_stream)?;
    let until = clock::now() + RECORD_WAIT;
    let mut samples = Vec::with_capacity(RECORDED);
    let mut block = [0.0; BLOCK];
    let mut began = None;
    while samples.len() < RECORDED && is_rung(&woken, clock::now().until(until)) {
        for _ in 0..capture.waiting().div_ceil(BLOCK) {
            let read = capture.read(&mut block);
            samples.extend(block.iter().take(read));
        }
        if began.is_none() {
            // Time is counted from here: these samples are older.
            began = Some(clock::now());
            samples.clear();
        }
    }
    let took = began.map_or(RECORD_WAIT, |began| clock::now().since(began));
    Ok(Recorded { samples, took })
}

/// Until the device has taken it all, or takes nothing any more.
pub(super) fn play(devices: &Devices, pair: &Pair, samples: &[f32]) -> Result<(), Failure> {
    let (wake, woken) = waker();
    let playback = devices.cards.playback(&pair.ear, wake);
    let mut playback = playback.map_err(no_stream)?;
    let lasts = Duration::from_secs_f64(samples.len() as f64 / f64::from(SAMPLE_RATE));
    let until = clock::now() + lasts + PLAY_WAIT;
    let mut left = samples;
    while !left.is_empty() && is_rung(&woken, clock::now().until(until)) {
        let (now, later) = left.split_at(playback.wanted().min(left.len()));
        playback.write(now);
        left = later;
    }
    Ok(())
}

fn waker() -> (impl Fn() + Send + 'static, Receiver<()>) {
    let (wake, woken) = channel();
    (move || wake.send(()).unwrap_or(()), woken)
}

fn is_rung(woken: &Receiver<()>, wait: Duration) -> bool {
    woken.recv_timeout(wait).is_ok()
}

fn show(measured: &Measured, verdict: Verdict, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        let shown = json!({
            "verdict": verdict.word(),
            "level_dbfs": rounded(measured.level_dbfs),
            "floor_dbfs": rounded(measured.floor_dbfs),
            "peak_dbfs": rounded(measured.peak_dbfs),
            "samples_per_second": measured.rate,
        });
        return teller.line(&shown.to_string());
    }
    let db = |level: f32| format!("{level:.0}");
    let rate = measured.rate.to_string();
    let values = [
        ("level", &*db(measured.level_dbfs)),
        ("floor", &db(measured.floor_dbfs)),
        ("peak", &db(measured.peak_dbfs)),
        ("rate", &rate),
    ];
    teller.line(&teller.filled("devices.measured", &values))?;
    teller.line(&teller.text(&format!("devices.verdict.{}", verdict.word())))
}

/// To a tenth of a decibel.
fn rounded(level: f32) -> f64 {
    (f64::from(level) * 10.0).round() / 10.0
}
