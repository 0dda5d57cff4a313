use std::collections::BTreeMap;
use std::time::Duration;

use super::echo::{Cause, Echo, Owed};
use super::field::{Sense, Value};
use super::finger::{Finger, Turn};
use super::lights::Lights;
use super::{Control, Lamps, Layout};
use crate::words::Moment;

/// One headset's buttons and lamps: what its reports mean while the call is as it was last shown.
///
/// Headsets answer our lamps with reports of their own, and these are no presses. Two things tell them apart:
///
/// - Where a button tells a **state** (an absolute hook switch), an echo says what we showed and a finger says the
///   opposite. So a state that agrees with the lamps is never a press, however late it comes, and one that differs is
///   one, however early; but for what a slow headset still owes of an earlier lamp (`Owed`).
/// - Where it tells **presses** only (most mute buttons), both look the same: one is swallowed after each lamp (`Echo`).
#[derive(Clone, Debug)]
pub struct Buttons {
    layout: Layout,
    lights: Lights,
    buttons: BTreeMap<Control, Button>,
    /// When a hook switch that tells a state answered a call.
    answered_at: Option<Moment>,
    /// When the headset was last told to go back on the hook.
    insisted_at: Option<Moment>,
}

/// What happens to a headset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// It sent this report; its first byte is the id, where its reports have one.
    Report(&'a [u8]),
    /// It is to show this.
    Show(Lamps),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Pressed(Press),
    /// An output report for the device; its first byte is the id, or 0.
    Write(Vec<u8>),
}

/// What the rep wants with the button he pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Press {
    /// He takes the call that rings.
    Answer,
    /// He refuses the call that rings, or ends the one he is on: by the farewell gate (D27).
    HangUp,
    MuteOn,
    MuteOff,
    ToggleMute,
    /// Holds the caller, or returns to him.
    Hold,
    /// The last number again; told only while no call is there.
    Redial,
}

#[derive(Clone, Debug)]
struct Button {
    finger: Finger,
    echo: Echo,
    owed: Owed,
    /// When it last was a press: the lamp that follows is the rep's doing.
    pressed_at: Option<Moment>,
}

/// A hook switch that springs back comes up this soon: nobody hangs up so quickly after he answered.
const SPRINGS_BACK_WITHIN: Duration = Duration::from_millis(500);
/// How soon a lamp follows the press that asked for it.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(2);
/// A headset that is off the hook without a call is told so at most once in this time.
const INSIST_EVERY: Duration = Duration::from_secs(1);

impl Buttons {
    pub fn new(layout: Layout) -> Self {
        let button = |sense| Button {
            finger: Finger::new(sense),
            echo: Echo::default(),
            owed: Owed::default(),
            pressed_at: None,
        };
        let fields = layout.inputs.iter();
        let buttons = fields.map(|field| (field.control, button(field.sense)));
        Self {
            buttons: buttons.collect(),
            layout,
            lights: Lights::default(),
            answered_at: None,
            insisted_at: None,
        }
    }

    /// What an input leads to. Total: a report of any bytes is an input.
    pub fn handle(&mut self, input: Input<'_>, now: Moment) -> Vec<Action> {
        match input {
            Input::Report(report) => self.hear(report, now),
            Input::Show(lamps) => self.show(lamps, now),
        }
    }

    fn show(&mut self, lamps: Lamps, now: Moment) -> Vec<Action> {
        let before = self.lights.shown();
        let provoked = [
            (Control::HookSwitch, before.off_hook, lamps.off_hook),
            (Control::PhoneMute, before.muted, lamps.muted),
            (Control::Hold, before.held, lamps.held),
        ];
        for (control, was_lit, lit) in provoked {
            if !self.lights.has_shown() || was_lit != lit {
                self.expect_echo(control, lit, now);
            }
        }
        let mut reports = self.lights.show(lamps, &self.layout);
        // Shown the same again: it hung up, and the call goes on.
        if reports.is_empty() && self.is_hung_up() {
            reports.extend(self.lights.insist(&self.layout));
        }
        reports.into_iter().map(Action::Write).collect()
    }

    /// Its hook switch says that it is on the hook, though it is on a call.
    fn is_hung_up(&self) -> bool {
        let hook = self.buttons.get(&Control::HookSwitch);
        let is_down =
            hook.is_some_and(|hook| hook.finger.sense() == Sense::Level && !hook.finger.is_on());
        is_down && self.lights.shown().off_hook
    }

    fn expect_echo(&mut self, control: Control, lit: bool, now: Moment) {
        let first = !self.lights.has_shown();
        if let Some(button) = self.button(control) {
            let cause = if first {
                Cause::Start
            } else {
                button.cause(now)
            };
            button.echo.expect(cause, now);
            button.owed.expect(lit, button.finger.is_on(), now);
        }
    }

    fn hear(&mut self, report: &[u8], now: Moment) -> Vec<Action> {
        let turns = self.turns(report, now);
        let actions = turns
            .into_iter()
            .filter_map(|(control, turn)| self.turned(control, turn, now));
        actions.collect()
    }

    /// The news of a report, one a control it holds.
    fn turns(&mut self, report: &[u8], now: Moment) -> Vec<(Control, Turn)> {
        let mut turns = Vec::new();
        for field in &self.layout.inputs {
            let value: Option<Value> = field.read(report);
            let button = self.buttons.get_mut(&field.control);
            if let (Some(value), Some(button)) = (value, button)
                && let Some(turn) = button.finger.turn(value, now)
            {
                turns.push((field.control, turn));
            }
        }
        turns
    }

    fn turned(&mut self, control: Control, turn: Turn, now: Moment) -> Option<Action> {
        if self.button(control)?.is_echo(turn, now) {
            return None;
        }
        let Lamps {
            ringing,
            off_hook,
            muted,
            held,
        } = self.lights.shown();
        let press = match (control, turn) {
            (Control::HookSwitch, Turn::On) => return self.lifted(now),
            (Control::HookSwitch, Turn::Off) if off_hook && !self.springs_back(now) => {
                Press::HangUp
            }
            (Control::HookSwitch, Turn::Off) => return None,
            (Control::HookSwitch, Turn::Pressed) if off_hook => Press::HangUp,
            (Control::HookSwitch, Turn::Pressed) if ringing => Press::Answer,
            (Control::PhoneMute, Turn::On) if !muted => Press::MuteOn,
            (Control::PhoneMute, Turn::Off) if muted => Press::MuteOff,
            (Control::PhoneMute, Turn::Pressed) => Press::ToggleMute,
            (Control::Drop, Turn::On | Turn::Pressed) if ringing || off_hook => Press::HangUp,
            (Control::Flash, Turn::On | Turn::Pressed) if off_hook => Press::Hold,
            (Control::Hold, Turn::On) if off_hook && !held => Press::Hold,
            (Control::Hold, Turn::Off) if off_hook && held => Press::Hold,
            (Control::Hold, Turn::Pressed) if off_hook => Press::Hold,
            (Control::Redial, Turn::On | Turn::Pressed) if !ringing && !off_hook => Press::Redial,
            // Nothing to it as the call is; a state that agrees with the lamps; a line that is busy.
            (
                Control::HookSwitch
                | Control::PhoneMute
                | Control::Drop
                | Control::Flash
                | Control::Hold
                | Control::Redial
                | Control::LineBusy,
                Turn::On | Turn::Off | Turn::Pressed,
            ) => return None,
        };
        self.button(control)?.pressed_at = Some(now);
        Some(Action::Pressed(press))
    }

    /// The hook switch says that the headset is off the hook.
    fn lifted(&mut self, now: Moment) -> Option<Action> {
        let Lamps {
            ringing, off_hook, ..
        } = self.lights.shown();
        if off_hook {
            return None;
        }
        let hook = self.button(Control::HookSwitch)?;
        if !ringing {
            // Left so, its next press would be one down, and the next call not answered by it.
            return self.insist(now);
        }
        hook.pressed_at = Some(now);
        if hook.finger.sense() == Sense::Level {
            self.answered_at = Some(now);
        }
        Some(Action::Pressed(Press::Answer))
    }

    fn insist(&mut self, now: Moment) -> Option<Action> {
        let lately = |at: Moment| now.since(at) < INSIST_EVERY;
        if self.insisted_at.is_some_and(lately) {
            return None;
        }
        self.insisted_at = Some(now);
        self.lights.insist(&self.layout).map(Action::Write)
    }

    /// True where the hook coming down is the button let go that answered the call.
    fn springs_back(&self, now: Moment) -> bool {
        let lately = |at: Moment| now.since(at) < SPRINGS_BACK_WITHIN;
        self.answered_at.is_some_and(lately)
    }

    fn button(&mut self, control: Control) -> Option<&mut Button> {
        self.buttons.get_mut(&control)
    }
}

impl Button {
    /// True where our lamp, not a finger, is behind this.
    fn is_echo(&mut self, turn: Turn, now: Moment) -> bool {
        match (self.finger.sense(), turn) {
            (Sense::Level, Turn::On) => self.owed.pays(true, now),
            (Sense::Level, Turn::Off) => self.owed.pays(false, now),
            (Sense::Level | Sense::Pulse, Turn::Pressed) => self.echo.swallows(now),
            // A wish for what is already so is none: no need to know whose it was.
            (Sense::Pulse | Sense::OnOff, Turn::On | Turn::Off | Turn::Pressed) => false,
        }
    }

    /// Who is behind a lamp that changes now.
    fn cause(&self, now: Moment) -> Cause {
        let lately = |at: Moment| now.since(at) < FOLLOWS_WITHIN;
        if self.pressed_at.is_some_and(lately) {
            Cause::Finger
        } else {
            Cause::Desk
        }
    }
}

#[cfg(test)]
mod tests;
