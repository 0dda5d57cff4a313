use std::collections::BTreeMap;
use std::fmt;

use hidreport::{
    ArrayField, Field, FieldAttributes, Report, ReportDescriptor, Usage, VariableField,
};

use super::field::{InputField, Place, Sense, Spot};
use super::{Control, Lamp, sieve, usage};

/// Where a headset's buttons and lamps are in its reports, read from its report descriptor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// One a control: the first that names it.
    pub(super) inputs: Vec<InputField>,
    pub(super) lamps: BTreeMap<Lamp, Spot>,
    /// Bytes of each output report with a lamp, id included, by id.
    pub(super) outputs: BTreeMap<u8, usize>,
}

/// Why a descriptor is not used. `at` is the byte of its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// Longer than Linux would take it.
    TooLong {
        bytes: usize,
    },
    /// It announces more than any headset has.
    TooMuch {
        at: usize,
    },
    /// It closes what it never opened, or numbers a report 0.
    Malformed {
        at: usize,
    },
    Unreadable {
        why: String,
    },
    /// Neither button nor lamp of a telephone.
    NothingOfATelephone,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(f, "the device describes itself in {bytes} bytes"),
            Self::TooMuch { at } => write!(f, "byte {at} announces more than any headset has"),
            Self::Malformed { at } => write!(f, "the item at byte {at} makes no sense"),
            Self::Unreadable { why } => write!(f, "read the report descriptor: {why}"),
            Self::NothingOfATelephone => f.write_str("no button and no lamp of a telephone"),
        }
    }
}

impl std::error::Error for LayoutError {}

impl Layout {
    /// Reads a report descriptor, which is peer input: any bytes at all, in bounded time and memory.
    pub fn read(descriptor: &[u8]) -> Result<Self, LayoutError> {
        let fit = sieve::sieve(descriptor)?;
        let described =
            ReportDescriptor::try_from(&fit[..]).map_err(|error| LayoutError::Unreadable {
                why: error.to_string(),
            })?;
        let mut layout = Self::default();
        for report in described.input_reports() {
            layout.take_controls(report);
        }
        for report in described.output_reports() {
            layout.take_lamps(report);
        }
        if layout.inputs.is_empty() && layout.lamps.is_empty() {
            return Err(LayoutError::NothingOfATelephone);
        }
        Ok(layout)
    }

    /// The controls it has, each once.
    pub fn controls(&self) -> impl Iterator<Item = Control> {
        self.inputs.iter().map(|field| field.control)
    }

    /// The lamps it has.
    pub fn lamps(&self) -> impl Iterator<Item = Lamp> {
        self.lamps.keys().copied()
    }

    fn take_controls(&mut self, report: &impl Report) {
        let id = report.report_id().map(u8::from);
        let fields = report.fields().iter();
        for (control, place, sense) in fields.flat_map(controls) {
            if !self.inputs.iter().any(|known| known.control == control) {
                self.inputs.push(InputField {
                    control,
                    report: id,
                    place,
                    sense,
                });
            }
        }
    }

    fn take_lamps(&mut self, report: &impl Report) {
        let id = report.report_id().map(u8::from);
        // Bits are counted from the id where there is one; the system wants a zero in its place where there is none.
        let (before, bytes) = match id {
            Some(_) => (8, report.size_in_bytes()),
            None => (0, report.size_in_bytes().saturating_add(1)),
        };
        let report_id = id.unwrap_or(0);
        for field in report.fields() {
            let Field::Variable(field) = field else {
                continue;
            };
            let (Some(lamp), Some(bit)) = (
                usage::lamp(field.usage.into()),
                field.bits.start.checked_sub(before),
            ) else {
                continue;
            };
            let spot = Spot {
                report: report_id,
                bit,
            };
            self.lamps.entry(lamp).or_insert(spot);
            self.outputs.insert(report_id, bytes);
        }
    }
}

/// The controls of a field: one of a variable, one a usage of an array.
fn controls(field: &Field) -> Vec<(Control, Place, Sense)> {
    let telephony = in_telephony(field);
    match field {
        Field::Variable(field) => {
            let control = usage::control(field.usage.into(), telephony);
            let place = Place::Own(field.bits.clone());
            let found = control.map(|control| (control, place, sense(control, field)));
            found.into_iter().collect()
        }
        Field::Array(field) => {
            let numbered = (0_u32..).zip(field.usages());
            let found = numbered.filter_map(|(index, usage)| {
                let control = usage::control(u32::from(usage), telephony)?;
                // An array names what is pressed just now: all its buttons spring back.
                Some((control, slot(field, index)?, Sense::Pulse))
            });
            found.collect()
        }
        Field::Constant(_) => Vec::new(),
    }
}

/// The usage at `index` is said as the logical minimum and so many: HID 1.11, 6.2.2.5.
fn slot(field: &ArrayField, index: u32) -> Option<Place> {
    let minimum = u32::try_from(i32::from(field.logical_minimum)).ok()?;
    let slots = usize::from(field.report_count);
    Some(Place::Shared {
        first: field.bits.start,
        width: field.bits.len().checked_div(slots)?,
        slots,
        index: minimum.checked_add(index)?,
    })
}

/// HUT 1.4, 3.4.1.2. Headsets keep to it but for the hook, whose bit is a state where it is absolute at all.
fn sense(control: Control, field: &VariableField) -> Sense {
    let state = match control {
        Control::HookSwitch | Control::LineBusy => true,
        Control::PhoneMute => field.has_no_preferred_state(),
        Control::Drop | Control::Flash | Control::Hold | Control::Redial => false,
    };
    match (field.is_relative(), state) {
        (true, _) if field.is_signed() => Sense::OnOff,
        (false, true) => Sense::Level,
        (true, _) | (false, false) => Sense::Pulse,
    }
}

/// True where a telephone's collection is around the field.
fn in_telephony(field: &Field) -> bool {
    let around = field.collections().iter();
    let mut usages = around.flat_map(|collection| collection.usages());
    usages.any(|usage: &Usage| usage::is_telephony(usage.usage_page.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::buttons::headsets;
    use crate::buttons::{Action, Buttons, Input, Lamps};
    use crate::words::Moment;

    /// One line a control and a lamp: what, report, where, how.
    fn told(name: &str) -> Vec<String> {
        let layout = headsets::layout(name);
        let input = |field: &InputField| {
            let report = field.report.unwrap_or(0);
            let place = match &field.place {
                Place::Own(bits) => format!("{bits:?}"),
                Place::Shared { index, .. } => format!("index {index}"),
            };
            format!("{:?} {report} {place} {:?}", field.control, field.sense)
        };
        let lamp = |(lamp, spot): (&Lamp, &Spot)| {
            let bytes = layout.outputs[&spot.report];
            format!("{lamp:?} {} bit {} of {bytes} bytes", spot.report, spot.bit)
        };
        let inputs = layout.inputs.iter().map(input);
        inputs.chain(layout.lamps.iter().map(lamp)).collect()
    }

    #[test]
    fn a_jabra_that_calls_its_buttons_constant_is_read_all_the_same() {
        let expected = [
            "HookSwitch 2 8..9 Level",
            "LineBusy 2 9..10 Level",
            "PhoneMute 2 11..12 Pulse",
            "Flash 2 12..13 Pulse",
            "Redial 2 13..14 Pulse",
            "Drop 2 19..20 Pulse",
            "Ring 2 bit 3 of 3 bytes",
            "OffHook 2 bit 0 of 3 bytes",
            "Mute 2 bit 2 of 3 bytes",
            "Hold 2 bit 4 of 3 bytes",
        ];
        assert_eq!(told("jabra-link-380c"), expected);
    }

    #[test]
    fn a_poly_has_a_report_for_each_lamp() {
        let expected = [
            "PhoneMute 8 8..9 Pulse",
            "HookSwitch 8 9..10 Level",
            "Flash 8 10..11 Pulse",
            "Ring 24 bit 0 of 2 bytes",
            "OffHook 23 bit 0 of 2 bytes",
            "Mute 9 bit 0 of 2 bytes",
            "Hold 32 bit 0 of 2 bytes",
        ];
        assert_eq!(told("poly-blackwire-3220"), expected);
    }

    #[test]
    fn speakerphones_and_a_camera_are_read() {
        let dell = [
            "HookSwitch 5 8..9 Level",
            "PhoneMute 5 9..10 Pulse",
            "Redial 5 10..11 Pulse",
            "Flash 5 11..12 Pulse",
            "LineBusy 5 12..13 Pulse",
            "Drop 5 15..16 Pulse",
            "Ring 5 bit 2 of 2 bytes",
            "OffHook 5 bit 0 of 2 bytes",
            "Mute 5 bit 1 of 2 bytes",
            "Hold 5 bit 3 of 2 bytes",
        ];
        assert_eq!(told("dell-sp325"), dell);
        let anker = [
            "HookSwitch 2 8..9 Level",
            "LineBusy 2 9..10 Level",
            "PhoneMute 2 10..11 Pulse",
            "Flash 2 11..12 Pulse",
            "Ring 2 bit 2 of 2 bytes",
            "OffHook 2 bit 0 of 2 bytes",
            "Mute 2 bit 1 of 2 bytes",
            "Hold 2 bit 3 of 2 bytes",
        ];
        assert_eq!(told("anker-powerconf"), anker);
        let brio = [
            "PhoneMute 8 8..9 Pulse",
            "HookSwitch 8 9..10 Level",
            "Mute 8 bit 0 of 3 bytes",
        ];
        assert_eq!(told("logitech-mx-brio"), brio);
    }

    #[test]
    fn a_headset_without_report_ids_writes_a_zero_in_their_place() {
        let expected = [
            "HookSwitch 0 0..1 Pulse",
            "PhoneMute 0 1..2 Pulse",
            "Redial 0 2..3 Pulse",
            "Hold 0 3..5 OnOff",
            "Drop 0 5..6 Pulse",
            "Ring 0 bit 2 of 2 bytes",
            "OffHook 0 bit 0 of 2 bytes",
            "Mute 0 bit 1 of 2 bytes",
            "Hold 0 bit 3 of 2 bytes",
        ];
        assert_eq!(told("built-toggle"), expected);
        let bare = ["PhoneMute 0 3..4 Pulse", "HookSwitch 0 4..5 Pulse"];
        assert_eq!(told("cmedia-hs-100b"), bare);
    }

    #[test]
    fn buttons_that_share_a_field_are_told_by_their_index() {
        let expected = [
            "HookSwitch 7 index 1 Pulse",
            "PhoneMute 7 index 2 Pulse",
            "Flash 7 index 3 Pulse",
            "Redial 7 index 4 Pulse",
            "Ring 7 bit 0 of 2 bytes",
            "OffHook 7 bit 1 of 2 bytes",
        ];
        assert_eq!(told("built-array"), expected);
    }

    #[test]
    fn a_mouse_is_no_headset() {
        let mouse = [
            0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0x05, 0x09, 0x19, 0x01, 0x29, 0x08, 0x15, 0x00,
            0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0xC0,
        ];
        assert_eq!(Layout::read(&mouse), Err(LayoutError::NothingOfATelephone));
        assert_eq!(Layout::read(&[]), Err(LayoutError::NothingOfATelephone));
        let long = vec![0; 4_097];
        assert_eq!(
            Layout::read(&long),
            Err(LayoutError::TooLong { bytes: 4_097 })
        );
    }

    /// Reads it, and feeds what comes of it: nothing may panic, and no output is longer than announced.
    fn survive(descriptor: &[u8], reports: &[Vec<u8>]) {
        let Ok(layout) = Layout::read(descriptor) else {
            return;
        };
        let mut buttons = Buttons::new(layout.clone());
        let talking = Lamps {
            off_hook: true,
            ..Lamps::default()
        };
        let written = buttons.handle(Input::Show(talking), Moment::ZERO);
        for action in written {
            let Action::Write(report) = action else {
                panic!("a lamp was a press: {action:?}");
            };
            assert_eq!(Some(&report.len()), layout.outputs.get(&report[0]));
        }
        for report in reports {
            buttons.handle(Input::Report(report), Moment::ZERO);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            descriptor in prop::collection::vec(any::<u8>(), 0..256),
            reports in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..16), 0..8),
        ) {
            survive(&descriptor, &reports);
        }

        #[test]
        fn headsets_with_broken_descriptors_are_read_or_refused(
            which in 0..headsets::ALL.len(),
            breaks in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..12),
            reports in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..16), 0..8),
        ) {
            let mut descriptor = headsets::descriptor(headsets::ALL[which].0);
            for (at, byte, how) in breaks {
                let at = at.index(descriptor.len());
                match how {
                    0 => descriptor[at] = byte,
                    1 => descriptor.insert(at, byte),
                    _ if descriptor.len() > 1 => drop(descriptor.remove(at)),
                    _ => {}
                }
            }
            survive(&descriptor, &reports);
        }
    }
}
