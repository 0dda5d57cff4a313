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

    /// What is to be on, of what there are codes for; all else is to be off.
    pub(super) fn on(self, codes: &BTreeSet<Code>) -> Option<Feature> {
        let mut choices = match self {
            Self::Free => return None,
            Self::Paused => [Feature::Pause, Feature::DoNotDisturb],
            Self::Undisturbed => [Feature::DoNotDisturb, Feature::Pause],
        }
        .into_iter();
        choices.find(|feature| codes.contains(&feature.on()))
    }
}
