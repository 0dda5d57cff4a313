//! Strangers who answer in the registrar's place, and registrars nobody should have.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use serde_json::Value;
use thirdring::records::What;

use super::wire::{is_awake, stranger};
use crate::peers::agent::{Agent, House};
use crate::peers::events::Events;
use crate::peers::phone::{Manner, Phone, SOON};
use crate::peers::registrar::Registrar;
use crate::peers::scene::{A_WHILE, NUMBER};

/// A challenge as a PBX makes it.
const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"pbx.example\",nonce=\"n\",qop=\"auth\"\r\n";
/// Between two refreshes, however little a registrar grants.
const REFRESH_MIN: Duration = Duration::from_secs(10);
/// After which silence a desk takes itself to have slept.
const STOOD_STILL: Duration = Duration::from_secs(10);

fn registering(registrar: &Registrar, more: &str) -> Agent {
    let account = format!("{}\n{more}", registrar.account());
    House::fast().seat("rep1", "echo").account(&account).open()
}

fn stands(events: &mut Events, awaited: &str) {
    events.wait(
        awaited,
        A_WHILE,
        |entry| matches!(&entry.what, What::Registration { state, .. } if state == awaited),
    );
}

fn state(agent: &Agent) -> Value {
    agent.get("/registrations")[0]["state"].clone()
}

/// Everything sent before has been read.
fn is_read(agent: &Agent, socket: &UdpSocket) {
    assert!(is_awake(socket, agent.sip, 1));
}

#[test]
fn a_strangers_answers_register_nobody_and_learn_no_password() {
    let registrar = Registrar::open("127.0.0.1:0");
    let agent = registering(&registrar, "");
    let request = registrar.asked(A_WHILE);
    assert!(request.header("authorization").is_empty());
    let stranger = stranger();
    for (code, lines) in [
        (200, "Expires: 3600\r\n"),
        (302, "Contact: <sip:127.0.0.2:5070>\r\n"),
        (401, CHALLENGE),
        (403, ""),
        (423, "Min-Expires: 86400\r\n"),
        (503, "Retry-After: 3600\r\n"),
    ] {
        Registrar::answer_by(&stranger, &request, code, lines);
    }
    is_read(&agent, &stranger);
    assert_eq!(state(&agent), "trying");
    let again = registrar.asked(A_WHILE);
    assert_eq!(again.cseq(), request.cseq(), "it only repeats itself");
    registrar.answer(&again, 401, CHALLENGE);
    let signed = registrar.asked_anew(&again, SOON);
    assert!(
        signed
            .header("authorization")
            .contains("username=\"hotline\"")
    );
    registrar.grant(&signed, 3_600);
    stands(&mut agent.events(), "registered");
}

#[test]
fn a_redirected_registration_follows_nobody() {
    let registrar = Registrar::open("127.0.0.1:0");
    let elsewhere = stranger();
    let agent = registering(&registrar, "");
    let request = registrar.asked(A_WHILE);
    let contact = format!("Contact: <sip:{}>\r\n", elsewhere.local_addr().unwrap());
    registrar.answer(&request, 302, &contact);
    stands(&mut agent.events(), "refused");
    // Nothing came there before this answer.
    is_read(&agent, &elsewhere);
}

#[test]
fn a_registrar_slower_than_its_own_expiry_is_not_pestered() {
    let registrar = Registrar::open("127.0.0.1:0");
    let _agent = registering(&registrar, "");
    let mut last = registrar.asked(A_WHILE);
    for _ in 0..2 {
        // Two repetitions later: 1.5 s (RFC 3261 17.1.2.2), and the binding lives for one.
        for _ in 0..2 {
            assert_eq!(registrar.asked(A_WHILE).cseq(), last.cseq());
        }
        registrar.grant(&last, 1);
        let granted = Instant::now();
        last = registrar.asked_anew(&last, 2 * REFRESH_MIN);
        let waited = granted.elapsed();
        assert!(
            waited >= REFRESH_MIN - Duration::from_millis(200),
            "{waited:?}"
        );
    }
}

#[test]
fn a_sleeping_pc_registers_as_soon_as_it_wakes() {
    let registrar = Registrar::open("127.0.0.1:0");
    let agent = registering(&registrar, "");
    let first = registrar.asked(A_WHILE);
    registrar.grant(&first, 3_600);
    stands(&mut agent.events(), "registered");
    let phone = Phone::open(NUMBER);
    agent.suspend();
    assert!(phone.hears_nothing(STOOD_STILL + Duration::from_secs(1)));
    let woken = Instant::now();
    agent.resume();
    let anew = registrar.asked_anew(&first, SOON);
    println!("registered anew {:?} after the PC woke", woken.elapsed());
    registrar.grant(&anew, 3_600);
}

#[test]
fn the_way_to_the_registrar_is_kept_open() {
    let registrar = Registrar::open("127.0.0.1:0");
    let agent = registering(&registrar, "keep_alive = \"10s\"");
    let request = registrar.asked(A_WHILE);
    registrar.grant(&request, 3_600);
    for _ in 0..2 {
        let since = Instant::now();
        assert_eq!(registrar.kept_open(A_WHILE), agent.sip);
        assert!(since.elapsed() <= Duration::from_secs(11));
    }
}

#[test]
fn a_call_that_another_device_took_is_no_missed_call() {
    let rep = Phone::open("rep").manner(Manner::Rings);
    let agent = House::fast().phone_seat("rep1", rep.address).open();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    caller.response("INVITE", 180, SOON);
    rep.called(SOON);
    caller.cancel_because("SIP;cause=200;text=\"Call completed elsewhere\"");
    assert_eq!(caller.final_response("INVITE", SOON).status(), Some(487));
    rep.requested("CANCEL", SOON);
    let ending = agent.events().ended(&caller.call_id(), SOON);
    assert_eq!(ending.because.as_str(), "answered-elsewhere");
    assert!(agent.callbacks().is_empty());
}
