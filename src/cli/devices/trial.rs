//! `--test`: three seconds of the microphone, back into the ear, and what is to be said of them.

use serde_json::json;

use super::super::Teller;
use super::super::failure::Failure;
use super::Devices;
use crate::doctor::{Fitness, Measured, judge, measure, play, record};
use crate::seats::sound_cards::{CardError, Pair};
use crate::words::Sentence;

pub(super) fn run(
    devices: &Devices,
    pair: &Pair,
    is_muted: bool,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    say("devices.speak", teller)?;
    let far = |_, _| {};
    let recorded = record(&devices.cards, &pair.microphone, far).map_err(no_stream)?;
    say("devices.playing", teller)?;
    play(&devices.cards, &pair.ear, &recorded.samples).map_err(no_stream)?;
    let measured = measure(&recorded.samples, recorded.took);
    let fitness = judge(&measured, is_muted);
    show(&measured, fitness, teller)?;
    match fitness {
        Fitness::Fine => Ok(()),
        Fitness::Muted
        | Fitness::Dead
        | Fitness::Stalled
        | Fitness::TooQuiet
        | Fitness::TooLoud
        | Fitness::Noisy => Err(Failure::HeadsetUnfit),
    }
}

fn say(key: &str, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        return Ok(());
    }
    teller.say(key, &[])
}

pub(super) fn no_stream(error: CardError) -> Failure {
    Failure::Told(Sentence::of("devices.no-stream").with("why", error))
}

fn show(measured: &Measured, fitness: Fitness, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        let shown = json!({
            "verdict": fitness.word(),
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
    teller.line(&teller.text(&format!("devices.verdict.{}", fitness.word())))
}

/// To a tenth of a decibel.
fn rounded(level: f32) -> f64 {
    (f64::from(level) * 10.0).round() / 10.0
}
