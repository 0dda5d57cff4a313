use std::collections::BTreeSet;
use std::time::Duration;

use super::code::{Code, Feature};
use crate::seating::State;

/// How the PBX should take a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// For calls.
    Free,
    /// Away for a while: paused, or not disturbed where there is no code for that.
    Paused,
    /// Not for calls: not disturbed, or paused where there is no code for that.
    Undisturbed,
}

/// A headset that is plugged in again within this was never gone for the PBX; nor is it at a start, while we look for it.
const FAULT_LASTS: Duration = Duration::from_secs(5);

impl Wish {
    /// What a state wishes, and how long it must last for that; `None` where it changes nothing.
    pub(super) fn of(state: State) -> Option<(Self, Duration)> {
        match state {
            State::Available => Some((Self::Free, Duration::ZERO)),
            State::OnBreak | State::Absent => Some((Self::Paused, Duration::ZERO)),
            State::NotRegistered | State::NoHeadset | State::DeadMicrophone => {
                Some((Self::Paused, FAULT_LASTS))
            }
            State::Busy | State::Offline => Some((Self::Undisturbed, Duration::ZERO)),
            // The line is busy, or answers so itself (D9).
            State::Ringing | State::InCall | State::WrapUp => None,
        }
    }

    /// The codes that make it so, of those that there are: what is to be on, then what is to be off.
    pub(super) fn codes(self, known: &BTreeSet<Code>) -> Vec<Code> {
        let on = self.on(known);
        let off = Feature::ALL.into_iter();
        let off = off.filter(|feature| Some(*feature) != on);
        let off = off.map(Feature::off).filter(|code| known.contains(code));
        on.map(Feature::on).into_iter().chain(off).collect()
    }

    fn on(self, known: &BTreeSet<Code>) -> Option<Feature> {
        let choices: &[Feature] = match self {
            Self::Free => &[],
            Self::Paused => &[Feature::Pause, Feature::DoNotDisturb],
            Self::Undisturbed => &[Feature::DoNotDisturb, Feature::Pause],
        };
        let mut choices = choices.iter().copied();
        choices.find(|feature| known.contains(&feature.on()))
    }
}
