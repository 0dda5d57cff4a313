use serde::{Deserialize, Serialize};

use super::check::{Fault, fault};
use super::places::Step;
use super::{SeatKind, Settings};
use crate::media::headset::{EchoCancel, Gain, Noise, VoiceSpec};
use crate::words::{Glob, Sentence};

/// `[headset]`: which headset a seat of kind "headset" uses, where it rings, and how the rep's voice is treated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Headset {
    /// Best first; empty: no headset is chosen.
    pub prefer: Vec<Glob>,
    pub ring_on: RingOn,
    /// Best first; empty: none rings.
    pub loudspeaker: Vec<Glob>,
    /// Of full volume, 0 to 100.
    pub ring_volume: u8,
    pub echo_cancel: EchoCancel,
    pub noise: Noise,
    pub gain: Gain,
    /// Whether its buttons are read and its lamps lit.
    pub buttons: bool,
}

/// Makers of headsets, then what calls itself one, then what is plugged in by USB: a laptop's own loudspeaker is none.
const USUAL_WISHES: [&str; 11] = [
    "*Jabra*",
    "*Poly*",
    "*Plantronics*",
    "*EPOS*",
    "*Sennheiser*",
    "*Yealink*",
    "*Logi*Headset*",
    "*Logi*Zone*",
    "*Headset*",
    "*Hands-Free*",
    "*USB*",
];

impl Default for Headset {
    fn default() -> Self {
        Self {
            prefer: USUAL_WISHES.map(usual).to_vec(),
            ring_on: RingOn::default(),
            loudspeaker: vec![usual("*")],
            ring_volume: 60,
            echo_cancel: EchoCancel::default(),
            noise: Noise::default(),
            gain: Gain::default(),
            buttons: true,
        }
    }
}

fn usual(glob: &str) -> Glob {
    glob.parse().expect("our own globs are read in the tests")
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RingOn {
    #[default]
    Headset,
    Loudspeaker,
    Both,
}

impl Headset {
    /// What is done to the rep's voice.
    pub fn voice(&self) -> VoiceSpec {
        VoiceSpec {
            echo_cancel: self.echo_cancel,
            noise: self.noise,
            gain: self.gain,
        }
    }
}

/// More wishes than a rep has headsets.
const WISHES_MAX: usize = 100;

const VOLUME_MAX: u8 = 100;

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let all = [
        too_many(settings),
        volume(settings),
        second_headset(settings),
    ];
    all.into_iter().flatten().collect()
}

fn too_many(settings: &Settings) -> Option<Fault> {
    let Headset {
        prefer,
        loudspeaker,
        ..
    } = &settings.headset;
    let (key, count) = match prefer.len() > WISHES_MAX {
        true => ("prefer", prefer.len()),
        false => ("loudspeaker", loudspeaker.len()),
    };
    (count > WISHES_MAX).then(|| {
        fault(
            &[Step::Key("headset"), Step::Key(key)],
            Sentence::of("settings.too-many-wishes").with("count", count),
            Sentence::of("settings.right.too-many-wishes").with("most", WISHES_MAX),
        )
    })
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
