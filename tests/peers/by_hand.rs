//! A rep dials a number himself to which a call is promised (I2, D26).

use std::net::SocketAddr;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use thirdring::console::CallView;
use thirdring::records::What;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::customers::hello;
use super::events::Events;
use super::missing::{Need, can_run};
use super::phone::{Manner, Phone, SOON};
use super::phones::HOST;
use super::program::Softphone;
use super::scene::{A_WHILE, NUMBER};
use super::scratch::{Scratch, wav};

/// So soon that it is due while a telephone rings, and not before that.
const DUE_IN_S: i64 = 3;

/// Two reps, of whom one is always free.
fn house(trunk: SocketAddr) -> House {
    House::fast()
        .seat("rep1", "echo")
        .seat("rep2", "echo")
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set(&format!("sip.trunk = \"{trunk}\""))
}

fn promise(agent: &Agent) -> String {
    let due = Timestamp::now() + SignedDuration::from_secs(DUE_IN_S);
    let asked = json!({
        "number": NUMBER, "reason": "the bill of May", "note": "he wants it in writing", "due": due.to_string(),
    });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &asked);
    assert_eq!(status, 201, "{noted}");
    noted["id"].as_str().expect("an id").to_owned()
}

fn dial(agent: &Agent) -> (u16, Value) {
    agent.ask(Method::POST, "/calls", &json!({ "to": NUMBER }))
}

/// The call that has begun.
fn dialled((status, call): (u16, Value)) -> CallView {
    assert_eq!(status, 201, "{call}");
    serde_json::from_value(call).expect("a call")
}

fn told(events: &mut Events, promise: &str, wanted: &str) {
    events.wait(wanted, A_WHILE, |entry| {
        matches!(&entry.what, What::Promise { callback, news, .. }
            if callback.as_deref() == Some(promise) && news == wanted)
    });
}

fn is_over(events: &mut Events, call: &CallView) {
    events.wait("the end", A_WHILE, |it| {
        it.call == Some(call.id) && matches!(it.what, What::Ended { .. })
    });
}

/// How far its promise is: the state, and how many attempts were begun.
fn row(agent: &Agent, promise: &str) -> (Value, Value) {
    let row = agent.get(&format!("/callbacks/{promise}"));
    (row["state"].clone(), row["attempts"].clone())
}

#[test]
fn a_promise_to_whom_a_rep_dials_himself_is_kept_by_their_talk() {
    if !can_run(&[Need::Baresip]) {
        return;
    }
    let scratch = Scratch::new("customer");
    let hello = scratch.write("hello.wav", wav(&hello()));
    let mut customer = Softphone::baresip(HOST, hello.to_str());
    let agent = house(customer.address).open();
    let mut events = agent.events();
    let owed = promise(&agent);
    let call = dialled(dial(&agent));
    let shown = call
        .calls_back
        .clone()
        .expect("he is shown what is promised");
    assert_eq!((&shown.callback, shown.attempt), (&owed, None));
    assert_eq!(shown.reason, "the bill of May");
    let note = shown.note.expect("what the other rep wrote");
    assert_eq!(note.reveal(), "he wants it in writing");
    assert_eq!(call.warnings, [""; 0]);
    customer.wait("incoming", A_WHILE);

    // It is due while his telephone rings, a seat is free, and nobody else dials him.
    told(&mut events, &owed, "overdue");
    let (status, problem) = dial(&agent);
    assert_eq!((status, &problem["code"]), (409, &json!("number-in-use")));
    assert_eq!(row(&agent, &owed), (json!("open"), json!(0)));
    customer.tell("answer");
    customer.wait("established", SOON);
    customer.tell("speak");
    told(&mut events, &owed, "withdrawn");
    assert_eq!(row(&agent, &owed), (json!("done"), json!(0)));
    customer.tell("hangup");
    is_over(&mut events, &call);
    // What else was to be dialled would have been by now.
    agent.get("/callbacks");
    assert!(!customer.has_told("incoming"));
}

#[test]
fn whom_nobody_is_to_call_a_rep_dials_himself_and_is_warned() {
    let customer = Phone::open(NUMBER).manner(Manner::Rings);
    let agent = house(customer.address)
        .set(&format!("callbacks.never = [\"{NUMBER}\"]"))
        .open();
    let warned = dialled(dial(&agent));
    assert_eq!(warned.warnings, ["do-not-call"]);
    customer.called(A_WHILE);
}

#[test]
fn whom_the_agent_is_calling_no_rep_dials_and_whom_he_does_not_reach_is_owed_his_call() {
    let customer = Phone::open(NUMBER).manner(Manner::Rings);
    let agent = house(customer.address).open();
    let mut events = agent.events();
    let owed = promise(&agent);
    let id = customer.called(A_WHILE).call_id().to_owned();
    let (status, problem) = dial(&agent);
    assert_eq!((status, &problem["code"]), (409, &json!("number-in-use")));
    customer.change_manner(Manner::Refuses(486));
    let attempt = agent.call_of(&id);
    agent.command(&attempt, "hangup", json!({}));
    events.ended(&id, A_WHILE);
    let until = Instant::now() + A_WHILE;
    while row(&agent, &owed).0 != json!("open") {
        assert!(Instant::now() < until, "{:?}", row(&agent, &owed));
    }
    let before = row(&agent, &owed);
    let by_hand = dialled(dial(&agent));
    is_over(&mut events, &by_hand);
    assert_eq!(row(&agent, &owed), before);
}
