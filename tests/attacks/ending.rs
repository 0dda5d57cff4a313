//! SIGTERM at every point of a call (D29): a farewell, a row, nobody left on a line.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::peers::agent::{Agent, House};
use crate::peers::phone::{Manner, Phone, SOON, Voice};
use crate::peers::scene::{A_WHILE, NUMBER, Scene};

/// The agent leaves after this at the latest (D29).
const LEAVES_WITHIN: Duration = Duration::from_secs(30);

fn echo() -> House {
    House::fast().seat("rep1", "echo")
}

/// Whether it left by itself, in time, and found nothing wrong.
fn leaves(agent: &mut Agent, since: Instant) {
    assert!(agent.has_left());
    assert!(since.elapsed() < LEAVES_WITHIN, "{:?}", since.elapsed());
}

/// Stops the agent: the caller hears why, then goodbye, then BYE; one row says that he is phoned back.
fn stop(mut scene: Scene) -> Agent {
    let since = Instant::now();
    scene.agent.terminate();
    scene.caller.requested("BYE", LEAVES_WITHIN);
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("agent", "shutting-down")
    );
    scene.heard_in_order(&["greeting", "system_fault", "closing_short"]);
    leaves(&mut scene.agent, since);
    let agent = scene.agent.restart();
    let callbacks = agent.callbacks();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
    agent
}

/// A caller whose rep has a phone of his own, and a third phone to lead him to.
fn with_phones(manner: Manner) -> (Scene, Phone, Phone) {
    let (rep, target) = (Phone::open("rep"), Phone::open("billing").manner(manner));
    rep.speak();
    let house = House::fast()
        .phone_seat("rep1", rep.address)
        .target("billing", target.address);
    (Scene::talking(house), rep, target)
}

fn consult(scene: &Scene) {
    let asked = json!({"target": "billing", "mode": "consult", "agreed": true});
    scene.agent.command(&scene.call, "transfer", asked);
}

#[test]
fn a_stopping_agent_says_farewell_and_remembers_whom_to_phone_back() {
    let mut scene = Scene::talking(echo());
    scene.agent.terminate();
    scene.phrase("system_fault");
    // Impatience does not put the end off, or take the farewell away.
    stop(scene);
}

#[test]
fn a_held_caller_hears_the_farewell_of_a_stopping_agent() {
    let mut scene = Scene::talking(echo());
    let agreed = json!({"agreed": true});
    scene.agent.command(&scene.call, "hold", agreed);
    scene.phrase("hold_wait");
    stop(scene);
}

#[test]
fn a_caller_who_is_being_asked_hears_the_farewell_of_a_stopping_agent() {
    let mut scene = Scene::talking(echo().policy("hold", "asked_by", "\"agent\""));
    scene.agent.command(&scene.call, "hold", json!({}));
    scene.phrase("hold_request");
    stop(scene);
}

#[test]
fn a_caller_on_the_ladder_hears_the_farewell_of_a_stopping_agent() {
    let agent = House::fast().seat("rep1", "silent").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.voice(Voice::Silence);
    caller.call(agent.sip);
    let id = caller.call_id();
    events.phrase(&id, "please_speak", A_WHILE);
    let call = agent.call_of(&id);
    stop(Scene {
        agent,
        events,
        caller,
        id,
        call,
    });
}

#[test]
fn a_stopping_agent_ends_the_consultation_and_every_leg() {
    let (mut scene, rep, target) = with_phones(Manner::PicksUp);
    consult(&scene);
    scene.state("consulting");
    stop(scene);
    rep.requested("BYE", SOON);
    target.requested("BYE", SOON);
}

#[test]
fn a_stopping_agent_lets_the_target_stop_ringing() {
    let (mut scene, rep, target) = with_phones(Manner::Rings);
    consult(&scene);
    target.called(SOON);
    scene.state("transferring");
    stop(scene);
    rep.requested("BYE", SOON);
    target.requested("CANCEL", SOON);
}

#[test]
fn a_stopping_agent_ends_a_bridged_call_politely() {
    let (mut scene, _rep, target) = with_phones(Manner::PicksUp);
    consult(&scene);
    scene.state("consulting");
    scene.agent.command(&scene.call, "join", json!({}));
    scene.state("bridged");
    stop(scene);
    target.requested("BYE", SOON);
}

#[test]
fn a_ringing_caller_is_refused_by_a_stopping_agent_and_the_reps_phone_is_quiet() {
    let rep = Phone::open("rep").manner(Manner::Rings);
    let house = House::fast().policy("answer", "ring_tone", "\"5s\"");
    let mut agent = house.phone_seat("rep1", rep.address).open();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    caller.response("INVITE", 180, SOON);
    rep.called(SOON);
    let since = Instant::now();
    agent.terminate();
    assert_eq!(caller.final_response("INVITE", SOON).status(), Some(480));
    rep.requested("CANCEL", SOON);
    leaves(&mut agent, since);
    assert!(caller.recording().packets.is_empty());
    // Nothing was said to him, nothing is owed.
    let callbacks = agent.restart().callbacks();
    assert!(callbacks.is_empty(), "{callbacks:?}");
}

/// A caller who was promised a call, and whose phone is the trunk.
fn promised(house: House, caller: Phone) -> Scene {
    let house = house.set(&format!("sip.trunk = \"{}\"", caller.address));
    let mut scene = Scene::calling(house, caller);
    scene.agent.command(&scene.call, "cannot-hear", json!({}));
    scene.caller.requested("BYE", A_WHILE);
    scene.events.ended(&scene.id, SOON);
    scene
}

#[test]
fn a_callback_that_rings_when_the_agent_is_stopped_stays_a_promise() {
    let caller = Phone::open(NUMBER);
    let mut scene = promised(echo(), caller.manner(Manner::Rings));
    scene.caller.called(A_WHILE);
    let since = Instant::now();
    scene.agent.terminate();
    scene.caller.requested("CANCEL", SOON);
    leaves(&mut scene.agent, since);
    let callbacks = scene.agent.restart().callbacks();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
    assert_eq!(callbacks[0].state, "open");
}

#[test]
fn a_rep_who_is_rung_for_a_callback_is_left_in_peace_by_a_stopping_agent() {
    let rep = Phone::open("rep");
    rep.speak();
    let house = House::fast().phone_seat("rep1", rep.address);
    let mut scene = promised(house, Phone::open(NUMBER));
    rep.called(SOON);
    rep.change_manner(Manner::Rings);
    rep.called(A_WHILE);
    let since = Instant::now();
    scene.agent.terminate();
    rep.requested("CANCEL", SOON);
    leaves(&mut scene.agent, since);
    assert_eq!(scene.caller.count("INVITE"), 0);
    let callbacks = scene.agent.restart().callbacks();
    assert_eq!(callbacks[0].state, "open", "{callbacks:?}");
}
