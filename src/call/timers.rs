use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::words::{Moment, Party};

/// Everything time can do to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The caller has heard enough rings (D2).
    Answer,
    /// The seat has rung for long enough.
    RepRings,
    /// The seat that the call moves to has rung for long enough.
    Moving,
    /// The next point of the 15 s grid is near (D3).
    Grid,
    /// The question has waited long enough for a key (D11).
    Question,
    /// The caller should have typed the next digit of his number by now.
    NextDigit,
    /// The caller should have spoken by now (D15).
    Opening,
    /// The pause after a ladder phrase is over.
    LadderPause,
    /// No packet for too long in mid-call (D16).
    MediaLost,
    /// The rep should have spoken by now: alarm (D6).
    RepSilent,
    /// ... and now he counts as absent.
    RepAbsent,
    MutedWarning,
    /// A mute becomes a hold (D7).
    Muted,
    /// The target has rung for long enough (D20).
    TargetRings,
    /// The announced target should have pressed a key.
    Accept,
    /// The exchange ended the target's leg and should have said by now that it took the call (D22).
    HandedOff,
    /// The customer's phone has rung for long enough.
    CustomerRings,
    /// The customer answered and says nothing.
    CustomerVoice,
    /// A rep should have come to the customer by now.
    RepComes,
    /// Whom we called has not shown that he is a person, nor that he is none.
    Doubt,
    /// The machine should have beeped by now, or have heard our message.
    Beep,
    /// The caller may hang up first (D28).
    CallerFirst,
    /// The rating menu has waited long enough.
    Rating,
    /// A promise's row should have been committed by now.
    Noted,
    /// Something that must end has not reported its end.
    Overdue,
    /// 200 ms of the caller's first voice (D15).
    FirstLife,
    /// 300 ms of voice over a phrase that gives way (D14).
    GiveWay,
    /// No pause came to speak in (D14).
    Pause,
    /// The rep's own phone has begun a sequence of keys and types on.
    NextKey,
    /// A repair of this leg should have helped by now (R26), or has held.
    Repair(Party),
    /// A verdict about this leg may be told again.
    TellAgain(Party),
}

impl Timer {
    /// These belong to the call, not to a state: they run on when the state changes.
    fn is_of_the_call(self) -> bool {
        matches!(
            self,
            Self::RepRings
                | Self::Moving
                | Self::MediaLost
                | Self::Doubt
                | Self::FirstLife
                | Self::GiveWay
                | Self::Pause
                | Self::NextKey
                | Self::Repair(_)
                | Self::TellAgain(_)
        )
    }
}

/// The armed timers of a call: at most one of each kind.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeMap<Timer, Moment>);

impl Timers {
    pub(super) fn arm(&mut self, timer: Timer, at: Moment) {
        self.0.insert(timer, at);
    }

    /// Leaves a running timer as it is: news repeated give no more time.
    pub(super) fn arm_once(&mut self, timer: Timer, at: Moment) {
        self.0.entry(timer).or_insert(at);
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    /// A new state begins: the old one's timers mean nothing to it.
    pub(super) fn begin_state(&mut self) {
        self.0.retain(|timer, _| timer.is_of_the_call());
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The earliest; of two at the same moment the one that is named first above.
    pub(super) fn next(&self) -> Option<(Moment, Timer)> {
        self.0.iter().map(|(timer, at)| (*at, *timer)).min()
    }
}
