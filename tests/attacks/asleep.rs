//! The PC sleeps: the agent's process is stopped and goes on later (D1, D3).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use ureq::http::Method;

use crate::peers::agent::{Agent, House};
use crate::peers::phone::{Manner, Phone, SOON};
use crate::peers::scene::{A_WHILE, NUMBER, Scene};

/// Sleeps for so long, by the clock of a phone that hears nothing meanwhile.
fn doze(agent: &Agent, phone: &Phone, how_long: Duration) {
    agent.suspend();
    // What was sent before comes in first.
    while !phone.hears_nothing(how_long) {}
    phone.forget_sound();
    agent.resume();
}

#[test]
fn a_held_caller_hears_one_phrase_after_the_sleep_and_then_the_grid() {
    let house = House::fast().seat("rep1", "echo");
    let mut scene = Scene::talking(house.policy("hold", "every", "\"5s\""));
    let agreed = json!({"agreed": true});
    scene.agent.command(&scene.call, "hold", agreed);
    scene.phrase_over("hold_wait");
    // Over one point of the grid, until soon before the next.
    let began = scene.events.state(&scene.id, "holding", SOON).utc;
    let wakes = began + Duration::from_millis(9_500);
    let now = Timestamp::now();
    let left = Duration::try_from(wakes.duration_since(now)).expect("it is not over yet");
    doze(&scene.agent, &scene.caller, left);
    scene.caller.hears_more(450);
    let heard = scene.caller.recording();
    let phrases = heard.phrases();
    assert_eq!(heard.ids(), ["hold_still", "hold_still"], "{heard}");
    assert!(phrases[0].whole, "{heard}");
    assert!(
        phrases[1].at - phrases[0].at > Duration::from_millis(2_500),
        "{heard}"
    );
    scene.hang_up();
}

#[test]
fn a_talk_goes_on_after_the_sleep_without_a_word() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    scene.caller.speak();
    doze(&scene.agent, &scene.caller, Duration::from_secs(5));
    scene.caller.forget_sound();
    scene.caller.hears_more(150);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    let heard = scene.caller.recording();
    assert_eq!(heard.lost(), 0);
    // Himself, and nothing of ours.
    assert!(
        heard.ids().iter().all(|id| id == "report_upward"),
        "{heard}"
    );
    scene.hang_up();
}

#[test]
fn a_caller_who_gave_up_during_the_sleep_is_not_answered() {
    let rep = Phone::open("rep").manner(Manner::Rings);
    let house = House::fast().policy("answer", "ring_tone", "\"2s\"");
    let agent = house.phone_seat("rep1", rep.address).open();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    caller.response("INVITE", 180, SOON);
    rep.called(SOON);
    agent.suspend();
    assert!(caller.hears_nothing(Duration::from_millis(500)));
    caller.cancel();
    assert!(caller.hears_nothing(Duration::from_secs(3)));
    agent.resume();
    assert_eq!(caller.final_response("INVITE", SOON).status(), Some(487));
    rep.requested("CANCEL", SOON);
}

#[test]
fn a_callback_that_fell_due_during_the_sleep_is_made_at_once_and_once() {
    let caller = Phone::open(NUMBER);
    let house = House::fast().seat("rep1", "echo");
    let agent = house
        .set(&format!("sip.trunk = \"{}\"", caller.address))
        .open();
    let due = Timestamp::now() + Duration::from_secs(2);
    let asked = json!({"number": NUMBER, "reason": "asked for it", "due": due.to_string()});
    let (status, told) = agent.ask(Method::POST, "/callbacks", &asked);
    assert_eq!(status, 201, "{told}");
    doze(&agent, &caller, Duration::from_secs(5));
    let invite = caller.called(SOON);
    agent.events().state(invite.call_id(), "opening", A_WHILE);
    assert_eq!(caller.count("INVITE"), 1);
}
