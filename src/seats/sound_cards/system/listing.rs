use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device as CpalDevice, Host, InterfaceType};

use super::super::card::{Card, CardName, CardState, Device, Half};

/// Devices listed; a PC has some ten.
const CARDS_MAX: usize = 256;

/// All devices, ears first, each half by name. A device with both halves is two cards.
pub(super) fn list(host: &Host) -> Result<Vec<Card>, cpal::Error> {
    let default = |half: Half| {
        let device = match half {
            Half::Ear => host.default_output_device(),
            Half::Microphone => host.default_input_device(),
        };
        device.and_then(|device| name(&device, half))
    };
    let defaults = [default(Half::Ear), default(Half::Microphone)];
    let halves = host.devices()?.flat_map(|device| {
        [Half::Ear, Half::Microphone].map(|half| card(&device, half, &defaults))
    });
    let mut cards: Vec<Card> = halves.flatten().take(CARDS_MAX).collect();
    cards.sort_by(|one, other| (one.half, &one.name).cmp(&(other.half, &other.name)));
    cards.dedup_by(|one, other| one.name == other.name);
    Ok(cards)
}

/// The device that has this card for a half.
pub(super) fn find(host: &Host, card: &CardName) -> Option<CpalDevice> {
    let is_it = |device: &CpalDevice| {
        let mut halves = [Half::Ear, Half::Microphone].into_iter();
        halves.any(|half| name(device, half).as_ref() == Some(card))
    };
    host.devices().ok()?.find(is_it)
}

/// None where the device does not have this half.
fn card(device: &CpalDevice, half: Half, defaults: &[Option<CardName>; 2]) -> Option<Card> {
    let has = match half {
        Half::Ear => device.supports_output(),
        Half::Microphone => device.supports_input(),
    };
    if !has {
        return None;
    }
    let name = name(device, half)?;
    let description = device.description().ok()?;
    Some(Card {
        description: description.name().to_owned(),
        half,
        form: Some(description.device_type().to_string().to_lowercase()),
        device: Device {
            card: None,
            // Halves of one headset have its address, where the system tells it.
            serial: description.address().map(str::to_owned),
            bus: bus(description.interface_type()).map(str::to_owned),
            usb: None,
        },
        is_default: defaults.iter().flatten().any(|default| *default == name),
        // What is muted or how loud it is, the system does not tell.
        state: CardState {
            muted: false,
            volume_percent: 100,
            suspended: false,
            plugged: true,
        },
        name,
    })
}

fn name(device: &CpalDevice, half: Half) -> Option<CardName> {
    let id = device.id().ok()?;
    let way = match half {
        Half::Ear => "out",
        Half::Microphone => "in",
    };
    Some(CardName::new(format!("{way}:{}", id.id())))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "non-exhaustive, and only these are worn"
)]
fn bus(interface: InterfaceType) -> Option<&'static str> {
    match interface {
        InterfaceType::Usb => Some("usb"),
        InterfaceType::Bluetooth => Some("bluetooth"),
        InterfaceType::Pci | InterfaceType::BuiltIn => Some("pci"),
        _ => None,
    }
}
