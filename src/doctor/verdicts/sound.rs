//! The headset of this PC: its devices, what it hears, what it plays, its buttons.

use std::time::Duration;

use super::chirp::find;
use super::microphone::{Fitness, Measured};
use crate::doctor::Finding;
use crate::seats::sound_cards::SAMPLE_RATE;
use crate::words::Sentence;

/// Likeness (0 to 1) of what was heard to what was played, from which on it is that: noise reaches 0.1.
const HEARD: f32 = 0.3;
/// Rep and caller begin to talk at the same time where a way takes longer (ITU-T G.114: 150 ms in all).
const DELAY_LONG: Duration = Duration::from_millis(150);
/// Samples a second that an ear takes at least: a device that takes a buffer at once is a tenth off in two seconds.
const RATE_MIN: u32 = SAMPLE_RATE * 4 / 5;

/// What is there of the headset that the settings wish for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Worn {
    /// No seat of this PC has a headset.
    NoSeat,
    NoServer,
    /// Devices are there, and none is wished; their names.
    NoneWished(Vec<String>),
    Chosen {
        ear: String,
        microphone: String,
    },
    /// By the word of the agent that runs: the state of its seat.
    Agents(String),
}

pub(in crate::doctor) fn devices(worn: &Worn) -> Finding {
    let of = Sentence::of;
    match worn {
        Worn::NoSeat => Finding::skipped(of("doctor.devices.no-seat")),
        Worn::NoServer => Finding::fault(of("doctor.devices.no-server")),
        Worn::NoneWished(there) if there.is_empty() => Finding::fault(of("doctor.devices.none")),
        Worn::NoneWished(there) => {
            Finding::fault(of("doctor.devices.none-wished").with("devices", there.join(", ")))
        }
        Worn::Chosen { ear, microphone } => Finding::ok(
            of("doctor.devices.chosen")
                .with("ear", ear)
                .with("microphone", microphone),
        ),
        Worn::Agents(state) if state == "no-headset" => {
            Finding::fault(of("doctor.devices.agent-has-none"))
        }
        Worn::Agents(state) => Finding::ok(of("doctor.devices.agents").with("state", state)),
    }
}

/// Whether somebody sits there who was asked to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Somebody,
    Nobody,
}

/// Why a trial of the headset is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum NoTrial {
    /// There is none to try.
    NoHeadset,
    /// The agent that runs has it: nobody plays a chirp into a rep's ear.
    AgentHasIt,
}

pub(in crate::doctor) fn left_out(why: NoTrial) -> Finding {
    Finding::skipped(Sentence::of(match why {
        NoTrial::NoHeadset => "doctor.trial.no-headset",
        NoTrial::AgentHasIt => "doctor.trial.agent-has-it",
    }))
}

pub(in crate::doctor) fn not_opened(why: Sentence) -> Finding {
    Finding::fault(Sentence::of("doctor.trial.not-opened").with("why", why))
}

/// Three seconds of the microphone; where nobody was asked to speak, a quiet room is none of its faults.
pub(in crate::doctor) fn microphone(
    measured: &Measured,
    fitness: Fitness,
    asked: Asked,
) -> Finding {
    let db = |level: f32| format!("{level:.0}");
    let said = |key: &str| {
        Sentence::of(key)
            .with("level", db(measured.level_dbfs))
            .with("floor", db(measured.floor_dbfs))
            .with("peak", db(measured.peak_dbfs))
            .with("rate", measured.rate)
    };
    match fitness {
        Fitness::Fine => Finding::ok(said("doctor.microphone.fine")),
        Fitness::Muted => Finding::fault(said("doctor.microphone.muted")),
        Fitness::Dead => Finding::fault(said("doctor.microphone.dead")),
        Fitness::Stalled => Finding::fault(said("doctor.microphone.stalled")),
        Fitness::TooQuiet if asked == Asked::Nobody => Finding::ok(said("doctor.microphone.room")),
        Fitness::TooQuiet => Finding::warning(said("doctor.microphone.quiet")),
        Fitness::TooLoud => Finding::warning(said("doctor.microphone.loud")),
        Fitness::Noisy => Finding::warning(said("doctor.microphone.noisy")),
    }
}

/// What the microphone heard while a sound was played.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::doctor) struct Heard {
    pub(in crate::doctor) samples: Vec<f32>,
    /// What came before this one is older than the sound.
    pub(in crate::doctor) played_at: usize,
    /// Samples that the ear took, and in how long.
    pub(in crate::doctor) taken: usize,
    pub(in crate::doctor) took: Duration,
}

impl Heard {
    /// Samples a second that the ear took.
    fn rate(&self) -> u32 {
        (self.taken as f64 / self.took.as_secs_f64().max(0.001)).round() as u32
    }

    /// From the sound's first sample given to its first sample had; none where it is not heard.
    fn delay(&self, sound: &[f32]) -> Option<Duration> {
        let after = self.samples.get(self.played_at..)?;
        let place = find(sound, after).filter(|place| place.likeness >= HEARD)?;
        Some(Duration::from_secs(1) * u32::try_from(place.at).ok()? / SAMPLE_RATE)
    }
}

pub(in crate::doctor) fn playback(sound: &[f32], heard: &Heard) -> Finding {
    let said = |key: &str| Sentence::of(key).with("rate", heard.rate());
    if heard.rate() < RATE_MIN {
        return Finding::fault(said("doctor.playback.stalled"));
    }
    let Some(delay) = heard.delay(sound) else {
        return Finding::ok(said("doctor.playback.unheard"));
    };
    let with_delay = |key: &str| said(key).with("delay", format!("{} ms", delay.as_millis()));
    match delay > DELAY_LONG {
        true => Finding::warning(with_delay("doctor.playback.late")),
        false => Finding::ok(with_delay("doctor.playback.heard")),
    }
}

/// What there is of the headset's buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Keys {
    /// The settings do not want them.
    Unwanted,
    Found(String),
    Missing,
    Denied {
        name: String,
        path: String,
    },
    Unfit {
        name: String,
        why: String,
    },
    /// The system did not say in time.
    Silent,
}

pub(in crate::doctor) fn buttons(keys: &Keys) -> Finding {
    let of = Sentence::of;
    match keys {
        Keys::Unwanted => Finding::skipped(of("doctor.buttons.unwanted")),
        Keys::Found(name) => Finding::ok(of("doctor.buttons.found").with("name", name)),
        Keys::Missing => Finding::ok(of("doctor.buttons.missing")),
        Keys::Denied { name, path } => Finding::warning(
            of("doctor.buttons.denied")
                .with("name", name)
                .with("path", path),
        ),
        Keys::Unfit { name, why } => Finding::warning(
            of("doctor.buttons.unfit")
                .with("name", name)
                .with("why", why),
        ),
        Keys::Silent => Finding::warning(of("doctor.buttons.silent")),
    }
}
