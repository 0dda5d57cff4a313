use std::time::Duration;

use super::field::{Sense, Value};
use crate::words::Moment;

/// A button as it was last reported: what of the next report is news.
#[derive(Clone, Debug)]
pub(super) struct Finger {
    sense: Sense,
    was: Value,
    /// When it last went down.
    down_at: Moment,
    /// The last news: what comes right after is the contact bouncing.
    news_at: Option<Moment>,
}

/// News of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A state, or the wish for one.
    On,
    Off,
    /// A press, that says nothing of a state.
    Pressed,
}

/// Contacts settle within 10 ms, and no finger is as quick as this: two presses within are one.
const BOUNCE: Duration = Duration::from_millis(50);
/// No finger rests so long: a button that comes up later does not spring back, and its way up is a press too (Anker's
/// PowerConf S3 says each new state of its mute so, though it calls the field relative).
const LATCHED_AFTER: Duration = Duration::from_secs(5);

impl Finger {
    pub(super) fn new(sense: Sense) -> Self {
        Self {
            sense,
            was: Value::Rest,
            down_at: Moment::ZERO,
            news_at: None,
        }
    }

    pub(super) fn sense(&self) -> Sense {
        self.sense
    }

    /// As it was last reported.
    pub(super) fn is_on(&self) -> bool {
        self.was == Value::On
    }

    /// What a report that says `is` tells; None where it says nothing new, however often.
    pub(super) fn turn(&mut self, is: Value, now: Moment) -> Option<Turn> {
        let was = std::mem::replace(&mut self.was, is);
        if was == is {
            return None;
        }
        let latched = now.since(self.down_at) >= LATCHED_AFTER;
        if is == Value::On {
            self.down_at = now;
        }
        let turn = match (self.sense, is) {
            (Sense::Level | Sense::OnOff, Value::On) => Turn::On,
            (Sense::Level, Value::Rest | Value::Off) | (Sense::OnOff, Value::Off) => Turn::Off,
            (Sense::Pulse, Value::On) => Turn::Pressed,
            (Sense::Pulse, Value::Rest) if latched => Turn::Pressed,
            (Sense::Pulse, Value::Rest | Value::Off) | (Sense::OnOff, Value::Rest) => return None,
        };
        let bounces = self.news_at.is_some_and(|at| now.since(at) < BOUNCE);
        if bounces {
            return None;
        }
        self.news_at = Some(now);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_long_press_told_again_and_again_is_one() {
        let mut button = Finger::new(Sense::Pulse);
        assert_eq!(button.turn(Value::On, at(1_000)), Some(Turn::Pressed));
        for ms in [1_100, 1_200, 1_300, 4_000] {
            assert_eq!(button.turn(Value::On, at(ms)), None);
        }
        assert_eq!(button.turn(Value::Rest, at(4_100)), None);
        assert_eq!(button.turn(Value::On, at(4_500)), Some(Turn::Pressed));
    }

    #[test]
    fn two_presses_within_50_ms_are_one() {
        let mut button = Finger::new(Sense::Pulse);
        assert_eq!(button.turn(Value::On, at(1_000)), Some(Turn::Pressed));
        assert_eq!(button.turn(Value::Rest, at(1_010)), None);
        assert_eq!(button.turn(Value::On, at(1_049)), None);
        assert_eq!(button.turn(Value::Rest, at(1_060)), None);
        assert_eq!(button.turn(Value::On, at(1_070)), Some(Turn::Pressed));
    }

    #[test]
    fn a_button_that_does_not_spring_back_is_pressed_both_ways() {
        let mut button = Finger::new(Sense::Pulse);
        assert_eq!(button.turn(Value::On, at(1_000)), Some(Turn::Pressed));
        assert_eq!(button.turn(Value::Rest, at(20_000)), Some(Turn::Pressed));
    }

    #[test]
    fn a_state_is_told_as_it_changes() {
        let mut hook = Finger::new(Sense::Level);
        assert_eq!(hook.turn(Value::Rest, at(0)), None);
        assert_eq!(hook.turn(Value::On, at(100)), Some(Turn::On));
        assert_eq!(hook.turn(Value::On, at(200)), None);
        assert_eq!(hook.turn(Value::Rest, at(300)), Some(Turn::Off));
    }

    #[test]
    fn a_wish_for_on_or_off_needs_no_state_between() {
        let mut mute = Finger::new(Sense::OnOff);
        assert_eq!(mute.turn(Value::Off, at(0)), Some(Turn::Off));
        assert_eq!(mute.turn(Value::Rest, at(100)), None);
        assert_eq!(mute.turn(Value::On, at(200)), Some(Turn::On));
    }
}
