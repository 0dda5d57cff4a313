//! What the server lists, as cards.

use std::collections::BTreeMap;
use std::ffi::CStr;

use pulseaudio::protocol::{
    ChannelVolume, Prop, Props, ServerInfo, SinkInfo, SinkState, SourceInfo, SourceState, Volume,
    port_info::PortAvailable, port_info::PortInfo,
};

use super::super::card::{Card, CardName, CardState, Device, Half};

/// Devices listed; a PC has some ten.
const CARDS_MAX: usize = 256;

/// Characters of a name or description that are kept.
const TEXT_MAX: usize = 256;

/// A listing comes in three replies, and is asked for again where something changed meanwhile.
#[derive(Debug, Default)]
pub(super) struct Listing {
    stage: Stage,
    defaults: Defaults,
    sinks: Vec<Card>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Done,
    Asked,
    /// What was asked is old before it is answered.
    Stale,
}

#[derive(Debug, Default)]
struct Defaults {
    ear: Option<String>,
    microphone: Option<String>,
}

impl Listing {
    /// Something changed: true where the listing is to be asked for.
    pub(super) fn wanted(&mut self) -> bool {
        let ask = self.stage == Stage::Done;
        self.stage = if ask { Stage::Asked } else { Stage::Stale };
        ask
    }

    pub(super) fn server(&mut self, info: &ServerInfo) {
        self.defaults = Defaults {
            ear: info.default_sink_name.as_deref().and_then(text),
            microphone: info.default_source_name.as_deref().and_then(text),
        };
    }

    pub(super) fn sinks(&mut self, sinks: &[SinkInfo]) {
        let default = self.defaults.ear.as_deref();
        self.sinks = sinks
            .iter()
            .take(CARDS_MAX)
            .filter_map(|sink| ear(sink, default))
            .collect();
    }

    /// The last of three: all cards, and whether to ask again at once.
    pub(super) fn sources(&mut self, sources: &[SourceInfo]) -> (Vec<Card>, bool) {
        let again = self.stage == Stage::Stale;
        self.stage = Stage::Done;
        let default = self.defaults.microphone.as_deref();
        let mut cards = std::mem::take(&mut self.sinks);
        cards.extend(
            sources
                .iter()
                .take(CARDS_MAX)
                .filter_map(|source| microphone(source, default)),
        );
        cards.sort_by(|one, other| (one.half, &one.name).cmp(&(other.half, &other.name)));
        (cards, again)
    }
}

/// The cards whose mute is another than it was.
pub(super) fn newly_muted(before: &[Card], after: &[Card]) -> Vec<(CardName, bool)> {
    let muted: BTreeMap<&CardName, bool> = before
        .iter()
        .map(|card| (&card.name, card.state.muted))
        .collect();
    let other = |card: &&Card| {
        muted
            .get(&card.name)
            .is_some_and(|was| *was != card.state.muted)
    };
    let changed = after.iter().filter(other);
    changed
        .map(|card| (card.name.clone(), card.state.muted))
        .collect()
}

fn ear(sink: &SinkInfo, default: Option<&str>) -> Option<Card> {
    let name = text(&sink.name)?;
    Some(Card {
        description: description(sink.description.as_deref(), &name),
        half: Half::Ear,
        form: property(&sink.props, Prop::DeviceFormFactor),
        device: device(&sink.props, sink.card_index),
        is_default: default == Some(&name),
        state: CardState {
            muted: sink.muted,
            volume_percent: percent(&sink.cvolume),
            suspended: sink.state == SinkState::Suspended,
            plugged: is_plugged(&sink.ports, sink.active_port),
        },
        name: CardName::new(name),
    })
}

/// None for a monitor: what it hears is what a sink plays.
fn microphone(source: &SourceInfo, default: Option<&str>) -> Option<Card> {
    if source.monitor_of_sink_index.is_some() {
        return None;
    }
    let name = text(&source.name)?;
    Some(Card {
        description: description(source.description.as_deref(), &name),
        half: Half::Microphone,
        form: property(&source.props, Prop::DeviceFormFactor),
        device: device(&source.props, source.card_index),
        is_default: default == Some(&name),
        state: CardState {
            muted: source.muted,
            volume_percent: percent(&source.cvolume),
            suspended: source.state == SourceState::Suspended,
            plugged: is_plugged(&source.ports, source.active_port),
        },
        name: CardName::new(name),
    })
}

fn device(props: &Props, card: Option<u32>) -> Device {
    let vendor = property(props, Prop::DeviceVendorId);
    let product = property(props, Prop::DeviceProductId);
    let bus = property(props, Prop::DeviceBus);
    let usb = vendor
        .zip(product)
        .filter(|_| bus.as_deref() == Some("usb"));
    Device {
        card,
        serial: property(props, Prop::DeviceSerial),
        usb: usb.map(|(vendor, product)| format!("{vendor}:{product}")),
        bus,
    }
}

fn is_plugged(ports: &[PortInfo], active: usize) -> bool {
    ports
        .get(active)
        .is_none_or(|port| port.available != PortAvailable::No)
}

/// Of the loudest channel.
fn percent(volume: &ChannelVolume) -> u16 {
    let loudest = volume
        .channels()
        .iter()
        .map(Volume::as_u32)
        .max()
        .unwrap_or(0);
    let norm = u64::from(Volume::NORM.as_u32());
    u16::try_from((u64::from(loudest) * 100 + norm / 2) / norm).unwrap_or(u16::MAX)
}

fn description(told: Option<&CStr>, name: &str) -> String {
    told.and_then(text).unwrap_or_else(|| name.to_owned())
}

/// A device whose name is no text cannot be named in settings, and is left out.
fn text(text: &CStr) -> Option<String> {
    let text = text.to_str().ok()?;
    let shown = text.chars().filter(|letter| !letter.is_control());
    Some(shown.take(TEXT_MAX).collect())
}

fn property(props: &Props, property: Prop) -> Option<String> {
    let value = CStr::from_bytes_until_nul(props.get(property)?).ok()?;
    text(value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headset_sink() -> SinkInfo {
        let mut props = Props::new();
        props.set(Prop::DeviceBus, c"usb");
        props.set(Prop::DeviceVendorId, c"0b0e");
        props.set(Prop::DeviceProductId, c"0306");
        props.set(Prop::DeviceFormFactor, c"headset");
        SinkInfo {
            name: c"alsa_output.usb-jabra".to_owned(),
            description: Some(c"Jabra\x1b Evolve".to_owned()),
            props,
            cvolume: ChannelVolume::norm(2),
            card_index: Some(3),
            state: SinkState::Idle,
            ..SinkInfo::new_dummy(5)
        }
    }

    #[test]
    fn a_sink_becomes_an_ear_with_what_is_known_of_it() {
        let card = ear(&headset_sink(), Some("alsa_output.usb-jabra")).unwrap();
        assert_eq!(card.description, "Jabra Evolve");
        assert_eq!(card.form.as_deref(), Some("headset"));
        assert_eq!(card.device.usb.as_deref(), Some("0b0e:0306"));
        assert_eq!(card.device.card, Some(3));
        assert!(card.is_default);
        let expected = CardState {
            muted: false,
            volume_percent: 100,
            suspended: false,
            plugged: true,
        };
        assert_eq!(card.state, expected);
    }

    #[test]
    fn a_monitor_is_no_microphone_and_a_name_that_is_no_text_no_card() {
        let source = SourceInfo {
            monitor_of_sink_index: Some(5),
            ..SourceInfo::default()
        };
        assert_eq!(microphone(&source, None), None);
        let odd = SinkInfo {
            name: c"\xff".to_owned(),
            ..headset_sink()
        };
        assert_eq!(ear(&odd, None), None);
    }

    #[test]
    fn a_change_while_it_lists_is_listed_again() {
        let mut listing = Listing::default();
        assert!(listing.wanted());
        assert!(!listing.wanted());
        listing.server(&ServerInfo::default());
        listing.sinks(&[headset_sink()]);
        let (cards, again) = listing.sources(&[]);
        assert_eq!((cards.len(), again), (1, true));
        assert!(listing.wanted());
        let (_, again) = listing.sources(&[]);
        assert!(!again);
    }

    #[test]
    fn only_a_mute_that_is_another_is_told() {
        let before = [ear(&headset_sink(), None).unwrap()];
        let mut after = before.clone();
        assert!(newly_muted(&before, &after).is_empty());
        after[0].state.muted = true;
        assert_eq!(
            newly_muted(&before, &after),
            [(before[0].name.clone(), true)]
        );
        assert!(newly_muted(&[], &after).is_empty());
    }
}
