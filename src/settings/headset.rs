use serde::{Deserialize, Serialize};

use super::check::{Fault, fault};
use super::places::Step;
use super::{SeatKind, Settings};
use crate::media::headset as treated;
use crate::words::Sentence;

/// `[headset]`: which headset a seat of kind "headset" uses, where it rings, and how the rep's voice is treated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Headset {
    /// Globs, best first.
    pub prefer: Vec<String>,
    pub ring_on: RingOn,
    /// Globs, best first.
    pub loudspeaker: Vec<String>,
    /// Of full volume, 0 to 100.
    pub ring_volume: u8,
    pub echo_cancel: EchoCancel,
    pub noise: Noise,
    pub gain: Gain,
}

/// Makers of headsets, then what calls itself one; a PC's own loudspeaker is none.
const USUAL: [&str; 11] = [
    "Jabra*",
    "*Poly*",
    "Plantronics*",
    "*EPOS*",
    "*Sennheiser*",
    "*Logitech*",
    "*Yealink*",
    "*Headset*",
    "*耳麦*",
    "headset",
    "*USB*",
];

impl Default for Headset {
    fn default() -> Self {
        Self {
            prefer: USUAL.map(str::to_owned).to_vec(),
            ring_on: RingOn::default(),
            loudspeaker: vec!["*".to_owned()],
            ring_volume: 60,
            echo_cancel: EchoCancel::default(),
            noise: Noise::default(),
            gain: Gain::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RingOn {
    #[default]
    Headset,
    Loudspeaker,
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EchoCancel {
    #[default]
    Auto,
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    #[default]
    Off,
    Low,
    Moderate,
    High,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gain {
    #[default]
    Auto,
    Off,
}

impl Headset {
    /// What is done to the rep's voice, in the words of the media.
    pub fn voice(&self) -> treated::VoiceSpec {
        treated::VoiceSpec {
            echo_cancel: match self.echo_cancel {
                EchoCancel::Auto => treated::EchoCancel::Auto,
                EchoCancel::On => treated::EchoCancel::On,
                EchoCancel::Off => treated::EchoCancel::Off,
            },
            noise: match self.noise {
                Noise::Off => treated::Noise::Off,
                Noise::Low => treated::Noise::Low,
                Noise::Moderate => treated::Noise::Moderate,
                Noise::High => treated::Noise::High,
            },
            gain: match self.gain {
                Gain::Auto => treated::Gain::Auto,
                Gain::Off => treated::Gain::Off,
            },
        }
    }
}

const VOLUME_MAX: u8 = 100;

pub(super) fn first_fault(settings: &Settings) -> Option<Fault> {
    volume(settings).or_else(|| second_headset(settings))
}

fn volume(settings: &Settings) -> Option<Fault> {
    let volume = settings.headset.ring_volume;
    (volume > VOLUME_MAX).then(|| {
        fault(
            &[Step::Key("headset"), Step::Key("ring_volume")],
            Sentence::of("settings.ring-volume").with("volume", volume),
            Sentence::of("settings.right.ring-volume").with("most", VOLUME_MAX),
        )
    })
}

/// One PC has one rep who wears one.
fn second_headset(settings: &Settings) -> Option<Fault> {
    let seats = settings.seat.iter().enumerate();
    let (n, seat) = seats
        .filter(|(_, seat)| seat.kind == SeatKind::Headset)
        .nth(1)?;
    Some(fault(
        &[Step::Key("seat"), Step::Nth(n), Step::Key("kind")],
        Sentence::of("settings.second-headset").with("id", &seat.id),
        Sentence::of("settings.right.second-headset"),
    ))
}
