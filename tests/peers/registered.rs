//! The rep's own phone registers at the agent: baresip 4 and pjproject, over UDP, TCP and TLS; linphonec over UDP.

use std::time::Duration;

use serde_json::{Value, json};
use thirdring::records::What;
use thirdring::sip::Transport;
use thirdring::words::{Language, Party};
use ureq::http::Method;

use super::agent::{Agent, House};
use super::certificates::Authority;
use super::events::{Events, of};
use super::hearing::spoken;
use super::missing::{Need, can_run};
use super::netns::{Host, Lab};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON};
use super::phones::only_call;
use super::program::{Brand, Enrolment, Softphone};
use super::scene::{A_WHILE, NUMBER, taken_by};
use super::scratch::{Scratch, wav};
use super::transports::{IDLE_AT_MOST, IP, listening, wire};

const USER: &str = "8001";
const PASSWORD: &str = "open sesame";
/// What the phones ask for, where a test does not wait for the end of it.
const LONG_S: u32 = 60;
/// What the log says of a wrong password, once a minute.
const WRONG_LOGIN: &str = "a wrong username or password";
/// pjsip leaves 5 s at least between its refreshes.
const BRIEF_S: u32 = 8;

/// An agent that waits for the phone of its one seat.
struct Lodge {
    authority: Authority,
    agent: Agent,
    events: Events,
}

impl Lodge {
    fn open(house: House) -> Self {
        let authority = Authority::new();
        let house = listening(house, &authority).set("sip.phones.expires_min = \"1s\"");
        let agent = house.registered_seat("rep1", USER, PASSWORD).open();
        let events = agent.events();
        let lodge = Self {
            authority,
            agent,
            events,
        };
        assert_eq!(lodge.seat()["state"], "not-registered");
        lodge
    }

    fn seat(&self) -> Value {
        self.agent.get("/seats/rep1")
    }

    fn logins(&self, cause: &str) -> Option<u64> {
        let name = format!("thirdring_phone_logins_total{{cause=\"{cause}\"}}");
        self.agent.metric(&name)
    }

    fn enrolment(&self, transport: Transport) -> Enrolment<'static> {
        let registrar = match transport {
            Transport::Udp => Some(self.agent.sip),
            Transport::Tcp => self.agent.sip_tcp,
            Transport::Tls => self.agent.sip_tls,
        };
        Enrolment {
            registrar: registrar.expect("it listens"),
            user: USER,
            password: PASSWORD,
            expires_s: LONG_S,
        }
    }

    fn phone(&self, brand: Brand, transport: Transport) -> Softphone {
        self.enrolled(brand, transport, self.enrolment(transport), None)
    }

    fn enrolled(
        &self,
        brand: Brand,
        transport: Transport,
        at: Enrolment<'_>,
        speech: Option<&str>,
    ) -> Softphone {
        let wire = wire(transport, &self.authority);
        let mut phone = Softphone::enrolled(brand, IP, &wire, at, speech);
        phone.tell("register");
        phone
    }

    /// Waits until the seat's phone has come, or is gone.
    fn told(&mut self, state: &str) {
        self.events
            .wait(state, SOON, |entry| is_phone(entry, state));
    }

    fn takes_a_caller(&mut self, rep: &mut Softphone) -> Phone {
        taken_by(rep, &self.agent, &mut self.events)
    }
}

fn is_phone(entry: &thirdring::records::Entry, wanted: &str) -> bool {
    matches!(&entry.what, What::Phone { seat, state } if seat.as_str() == "rep1" && state == wanted)
}

/// Registers, is the seat, and talks with a caller who hears it and is heard.
fn a_rep_is_rung_where_he_registers(brand: Brand, transport: Transport) {
    let scratch = Scratch::new("words");
    let words = scratch.write("words.wav", wav(&spoken(Language::En, "calm_listening")));
    let mut lodge = Lodge::open(House::fast());
    let at = lodge.enrolment(transport);
    let mut rep = lodge.enrolled(brand, transport, at, words.to_str());
    rep.wait("registered", SOON);
    lodge.told("registered");
    let seat = lodge.seat();
    assert_eq!(seat["state"], "available");
    assert!(seat["registered_until_utc"].is_string(), "{seat}");
    assert_eq!(lodge.agent.metric("thirdring_phones_registered"), Some(1));

    let capture = Capture::start("lo", rep.ports());
    let caller = lodge.takes_a_caller(&mut rep);
    let id = caller.call_id();
    caller.speak();
    lodge.events.voice(&id, true);
    rep.tell("speak");
    caller.hears_more(500);
    let heard = caller.recording();
    let answered = heard.ids().contains(&"calm_listening".to_owned());
    assert!(answered, "the caller hears the rep: {heard}");
    assert_eq!(lodge.seat()["state"], "in-call");
    rep.tell("hangup");
    caller.requested("BYE", A_WHILE);
    assert_eq!(lodge.events.ended(&id, SOON).by.as_str(), "rep");
    let heard = recording_towards(&capture.finish(), rep.ports());
    let asked = heard.ids().contains(&"report_upward".to_owned());
    assert!(asked, "the rep hears the caller: {heard}");
    assert_eq!(lodge.seat()["state"], "available");
}

/// Is told so, and its seat takes nobody.
fn a_wrong_password_is_no_seat(brand: Brand) {
    let mut lodge = Lodge::open(House::fast());
    let at = Enrolment {
        password: "sesame",
        ..lodge.enrolment(Transport::Udp)
    };
    let mut phone = lodge.enrolled(brand, Transport::Udp, at, None);
    let refused = phone.wait("refused", A_WHILE);
    assert_eq!(refused["code"], 401, "{refused}");
    assert_eq!(lodge.seat()["state"], "not-registered");
    let dial = json!({ "to": NUMBER });
    let (status, problem) = lodge.agent.ask(Method::POST, "/calls", &dial);
    assert_eq!((status, &problem["code"]), (503, &json!("no-seat")));
    let caller = Phone::open(NUMBER);
    caller.call(lodge.agent.sip);
    lodge.events.state(&caller.call_id(), "waiting", A_WHILE);
    assert!(!phone.has_told("incoming"));
    // It does not go on asking; the log has said it once.
    assert_eq!(lodge.logins("wrong"), Some(1));
    assert_eq!(lodge.logins("proven"), None);
    assert_eq!(lodge.agent.logged(WRONG_LOGIN), 1);
}

/// Asked by SHA-256 and MD5 at once, and by MD5 alone.
fn a_phone_proves_itself_by_what_is_offered(brand: Brand) {
    for md5 in ["offered", "only"] {
        let lodge = Lodge::open(House::fast().set(&format!("sip.phones.md5 = \"{md5}\"")));
        lodge.phone(brand, Transport::Udp).wait("registered", SOON);
        assert_eq!(lodge.seat()["state"], "available", "{md5}");
    }
}

/// Its process dies and starts anew: rung again where it is then.
fn a_phone_comes_back(brand: Brand, transport: Transport) {
    let mut lodge = Lodge::open(House::fast());
    let mut first = lodge.phone(brand, transport);
    first.wait("registered", SOON);
    drop(first);
    if transport.is_reliable() {
        // The connection ends with the process: nobody waits for the binding to end.
        lodge.told("not-registered");
        assert_eq!(lodge.seat()["state"], "not-registered");
    }
    let mut second = lodge.phone(brand, transport);
    second.wait("registered", SOON);
    let caller = lodge.takes_a_caller(&mut second);
    caller.hang_up();
    lodge.events.ended(&caller.call_id(), SOON);
}

/// Refreshes while it lives; dead, it is gone when its time is up.
fn a_dead_phone_is_gone_in_time(brand: Brand) {
    let mut lodge = Lodge::open(House::fast());
    let at = Enrolment {
        expires_s: BRIEF_S,
        ..lodge.enrolment(Transport::Udp)
    };
    let mut phone = lodge.enrolled(brand, Transport::Udp, at, None);
    phone.wait("registered", SOON);
    let gone = |entry: &_| is_phone(entry, "not-registered");
    assert!(lodge.events.stay_without(Duration::from_secs(12), gone));
    assert_eq!(lodge.seat()["state"], "available");
    drop(phone);
    lodge.events.wait("the end of its time", A_WHILE, gone);
    let seat = lodge.seat();
    assert_eq!(seat["state"], "not-registered");
    assert!(seat["registered_until_utc"].is_null(), "{seat}");
}

/// Dies while it talks: the caller is given to another seat, and this one waits for its phone.
fn a_phone_that_dies_in_a_call_is_a_lost_leg(brand: Brand, transport: Transport) {
    let mut lodge = Lodge::open(House::fast());
    let mut rep = lodge.phone(brand, transport);
    rep.wait("registered", SOON);
    let caller = lodge.takes_a_caller(&mut rep);
    let id = caller.call_id();
    drop(rep);
    lodge.told("not-registered");
    lodge.events.wait("a lost leg", SOON, |entry| {
        let lost = |party, news: &str| party == Party::Rep && news == "lost";
        of(entry, &id) && matches!(&entry.what, What::Leg { party, news, .. } if lost(*party, news))
    });
    lodge.events.state(&id, "waiting", SOON);
    let mut back = lodge.phone(brand, transport);
    back.wait("incoming", SOON);
    back.tell("answer");
    back.wait("established", SOON);
    caller.hang_up();
    lodge.events.ended(&id, SOON);
}

/// What it dials is no call of ours: it is told so.
fn a_reps_own_call_is_refused(brand: Brand, transport: Transport) {
    let mut lodge = Lodge::open(House::fast());
    let mut rep = lodge.phone(brand, transport);
    rep.wait("registered", SOON);
    lodge.told("registered");
    let at = lodge.enrolment(transport).registrar;
    let word = transport.of_via().to_lowercase();
    rep.tell(&format!("dial sip:{NUMBER}@{at};transport={word}"));
    let refused = "thirdring_calls_refused_total{status=\"403\"}";
    assert!(lodge.agent.counts_to(refused, 1, SOON));
    assert_eq!(lodge.agent.get("/calls"), json!([]));
    let closed = rep.wait("closed", SOON);
    // baresip's binding tells no code.
    if let Brand::Pjsip = brand {
        assert_eq!(closed["code"], 403);
    }
}

#[test]
fn a_registered_connection_may_be_idle() {
    if !can_run(&[Need::Pjsip]) {
        return;
    }
    let mut lodge = Lodge::open(House::fast());
    let mut rep = lodge.phone(Brand::Pjsip, Transport::Tcp);
    rep.wait("registered", SOON);
    let gone = |entry: &_| is_phone(entry, "not-registered");
    let while_idle = IDLE_AT_MOST + Duration::from_secs(5);
    assert!(lodge.events.stay_without(while_idle, gone));
    lodge.takes_a_caller(&mut rep).hang_up();
    rep.wait("closed", SOON);
}

/// Another PC than the agent's: rung there, and heard there.
fn a_phone_on_another_host_takes_a_caller(brand: Brand, transport: Transport) {
    let lab = Lab::build();
    let authority = Authority::new();
    let ours = Host::Agent.address();
    let (agent, mut events) = lab.at(Host::Agent, || {
        let house = House::fast().at(ours);
        let house = house.set(&format!("sip.listen_tcp = \"{ours}:5060\""));
        let agent = house.registered_seat("rep1", USER, PASSWORD).open();
        let events = agent.events();
        (agent, events)
    });
    let enrolment = Enrolment {
        registrar: agent.sip,
        user: USER,
        password: PASSWORD,
        expires_s: LONG_S,
    };
    let theirs = Host::Peer.address();
    let link = lab.link(Host::Peer);
    let (mut rep, mut caller, capture) = lab.at(Host::Peer, || {
        let wire = wire(transport, &authority);
        let rep = Softphone::enrolled(brand, theirs, &wire, enrolment, None);
        let capture = Capture::start(&link, rep.ports());
        (rep, Softphone::pjsip(theirs, None), capture)
    });
    rep.tell("register");
    events.wait("the phone", SOON, |entry| is_phone(entry, "registered"));
    caller.tell(&format!("dial sip:hotline@{}", agent.sip));
    rep.wait("incoming", SOON);
    rep.tell("answer");
    rep.wait("established", SOON);
    caller.wait("established", A_WHILE);
    let id = only_call(&mut events);
    events.phrase_over(&id, "greeting", A_WHILE);
    caller.tell("hangup");
    rep.wait("closed", SOON);
    events.ended(&id, SOON);
    let heard = recording_towards(&lab.at(Host::Peer, || capture.finish()), rep.ports());
    let greeting = heard.ids().contains(&"greeting".to_owned());
    assert!(greeting, "the rep hears how the caller is greeted: {heard}");
}

#[test]
fn a_baresip_phone_on_another_host_takes_a_caller() {
    if can_run(&[Need::Baresip, Need::Pjsip, Need::Capture, Need::Namespaces]) {
        a_phone_on_another_host_takes_a_caller(Brand::Baresip, Transport::Udp);
    }
}

#[test]
fn a_pjsip_phone_on_another_host_takes_a_caller() {
    if can_run(&[Need::Pjsip, Need::Capture, Need::Namespaces]) {
        a_phone_on_another_host_takes_a_caller(Brand::Pjsip, Transport::Tcp);
    }
}

/// One test a phone, part and transport.
macro_rules! with {
    ($($name:ident: $part:ident($brand:ident $(, $transport:ident)?);)*) => {$(
        #[test]
        fn $name() {
            if can_run(&[Need::$brand, Need::Capture]) {
                $part(Brand::$brand $(, Transport::$transport)?);
            }
        }
    )*};
}

with! {
    a_baresip_rep_is_rung_where_he_registers_over_udp: a_rep_is_rung_where_he_registers(Baresip, Udp);
    a_baresip_rep_is_rung_where_he_registers_over_tcp: a_rep_is_rung_where_he_registers(Baresip, Tcp);
    a_baresip_rep_is_rung_where_he_registers_over_tls: a_rep_is_rung_where_he_registers(Baresip, Tls);
    a_pjsip_rep_is_rung_where_he_registers_over_udp: a_rep_is_rung_where_he_registers(Pjsip, Udp);
    a_pjsip_rep_is_rung_where_he_registers_over_tcp: a_rep_is_rung_where_he_registers(Pjsip, Tcp);
    a_pjsip_rep_is_rung_where_he_registers_over_tls: a_rep_is_rung_where_he_registers(Pjsip, Tls);
    a_baresip_phone_with_a_wrong_password_is_no_seat: a_wrong_password_is_no_seat(Baresip);
    a_pjsip_phone_with_a_wrong_password_is_no_seat: a_wrong_password_is_no_seat(Pjsip);
    a_linphone_with_a_wrong_password_is_no_seat: a_wrong_password_is_no_seat(Linphone);
    a_baresip_phone_proves_itself_by_what_is_offered: a_phone_proves_itself_by_what_is_offered(Baresip);
    a_pjsip_phone_proves_itself_by_what_is_offered: a_phone_proves_itself_by_what_is_offered(Pjsip);
    a_baresip_phone_comes_back_over_udp: a_phone_comes_back(Baresip, Udp);
    a_pjsip_phone_comes_back_over_tls: a_phone_comes_back(Pjsip, Tls);
    a_dead_baresip_phone_is_gone_in_time: a_dead_phone_is_gone_in_time(Baresip);
    a_dead_pjsip_phone_is_gone_in_time: a_dead_phone_is_gone_in_time(Pjsip);
    a_baresip_phone_that_dies_in_a_call_is_a_lost_leg: a_phone_that_dies_in_a_call_is_a_lost_leg(Baresip, Tls);
    a_pjsip_phone_that_dies_in_a_call_is_a_lost_leg: a_phone_that_dies_in_a_call_is_a_lost_leg(Pjsip, Tcp);
    a_baresip_reps_own_call_is_refused_over_udp: a_reps_own_call_is_refused(Baresip, Udp);
    a_baresip_reps_own_call_is_refused_over_tcp: a_reps_own_call_is_refused(Baresip, Tcp);
    a_pjsip_reps_own_call_is_refused_over_udp: a_reps_own_call_is_refused(Pjsip, Udp);
    a_pjsip_reps_own_call_is_refused_over_tls: a_reps_own_call_is_refused(Pjsip, Tls);
}
