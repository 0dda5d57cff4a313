//! SIPp as the registrar of our account, and as the phone it calls: both challenge us.
//!
//! SIPp 3.6 proves MD5 in `Authorization` only; what SHA-256 and `Proxy-Authorization` are worth Kamailio judges.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use thirdring::records::What;

use super::super::agent::House;
use super::super::events::Events;
use super::super::missing::{Need, can_run};
use super::super::phone::SOON;
use super::super::phones::{HOST, only_call};
use super::super::program::free_ports;
use super::super::scene::{A_WHILE, NUMBER};
use super::super::scratch::Scratch;

const PASSWORD: &str = "un-deux-trois";
/// One registration, one call.
const CALLS: &str = "2";

/// How the phone asks.
struct Challenge {
    code: &'static str,
    header: &'static str,
    qop: &'static str,
    check: String,
    gate: &'static str,
}

impl Challenge {
    /// As a user agent does; SIPp computes the proof, too, and refuses a wrong one.
    fn of_a_phone(qop: &'static str) -> Self {
        Self {
            code: "401",
            header: "WWW-Authenticate",
            qop,
            check: format!(
                "<verifyauth assign_to=\"proven\" username=\"hotline\" password=\"{PASSWORD}\"/>"
            ),
            gate: "<nop next=\"proven\" test=\"proven\"/><recv request=\"NOBODY\"/>",
        }
    }

    /// As a proxy does; SIPp only sees that there is a proof.
    fn of_a_proxy() -> Self {
        let proof = "realm=.pbx.example.*nonce=.invite.*response=";
        Self {
            code: "407",
            header: "Proxy-Authenticate",
            qop: ", qop=\"auth-int,auth\"",
            check: format!(
                "<ereg regexp=\"{proof}\" search_in=\"hdr\" header=\"Proxy-Authorization:\" \
                 check_it=\"true\" assign_to=\"proof\"/><log message=\"[$proof]\"/>"
            ),
            gate: "",
        }
    }

    fn scenario(&self) -> String {
        include_str!("registrar.xml")
            .replace("{{CODE}}", self.code)
            .replace("{{ASK}}", self.header)
            .replace("{{QOP}}", self.qop)
            .replace("{{PASSWORD}}", PASSWORD)
            .replace("{{INVITE_CHECK}}", &self.check)
            .replace("{{INVITE_GATE}}", self.gate)
    }
}

/// A running SIPp; it ends after its calls, or with its owner.
struct Sipp {
    child: Child,
    address: SocketAddr,
    _folder: Scratch,
}

impl Sipp {
    fn start(scenario: &str) -> Self {
        let folder = Scratch::new("sipp");
        let address = SocketAddr::new(HOST, free_ports(HOST));
        let scenario = folder.write("registrar.xml", scenario);
        let (port, media) = (address.port(), address.port() + 2);
        let child = Command::new("sipp")
            .arg("-sf")
            .arg(scenario)
            .args(["-i", &HOST.to_string(), "-p", &port.to_string()])
            .args(["-mp", &media.to_string(), "-m", CALLS, "-nostdin"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start SIPp");
        Self {
            child,
            address,
            _folder: folder,
        }
    }

    /// Whether all its calls went as its scenario says.
    fn is_content(&mut self) -> bool {
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn house(sipp: &Sipp) -> House {
    House::fast().seat("rep1", "echo").account(&format!(
        "name = \"pbx\"\nusername = \"hotline\"\npassword = \"{PASSWORD}\"\n\
         domain = \"pbx.example\"\noutbound_proxy = \"{}\"\nbehind = \"direct\"",
        sipp.address
    ))
}

fn stands(events: &mut Events, awaited: &str) {
    events.wait(
        awaited,
        A_WHILE,
        |entry| matches!(&entry.what, What::Registration { state, .. } if state == awaited),
    );
}

/// Our account registers, and the promise is kept by a call that must prove itself.
fn proves_itself(challenge: &Challenge) {
    let mut sipp = Sipp::start(&challenge.scenario());
    let agent = house(&sipp).open();
    let mut events = agent.events();
    stands(&mut events, "registered");
    let promise = json!({ "number": NUMBER, "reason": "asked for the tariff" });
    let (status, noted) = agent.ask(ureq::http::Method::POST, "/callbacks", &promise);
    assert_eq!(status, 201, "{noted}");
    let id = only_call(&mut events);
    events.phrase_over(&id, "callback_open_promise", A_WHILE);
    let call = agent.call_of(&id);
    agent.command(&call, "hangup", json!({"force": true, "reason": "enough"}));
    events.ended(&id, SOON);
    assert!(sipp.is_content());
}

#[test]
fn a_registrar_and_a_phone_that_challenge_by_md5_are_convinced() {
    if can_run(&[Need::Sipp]) {
        proves_itself(&Challenge::of_a_phone(", qop=\"auth\""));
    }
}

#[test]
fn a_registrar_and_a_phone_of_rfc_2069_are_convinced() {
    if can_run(&[Need::Sipp]) {
        proves_itself(&Challenge::of_a_phone(""));
    }
}

#[test]
fn a_proxy_that_challenges_is_given_a_proof() {
    if can_run(&[Need::Sipp]) {
        proves_itself(&Challenge::of_a_proxy());
    }
}

#[test]
fn a_registrar_that_knows_another_password_refuses_us() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let scenario = Challenge::of_a_phone(", qop=\"auth\"").scenario();
    let sipp = Sipp::start(&scenario.replace(PASSWORD, "quatre-cinq-six"));
    let agent = house(&sipp).open();
    stands(&mut agent.events(), "refused");
}
