//! An account over TCP and TLS: everything goes over the one connection it made.

use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::records::What;
use thirdring::sip::Transport;

use super::super::agent::{Agent, House};
use super::super::certificates::Authority;
use super::super::events::Events;
use super::super::missing::{Need, can_run};
use super::super::pcap::{Capture, recording_towards};
use super::super::phone::SOON;
use super::super::phones::{HOST, only_call};
use super::super::program::Softphone;
use super::super::scene::{A_WHILE, NUMBER};
use super::accounts::{registered_times, stands};
use super::{Kamailio, PASSWORD, Setup};

/// The back-off of a server that does not answer, twice (RFC 5626 4.5).
const BACK_AGAIN: Duration = Duration::from_secs(100);

/// An agent that listens by UDP only: nobody can connect to it.
fn open(kamailio: &Kamailio, transport: Transport, authority: &Authority) -> Agent {
    let account = format!(
        "name = \"pbx\"\nusername = \"hotline\"\npassword = \"{PASSWORD}\"\n\
         domain = \"pbx.example\"\noutbound_proxy = \"{}\"\ntransport = \"{}\"\nbehind = \"direct\"",
        kamailio.reached_by(transport),
        transport.of_via().to_lowercase()
    );
    House::fast()
        .set(&format!("sip.tls.ca = {:?}", authority.file()))
        .seat("rep1", "echo")
        .account(&account)
        .open()
}

/// Is called over its connection and greets; then it calls the customer over it, with a password.
fn is_called_and_calls_over(transport: Transport) {
    let authority = Authority::new();
    let identity = authority.identity("kamailio", "127.0.0.1");
    let mut customer = Softphone::pjsip(HOST, None);
    let kamailio = Kamailio::start(&Setup {
        customer: Some(customer.address),
        identity: Some(&identity),
        ..Setup::default()
    });
    let agent = open(&kamailio, transport, &authority);
    let mut events = agent.events();
    stands(&mut events, "registered");
    is_greeted(&kamailio, &mut events);

    let mut events = agent.events();
    let promise = json!({ "number": NUMBER, "reason": "asked for the tariff" });
    let (status, noted) = agent.ask(ureq::http::Method::POST, "/callbacks", &promise);
    assert_eq!(status, 201, "{noted}");
    customer.wait("incoming", A_WHILE);
    customer.tell("answer");
    customer.wait("established", A_WHILE);
    let opening = events.wait("the opening words", A_WHILE, |entry| {
        matches!(&entry.what, What::PhraseEnded { phrase, .. }
            if phrase.as_str() == "callback_open_promise")
    });
    customer.tell("hangup");
    events.ended(&opening.sip_call_id.expect("it went by SIP"), A_WHILE);
}

fn is_greeted(kamailio: &Kamailio, events: &mut Events) {
    let mut caller = Softphone::pjsip(HOST, None);
    let capture = Capture::start("lo", caller.ports());
    caller.tell(&format!("dial sip:hotline@{}", kamailio.address));
    caller.wait("established", A_WHILE);
    let id = only_call(events);
    events.phrase_over(&id, "greeting", A_WHILE);
    caller.tell("hangup");
    assert_eq!(events.ended(&id, SOON).by.as_str(), "caller");
    let heard = recording_towards(&capture.finish(), caller.ports());
    let first = heard.ids().first().cloned();
    assert_eq!(first.as_deref(), Some("greeting"), "{heard}");
}

#[test]
fn an_account_over_tcp_is_called_and_calls_over_its_own_connection() {
    if can_run(&[Need::Kamailio, Need::Pjsip, Need::Capture]) {
        is_called_and_calls_over(Transport::Tcp);
    }
}

#[test]
fn an_account_over_tls_is_called_and_calls_over_its_own_connection() {
    if can_run(&[Need::Kamailio, Need::Pjsip, Need::Capture]) {
        is_called_and_calls_over(Transport::Tls);
    }
}

#[test]
fn an_account_registers_again_when_its_registrar_is_restarted() {
    if !can_run(&[Need::Kamailio, Need::Pjsip, Need::Capture]) {
        return;
    }
    let authority = Authority::new();
    let mut kamailio = Kamailio::start(&Setup::default());
    let agent = open(&kamailio, Transport::Tcp, &authority);
    stands(&mut agent.events(), "registered");
    kamailio.stop();
    stands(&mut agent.events(), "unreachable");
    kamailio.start_again();
    let started = Instant::now();
    registered_times(&mut agent.events(), 2, BACK_AGAIN);
    println!("registered again {:?} after the restart", started.elapsed());
    is_greeted(&kamailio, &mut agent.events());
}
