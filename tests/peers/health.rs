//! What who watches the agent is told: it is taken out of service, or started anew, only where it takes no calls.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use thirdring::records::What;

use super::agent::{Agent, House};
use super::phone::{Manner, Phone};
use super::scene::{A_WHILE, NUMBER, Scene};
use super::scratch::Scratch;

/// It stands; [`Agent::alarms`] asserts that it is no reason to start the agent anew.
fn stands(agent: &Agent, alarm: &str) {
    let is_it = |what: &What| matches!(what, What::Alarm { alarm: is } if is == alarm);
    let mut events = agent.events();
    events.wait(alarm, A_WHILE, |entry| is_it(&entry.what));
    assert_eq!(agent.alarms(), json!([alarm]));
}

#[test]
fn an_agent_that_stops_is_taken_out_of_service() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    assert_eq!(scene.agent.health().0, 200);
    scene.agent.terminate();
    scene.phrase("closing_short");
    let (status, health) = scene.agent.health();
    assert_eq!((status, &health["ok"]), (503, &Value::Bool(false)));
    assert_eq!(health["calls"], 1);
    assert!(scene.agent.has_left(), "the exit code");
}

#[test]
fn a_seat_that_does_not_answer_is_no_reason_to_start_anew() {
    let rep = Phone::open("rep").manner(Manner::Rings);
    let house = House::fast().phone_seat("rep1", rep.address);
    let agent = house.open();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    stands(&agent, "seat-absent");
}

#[test]
fn a_key_that_is_gone_is_no_reason_to_start_anew() {
    let scratch = Scratch::new("agent");
    let key = scratch.write("recordings.key", "7e".repeat(32));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let house = House::fast()
        .seat("rep1", "echo")
        .set("recording.enabled = true")
        .set("recording.key_file = \"recordings.key\"");
    let agent = house.open_in(scratch);
    fs::remove_file(key).expect("it is ours");
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    stands(&agent, "recording-key-unfit");
}
