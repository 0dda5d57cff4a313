//! Somebody takes another's place in a call of ours (RFC 3891): his exchange, or his telephone, has transferred it.

use std::net::IpAddr;

use serde_json::json;
use thirdring::records::What;
use thirdring::words::Party;

use super::agent::House;
use super::events::{Events, of};
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Message, Phone, SOON};
use super::phones::{HOST, Maker, dial, only_call};
use super::program::Softphone;
use super::scene::{A_WHILE, NUMBER, Scene};

/// Calls in the place of another, and is answered at once.
fn replace(successor: &Phone, old: &Phone, scene: &Scene) -> Message {
    let lines = format!("Replaces: {}\r\n", old.replaces());
    successor.invite_saying(scene.agent.sip, &lines);
    let answer = successor.response("INVITE", 200, SOON);
    successor.ack(&answer);
    answer
}

fn was_replaced(events: &mut Events, sip_call_id: &str, party: Party) {
    events.wait("a replaced leg", SOON, |entry| {
        of(entry, sip_call_id)
            && matches!(&entry.what, What::Leg { party: of, news, .. } if *of == party && news == "replaced")
    });
}

#[test]
fn who_takes_the_callers_place_is_the_caller_from_then_on() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let successor = Phone::open("13900139000");
    replace(&successor, &scene.caller, &scene);
    scene.caller.requested("BYE", SOON);
    was_replaced(&mut scene.events, &scene.id, Party::Caller);
    successor.hears_more(25);
    let call = scene.agent.call_of(&successor.call_id());
    assert_eq!((call.id, call.state.as_str()), (scene.call.id, "talking"));
    scene.agent.command(&call, "hold", json!({"agreed": true}));
    let id = successor.call_id();
    scene.events.phrase_over(&id, "hold_wait", A_WHILE);
    successor.hears_more(10);
    let heard = successor.recording().ids();
    assert!(heard.contains(&"hold_wait".to_owned()), "{heard:?}");
    // A promise is made to him, not to whom he relieved.
    let promise = json!({"reason": "asked for the tariff"});
    scene.agent.command(&call, "promise", promise);
    let promised = scene.agent.callbacks();
    assert_eq!(promised[0].number.reveal().as_str(), "13900139000");
    successor.hang_up();
    scene.events.ended(&id, SOON);
}

#[test]
fn who_takes_the_callers_place_in_the_notice_is_not_recorded() {
    let house = House::fast().set("recording.enabled = true");
    let agent = house.seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    events.phrase(&caller.call_id(), "recording_notice", A_WHILE);
    let successor = Phone::open("13900139000");
    successor.invite_saying(agent.sip, &format!("Replaces: {}\r\n", caller.replaces()));
    let answer = successor.response("INVITE", 200, SOON);
    successor.ack(&answer);
    caller.requested("BYE", SOON);
    let id = successor.call_id();
    events.wait("the rep is told", A_WHILE, |entry| {
        of(entry, &id) && matches!(&entry.what, What::Told { notice } if notice == "not-recorded")
    });
    events.state(&id, "talking", A_WHILE);
    assert_eq!(agent.call_of(&id).recording, None);
    successor.hang_up();
    events.ended(&id, SOON);
}

#[test]
fn who_takes_the_reps_place_goes_on_with_the_call() {
    let rep = Phone::open("rep");
    let house = House::fast().phone_seat("rep1", rep.address);
    let mut scene = Scene::talking(house);
    let colleague = Phone::open("colleague");
    replace(&colleague, &rep, &scene);
    rep.requested("BYE", SOON);
    was_replaced(&mut scene.events, &scene.id, Party::Rep);
    scene.caller.speak();
    colleague.forget_sound();
    colleague.hears_more(300);
    let heard = colleague.recording().ids();
    assert!(heard.contains(&"report_upward".to_owned()), "{heard:?}");
    let ending = scene.hang_up();
    assert_eq!(ending.by.as_str(), "caller");
    colleague.requested("BYE", SOON);
}

#[test]
fn who_takes_a_place_is_heard_where_he_is_and_not_where_the_other_was_told_to_be() {
    let host = IpAddr::from([127, 0, 0, 2]);
    let rep = Phone::open_at("rep", host);
    // The seat's phone tells its address; whoever calls from there is behind a router.
    let house = House::fast().phone_seat("rep1", rep.address);
    let branch = "name = \"branch\"\naddress = [\"127.0.0.2\"]\nnat = true";
    let mut scene = Scene::talking(house.peer(branch));
    let colleague = Phone::open_at("colleague", host);
    let lines = format!("Replaces: {}\r\n", rep.replaces());
    colleague.invite_hidden(scene.agent.sip, &lines);
    let answer = colleague.response("INVITE", 200, SOON);
    colleague.ack(&answer);
    was_replaced(&mut scene.events, &scene.id, Party::Rep);
    colleague.hears_more(50);
    scene.hang_up();
}

#[test]
fn who_comes_from_elsewhere_takes_nobodys_place() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let elsewhere = Phone::open_at("13900139000", IpAddr::from([127, 0, 0, 2]));
    let lines = format!("Replaces: {}\r\n", scene.caller.replaces());
    elsewhere.invite_saying(scene.agent.sip, &lines);
    assert_eq!(elsewhere.final_response("INVITE", SOON).status(), Some(481));
    scene.caller.hears_more(10);
    assert_eq!(scene.caller.count("BYE"), 0);
    scene.hang_up();
}

/// A secretary calls the hotline, then her principal, and connects the two.
fn a_call_is_transferred_to_us(maker: Maker) {
    let (mut secretary, mut principal) = (maker(HOST, None), maker(HOST, None));
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    dial(&agent, &mut secretary);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    secretary.tell(&format!("dial sip:{NUMBER}@{}", principal.address));
    principal.wait("incoming", SOON);
    principal.tell("answer");
    secretary.wait("established", A_WHILE);
    secretary.tell("connect");
    was_replaced(&mut events, &id, Party::Caller);
    // She is out of both calls.
    secretary.wait("closed", A_WHILE);
    secretary.wait("closed", A_WHILE);
    let capture = Capture::start("lo", principal.ports());
    let call = agent.get("/calls")[0].clone();
    assert_eq!(call["state"], "talking", "{call}");
    let call = serde_json::from_value(call).expect("a call");
    agent.command(&call, "say", json!({"phrase": "please_write_down"}));
    events.wait("the phrase", A_WHILE, |entry| {
        matches!(&entry.what, What::PhraseEnded { phrase, .. } if phrase.as_str() == "please_write_down")
    });
    let heard = recording_towards(&capture.finish(), principal.ports());
    assert!(
        heard.ids().contains(&"please_write_down".to_owned()),
        "{heard}"
    );
    // The call he picked up, and the one that took her place.
    principal.wait("established", SOON);
    principal.wait("established", SOON);
    principal.tell("hangup");
    events.wait(
        "the end",
        SOON,
        |entry| matches!(entry.what, What::Ended { ending } if ending.by.as_str() == "caller"),
    );
}

#[test]
fn a_call_is_transferred_to_us_by_baresip() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_call_is_transferred_to_us(Softphone::baresip);
    }
}

#[test]
fn a_call_is_transferred_to_us_by_pjsip() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_call_is_transferred_to_us(Softphone::pjsip);
    }
}
