use hut::{AsUsage, AsUsagePage};

/// What a button of a headset tells, by the Telephony page of the HID Usage Tables (HUT 1.4, 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// On: the headset is off the hook.
    HookSwitch,
    /// Refuses a call, or ends it.
    Drop,
    PhoneMute,
    /// The short press of the hook: the other call, or hold.
    Flash,
    Hold,
    Redial,
    /// The headset's own view of its line; it asks for nothing.
    LineBusy,
}

/// What a headset can show, by the LED page (HUT 1.4, 11), in the order it is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lamp {
    Ring,
    OffHook,
    Mute,
    Hold,
}

impl Lamp {
    pub const ALL: [Self; 4] = [Self::Ring, Self::OffHook, Self::Mute, Self::Hold];
}

/// Button 7 in a telephony collection is how Jabra, Dell and Gigaset spell "refuse".
const REFUSE: u16 = 7;

/// Pages that can hold a control or a lamp; all others are padding to us.
pub(super) fn is_page_of_ours(page: u16) -> bool {
    [
        hut::UsagePage::TelephonyDevice,
        hut::UsagePage::LED,
        hut::UsagePage::Button,
    ]
    .iter()
    .any(|ours| ours.usage_page_value() == page)
}

/// The control of a 32-bit usage (page above id); `in_telephony` where a telephony collection is around it.
pub(super) fn control(usage: u32, in_telephony: bool) -> Option<Control> {
    use hut::TelephonyDevice as Telephony;
    let known = [
        (Telephony::HookSwitch, Control::HookSwitch),
        (Telephony::Drop, Control::Drop),
        (Telephony::PhoneMute, Control::PhoneMute),
        (Telephony::Flash, Control::Flash),
        (Telephony::Hold, Control::Hold),
        (Telephony::Redial, Control::Redial),
        (Telephony::LineBusyTone, Control::LineBusy),
    ];
    let refuse = hut::Button::Button(REFUSE).usage_value();
    if in_telephony && usage == refuse {
        return Some(Control::Drop);
    }
    let known = known.iter().find(|(name, _)| name.usage_value() == usage);
    known.map(|(_, control)| *control)
}

/// The lamp of a 32-bit usage.
pub(super) fn lamp(usage: u32) -> Option<Lamp> {
    let known = [
        (hut::LED::Ring, Lamp::Ring),
        (hut::LED::OffHook, Lamp::OffHook),
        (hut::LED::Mute, Lamp::Mute),
        (hut::LED::Hold, Lamp::Hold),
    ];
    let known = known.iter().find(|(name, _)| name.usage_value() == usage);
    known.map(|(_, lamp)| *lamp)
}

/// True for the Telephony page itself, of which a headset's collection is.
pub fn is_telephony(page: u16) -> bool {
    hut::UsagePage::TelephonyDevice.usage_page_value() == page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_are_those_of_the_tables() {
        assert_eq!(control(0x000B_0020, false), Some(Control::HookSwitch));
        assert_eq!(control(0x000B_002F, false), Some(Control::PhoneMute));
        assert_eq!(control(0x000B_0097, false), Some(Control::LineBusy));
        assert_eq!(lamp(0x0008_0017), Some(Lamp::OffHook));
        assert_eq!(lamp(0x0008_0009), Some(Lamp::Mute));
        assert_eq!(lamp(0x0008_0018), Some(Lamp::Ring));
        assert_eq!(lamp(0x0008_0020), Some(Lamp::Hold));
    }

    #[test]
    fn button_7_refuses_on_a_telephone_only() {
        assert_eq!(control(0x0009_0007, true), Some(Control::Drop));
        assert_eq!(control(0x0009_0007, false), None);
    }
}
