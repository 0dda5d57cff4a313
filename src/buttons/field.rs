use std::ops::Range;

use super::Control;

/// A control's place in the input reports, and how to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InputField {
    pub(super) control: Control,
    /// The id of its report; None where the device numbers none.
    pub(super) report: Option<u8>,
    pub(super) place: Place,
    pub(super) sense: Sense,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Bits of its own, from the report's first bit, id included.
    Own(Range<usize>),
    /// On where one of `slots` fields of `width` bits from bit `first` says `index`.
    Shared {
        first: usize,
        width: usize,
        slots: usize,
        index: u32,
    },
}

/// How a control speaks: HUT 1.4, 3.4.1, on/off controls and one-shots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// The bit is the state (absolute).
    Level,
    /// The way from 0 to 1 is one press (relative, and buttons that spring back).
    Pulse,
    /// 1 turns on, -1 turns off, 0 changes nothing (relative and signed).
    OnOff,
}

/// What a field of a report says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Value {
    #[default]
    Rest,
    On,
    /// Below zero: of [`Sense::OnOff`] only.
    Off,
}

impl InputField {
    /// None where the field is of another report, or the report is cut short before it.
    pub(super) fn read(&self, report: &[u8]) -> Option<Value> {
        if self.report.is_some() && self.report != report.first().copied() {
            return None;
        }
        match &self.place {
            Place::Own(bits) => self.own(report, bits),
            Place::Shared {
                first,
                width,
                slots,
                index,
            } => shared(report, *first, *width, *slots, *index),
        }
    }

    fn own(&self, report: &[u8], place: &Range<usize>) -> Option<Value> {
        let value = bits(report, place.start, place.len())?;
        let sign = place.end.checked_sub(1)?;
        let negative = self.sense == Sense::OnOff && bits(report, sign, 1)? == 1;
        Some(match value {
            0 => Value::Rest,
            _ if negative => Value::Off,
            _ => Value::On,
        })
    }
}

fn shared(report: &[u8], first: usize, width: usize, slots: usize, index: u32) -> Option<Value> {
    let mut value = Value::Rest;
    for slot in 0..slots {
        let at = first.checked_add(slot.checked_mul(width)?)?;
        if bits(report, at, width)? == index {
            value = Value::On;
        }
    }
    Some(value)
}

/// Little-endian, least bit first (HID 1.11, 8.4); of wide fields the low 32 bits. None past the report's end.
fn bits(report: &[u8], first: usize, width: usize) -> Option<u32> {
    let mut value = 0_u32;
    for bit in 0..width.min(32) {
        let at = first.checked_add(bit)?;
        let byte = report.get(at / 8)?;
        let set = u32::from(byte >> (at % 8) & 1);
        value |= set << bit;
    }
    Some(value)
}

/// A lamp's place in the output reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Zero where the device numbers none.
    pub(super) report: u8,
    /// From the first bit after the id.
    pub(super) bit: usize,
}

impl Spot {
    /// Lights the lamp in its report, whose first byte is the id.
    pub(super) fn light(self, report: &mut [u8]) {
        let byte = (self.bit / 8).saturating_add(1);
        if let Some(byte) = report.get_mut(byte) {
            *byte |= 1 << (self.bit % 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(place: Place, sense: Sense) -> InputField {
        InputField {
            control: Control::PhoneMute,
            report: Some(2),
            place,
            sense,
        }
    }

    #[test]
    fn a_bit_is_read_from_its_own_report_only() {
        let mute = field(Place::Own(11..12), Sense::Pulse);
        assert_eq!(mute.read(&[2, 0b1000]), Some(Value::On));
        assert_eq!(mute.read(&[2, 0b0111]), Some(Value::Rest));
        assert_eq!(mute.read(&[1, 0b1000]), None);
        assert_eq!(mute.read(&[2]), None);
        assert_eq!(mute.read(&[]), None);
    }

    #[test]
    fn two_bits_with_a_sign_turn_on_and_off() {
        let mute = field(Place::Own(8..10), Sense::OnOff);
        assert_eq!(mute.read(&[2, 0b01]), Some(Value::On));
        assert_eq!(mute.read(&[2, 0b11]), Some(Value::Off));
        assert_eq!(mute.read(&[2, 0b00]), Some(Value::Rest));
    }

    #[test]
    fn a_button_among_others_is_on_where_a_slot_names_it() {
        let place = Place::Shared {
            first: 8,
            width: 4,
            slots: 2,
            index: 3,
        };
        let mute = field(place, Sense::Pulse);
        assert_eq!(mute.read(&[2, 0x31]), Some(Value::On));
        assert_eq!(mute.read(&[2, 0x12]), Some(Value::Rest));
        assert_eq!(mute.read(&[2]), None);
    }

    #[test]
    fn a_lamp_past_the_report_lights_nothing() {
        let mut report = [9, 0];
        Spot { report: 9, bit: 2 }.light(&mut report);
        assert_eq!(report, [9, 4]);
        Spot { report: 9, bit: 64 }.light(&mut report);
        assert_eq!(report, [9, 4]);
    }
}
