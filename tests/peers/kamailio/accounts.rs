//! An account registers with its password, is called through the proxy, and calls by it.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;
use thirdring::records::What;

use super::super::agent::{Agent, House};
use super::super::events::Events;
use super::super::missing::{Need, can_run};
use super::super::pcap::{Capture, recording_towards};
use super::super::phone::SOON;
use super::super::phones::{HOST, only_call};
use super::super::program::Softphone;
use super::super::scene::{A_WHILE, NUMBER};
use super::{Kamailio, PASSWORD, Setup};

fn house(kamailio: &Kamailio, password: &str) -> House {
    House::fast().seat("rep1", "echo").account(&format!(
        "name = \"pbx\"\nusername = \"hotline\"\npassword = \"{password}\"\n\
         domain = \"pbx.example\"\noutbound_proxy = \"{}\"\nbehind = \"direct\"",
        kamailio.address
    ))
}

/// Waits until the account stands so; all states it went through.
pub(super) fn stands(events: &mut Events, awaited: &str) {
    events.wait(awaited, A_WHILE, |entry| {
        matches!(&entry.what, What::Registration { account, state }
            if account == "pbx" && state == awaited)
    });
}

/// Waits until it has become registered so many times since the agent's start.
pub(super) fn registered_times(events: &mut Events, times: usize, within: Duration) {
    let seen = Cell::new(0);
    events.wait("another registration", within, |entry| {
        let registered =
            matches!(&entry.what, What::Registration { state, .. } if state == "registered");
        seen.set(seen.get() + usize::from(registered));
        seen.get() == times
    });
}

pub(super) fn registration(agent: &Agent) -> serde_json::Value {
    agent.get("/registrations")[0].clone()
}

fn is_called_through_the_proxy(algorithm: &str) {
    let kamailio = Kamailio::start(&Setup {
        algorithm: Some(algorithm),
        ..Setup::default()
    });
    let agent = house(&kamailio, PASSWORD).open();
    let mut events = agent.events();
    stands(&mut events, "registered");
    let shown = registration(&agent);
    assert_eq!(shown["state"], "registered", "{shown}");
    assert!(shown["until_utc"].is_string(), "{shown}");

    let mut caller = Softphone::pjsip(HOST, None);
    let capture = Capture::start("lo", caller.ports());
    caller.tell(&format!("dial sip:hotline@{}", kamailio.address));
    caller.wait("established", A_WHILE);
    let id = only_call(&mut events);
    events.phrase_over(&id, "greeting", A_WHILE);
    caller.tell("hangup");
    events.ended(&id, SOON);
    let heard = recording_towards(&capture.finish(), caller.ports());
    assert_eq!(
        heard.ids().first().map(String::as_str),
        Some("greeting"),
        "{heard}"
    );
}

#[test]
fn an_account_registers_by_sha_256_and_is_called_through_the_proxy() {
    if can_run(&[Need::Kamailio, Need::Pjsip, Need::Capture]) {
        is_called_through_the_proxy("SHA-256");
    }
}

#[test]
fn an_account_registers_by_md5_and_is_called_through_the_proxy() {
    if can_run(&[Need::Kamailio, Need::Pjsip, Need::Capture]) {
        is_called_through_the_proxy("MD5");
    }
}

#[test]
fn a_promise_is_kept_by_an_account_that_must_prove_itself() {
    if !can_run(&[Need::Kamailio, Need::Pjsip, Need::Capture]) {
        return;
    }
    let mut customer = Softphone::pjsip(HOST, None);
    let kamailio = Kamailio::start(&Setup {
        customer: Some(customer.address),
        ..Setup::default()
    });
    let agent = house(&kamailio, PASSWORD).open();
    let mut events = agent.events();
    stands(&mut events, "registered");
    let capture = Capture::start("lo", customer.ports());
    let promise = json!({ "number": NUMBER, "reason": "asked for the tariff" });
    let (status, noted) = agent.ask(ureq::http::Method::POST, "/callbacks", &promise);
    assert_eq!(status, 201, "{noted}");
    customer.wait("incoming", A_WHILE);
    customer.tell("answer");
    customer.wait("established", A_WHILE);
    let id = only_call(&mut events);
    events.phrase_over(&id, "callback_open_promise", A_WHILE);
    customer.tell("hangup");
    events.ended(&id, A_WHILE);
    let heard = recording_towards(&capture.finish(), customer.ports());
    let heard_it = heard.ids().contains(&"callback_open_promise".to_owned());
    assert!(heard_it, "{heard}");
}

#[test]
fn a_refused_password_is_not_tried_again_and_raises_an_alarm() {
    if !can_run(&[Need::Kamailio]) {
        return;
    }
    let kamailio = Kamailio::start(&Setup::default());
    let agent = house(&kamailio, "not-the-pa55word").open();
    let mut events = agent.events();
    stands(&mut events, "refused");
    let shown = registration(&agent);
    assert_eq!(
        (&shown["state"], &shown["code"]),
        (&json!("refused"), &json!(401)),
        "{shown}"
    );
    let (_, health) = agent.ask(ureq::http::Method::GET, "/registrations", &json!(null));
    assert_eq!(health.as_array().map(Vec::len), Some(1));
    let alarm = events.wait(
        "an alarm",
        SOON,
        |entry| matches!(&entry.what, What::Alarm { alarm } if alarm == "registration-refused"),
    );
    assert!(alarm.call.is_none());
}
