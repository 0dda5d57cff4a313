//! baresip 4 and pjproject as caller, rep and target.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::json;
use thirdring::records::What;
use thirdring::words::{Language, Party};

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::hearing::{Recording, spoken};
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON};
use super::program::Softphone;
use super::scene::say_a_word;
use super::scene::{A_WHILE, NUMBER, Scene};
use super::scratch::{Scratch, wav};

pub(super) const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How one of the two is started; it says this file when it speaks.
pub(crate) type Maker = fn(IpAddr, Option<&str>) -> Softphone;

/// A phone that can say a sentence the agent never says by itself.
pub(crate) fn speaker(maker: Maker, scratch: &Scratch) -> Softphone {
    let words = wav(&spoken(Language::En, "calm_listening"));
    let file = scratch.write("words.wav", words);
    maker(HOST, file.to_str())
}

/// The SIP Call-ID of the one call there is.
pub(super) fn only_call(events: &mut Events) -> String {
    let begun = events.wait("a call", SOON, |entry| {
        matches!(entry.what, What::Begun { .. })
    });
    begun.sip_call_id.expect("it came by SIP")
}

pub(super) fn dial(agent: &Agent, phone: &mut Softphone) {
    phone.tell(&format!("dial sip:hotline@{}", agent.sip));
    phone.wait("established", A_WHILE);
}

fn whole_greeting(heard: &Recording) {
    let phrases = heard.phrases();
    let greeting = phrases.first().expect("something was said");
    assert_eq!(greeting.id, "greeting", "{heard}");
    assert!(greeting.whole && greeting.unbroken, "{heard}");
}

/// Calls, hears the greeting, is asked to hold, agrees by key, and is held.
fn a_caller_agrees_by_key(maker: Maker) {
    let agent = House::fast()
        .seat("rep1", "echo")
        .policy("hold", "asked_by", "\"agent\"")
        .open();
    let mut events = agent.events();
    let mut caller = maker(HOST, None);
    let capture = Capture::start("lo", caller.ports());
    dial(&agent, &mut caller);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    let call = agent.call_of(&id);
    agent.command(&call, "hold", json!({}));
    events.phrase(&id, "consent_keys", A_WHILE);
    caller.tell("key 1");
    let consent = events.wait("a consent", A_WHILE, |entry| {
        of(entry, &id) && matches!(entry.what, What::Consent { .. })
    });
    assert!(
        matches!(&consent.what, What::Consent { given: true, by, .. } if by == "key"),
        "{consent:?}"
    );
    events.phrase_over(&id, "hold_still", A_WHILE);
    caller.tell("hangup");
    events.ended(&id, SOON);
    let heard = recording_towards(&capture.finish(), caller.ports());
    whole_greeting(&heard);
    let ids = heard.ids();
    for phrase in ["hold_request", "hold_still"] {
        assert!(ids.contains(&phrase.to_owned()), "{phrase}: {heard}");
    }
}

#[test]
fn a_baresip_caller_agrees_by_key() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_agrees_by_key(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_caller_agrees_by_key() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_agrees_by_key(Softphone::pjsip);
    }
}

/// Holds us by the phone's own button and comes back; then a phrase reaches him whole.
fn a_caller_holds_by_his_own_button(maker: Maker) {
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    let mut caller = maker(HOST, None);
    dial(&agent, &mut caller);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    for (button, told) in [("hold", "holds"), ("resume", "resumes")] {
        caller.obey(button, SOON);
        events.wait(told, SOON, |entry| {
            of(entry, &id)
                && matches!(&entry.what, What::Leg { party: Party::Caller, news, .. } if news == told)
        });
    }
    let capture = Capture::start("lo", caller.ports());
    let phrase = "please_write_down";
    agent.command(&agent.call_of(&id), "say", json!({"phrase": phrase}));
    events.phrase_over(&id, phrase, A_WHILE);
    caller.tell("hangup");
    events.ended(&id, SOON);
    let heard = recording_towards(&capture.finish(), caller.ports());
    let said = heard.phrases();
    assert!(said.iter().any(|it| it.id == phrase && it.whole), "{heard}");
}

#[test]
fn a_baresip_caller_holds_by_his_own_button() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_holds_by_his_own_button(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_caller_holds_by_his_own_button() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_holds_by_his_own_button(Softphone::pjsip);
    }
}

/// Picks up the agent's call, speaks to the caller, and hangs up.
fn a_rep_talks_to_the_caller(maker: Maker) {
    let scratch = Scratch::new("words");
    let mut rep = speaker(maker, &scratch);
    let agent = House::fast().phone_seat("rep1", rep.address).open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    rep.wait("incoming", SOON);
    rep.tell("answer");
    rep.wait("established", SOON);
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    let id = caller.call_id();
    events.state(&id, "talking", A_WHILE);
    // The greeting's last packets may still be under way.
    caller.hears_more(10);
    whole_greeting(&caller.recording());
    say_a_word(&caller, &mut events, &id);
    rep.tell("speak");
    caller.hears_more(500);
    let heard = caller.recording();
    assert!(
        heard.ids().contains(&"calm_listening".to_owned()),
        "{heard}"
    );
    rep.tell("hangup");
    // The caller has his time to go first, then the farewell.
    caller.requested("BYE", A_WHILE);
    let ending = events.ended(&id, SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("rep", "closed")
    );
    assert_eq!(
        caller.recording().ids().last().map(String::as_str),
        Some("closing")
    );
}

#[test]
fn a_baresip_rep_talks_to_the_caller() {
    if can_run(&[Need::Baresip]) {
        a_rep_talks_to_the_caller(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_rep_talks_to_the_caller() {
    if can_run(&[Need::Pjsip]) {
        a_rep_talks_to_the_caller(Softphone::pjsip);
    }
}

/// Eight seconds after the caller's first words the rep is absent (D6), and the caller kept company.
#[test]
fn a_caller_is_not_left_with_a_baresip_rep_who_says_nothing() {
    if !can_run(&[Need::Baresip]) {
        return;
    }
    let mut rep = Softphone::baresip(HOST, None);
    let house = House::fast().phone_seat("rep1", rep.address);
    let agent = house.policy("waiting", "rep_absent_after", "\"8s\"").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    rep.wait("incoming", SOON);
    rep.tell("answer");
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    let id = caller.call_id();
    events.state(&id, "talking", A_WHILE);
    say_a_word(&caller, &mut events, &id);
    events.state(&id, "waiting", A_WHILE);
    events.phrase_over(&id, "hold_wait", A_WHILE);
    caller.hears_more(10);
    assert_eq!(caller.recording().ids(), ["greeting", "hold_wait"]);
    assert_eq!(caller.count("BYE"), 0);
}

/// In manual mode the telephone rings until it is picked up, and not the clock answers.
fn a_reps_pick_up_answers(maker: Maker) {
    let mut rep = maker(HOST, None);
    // Three rings of ten seconds each: nobody waits so long here.
    let house = House::fast().policy("answer", "mode", "\"manual\"").policy(
        "answer",
        "ring_pause",
        "\"10s\"",
    );
    let agent = house.phone_seat("rep1", rep.address).open();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    caller.response("INVITE", 180, SOON);
    rep.wait("incoming", SOON);
    rep.tell("answer");
    let answer = caller.response("INVITE", 200, SOON);
    caller.ack(&answer);
    let mut events = agent.events();
    events.state(&caller.call_id(), "talking", A_WHILE);
    caller.hears_more(10);
    assert_eq!(caller.recording().ids(), ["greeting"]);
    caller.hang_up();
    rep.wait("closed", Duration::from_secs(2));
}

#[test]
fn a_baresip_reps_pick_up_answers_in_manual_mode() {
    if can_run(&[Need::Baresip]) {
        a_reps_pick_up_answers(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_reps_pick_up_answers_in_manual_mode() {
    if can_run(&[Need::Pjsip]) {
        a_reps_pick_up_answers(Softphone::pjsip);
    }
}

/// Is consulted and takes the caller over.
fn a_target_takes_the_caller(maker: Maker) {
    let scratch = Scratch::new("words");
    let mut target = speaker(maker, &scratch);
    let house = House::fast().seat("rep1", "echo");
    let mut scene = Scene::talking(house.target("expert", target.address));
    let asked = json!({"target": "expert", "agreed": true});
    scene.agent.command(&scene.call, "transfer", asked);
    target.wait("incoming", SOON);
    target.tell("answer");
    scene.state("consulting");
    scene.agent.command(&scene.call, "join", json!({}));
    scene.state("bridged");
    target.tell("speak");
    scene.caller.forget_sound();
    scene.caller.hears_more(500);
    let heard = scene.heard();
    assert!(heard.contains(&"calm_listening".to_owned()), "{heard:?}");
    scene.hang_up();
    target.wait("closed", Duration::from_secs(2));
}

#[test]
fn a_baresip_target_takes_the_caller() {
    if can_run(&[Need::Baresip]) {
        a_target_takes_the_caller(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_target_takes_the_caller() {
    if can_run(&[Need::Pjsip]) {
        a_target_takes_the_caller(Softphone::pjsip);
    }
}

/// Hears who is coming, and accepts by a real key.
fn an_announced_target_accepts_by_key(maker: Maker) {
    let mut target = maker(HOST, None);
    let house = House::fast().seat("rep1", "echo");
    let mut scene = Scene::talking(house.target("expert", target.address));
    let capture = Capture::start("lo", target.ports());
    let asked = json!({"target": "expert", "mode": "announced", "agreed": true});
    scene.agent.command(&scene.call, "transfer", asked);
    target.wait("incoming", SOON);
    target.tell("answer");
    scene.state("announcing");
    // The briefing is on its way to the target while the caller waits; both are 20 ms a packet.
    scene.caller.hears_more(300);
    target.tell("key 1");
    scene.state("bridged");
    scene.hang_up();
    let heard = recording_towards(&capture.finish(), target.ports());
    assert_eq!(
        heard.ids().first().map(String::as_str),
        Some("target_briefing"),
        "{heard}"
    );
}

#[test]
fn an_announced_baresip_target_accepts_by_key() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        an_announced_target_accepts_by_key(Softphone::baresip);
    }
}

#[test]
fn an_announced_pjsip_target_accepts_by_key() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        an_announced_target_accepts_by_key(Softphone::pjsip);
    }
}
