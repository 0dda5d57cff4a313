//! A live call goes to another seat by one action; what the caller misses is judged from what he received.

use std::f32::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use thirdring::records::What;
use thirdring::words::Party;

use super::agent::House;
use super::events::{Events, of};
use super::headset::Shift;
use super::missing::{Need, can_run};
use super::phone::{Manner, Phone, SOON, Voice};
use super::pulse::virtual_headset::{RATE, tone};
use super::scene::{A_WHILE, NUMBER, Scene, say_a_word};

/// What a caller may miss while his call moves.
const GAP_MAX: Duration = Duration::from_millis(300);

/// Sounds without a pause: 1 s of a tone, over and over.
fn hum() -> Voice {
    let samples = (0..8_000).map(|n| (3_000.0 * (TAU * 400.0 * n as f32 / 8_000.0).sin()) as i16);
    Voice::Says(Arc::new(samples.collect()))
}

fn humming(name: &str) -> Phone {
    let phone = Phone::open(name);
    phone.voice(hum());
    phone
}

fn has_moved(events: &mut Events, id: &str) {
    events.wait("the move", A_WHILE, |entry| {
        of(entry, id)
            && matches!(&entry.what, What::Leg { party: Party::Rep, news, .. } if news == "moved")
    });
}

/// Two seconds before, two after: how long it was silent at most.
fn misses_little(caller: &Phone, of: &str) {
    let silence = caller.recording().longest_silence();
    println!("{of}: the caller missed {silence:?}");
    assert!(silence <= GAP_MAX, "{of}: {silence:?}");
}

#[test]
fn a_call_moves_to_another_phone_and_the_caller_hardly_hears_it() {
    let (first, second) = (humming("rep1"), humming("rep2"));
    let house = House::fast()
        .phone_seat("rep1", first.address)
        .phone_seat("rep2", second.address);
    let mut scene = Scene::talking(house);
    first.called(SOON);
    scene.caller.forget_sound();
    scene.caller.hears_more(100);
    scene
        .agent
        .command(&scene.call, "move", json!({"seat": "rep2"}));
    second.called(SOON);
    has_moved(&mut scene.events, &scene.id);
    scene.caller.hears_more(100);
    misses_little(&scene.caller, "phone to phone");
    first.requested("BYE", SOON);
    assert_eq!(scene.caller.count("BYE"), 0);
    // From there it can come back, and the old seat was free at once.
    scene
        .agent
        .command(&scene.call, "move", json!({"seat": "rep1"}));
    second.requested("BYE", A_WHILE);
    scene.hang_up();
}

#[test]
fn a_seat_that_does_not_take_the_call_leaves_it_where_it_is() {
    let first = humming("rep1");
    let second = Phone::open("rep2").manner(Manner::Refuses(486));
    let house = House::fast()
        .phone_seat("rep1", first.address)
        .phone_seat("rep2", second.address);
    let mut scene = Scene::talking(house);
    scene
        .agent
        .command(&scene.call, "move", json!({"seat": "rep2"}));
    let id = scene.id.clone();
    scene.events.wait("not moved", A_WHILE, |entry| {
        of(entry, &id) && matches!(&entry.what, What::Told { notice } if notice == "not-moved")
    });
    scene.caller.forget_sound();
    scene.caller.hears_more(100);
    misses_little(&scene.caller, "not moved");
    let refused = scene
        .agent
        .refusal(&scene.call, "move", json!({"seat": "rep1"}));
    assert_eq!(refused, "no-seat");
    let refused = scene
        .agent
        .refusal(&scene.call, "move", json!({"seat": "rep9"}));
    assert_eq!(refused, "unknown-seat");
    scene.hang_up();
}

#[test]
fn a_call_moves_from_the_headset_to_a_phone_and_back() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let phone = humming("rep2");
    let address = phone.address;
    let beside = |house: House| house.phone_seat_saying("rep2", address, "ready = false");
    let mut shift = Shift::begin_with("moving", beside);
    let _humming = shift.headset.speak(&tone(60 * RATE, 0.1));
    let caller = Phone::open(NUMBER);
    caller.call(shift.agent.sip);
    let id = caller.call_id();
    shift.events.state(&id, "talking", A_WHILE);
    say_a_word(&caller, &mut shift.events, &id);
    let call = shift.agent.call_of(&id);
    let (status, told) = shift.agent.ask(
        ureq::http::Method::PUT,
        "/seats/rep2",
        &json!({"ready": true}),
    );
    assert_eq!(status, 200, "{told}");
    caller.hears_more(100);
    caller.forget_sound();
    caller.hears_more(100);
    shift.agent.command(&call, "move", json!({"seat": "rep2"}));
    has_moved(&mut shift.events, &id);
    caller.hears_more(100);
    misses_little(&caller, "headset to phone");
    caller.forget_sound();
    shift.agent.command(&call, "move", json!({"seat": "rep1"}));
    phone.requested("BYE", A_WHILE);
    caller.hears_more(150);
    misses_little(&caller, "phone to headset");
    caller.hang_up();
    shift.events.ended(&id, A_WHILE);
}
