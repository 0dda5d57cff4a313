//! The rep's own telephone: rung, busy, late, lost.

use std::time::Duration;

use serde_json::json;

use super::agent::{Agent, House};
use super::events::Events;
use super::phone::{Manner, Phone, SOON};
use super::scene::{A_WHILE, NUMBER, Scene};

/// From the caller's CANCEL to that of the rep's phone.
const QUIET_WITHIN: Duration = Duration::from_secs(1);

fn ringing(manner: Manner) -> (Agent, Events, Phone, Phone) {
    let rep = Phone::open("rep").manner(manner);
    let agent = House::fast()
        .policy("answer", "ring_tone", "\"1s\"")
        .phone_seat("rep1", rep.address)
        .open();
    let events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    caller.response("INVITE", 180, SOON);
    (agent, events, caller, rep)
}

#[test]
fn a_caller_who_gives_up_quietens_the_reps_phone() {
    let (_agent, mut events, caller, rep) = ringing(Manner::Rings);
    rep.called(SOON);
    caller.cancel();
    caller.response("CANCEL", 200, SOON);
    caller.response("INVITE", 487, SOON);
    rep.requested("CANCEL", QUIET_WITHIN);
    let ending = events.ended(&caller.call_id(), SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("caller", "cancelled")
    );
    assert!(caller.recording().packets.is_empty());
}

#[test]
fn the_reps_phone_is_told_to_pick_up_by_itself() {
    let (_agent, _events, _caller, rep) = ringing(Manner::Rings);
    let invite = rep.called(SOON);
    assert_eq!(invite.header("answer-mode"), "Auto");
    assert!(invite.header("call-info").contains("answer-after=0"));
}

#[test]
fn a_caller_whose_rep_does_not_pick_up_is_greeted_and_waits_on_the_grid() {
    for manner in [Manner::Rings, Manner::Refuses(486)] {
        let (_agent, mut events, caller, _rep) = ringing(manner);
        let answer = caller.response("INVITE", 200, A_WHILE);
        caller.ack(&answer);
        // With seconds for minutes the first point of the grid already says so; with nobody left, it is said at once.
        events.phrase_over(&caller.call_id(), "seats_busy", A_WHILE);
        let heard = caller.recording().ids();
        assert_eq!(heard.first().map(String::as_str), Some("greeting"));
        assert_eq!(heard.last().map(String::as_str), Some("seats_busy"));
        assert_eq!(caller.count("BYE"), 0);
    }
}

#[test]
fn a_rep_who_leaves_a_held_caller_does_not_end_the_call() {
    let rep = Phone::open("rep");
    rep.speak();
    let mut scene = Scene::talking(House::fast().phone_seat("rep1", rep.address));
    scene
        .agent
        .command(&scene.call, "hold", json!({"agreed": true}));
    scene.state("holding");
    rep.hang_up();
    scene.state("waiting");
    scene.caller.hears_more(100);
    assert_eq!(scene.caller.count("BYE"), 0);
    scene.hang_up();
}

#[test]
fn a_rep_who_hangs_up_while_talking_leaves_the_farewell_to_the_agent() {
    let rep = Phone::open("rep");
    rep.speak();
    let mut scene = Scene::talking(House::fast().phone_seat("rep1", rep.address));
    rep.hang_up();
    scene.caller.requested("BYE", A_WHILE);
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("rep", "closed")
    );
    assert_eq!(scene.heard().last().map(String::as_str), Some("closing"));
}

#[test]
fn a_call_to_a_number_rings_the_rep_first() {
    let (rep, customer) = (Phone::open("rep"), Phone::open(NUMBER));
    let house = House::fast().phone_seat("rep1", rep.address);
    let agent = house
        .set(&format!("sip.trunk = \"{}\"", customer.address))
        .open();
    let (status, told) = agent.ask(
        ureq::http::Method::POST,
        "/calls",
        &json!({"to": "13900139000"}),
    );
    assert_eq!(status, 201, "{told}");
    rep.called(SOON);
    let invite = customer.called(SOON);
    assert!(
        invite.first_line.starts_with("INVITE sip:13900139000@"),
        "{}",
        invite.first_line
    );
    agent.events().state(invite.call_id(), "talking", SOON);
}
