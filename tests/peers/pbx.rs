//! The PBX is told by its feature codes how a seat stands: judged by the calls that it got.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirdring::records::{Entry, What};
use ureq::http::Method;

use super::agent::{Agent, House};
use super::events::Events;
use super::phone::{Manner, Message, Phone, SOON};
use super::registrar::Registrar;
use super::scene::{A_WHILE, NUMBER, hears_himself};

const PAUSE: &str = "pause = \"*46\", resume = \"*47\"";
const BOTH: &str = "pause = \"*46\", resume = \"*47\", dnd_on = \"*78\", dnd_off = \"*79\"";

/// A call to a code lasts five seconds at most; the machine is busy.
const LASTS: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_secs(1);

/// From a failure to the one other try.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// An INVITE that nobody says a word to is given up (RFC 3261 17.1.1.2, timer B).
const TIMER_B: Duration = Duration::from_secs(32);

/// A PBX, and an agent with one seat that is there at once.
struct Exchange {
    pbx: Phone,
    agent: Agent,
    events: Events,
}

impl Exchange {
    fn open(codes: &str) -> Self {
        Self::with(Phone::open("pbx"), House::fast(), codes)
    }

    fn with(pbx: Phone, house: House, codes: &str) -> Self {
        let account = format!(
            "name = \"exchange\"\nusername = \"8001\"\ndomain = \"pbx.example\"\n\
             outbound_proxy = \"{}\"\nregister = false",
            pbx.address
        );
        let agent = seat(house, codes).account(&account).open();
        let events = agent.events();
        Self { pbx, agent, events }
    }

    fn rep(&self, choice: &Value) {
        let (status, view) = self.agent.ask(Method::PUT, "/seats/rep1", choice);
        assert_eq!(status, 200, "{view}");
    }

    /// The rep goes on a break.
    fn leaves(&self) {
        self.rep(&json!({"state": "on-break", "reason": "lunch"}));
    }

    fn comes_back(&self) {
        self.rep(&json!({"state": "available"}));
    }

    /// Waits until this code was dialled and picked up.
    fn dialled(&self, keys: &str) -> Message {
        self.dialled_within(keys, SOON)
    }

    fn dialled_within(&self, keys: &str, within: Duration) -> Message {
        let invite = self.pbx.dialled(keys, within);
        self.pbx.requested("ACK", SOON);
        invite
    }

    /// The same, and the PBX hangs up.
    fn takes(&self, keys: &str) {
        self.dialled(keys);
        self.pbx.hang_up();
    }

    /// Waits until this was told of a code.
    fn told(&mut self, code: &str, news: &str, status: Option<u16>, again: bool) {
        let wanted = (code.to_owned(), news.to_owned(), status, again);
        self.events.wait(news, LASTS + SOON, |entry| {
            told(entry).as_ref() == Some(&wanted)
        });
    }

    /// Asserts that there was news of these codes in this order, and of no other so far.
    fn told_of(&mut self, codes: &[&str]) {
        let count = Cell::new(0);
        self.events.wait("news of each code", SOON, |entry| {
            count.set(count.get() + usize::from(told(entry).is_some()));
            count.get() == codes.len()
        });
        self.events.catch_up();
        let told = self.events.seen.iter().filter_map(told);
        assert_eq!(told.map(|(code, ..)| code).collect::<Vec<_>>(), codes);
    }
}

fn seat(house: House, codes: &str) -> House {
    let pbx = format!("pbx = {{ via = \"exchange\", {codes} }}");
    house.seat_saying("rep1", "echo", &pbx)
}

/// What an entry tells of a code: its name, the news, the SIP status, whether it is tried again.
fn told(entry: &Entry) -> Option<(String, String, Option<u16>, bool)> {
    let What::Pbx {
        seat,
        told,
        news,
        code,
        again,
    } = &entry.what
    else {
        return None;
    };
    assert_eq!(seat.as_str(), "rep1");
    Some((told.clone(), news.clone(), *code, *again))
}

fn is_alarm(entry: &Entry) -> bool {
    matches!(&entry.what, What::Alarm { alarm } if alarm == "pbx-not-told")
}

#[test]
fn each_state_is_told_by_its_code_and_once() {
    let mut exchange = Exchange::open(BOTH);
    // What the PBX believes at the start nobody knows.
    exchange.takes("*47");
    exchange.takes("*79");
    exchange.leaves();
    let invite = exchange.dialled("*46");
    assert!(invite.header("to").contains("<sip:*46@pbx.example>"));
    assert!(invite.header("from").contains("<sip:8001@pbx.example>"));
    assert!(invite.audio_address().is_some(), "{}", invite.body);
    exchange.pbx.hang_up();
    exchange.leaves();
    exchange.rep(&json!({"state": "busy"}));
    exchange.takes("*78");
    exchange.takes("*47");
    exchange.rep(&json!({"state": "offline"}));
    exchange.comes_back();
    exchange.takes("*79");
    exchange.told_of(&["resume", "dnd_off", "pause", "dnd_on", "resume", "dnd_off"]);
    let taken = "thirdring_pbx_codes_total{result=\"taken\"}";
    assert_eq!(exchange.agent.metric(taken), Some(6));
}

#[test]
fn a_rep_who_changes_his_mind_is_told_as_he_is_at_last() {
    let mut exchange = Exchange::open(PAUSE);
    exchange.takes("*47");
    exchange.leaves();
    let invited = Instant::now();
    exchange.dialled("*46");
    exchange.comes_back();
    exchange.leaves();
    // The PBX announces something, and goes on announcing.
    exchange.pbx.requested("BYE", LASTS + LATE);
    println!("hung up {:?} after the rep's word", invited.elapsed());
    assert!(invited.elapsed() > LASTS - LATE);
    exchange.comes_back();
    exchange.takes("*47");
    exchange.told_of(&["resume", "pause", "resume"]);
}

#[test]
fn a_server_in_trouble_is_asked_once_more() {
    let mut exchange = Exchange::open(PAUSE);
    exchange.takes("*47");
    exchange.pbx.change_manner(Manner::Refuses(503));
    exchange.leaves();
    let first = exchange.pbx.dialled("*46", SOON);
    exchange.told("pause", "refused", Some(503), true);
    let refused = Instant::now();
    exchange.pbx.change_manner(Manner::PicksUp);
    let second = exchange.pbx.dialled("*46", AGAIN_AFTER + SOON);
    assert!(refused.elapsed() > AGAIN_AFTER - LATE);
    assert_ne!(first.call_id(), second.call_id());
    exchange.told("pause", "taken", Some(200), false);
    exchange.events.catch_up();
    assert!(!exchange.events.seen.iter().any(is_alarm));
}

#[test]
fn a_code_that_the_pbx_does_not_know_is_an_alarm() {
    let refuses = Phone::open("pbx").manner(Manner::Refuses(404));
    let mut exchange = Exchange::with(refuses, House::fast(), PAUSE);
    exchange.told("resume", "refused", Some(404), false);
    exchange.events.wait("the alarm", SOON, is_alarm);
    let again = |entry: &Entry| told(entry).is_some_and(|(.., again)| again);
    assert!(!exchange.events.seen.iter().any(again));
    let refused = "thirdring_pbx_codes_total{result=\"refused\"}";
    assert_eq!(exchange.agent.metric(refused), Some(1));
}

#[test]
fn a_pbx_that_rings_in_vain_is_cancelled_and_called_once_more() {
    let rings = Phone::open("pbx").manner(Manner::Rings);
    let mut exchange = Exchange::with(rings, House::fast(), PAUSE);
    let first = exchange.pbx.dialled("*47", SOON);
    let cancel = exchange.pbx.requested("CANCEL", LASTS + LATE);
    assert_eq!(cancel.call_id(), first.call_id());
    exchange.told("resume", "no-answer", None, true);
    let second = exchange.pbx.dialled("*47", AGAIN_AFTER + SOON);
    assert_ne!(first.call_id(), second.call_id());
    exchange.told("resume", "no-answer", None, false);
    exchange.events.wait("the alarm", SOON, is_alarm);
}

#[test]
fn a_silent_pbx_has_one_call_at_a_time() {
    let silent = Phone::open("pbx").manner(Manner::Silent);
    let mut exchange = Exchange::with(silent, House::fast(), PAUSE);
    let first = exchange.pbx.dialled("*47", SOON);
    exchange.told("resume", "no-answer", None, true);
    exchange.leaves();
    let is_another = |it: &Message| it.method() == "INVITE" && it.call_id() != first.call_id();
    let second = exchange
        .pbx
        .wait("another call", TIMER_B + SOON, is_another);
    assert!(
        second.first_line.starts_with("INVITE sip:*46@"),
        "{}",
        second.first_line
    );
    // A CANCEL must wait for a 1xx (RFC 3261 9.1).
    assert_eq!(exchange.pbx.count("CANCEL"), 0);
}

/// The second try falls into a call of the same seat, on a desk that has room for one.
#[test]
fn a_live_call_goes_on_beside_it_and_is_not_told() {
    let house = House::fast().set("sip.calls_max = 1");
    let in_trouble = Phone::open("pbx").manner(Manner::Refuses(503));
    let mut exchange = Exchange::with(in_trouble, house, PAUSE);
    exchange.pbx.dialled("*47", SOON);
    exchange.told("resume", "refused", Some(503), true);
    exchange.pbx.change_manner(Manner::PicksUp);
    let caller = Phone::open(NUMBER);
    caller.call(exchange.agent.sip);
    exchange.events.state(&caller.call_id(), "talking", A_WHILE);
    exchange.dialled_within("*47", AGAIN_AFTER + SOON);
    hears_himself(&caller);
    exchange.pbx.requested("BYE", LASTS + LATE);
    hears_himself(&caller);
    assert_eq!(caller.count("BYE"), 0);
    // What he says now counts after his call.
    exchange.leaves();
    exchange.told_of(&["resume", "resume"]);
    caller.hang_up();
    exchange.takes("*46");
    exchange.told("pause", "taken", Some(200), false);
}

#[test]
fn a_stopping_agent_hangs_up_and_tells_nothing_more() {
    let mut exchange = Exchange::open(BOTH);
    let only = exchange.dialled("*47");
    exchange.agent.terminate();
    let bye = exchange.pbx.requested("BYE", LASTS - LATE);
    assert_eq!(bye.call_id(), only.call_id());
    assert!(exchange.agent.has_left());
    let is_another = |it: &Message| it.method() == "INVITE" && it.call_id() != only.call_id();
    assert!(!exchange.pbx.has_got(is_another));
}

#[test]
fn a_code_waits_for_the_registration_and_answers_a_challenge() {
    let registrar = Registrar::open("127.0.0.1:0");
    let account = registrar
        .account()
        .replace("name = \"pbx\"", "name = \"exchange\"");
    let agent = seat(House::fast(), PAUSE).account(&account).open();
    let mut events = agent.events();
    let request = registrar.asked(A_WHILE);
    registrar.grant(&request, 3_600);
    let invite = registrar.invited(A_WHILE);
    assert!(
        invite.first_line.starts_with("INVITE sip:*47@pbx.example"),
        "{}",
        invite.first_line
    );
    let challenge = "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n0nce\", qop=\"auth\", algorithm=SHA-256\r\n";
    registrar.answer(&invite, 401, challenge);
    let signed = registrar.asked_again("INVITE", &invite, SOON);
    let authorization = signed.header("authorization");
    assert!(
        authorization.contains("username=\"hotline\""),
        "{authorization}"
    );
    registrar.answer(&signed, 404, "");
    let refused = |entry: &Entry| told(entry).is_some_and(|(_, _, code, _)| code == Some(404));
    events.wait("the refusal", SOON, refused);
    let at = |wanted: &dyn Fn(&Entry) -> bool| events.seen.iter().position(wanted);
    let registered = |entry: &Entry| matches!(&entry.what, What::Registration { state, .. } if state == "registered");
    assert!(at(&registered) < at(&refused));
}
