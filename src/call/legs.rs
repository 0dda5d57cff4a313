use crate::words::Moment;

use super::Line;
use super::phone_keys::Typed;
use super::reached::Early;

/// A leg we called, or were called on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Leg {
    #[default]
    Absent,
    /// Asked for, or ringing.
    Called,
    Up,
}

impl Leg {
    pub(super) fn is_up(self) -> bool {
        self == Self::Up
    }

    pub(super) fn is_absent(self) -> bool {
        self == Self::Absent
    }
}

#[derive(Debug, Default)]
pub(super) struct CallerLeg {
    pub(super) leg: Leg,
    /// Their own hold (D13).
    pub(super) on_hold: bool,
    pub(super) speaking: bool,
    /// Something sounds; whether it is he who speaks is for the verdict to say.
    pub(super) sounds: bool,
    /// He is there for certain: a key of his, or the rep's word for it.
    pub(super) vouched: bool,
    /// When they first showed life: 200 ms into their first words, or at a key (D15).
    pub(super) life_since: Option<Moment>,
    pub(super) line: Option<Line>,
    /// What was heard of whom we call, before he answered.
    pub(super) early: Early,
}

impl CallerLeg {
    pub(super) fn is_alive(&self) -> bool {
        self.life_since.is_some()
    }

    /// Packets are not coming.
    pub(super) fn is_dead(&self) -> bool {
        self.line.is_some_and(Line::is_dead)
    }

    /// What sounds is no person (D15).
    pub(super) fn is_nobody(&self) -> bool {
        self.line.is_some_and(Line::is_nobody)
    }
}

#[derive(Debug, Default)]
pub(super) struct RepLeg {
    pub(super) leg: Leg,
    pub(super) muted: bool,
    /// His headset is gone: he neither hears nor is heard.
    pub(super) away: bool,
    /// His own phone holds us: he is deaf, and unheard (D23).
    pub(super) on_hold: bool,
    /// The caller has agreed to that, or its missing consent is in the log.
    pub(super) may_hold: bool,
    /// Keys of his phone that may yet ask for something.
    pub(super) typed: Typed,
    /// No seat is ready: we wait for one (D9).
    pub(super) none_ready: bool,
    /// He has spoken on this call.
    pub(super) heard: bool,
}

impl RepLeg {
    pub(super) fn is_deaf(&self) -> bool {
        self.leg.is_up() && self.on_hold
    }
}
