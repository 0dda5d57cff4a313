use std::fmt;

use serde::{Deserialize, Serialize};

/// A sound device by the name its server gives it; no two have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardName(String);

impl CardName {
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which half of a headset a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// What is played there is heard.
    Ear,
    Microphone,
}

/// One sound device, as it is now. What only repeats a loudspeaker (a monitor) is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub name: CardName,
    /// What people call it: "Jabra Evolve 65 Mono".
    pub description: String,
    pub half: Half,
    /// Where its maker or the system says so: "headset", "speaker", "internal", "webcam".
    pub form: Option<String>,
    pub device: Device,
    pub is_default: bool,
    pub state: CardState,
}

/// What may change while a device stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardState {
    pub muted: bool,
    /// 100 is what the device plays or takes unchanged.
    pub volume_percent: u16,
    /// Asleep: idle ones are put to sleep by some systems, and wake when they are opened.
    pub suspended: bool,
    /// False where its socket is known to be empty.
    pub plugged: bool,
}

/// What the two halves of a headset have in common; empty where the server does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The server's number of the card both halves stand on.
    pub card: Option<u32>,
    pub serial: Option<String>,
    /// "usb", "bluetooth", "pci".
    pub bus: Option<String>,
    /// Vendor and product of the USB, in hexadecimal: "0b0e:0306".
    pub usb: Option<String>,
}

impl Device {
    /// Whether both are known to be one thing.
    pub(super) fn is_one_with(&self, other: &Self) -> bool {
        let same = |one: bool, known: bool| known.then_some(one);
        let card = same(
            self.card == other.card,
            self.card.is_some() && other.card.is_some(),
        );
        let serial = self.serial == other.serial && self.serial.is_some();
        card.unwrap_or(serial)
    }
}
