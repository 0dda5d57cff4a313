//! Transfers that come to nothing between real telephones: the caller is taken back, or all legs end.

use serde_json::json;

use super::missing::{Need, can_run};
use super::pcap::recording_towards;
use super::phones::Maker;
use super::program::Softphone;
use super::scene::A_WHILE;
use super::trio::{REPS_WORDS, Trio, hears_whole, passed};

const MODES: [&str; 2] = ["consult", "announced"];

const NEEDS: [Need; 3] = [Need::Baresip, Need::Pjsip, Need::Capture];

// --- the rep abandons it

fn the_rep_abandons_the_ringing(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.agent.command(&attempt.call, "abandon", json!({}));
        trio.target_is_left();
        let wire = trio.caller_is_back(attempt, "hold_return");
        assert!(passed(&wire, "CANCEL ", trio.target.address), "{mode}");
        assert!(passed(&wire, "SIP/2.0 487 ", trio.target.address), "{mode}");
    }
}

#[test]
fn a_pjsip_target_stops_ringing_when_the_rep_abandons_it() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_ringing(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_baresip_target_stops_ringing_when_the_rep_abandons_it() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_ringing(Softphone::pjsip, Softphone::baresip);
    }
}

fn the_rep_abandons_the_answered(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.target_picks_up(&attempt);
        trio.agent.command(&attempt.call, "abandon", json!({}));
        trio.target_is_left();
        let wire = trio.caller_is_back(attempt, "hold_return");
        let heard = recording_towards(&wire, trio.target.ports());
        let expected = match mode {
            "consult" => REPS_WORDS,
            _ => "target_briefing",
        };
        hears_whole(&heard, &[expected]);
    }
}

#[test]
fn a_pjsip_target_who_answered_is_left_when_the_rep_abandons_him() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_answered(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_baresip_target_who_answered_is_left_when_the_rep_abandons_him() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_answered(Softphone::pjsip, Softphone::baresip);
    }
}

// --- the target does not want it

fn the_target_does_not_answer(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    let attempt = trio.transfer("consult");
    trio.target.wait("closed", A_WHILE);
    let wire = trio.caller_is_back(attempt, "transfer_failed");
    assert!(passed(&wire, "CANCEL ", trio.target.address));
}

#[test]
fn a_pjsip_target_who_does_not_answer_stops_ringing() {
    if can_run(&NEEDS) {
        the_target_does_not_answer(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_baresip_target_who_does_not_answer_stops_ringing() {
    if can_run(&NEEDS) {
        the_target_does_not_answer(Softphone::pjsip, Softphone::baresip);
    }
}

/// Rejects by this command, which its phone makes a response of this status.
fn the_target_rejects(caller: Maker, target: Maker, (rejection, status): (&str, u16)) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.target.tell(rejection);
        trio.target_is_left();
        let wire = trio.caller_is_back(attempt, "transfer_failed");
        let response = format!("SIP/2.0 {status} ");
        assert!(passed(&wire, &response, trio.target.address), "{mode}");
    }
}

#[test]
fn a_busy_pjsip_target_sends_a_baresip_caller_back() {
    if can_run(&NEEDS) {
        let busy = ("reject 486", 486);
        the_target_rejects(Softphone::baresip, Softphone::pjsip, busy);
    }
}

#[test]
fn a_refusing_pjsip_target_sends_a_baresip_caller_back() {
    if can_run(&NEEDS) {
        let refusal = ("reject 603", 603);
        the_target_rejects(Softphone::baresip, Softphone::pjsip, refusal);
    }
}

#[test]
fn a_busy_baresip_target_sends_a_pjsip_caller_back() {
    if can_run(&NEEDS) {
        the_target_rejects(Softphone::pjsip, Softphone::baresip, ("reject", 486));
    }
}

// --- the caller leaves

fn the_caller_leaves_the_ringing(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        let wire = trio.all_are_left(attempt);
        assert!(passed(&wire, "CANCEL ", trio.target.address), "{mode}");
    }
}

#[test]
fn a_baresip_caller_who_leaves_stops_the_ringing_of_a_pjsip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_ringing(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_pjsip_caller_who_leaves_stops_the_ringing_of_a_baresip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_ringing(Softphone::pjsip, Softphone::baresip);
    }
}

fn the_caller_leaves_the_answered(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.target_picks_up(&attempt);
        let wire = trio.all_are_left(attempt);
        assert!(passed(&wire, "BYE ", trio.target.address), "{mode}");
    }
}

#[test]
fn a_baresip_caller_who_leaves_ends_the_leg_of_a_pjsip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_answered(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_pjsip_caller_who_leaves_ends_the_leg_of_a_baresip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_answered(Softphone::pjsip, Softphone::baresip);
    }
}
