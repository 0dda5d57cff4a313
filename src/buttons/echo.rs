use std::collections::VecDeque;
use std::time::Duration;

use crate::words::Moment;

/// The report that our own lamp provokes from a headset whose button tells presses, not states.
///
/// A press without a state looks the same whether a lamp or a finger is behind it, so one is swallowed after each lamp of ours, for as long as a headset takes; a second one in
/// that time is a finger, and so is one before: which of the two was the echo does not matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Echo {
    /// Echoes that may still come, the oldest first.
    expected: VecDeque<Expected>,
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
    /// The first showing: who lit what before us is unknown, so it may be answered, and need not.
    Start,
}

/// A wired headset answers in 10 to 50 ms, a DECT base with its headset asleep within the second.
const PROVOKED_WITHIN: Duration = Duration::from_secs(1);
/// A headset that has its answer from the finger that caused the lamp is quick, and no finger presses twice so fast.
const ANSWERED_WITHIN: Duration = Duration::from_millis(300);
/// So many lamps unanswered: it is a headset without echo, and no press of its is swallowed any more.
const SILENT_AFTER: u8 = 3;

/// Lamps that change faster than a headset answers; past it the oldest answer is not waited for.
const WAITED_FOR_MAX: usize = 8;

impl Echo {
    /// A lamp changes now.
    pub(super) fn expect(&mut self, cause: Cause, now: Moment) {
        self.lapse(now);
        let within = match cause {
            Cause::Desk | Cause::Start => PROVOKED_WITHIN,
            Cause::Finger => ANSWERED_WITHIN,
        };
        if self.unanswered < SILENT_AFTER {
            let until = now + within;
            wait_for(&mut self.expected, Expected { until, cause });
        }
    }

    /// True where this press is an echo: once a lamp.
    pub(super) fn swallows(&mut self, now: Moment) -> bool {
        self.lapse(now);
        let swallows = self.expected.pop_front().is_some();
        if swallows {
            self.unanswered = 0;
        }
        swallows
    }

    fn lapse(&mut self, now: Moment) {
        let unanswered = &mut self.unanswered;
        self.expected.retain(|expected| {
            let waits = now < expected.until;
            if !waits && expected.cause == Cause::Desk {
                *unanswered = unanswered.saturating_add(1);
            }
            waits
        });
    }
}

fn wait_for<T>(queue: &mut VecDeque<T>, next: T) {
    if queue.len() >= WAITED_FOR_MAX {
        queue.pop_front();
    }
    queue.push_back(next);
}

/// The states that a headset owes us where its button tells states: those we set by a lamp and it has not told yet.
///
/// An echo says what we showed and a finger the opposite, but what we showed may have changed before a slow headset
/// speaks: the end of one call, told late, must not end the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Owed {
    /// Each state, and until when it is waited for; the oldest first.
    states: VecDeque<(bool, Moment)>,
}

/// A DECT base tells a state once its radio link stands, or is down: 2 to 3 s.
const STATE_WITHIN: Duration = Duration::from_secs(5);

impl Owed {
    /// A lamp goes on or off now, while the headset has last told `told`.
    pub(super) fn expect(&mut self, lit: bool, told: bool, now: Moment) {
        self.states.retain(|(_, until)| now < *until);
        let before = self.states.back().map_or(told, |(state, _)| *state);
        if lit != before {
            wait_for(&mut self.states, (lit, now + STATE_WITHIN));
        }
    }

    /// True where the headset owed this state: once a lamp. What it owed before that one it has passed over.
    pub(super) fn pays(&mut self, state: bool, now: Moment) -> bool {
        self.states.retain(|(_, until)| now < *until);
        let Some(at) = self.states.iter().position(|(owed, _)| *owed == state) else {
            return false;
        };
        self.states.drain(..=at);
        true
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
    fn lamps_that_a_finger_or_the_start_caused_say_nothing_about_the_headsets_habit() {
        let mut echo = Echo::default();
        for lamp in 0..4 {
            echo.expect(Cause::Start, at(lamp * 20_000));
            echo.expect(Cause::Finger, at(lamp * 20_000 + 10_000));
        }
        echo.expect(Cause::Desk, at(90_000));
        assert!(echo.swallows(at(90_500)));
    }

    #[test]
    fn a_headset_owes_the_states_it_has_not_told_and_no_others() {
        let mut owed = Owed::default();
        owed.expect(true, true, at(0));
        assert!(!owed.pays(true, at(100)), "it has told that");
        owed.expect(false, true, at(1_000));
        owed.expect(true, true, at(1_100));
        assert!(owed.pays(false, at(3_000)));
        assert!(owed.pays(true, at(3_100)));
        assert!(!owed.pays(false, at(3_200)));
        owed.expect(false, true, at(10_000));
        assert!(!owed.pays(false, at(15_000)), "a debt lapses");
    }
}
