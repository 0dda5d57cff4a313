use std::collections::BTreeMap;

use super::{Lamp, Layout};

/// What the desk wants a headset to show: the state of its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lamps {
    /// A call rings and waits for the rep.
    pub ringing: bool,
    /// He is on a call: a base station opens its radio link, and with it the microphone, at this lamp only.
    pub off_hook: bool,
    pub muted: bool,
    /// The caller is on hold.
    pub held: bool,
}

impl Lamps {
    pub const RINGING: Self = Self {
        ringing: true,
        off_hook: false,
        muted: false,
        held: false,
    };
    /// On a call, neither muted nor held.
    pub const TALKING: Self = Self {
        ringing: false,
        off_hook: true,
        ..Self::RINGING
    };

    fn lit(self, lamp: Lamp) -> bool {
        match lamp {
            Lamp::Ring => self.ringing,
            Lamp::OffHook => self.off_hook,
            Lamp::Mute => self.muted,
            Lamp::Hold => self.held,
        }
    }
}

/// Turns lamps into output reports, and remembers what was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Lights {
    /// By report id; empty before the first showing, for who lit what before us is unknown.
    written: BTreeMap<u8, Vec<u8>>,
    shown: Option<Lamps>,
}

impl Lights {
    pub(super) fn shown(&self) -> Lamps {
        self.shown.unwrap_or_default()
    }

    /// False until the device was told anything.
    pub(super) fn has_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// The reports to write, in order, each first byte an id. Ring, off-hook, mute, hold; but off the hook comes first and
    /// alone, while it still rings: a base that sees the ringing end on the hook takes the call for gone.
    pub(super) fn show(&mut self, lamps: Lamps, layout: &Layout) -> Vec<Vec<u8>> {
        let mut reports = Vec::new();
        let before = self.shown();
        if lamps.off_hook && !before.off_hook {
            let answered = Lamps {
                off_hook: true,
                ..before
            };
            reports.extend(self.step(answered, layout));
        }
        reports.extend(self.step(lamps, layout));
        self.shown = Some(lamps);
        reports
    }

    /// The report of the off-hook lamp as it stands, for a headset that left the state we showed.
    pub(super) fn insist(&self, layout: &Layout) -> Option<Vec<u8>> {
        let spot = layout.lamps.get(&Lamp::OffHook)?;
        Some(report(spot.report, self.shown(), layout))
    }

    fn step(&mut self, lamps: Lamps, layout: &Layout) -> Vec<Vec<u8>> {
        let spots = Lamp::ALL.iter().filter_map(|lamp| layout.lamps.get(lamp));
        let mut changed = Vec::new();
        for spot in spots {
            let report = report(spot.report, lamps, layout);
            if self.written.get(&spot.report) != Some(&report) {
                self.written.insert(spot.report, report.clone());
                changed.push(report);
            }
        }
        changed
    }
}

/// One output report, whole: the id, and the lamps that live in it.
fn report(id: u8, lamps: Lamps, layout: &Layout) -> Vec<u8> {
    let bytes = layout.outputs.get(&id).copied().unwrap_or(1);
    let mut report = vec![0; bytes.max(1)];
    if let Some(first) = report.first_mut() {
        *first = id;
    }
    let lit = layout.lamps.iter().filter(|(lamp, _)| lamps.lit(**lamp));
    for (_, spot) in lit.filter(|(_, spot)| spot.report == id) {
        spot.light(&mut report);
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buttons::headsets;

    const RINGING: Lamps = Lamps::RINGING;
    const TALKING: Lamps = Lamps::TALKING;

    #[test]
    fn a_headset_with_one_report_is_off_the_hook_before_the_ringing_ends() {
        let layout = headsets::layout("jabra-link-380c");
        let mut lights = Lights::default();
        // Off-hook is bit 0, ring bit 3.
        assert_eq!(
            lights.show(Lamps::default(), &layout),
            [vec![2, 0b0000, 0]],
            "who lit what before us is unknown"
        );
        assert_eq!(lights.show(RINGING, &layout), [vec![2, 0b1000, 0]]);
        let answered = [vec![2, 0b1001, 0], vec![2, 0b0001, 0]];
        assert_eq!(lights.show(TALKING, &layout), answered);
        assert_eq!(lights.show(TALKING, &layout), Vec::<Vec<u8>>::new());
        assert_eq!(lights.show(Lamps::default(), &layout), [vec![2, 0, 0]]);
    }

    #[test]
    fn a_headset_with_a_report_a_lamp_gets_those_that_changed_in_order() {
        let layout = headsets::layout("poly-blackwire-3220");
        let mut lights = Lights::default();
        let all_off = [vec![0x18, 0], vec![0x17, 0], vec![0x09, 0], vec![0x20, 0]];
        assert_eq!(lights.show(Lamps::default(), &layout), all_off);
        assert_eq!(lights.show(RINGING, &layout), [vec![0x18, 1]]);
        let muted = Lamps {
            muted: true,
            ..TALKING
        };
        let answered = [vec![0x17, 1], vec![0x18, 0], vec![0x09, 1]];
        assert_eq!(lights.show(muted, &layout), answered);
        assert_eq!(
            lights.show(Lamps::default(), &layout),
            [vec![0x17, 0], vec![0x09, 0]]
        );
    }

    #[test]
    fn a_headset_plugged_in_during_a_call_is_off_the_hook_first() {
        let layout = headsets::layout("poly-blackwire-3220");
        let held = Lamps {
            held: true,
            ..TALKING
        };
        let reports = Lights::default().show(held, &layout);
        let expected = [
            vec![0x18, 0],
            vec![0x17, 1],
            vec![0x09, 0],
            vec![0x20, 0],
            vec![0x20, 1],
        ];
        assert_eq!(reports, expected);
    }
}
