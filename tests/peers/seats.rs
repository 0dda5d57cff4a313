//! Several seats at one desk, and how each stands: rung together, declined, wrapped up, after a crash.

use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::{Value, json};
use thirdring::records::{Entry, What};
use ureq::http::Method;

use super::agent::{Agent, House, STATE};
use super::phone::{Manner, Phone, SOON};
use super::scene::{A_WHILE, NUMBER, Scene};

const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// From the pick-up of one phone to the silence of the other.
const QUIET_WITHIN: Duration = Duration::from_secs(1);

fn all_ring(phones: &[&Phone]) -> House {
    let house = House::fast().set("seats.ring = \"all\"");
    let seats = phones.iter().enumerate();
    seats.fold(house, |house, (n, phone)| {
        house.phone_seat(&format!("rep{}", n + 1), phone.address)
    })
}

fn state(agent: &Agent, seat: &str) -> Value {
    agent.get(&format!("/seats/{seat}"))["state"].clone()
}

fn put(agent: &Agent, seat: &str, choice: &Value) -> Value {
    let (status, view) = agent.ask(Method::PUT, &format!("/seats/{seat}"), choice);
    assert_eq!(status, 200, "{view}");
    view
}

/// Waits until the change is on the disk: who pulls the plug before that loses it.
fn kept(agent: &Agent, seat: &str, state: &str) {
    let file = agent.path(STATE).join("seats.jsonl");
    let until = Instant::now() + SOON;
    let last = format!("\"seat\":\"{seat}\"");
    let state = format!("\"to\":\"{state}\"");
    loop {
        let lines = fs::read_to_string(&file).unwrap_or_default();
        let mut lines = lines.lines().rev();
        if lines
            .find(|line| line.contains(&last))
            .is_some_and(|line| line.contains(&state))
        {
            return;
        }
        assert!(
            Instant::now() < until,
            "{seat} is not {state} in {}",
            file.display()
        );
        thread::yield_now();
    }
}

fn stands(entry: &Entry, seat: &str, state: &str) -> bool {
    matches!(&entry.what, What::Seat(it) if it.seat.as_str() == seat && it.to == state)
}

// --- all at once

#[test]
fn the_first_to_pick_up_has_the_call_and_the_other_phone_falls_silent() {
    let (rep, other) = (
        Phone::open("rep1"),
        Phone::open("rep2").manner(Manner::Rings),
    );
    let agent = all_ring(&[&rep, &other]).open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    let invite = other.called(SOON);
    // A phone that picks up by itself would take every call.
    assert_eq!(invite.header("answer-mode"), "");
    let cancel = other.requested("CANCEL", QUIET_WITHIN);
    assert_eq!(cancel.header("reason"), ELSEWHERE);
    events.state(&caller.call_id(), "talking", A_WHILE);
    assert_eq!(state(&agent, "rep1"), "in-call");
    assert_eq!(state(&agent, "rep2"), "available");
    caller.hang_up();
}

#[test]
fn of_two_who_pick_up_at_the_same_moment_one_is_hung_up_and_free() {
    let reps = [Phone::open("rep1"), Phone::open("rep2")];
    let agent = all_ring(&[&reps[0], &reps[1]]).open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    events.state(&caller.call_id(), "talking", A_WHILE);
    let mut states = ["rep1", "rep2"].map(|seat| (state(&agent, seat).to_string(), seat));
    states.sort();
    let [(free, loser), (busy, _)] = states;
    assert_eq!(
        (free.as_str(), busy.as_str()),
        ("\"available\"", "\"in-call\"")
    );
    let loser = &reps[usize::from(loser == "rep2")];
    assert!(loser.counts_more("BYE", 0, QUIET_WITHIN) || loser.count("CANCEL") > 0);
    let absent = |it: &Entry| matches!(&it.what, What::Alarm { alarm } if alarm == "seat-absent");
    events.catch_up();
    assert!(!events.seen.iter().any(absent), "{}", events.story());
    caller.hang_up();
}

#[test]
fn one_who_declines_is_not_rung_again_and_the_others_ring_on() {
    let refuses = Phone::open("rep1").manner(Manner::Refuses(603));
    let rings = Phone::open("rep2").manner(Manner::Rings);
    let agent = all_ring(&[&refuses, &rings]).open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    rings.called(SOON);
    refuses.called(SOON);
    events.wait("the refusal", SOON, |it| stands(it, "rep1", "available"));
    assert_eq!(state(&agent, "rep2"), "ringing");
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    events.state(&caller.call_id(), "waiting", A_WHILE);
    caller.hang_up();
    rings.requested("CANCEL", QUIET_WITHIN);
    events.wait("silence", SOON, |it| stands(it, "rep2", "available"));
    assert_eq!(refuses.count("INVITE"), 1);
}

// --- states

#[test]
fn a_wrap_up_waits_for_the_note_and_the_next_caller_for_the_wrap_up() {
    let house = House::fast()
        .set("seats.wrap_up.for = \"300ms\"")
        .set("seats.wrap_up.note = \"required\"")
        .seat("rep1", "echo");
    let mut scene = Scene::talking(house);
    let later = json!({"state": "on-break", "reason": "lunch"});
    let view = put(&scene.agent, "rep1", &later);
    assert_eq!(
        (&view["state"], &view["then"]),
        (&json!("in-call"), &json!("on-break"))
    );
    scene.hang_up();
    let is_over =
        |it: &Entry| matches!(&it.what, What::Seat(it) if it.note_owed && it.until_utc.is_none());
    scene.events.wait("the end of the countdown", SOON, is_over);
    let (status, problem) = scene
        .agent
        .ask(Method::POST, "/seats/rep1/end-wrap-up", &json!({}));
    assert_eq!((status, &problem["code"]), (409, &json!("note-required")));
    scene
        .agent
        .command(&scene.call, "note", json!({"text": "asks about May"}));
    assert_eq!(state(&scene.agent, "rep1"), "on-break");
    let path = format!("/calls/{}", scene.call.id);
    let told = scene.agent.get(&path).to_string();
    assert!(told.contains("asks about May"), "{told}");
}

#[test]
fn what_a_rep_chose_outlives_a_crash() {
    let house = House::fast().seat("rep1", "echo").seat("rep2", "echo");
    let agent = house.open();
    put(
        &agent,
        "rep1",
        &json!({"state": "on-break", "reason": "training"}),
    );
    let before = put(&agent, "rep2", &json!({"state": "offline"}));
    kept(&agent, "rep2", "offline");
    let agent = agent.crash_and_restart();
    let after = agent.get("/seats/rep2");
    assert_eq!(after["state"], "offline");
    assert_eq!(after["since_utc"], before["since_utc"]);
    let rep1 = agent.get("/seats/rep1");
    assert_eq!(
        (&rep1["state"], &rep1["reason"]),
        (&json!("on-break"), &json!("training"))
    );
    let (status, problem) = agent.ask(
        Method::PUT,
        "/seats/rep1",
        &json!({"state": "on-break", "reason": "golf"}),
    );
    assert_eq!((status, &problem["code"]), (422, &json!("unknown-reason")));
    assert_eq!(
        put(&agent, "rep1", &json!({"ready": true}))["state"],
        "available"
    );
}

#[test]
fn a_seat_in_a_call_is_available_again_after_a_crash() {
    let scene = Scene::talking(House::fast().seat("rep1", "echo"));
    assert_eq!(state(&scene.agent, "rep1"), "in-call");
    kept(&scene.agent, "rep1", "in-call");
    let agent = scene.agent.crash_and_restart();
    let mut events = agent.events();
    let is_it = |it: &Entry| matches!(&it.what, What::Seat(it) if (it.from.as_str(), it.to.as_str()) == ("in-call", "available"));
    events.wait("the change", SOON, is_it);
}
