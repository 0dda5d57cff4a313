//! The customer whom we promised to call: baresip 4, and a machine.

use std::f32::consts::TAU;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::console::CallbackView;
use thirdring::media::Rate;
use thirdring::media::prompts::Sound;
use thirdring::records::What;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::events::Events;
use super::hearing::Recording;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON, Voice};
use super::phones::HOST;
use super::program::Softphone;
use super::scene::{A_WHILE, NUMBER};
use super::scratch::{Scratch, wav};

/// What baresip's account is called, and so whom we call.
const CUSTOMER: &str = "13900139000";

/// Why we call: he was promised it.
const OPENING: &str = "callback_open_promise";

/// A word of his, then he waits for so long.
const WAITS: Duration = Duration::from_secs(20);

/// He, the agent whose trunk he is, and the promise to him.
struct Owed {
    customer: Softphone,
    agent: Agent,
    events: Events,
    capture: Capture,
    promise: String,
}

impl Owed {
    /// His telephone rings: the rep was there before.
    fn rings(seats: usize, rings_for: &str) -> Self {
        let scratch = Scratch::new("customer");
        let hello = scratch.write("hello.wav", wav(&hello()));
        let mut customer = Softphone::baresip(HOST, hello.to_str());
        let house = House::fast().set(&format!("sip.trunk = \"{}\"", customer.address));
        let house = house.policy("callback", "rings_for", &format!("\"{rings_for}\""));
        let house = (1..=seats).fold(house, |house, n| house.seat(&format!("rep{n}"), "echo"));
        let agent = house.open();
        let events = agent.events();
        let capture = Capture::start("lo", customer.ports());
        let promised = json!({"number": CUSTOMER, "reason": "asked for the tariff"});
        let (status, row) = agent.ask(Method::POST, "/callbacks", &promised);
        assert_eq!(status, 201, "{row}");
        let promise = row["id"].as_str().expect("an id").to_owned();
        customer.wait("incoming", A_WHILE);
        Self {
            customer,
            agent,
            events,
            capture,
            promise,
        }
    }

    /// He picks up and says who he is.
    fn answers(&mut self) {
        self.customer.tell("answer");
        self.customer.wait("established", SOON);
        self.customer.tell("speak");
    }

    /// Waits until the promise's row has this news.
    fn told(&mut self, wanted: &str) {
        let promise = self.promise.clone();
        self.events.wait(wanted, A_WHILE, |entry| {
            matches!(&entry.what, What::Promise { callback, news, .. }
                if callback.as_deref() == Some(&promise) && news == wanted)
        });
    }

    fn says(&mut self, phrase: &str) {
        self.events.wait(phrase, A_WHILE, |entry| {
            matches!(&entry.what, What::PhraseStarted { phrase: is, .. } if is.as_str() == phrase)
        });
    }

    /// Its state in the API, and how its attempts ended.
    fn row_becomes(&self, state: &str, outcome: &str) {
        row_becomes(&self.agent, &self.promise, state, outcome);
    }

    /// What he heard in all.
    fn heard(self) -> Recording {
        let ports = self.customer.ports();
        recording_towards(&self.capture.finish(), ports)
    }
}

fn row(agent: &Agent, promise: &str) -> (String, Vec<String>) {
    let row = agent.get(&format!("/callbacks/{promise}"));
    let row: CallbackView = serde_json::from_value(row).expect("a callback");
    (row.state, row.outcomes)
}

/// It is settled once the phone's answer to our CANCEL or BYE is here and on disk.
fn row_becomes(agent: &Agent, promise: &str, state: &str, outcome: &str) {
    let wanted = (state.to_owned(), vec![outcome.to_owned()]);
    let until = Instant::now() + A_WHILE;
    while row(agent, promise) != wanted {
        assert!(Instant::now() < until, "{:?}", row(agent, promise));
    }
}

/// At 8 kHz.
fn recorded(answer: &str) -> Vec<i16> {
    let path = format!("tests/sounds/answers/{answer}.flac");
    let file = fs::read(path).expect("an answer");
    let sound = Sound::read(file.into()).expect("an answer");
    sound.at(Rate::Narrow).expect("an answer")
}

/// A word of a person, who waits then.
pub(super) fn hello() -> Vec<i16> {
    let mut hello = recorded("person_en_3");
    hello.resize(hello.len() + 8_000 * WAITS.as_secs() as usize, 0);
    hello
}

/// It greets, beeps after half a second, and records.
fn machine() -> Vec<i16> {
    let mut machine = recorded("machine_zh_3");
    machine.resize(machine.len() + 4_000, 0);
    let beep = (0..3_200).map(|n| ((n as f32 * TAU / 8.0).sin() * 5_000.0) as i16);
    machine.extend(beep);
    machine.resize(machine.len() + 8_000 * WAITS.as_secs() as usize, 0);
    machine
}

fn can_be_called() -> bool {
    can_run(&[Need::Baresip, Need::Capture])
}

#[test]
fn a_customer_who_is_busy_is_called_again() {
    if !can_be_called() {
        return;
    }
    let mut owed = Owed::rings(1, "40s");
    owed.customer.tell("reject");
    owed.told("busy");
    owed.row_becomes("open", "busy");
    assert_eq!(owed.heard().ids(), [""; 0]);
}

#[test]
fn a_customer_who_does_not_answer_is_called_again() {
    if !can_be_called() {
        return;
    }
    let mut owed = Owed::rings(1, "3s");
    owed.told("no-answer");
    owed.customer.wait("closed", SOON);
    owed.row_becomes("open", "no-answer");
    assert_eq!(owed.heard().ids(), [""; 0]);
}

#[test]
fn a_customer_who_answers_hears_why_we_call_and_is_joined() {
    if !can_be_called() {
        return;
    }
    let mut owed = Owed::rings(1, "40s");
    owed.answers();
    owed.told("joined");
    owed.told("done");
    owed.row_becomes("done", "joined");
    owed.customer.tell("hangup");
    owed.events.wait("the end", A_WHILE, |entry| {
        matches!(entry.what, What::Ended { .. })
    });
    let heard = owed.heard();
    let phrases = heard.phrases();
    assert_eq!(heard.ids(), [OPENING], "{heard}");
    assert!(phrases[0].whole && phrases[0].unbroken, "{heard}");
}

#[test]
fn a_customer_who_hangs_up_in_the_opening_is_called_again() {
    if !can_be_called() {
        return;
    }
    let mut owed = Owed::rings(1, "40s");
    owed.answers();
    owed.says(OPENING);
    owed.customer.tell("hangup");
    owed.told("abandoned");
    owed.row_becomes("open", "abandoned");
    let heard = owed.heard();
    assert!(
        heard.phrases().iter().all(|phrase| !phrase.whole),
        "{heard}"
    );
}

#[test]
fn a_customer_who_rings_in_meanwhile_is_called_no_more_once_he_has_a_rep() {
    if !can_be_called() {
        return;
    }
    let mut owed = Owed::rings(2, "40s");
    let hotline = format!("dial sip:hotline@{}", owed.agent.sip);
    owed.customer.tell(&hotline);
    owed.customer.wait("established", A_WHILE);
    owed.customer.tell("speak");
    owed.told("withdrawn");
    // It still rang beside the call that he made.
    owed.customer.wait("closed", SOON);
    owed.row_becomes("done", "withdrawn");
    owed.customer.tell("hangup");
    let heard = owed.heard();
    assert_eq!(
        heard.ids().first().map(String::as_str),
        Some("greeting"),
        "{heard}"
    );
    assert!(!heard.ids().contains(&OPENING.to_owned()), "{heard}");
}

/// A phone that plays a machine; the promise to it.
fn machine_answers(house: House) -> (Phone, Agent, String) {
    let phone = Phone::open(NUMBER);
    phone.voice(Voice::Says(Arc::new(machine())));
    let house = house.set(&format!("sip.trunk = \"{}\"", phone.address));
    let agent = house.seat("rep1", "echo").open();
    let promised = json!({"number": NUMBER, "reason": "asked for the tariff"});
    let (status, row) = agent.ask(Method::POST, "/callbacks", &promised);
    assert_eq!(status, 201, "{row}");
    phone.called(A_WHILE);
    let id = row["id"].as_str().expect("an id").to_owned();
    (phone, agent, id)
}

#[test]
fn a_machine_is_hung_up_before_it_beeps() {
    let (phone, agent, promise) = machine_answers(House::fast());
    phone.requested("BYE", A_WHILE);
    row_becomes(&agent, &promise, "open", "machine");
    let heard = phone.recording();
    assert!(
        heard.phrases().iter().all(|phrase| !phrase.whole),
        "{heard}"
    );
}

#[test]
fn a_machine_is_left_our_message_after_its_beep() {
    let house = House::fast().set("callbacks.machine = \"message\"");
    let (phone, agent, promise) = machine_answers(house);
    phone.requested("BYE", 2 * A_WHILE);
    row_becomes(&agent, &promise, "open", "machine");
    let heard = phone.recording();
    let last = heard.phrases().pop().expect("a message");
    assert!(
        last.id == "callback_message" && last.whole && last.unbroken,
        "{heard}"
    );
}
