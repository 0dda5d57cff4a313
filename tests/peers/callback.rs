use std::time::Duration;

use serde_json::json;
use thirdring::records::What;

use super::agent::{Agent, House};
use super::events::Events;
use super::phone::{Manner, Phone, SOON, Voice};
use super::scene::{A_WHILE, NUMBER, Scene};

/// A caller who can be phoned back: his own phone is the trunk.
fn scene() -> Scene {
    let caller = Phone::open(NUMBER);
    let house = House::fast().seat("rep1", "echo");
    let house = house.set(&format!("sip.trunk = \"{}\"", caller.address));
    Scene::calling(house, caller)
}

/// Is phoned, says hello, and hears why we call.
fn is_phoned_back(agent: &Agent, caller: &Phone, within: Duration) -> Events {
    let mut events = agent.events();
    caller.forget_sound();
    caller.voice(Voice::Silence);
    let invite = caller.called(within);
    let id = invite.call_id();
    events.phrase_over(id, "callback_open", A_WHILE);
    events.state(id, "talking", A_WHILE);
    caller.hears_more(20);
    let heard = caller.recording();
    assert_eq!(heard.ids(), ["callback_open"], "{heard}");
    events
}

#[test]
fn a_call_that_died_with_the_agent_is_phoned_back() {
    let scene = scene();
    let Scene { agent, caller, .. } = scene;
    let agent = agent.crash_and_restart();
    let mut events = is_phoned_back(&agent, &caller, A_WHILE);
    // Kept is the promise once he is there.
    caller.speak();
    events.wait("the kept promise", SOON, |entry| {
        is_promise(&entry.what, "done")
    });
    let callbacks = agent.callbacks();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
}

#[test]
fn a_promise_survives_the_crash_after_it() {
    let mut scene = scene();
    scene.agent.command(&scene.call, "cannot-hear", json!({}));
    scene.caller.requested("BYE", A_WHILE);
    scene.events.ended(&scene.id, SOON);
    scene.heard_in_order(&["greeting", "fault_caller_cannot_hear", "closing_short"]);
    let before = scene.agent.callbacks();
    assert_eq!(before.len(), 1, "{before:?}");
    let agent = scene.agent.crash_and_restart();
    assert_eq!(agent.callbacks()[0].id, before[0].id);
    is_phoned_back(&agent, &scene.caller, A_WHILE);
}

#[test]
fn a_caller_who_cannot_hear_is_phoned_back_at_once() {
    let mut scene = scene();
    scene.agent.command(&scene.call, "cannot-hear", json!({}));
    scene.caller.requested("BYE", A_WHILE);
    scene.events.ended(&scene.id, SOON);
    is_phoned_back(&scene.agent, &scene.caller, A_WHILE);
}

/// Whether a callback's row has this news.
fn is_promise(what: &What, wanted: &str) -> bool {
    matches!(what, What::Promise { news, .. } if news == wanted)
}

#[test]
fn a_caller_whose_audio_port_is_closed_is_noticed_by_icmp() {
    let (rep, caller) = (Phone::open("rep"), Phone::open(NUMBER));
    rep.speak();
    let mut scene = Scene::calling(House::fast().phone_seat("rep1", rep.address), caller);
    // He cannot be mended.
    scene.caller.change_manner(Manner::Refuses(488));
    scene.caller.unplug();
    scene.caller.requested("BYE", A_WHILE);
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(ending.because.as_str(), "caller-cannot-hear");
    assert_eq!(scene.agent.callbacks().len(), 1);
}

#[test]
fn a_customer_who_is_busy_stays_owed_until_he_rings_in() {
    let mut scene = scene();
    scene.caller.change_manner(Manner::Refuses(486));
    scene.agent.command(&scene.call, "cannot-hear", json!({}));
    scene.caller.requested("BYE", A_WHILE);
    scene.events.wait("a busy customer", A_WHILE, |entry| {
        is_promise(&entry.what, "busy")
    });
    let owed = scene.agent.callbacks();
    assert_eq!((owed.len(), owed[0].attempts), (1, 1), "{owed:?}");
    scene.caller.forget_sound();
    scene.caller.call(scene.agent.sip);
    let id = scene.caller.call_id();
    scene.events.state(&id, "talking", A_WHILE);
    scene.caller.speak();
    // D26: now he has his rep.
    scene
        .events
        .wait("the end of the promise", A_WHILE, |entry| {
            is_promise(&entry.what, "withdrawn")
        });
    scene.caller.hang_up();
}

#[test]
fn an_agent_that_is_stopped_says_farewell_and_keeps_the_promise() {
    let Scene {
        mut agent, caller, ..
    } = scene();
    agent.terminate();
    caller.requested("BYE", A_WHILE);
    assert!(agent.has_left(), "the exit code");
    let heard = caller.recording();
    let last = heard.ids().last().cloned();
    assert_eq!(last.as_deref(), Some("closing_short"), "{heard}");
    let agent = agent.restart();
    let callbacks = agent.callbacks();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
}
