use std::time::Duration;

use crate::words::Moment;

/// The report that our own lamp provokes from a headset whose button tells presses, not states.
///
/// A state needs none of this: an echo says what we showed, a finger the opposite. A press without a state looks the
/// same either way, so one is swallowed after each lamp of ours, for as long as a headset takes; a second one in
/// that time is a finger, and so is one before: which of the two was the echo does not matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Echo {
    /// The echo that may still come.
    expected: Option<Expected>,
    /// Lamps in a row that were not answered.
    unanswered: u8,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    until: Moment,
    cause: Cause,
}

/// Why a lamp was lit or put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The desk, by itself.
    Desk,
    /// The rep, by this very button: the headset waits for the lamp and seldom answers it.
    Finger,
}

/// A wired headset answers in 10 to 50 ms, a DECT base with its headset asleep within the second.
const PROVOKED_WITHIN: Duration = Duration::from_secs(1);
/// A headset that has its answer from the finger that caused the lamp is quick, and no finger presses twice so fast.
const ANSWERED_WITHIN: Duration = Duration::from_millis(300);
/// So many lamps unanswered: it is a headset without echo, and no press of its is swallowed any more.
const SILENT_AFTER: u8 = 3;

impl Echo {
    /// A lamp changes now.
    pub(super) fn expect(&mut self, cause: Cause, now: Moment) {
        self.lapse(now);
        let within = match cause {
            Cause::Desk => PROVOKED_WITHIN,
            Cause::Finger => ANSWERED_WITHIN,
        };
        self.expected = (self.unanswered < SILENT_AFTER).then(|| Expected {
            until: now + within,
            cause,
        });
    }

    /// True where this press is the echo: once a lamp.
    pub(super) fn swallows(&mut self, now: Moment) -> bool {
        self.lapse(now);
        let swallows = self.expected.take().is_some();
        if swallows {
            self.unanswered = 0;
        }
        swallows
    }

    fn lapse(&mut self, now: Moment) {
        let Some(expected) = self.expected else {
            return;
        };
        if now >= expected.until {
            self.expected = None;
            if expected.cause == Cause::Desk {
                self.unanswered = self.unanswered.saturating_add(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn one_press_after_a_lamp_is_its_echo_and_the_next_is_a_finger() {
        let mut echo = Echo::default();
        echo.expect(Cause::Desk, at(0));
        assert!(echo.swallows(at(900)));
        assert!(!echo.swallows(at(950)));
    }

    #[test]
    fn an_echo_comes_within_a_second_or_not_at_all() {
        let mut echo = Echo::default();
        echo.expect(Cause::Desk, at(0));
        assert!(!echo.swallows(at(1_000)));
        echo.expect(Cause::Finger, at(2_000));
        assert!(!echo.swallows(at(2_300)));
    }

    #[test]
    fn a_headset_without_echo_loses_no_press_after_its_third_lamp() {
        let mut echo = Echo::default();
        for lamp in 0..3 {
            echo.expect(Cause::Desk, at(lamp * 10_000));
        }
        echo.expect(Cause::Desk, at(30_000));
        assert!(!echo.swallows(at(30_100)));
    }

    #[test]
    fn lamps_that_a_finger_caused_say_nothing_about_the_headsets_habit() {
        let mut echo = Echo::default();
        for lamp in 0..9 {
            echo.expect(Cause::Finger, at(lamp * 10_000));
        }
        echo.expect(Cause::Desk, at(90_000));
        assert!(echo.swallows(at(90_500)));
    }
}
