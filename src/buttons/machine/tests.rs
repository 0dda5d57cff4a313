//! Headsets by what they send, as recorded or as their makers describe it: report bytes in, presses out.

use proptest::prelude::*;

use super::*;
use crate::buttons::headsets;

const RINGING: Lamps = Lamps::RINGING;
const TALKING: Lamps = Lamps::TALKING;
const MUTED: Lamps = Lamps {
    muted: true,
    ..TALKING
};
const HELD: Lamps = Lamps {
    held: true,
    ..TALKING
};
const IDLE: Lamps = Lamps {
    ringing: false,
    ..RINGING
};

/// A headset on a desk in virtual time.
struct Desk {
    buttons: Buttons,
}

impl Desk {
    fn with(headset: &str) -> Self {
        let buttons = Buttons::new(headsets::layout(headset));
        let mut desk = Self { buttons };
        desk.show(IDLE, 0);
        desk
    }

    /// What is written to the headset.
    fn show(&mut self, lamps: Lamps, ms: u64) -> Vec<Vec<u8>> {
        let actions = self.buttons.handle(Input::Show(lamps), at(ms));
        let written = actions.into_iter().map(|action| match action {
            Action::Write(report) => report,
            Action::Pressed(press) => panic!("a lamp was a press: {press:?}"),
        });
        written.collect()
    }

    /// The presses in a report.
    fn report(&mut self, report: &[u8], ms: u64) -> Vec<Press> {
        let actions = self.buttons.handle(Input::Report(report), at(ms));
        let presses = actions.into_iter().filter_map(|action| match action {
            Action::Pressed(press) => Some(press),
            Action::Write(_) => None,
        });
        presses.collect()
    }

    /// Down and up again, 80 ms later.
    fn press(&mut self, down: &[u8], up: &[u8], ms: u64) -> Vec<Press> {
        let mut presses = self.report(down, ms);
        presses.extend(self.report(up, ms + 80));
        presses
    }
}

fn at(ms: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(ms)
}

const NOTHING: [Press; 0] = [];

// Jabra Link 380c: report 2; bit 0 hook (a state), bit 3 mute, bit 4 flash, bit 5 redial (presses), bit 11 refuse.

#[test]
fn lifting_the_hook_answers_and_the_headsets_echo_does_not_hang_up() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 12_000), [Press::Answer]);
    desk.show(TALKING, 12_010);
    // It says once more that it is off the hook, and that its line is busy.
    assert_eq!(desk.report(&[2, 0b11, 0], 12_150), NOTHING);
    assert_eq!(desk.report(&[2, 0b11, 0], 60_000), NOTHING);
    assert_eq!(desk.report(&[2, 0b00, 0], 60_100), [Press::HangUp]);
    desk.show(IDLE, 63_000);
    assert_eq!(desk.report(&[2, 0b00, 0], 63_100), NOTHING);
}

#[test]
fn the_hook_report_that_our_own_lamp_provokes_is_no_press() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    // Answered by the console, by two rings, or by another phone.
    desk.show(TALKING, 12_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 12_050), NOTHING);
    // Ended by the caller.
    desk.show(IDLE, 40_000);
    assert_eq!(desk.report(&[2, 0b0, 0], 40_050), NOTHING);
}

#[test]
fn a_finger_right_after_our_lamp_still_counts() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    desk.show(TALKING, 12_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 12_050), NOTHING);
    assert_eq!(desk.report(&[2, 0b0, 0], 12_600), [Press::HangUp]);
}

#[test]
fn a_late_echo_of_a_sleeping_base_is_still_no_press() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(TALKING, 12_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 15_500), NOTHING);
}

#[test]
fn the_end_of_a_call_that_a_slow_headset_tells_late_does_not_end_the_next() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(TALKING, 10_000);
    desk.report(&[2, 0b1, 0], 10_100);
    // The caller hangs up, and the next one is answered at once.
    desk.show(IDLE, 30_000);
    desk.show(RINGING, 30_200);
    desk.show(TALKING, 30_500);
    assert_eq!(desk.report(&[2, 0b0, 0], 32_000), NOTHING);
    assert_eq!(desk.report(&[2, 0b1, 0], 32_600), NOTHING);
    assert_eq!(desk.report(&[2, 0b0, 0], 33_000), [Press::HangUp]);
}

#[test]
fn the_hook_of_a_call_that_is_over_does_not_answer_the_next() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(TALKING, 10_000);
    desk.show(IDLE, 10_300);
    desk.show(RINGING, 10_500);
    assert_eq!(desk.report(&[2, 0b1, 0], 11_500), NOTHING);
    assert_eq!(desk.report(&[2, 0b0, 0], 11_600), NOTHING);
    assert_eq!(desk.report(&[2, 0b1, 0], 13_000), [Press::Answer]);
}

#[test]
fn a_mute_press_in_a_report_that_does_not_follow_our_hook_lamp_does_not_hang_up() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(TALKING, 12_000);
    // The hook bit still says on the hook.
    let presses = desk.press(&[2, 0b1000, 0], &[2, 0, 0], 20_000);
    assert_eq!(presses, [Press::ToggleMute]);
}

#[test]
fn a_call_is_refused_by_its_button_and_not_answered() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    let presses = desk.press(&[2, 0, 0b1000], &[2, 0, 0], 11_000);
    assert_eq!(presses, [Press::HangUp]);
    desk.show(IDLE, 11_100);
    assert_eq!(
        desk.press(&[2, 0, 0b1000], &[2, 0, 0], 12_000),
        NOTHING,
        "nothing rings"
    );
}

#[test]
fn flash_holds_and_returns_and_redial_is_for_an_idle_headset() {
    let mut desk = Desk::with("jabra-link-380c");
    let (flash, redial, up) = ([2, 0b1_0001, 0], [2, 0b10_0000, 0], [2, 0b1, 0]);
    assert_eq!(desk.press(&redial, &[2, 0, 0], 5_000), [Press::Redial]);
    desk.show(TALKING, 10_000);
    desk.report(&up, 10_050);
    assert_eq!(desk.press(&flash, &up, 20_000), [Press::Hold]);
    desk.show(HELD, 20_200);
    assert_eq!(desk.press(&flash, &up, 30_000), [Press::Hold]);
    let redial = [2, 0b10_0001, 0];
    assert_eq!(desk.press(&redial, &up, 40_000), NOTHING);
}

#[test]
fn a_headset_lifted_without_a_call_is_put_back_and_answers_the_next() {
    let mut desk = Desk::with("jabra-link-380c");
    let lifted = Input::Report(&[2, 0b1, 0]);
    let written = desk.buttons.handle(lifted, at(5_000));
    assert_eq!(written, [Action::Write(vec![2, 0, 0])]);
    assert_eq!(desk.report(&[2, 0b0, 0], 5_100), NOTHING, "it obeys");
    desk.show(RINGING, 10_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 12_000), [Press::Answer]);
}

#[test]
fn a_hook_button_that_springs_back_answers_and_hangs_up_as_it_is_let_go() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 12_000), [Press::Answer]);
    desk.show(TALKING, 12_005);
    assert_eq!(desk.report(&[2, 0b0, 0], 12_150), NOTHING);
    let presses = desk.press(&[2, 0b1, 0], &[2, 0, 0], 60_000);
    assert_eq!(presses, [Press::HangUp]);
}

#[test]
fn a_headset_that_hangs_up_where_it_may_not_is_lifted_again() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    assert_eq!(desk.report(&[2, 0b1, 0], 12_000), [Press::Answer]);
    desk.show(TALKING, 12_010);
    assert_eq!(desk.report(&[2, 0b0, 0], 60_000), [Press::HangUp]);
    assert_eq!(desk.show(TALKING, 60_010), [vec![2, 0b1, 0]]);
    assert_eq!(desk.report(&[2, 0b1, 0], 60_100), NOTHING, "it obeys");
    assert_eq!(desk.show(TALKING, 61_000), Vec::<Vec<u8>>::new());
}

// Poly Blackwire 3220: report 8; bit 0 mute (a press), bit 1 hook (a state), bit 2 flash.

#[test]
fn the_mute_report_that_our_own_lamp_provokes_is_no_press() {
    let mut desk = Desk::with("poly-blackwire-3220");
    desk.show(TALKING, 10_000);
    desk.report(&[8, 0b010], 10_050);
    // Muted at the console.
    assert_eq!(desk.show(MUTED, 20_000), [vec![9, 1]]);
    let echo = desk.press(&[8, 0b011], &[8, 0b010], 20_050);
    assert_eq!(echo, NOTHING);
    let finger = desk.press(&[8, 0b011], &[8, 0b010], 20_400);
    assert_eq!(finger, [Press::ToggleMute], "in the same second");
}

#[test]
fn a_finger_that_comes_before_the_echo_counts_too() {
    let mut desk = Desk::with("poly-blackwire-3220");
    desk.show(TALKING, 10_000);
    desk.show(MUTED, 20_000);
    let mut presses = desk.press(&[8, 0b011], &[8, 0b010], 20_050);
    presses.extend(desk.press(&[8, 0b011], &[8, 0b010], 20_300));
    assert_eq!(
        presses,
        [Press::ToggleMute],
        "two reports, one of them ours"
    );
}

#[test]
fn mute_pressed_twice_in_a_second_is_muted_and_not_once() {
    let mut desk = Desk::with("poly-blackwire-3220");
    desk.show(TALKING, 10_000);
    let first = desk.press(&[8, 0b011], &[8, 0b010], 20_000);
    assert_eq!(first, [Press::ToggleMute]);
    // The lamp that the headset waits for: it does not answer that.
    desk.show(MUTED, 20_020);
    let second = desk.press(&[8, 0b011], &[8, 0b010], 20_500);
    assert_eq!(second, [Press::ToggleMute]);
}

#[test]
fn a_headset_that_answers_every_mute_lamp_does_not_mute_for_ever() {
    let mut desk = Desk::with("poly-blackwire-3220");
    desk.show(TALKING, 10_000);
    let mut muted = false;
    let mut presses = desk.press(&[8, 0b011], &[8, 0b010], 20_000);
    for ms in [20_100, 20_300, 20_500] {
        for _ in presses.drain(..) {
            muted = !muted;
            let lamps = if muted { MUTED } else { TALKING };
            desk.show(lamps, ms);
        }
        presses = desk.press(&[8, 0b011], &[8, 0b010], ms + 60);
        if !presses.is_empty() {
            break;
        }
    }
    assert!(muted);
}

// Built by HUT: hook, mute and redial as presses (bits 0 to 2), hold as two bits with a sign (3 and 4), drop (5).

#[test]
fn a_hook_button_without_a_state_answers_hangs_up_and_does_not_hear_its_own_echo() {
    let mut desk = Desk::with("built-toggle");
    desk.show(RINGING, 10_000);
    assert_eq!(desk.press(&[1], &[0], 12_000), [Press::Answer]);
    desk.show(TALKING, 12_010);
    assert_eq!(desk.press(&[1], &[0], 12_200), NOTHING, "its echo");
    assert_eq!(desk.press(&[1], &[0], 30_000), [Press::HangUp]);
    desk.show(IDLE, 33_000);
    assert_eq!(desk.press(&[1], &[0], 33_100), NOTHING, "its echo");
    assert_eq!(desk.press(&[1], &[0], 40_000), NOTHING, "nothing rings");
    desk.show(RINGING, 50_000);
    assert_eq!(desk.press(&[1], &[0], 51_000), [Press::Answer]);
}

#[test]
fn a_wish_to_hold_that_is_fulfilled_is_no_press() {
    let mut desk = Desk::with("built-toggle");
    desk.show(TALKING, 10_000);
    let (on, off) = ([0b0_1000], [0b1_1000]);
    assert_eq!(desk.press(&off, &[0], 20_000), NOTHING);
    assert_eq!(desk.press(&on, &[0], 30_000), [Press::Hold]);
    desk.show(HELD, 30_100);
    assert_eq!(desk.press(&on, &[0], 40_000), NOTHING);
    assert_eq!(desk.press(&off, &[0], 50_000), [Press::Hold]);
}

#[test]
fn drop_ends_the_call() {
    let mut desk = Desk::with("built-toggle");
    desk.show(TALKING, 10_000);
    assert_eq!(desk.press(&[0b10_0000], &[0], 20_000), [Press::HangUp]);
}

#[test]
fn reports_of_others_and_cut_ones_are_nothing() {
    let mut desk = Desk::with("jabra-link-380c");
    desk.show(RINGING, 10_000);
    for report in [&[][..], &[2], &[1, 0xFF, 0xFF], &[4, 1, 1]] {
        assert_eq!(desk.report(report, 11_000), NOTHING);
    }
}

/// A headset that obeys each lamp after `delay_ms`, and says so: what it sends, by when.
fn obedient(headset: &str, shown: &[(u64, Lamps)], delay_ms: u64) -> Vec<(u64, Vec<u8>)> {
    let mut sent = Vec::new();
    let mut before = IDLE;
    for (ms, lamps) in shown {
        let ms = ms + delay_ms;
        let hook = u8::from(lamps.off_hook);
        match headset {
            // A state of the hook; a press for the mute lamp.
            "jabra-link-380c" => {
                if before.muted != lamps.muted {
                    sent.push((ms, vec![2, hook | 0b1000, 0]));
                }
                sent.push((ms + 1, vec![2, hook, 0]));
            }
            // Presses only.
            _ => {
                let mute = u8::from(before.muted != lamps.muted) << 1;
                let hook = u8::from(before.off_hook != lamps.off_hook);
                sent.push((ms, vec![hook | mute]));
                sent.push((ms + 1, vec![0]));
            }
        }
        before = *lamps;
    }
    sent
}

proptest! {
    #[test]
    fn whatever_the_desk_shows_an_obedient_headset_presses_nothing(
        steps in prop::collection::vec((60..3_000_u64, 0..5_usize), 1..40),
        delay_ms in 1..800_u64,
        springs in any::<bool>(),
    ) {
        let headset = if springs { "built-toggle" } else { "jabra-link-380c" };
        let states = [IDLE, RINGING, TALKING, MUTED, HELD];
        let mut ms = 1_000;
        let mut shown = Vec::new();
        for (wait, state) in steps {
            ms += wait;
            shown.push((ms, states[state]));
        }
        let mut desk = Desk::with(headset);
        let mut sent = obedient(headset, &shown, delay_ms).into_iter().peekable();
        for (ms, lamps) in shown {
            while let Some((at, report)) = sent.next_if(|(at, _)| *at < ms) {
                prop_assert_eq!(desk.report(&report, at), NOTHING);
            }
            desk.show(lamps, ms);
        }
        for (at, report) in sent {
            prop_assert_eq!(desk.report(&report, at), NOTHING);
        }
    }
}
