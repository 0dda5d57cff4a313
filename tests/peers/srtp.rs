//! Encrypted sound with baresip 4 and pjproject: heard both ways, and by nobody else.

use super::agent::{Agent, House};
use super::events::Events;
use super::hearing::Recording;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON, Voice};
use super::phones::{HOST, dial, only_call};
use super::program::{Brand, Softphone};
use super::scene::{A_WHILE, NUMBER};

/// What our phones say (`Phone::speak`).
const WORDS: &str = "report_upward";
/// Two seconds; a phone on a busy machine sends fewer than fifty packets a second.
const A_PART: usize = 100;
const PARTS_MAX: usize = 12;

fn house(srtp: &str) -> House {
    House::fast().set(&format!("media.srtp = \"{srtp}\""))
}

/// He speaks, the other end echoes: what comes back was understood on both ways.
fn hears_himself(phone: &Phone) {
    phone.speak();
    phone.forget_sound();
    let is_heard = (0..PARTS_MAX).any(|_| {
        phone.hears_more(A_PART);
        phone.recording().ids().contains(&WORDS.to_owned())
    });
    phone.voice(Voice::Silence);
    assert!(is_heard, "{}", phone.recording());
}

/// Packets went to the phone, and the ear makes nothing of them.
fn is_secret(on_the_wire: &Recording) {
    assert!(on_the_wire.packets.len() > A_PART);
    assert!(on_the_wire.ids().is_empty(), "{on_the_wire}");
}

fn a_rep_with_srtp_is_heard_both_ways(brand: Brand) {
    let mut rep = Softphone::protected(brand, HOST, "prefer", None);
    let agent = house("prefer").phone_seat("rep1", rep.address).open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    let capture = Capture::start("lo", rep.ports());
    caller.invite(agent.sip);
    rep.wait("incoming", SOON);
    rep.tell("answer");
    rep.wait("established", SOON);
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    events.state(&caller.call_id(), "talking", A_WHILE);
    rep.tell("echo");
    rep.wait("done", SOON);
    hears_himself(&caller);
    caller.hang_up();
    events.ended(&caller.call_id(), A_WHILE);
    is_secret(&recording_towards(&capture.finish(), rep.ports()));
}

#[test]
fn a_baresip_rep_with_srtp_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_rep_with_srtp_is_heard_both_ways(Brand::Baresip);
    }
}

#[test]
fn a_pjsip_rep_with_srtp_is_heard_both_ways() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_rep_with_srtp_is_heard_both_ways(Brand::Pjsip);
    }
}

fn talking_to(agent: &Agent, caller: &mut Softphone) -> (Events, String) {
    let mut events = agent.events();
    dial(agent, caller);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    (events, id)
}

fn a_caller_with_srtp_is_heard_both_ways(brand: Brand, srtp: &str) {
    let rep = Phone::open("rep");
    let mut caller = Softphone::protected(brand, HOST, srtp, None);
    let agent = house("prefer").phone_seat("rep1", rep.address).open();
    let capture = Capture::start("lo", caller.ports());
    let (mut events, id) = talking_to(&agent, &mut caller);
    caller.tell("echo");
    hears_himself(&rep);
    caller.tell("hangup");
    events.ended(&id, A_WHILE);
    is_secret(&recording_towards(&capture.finish(), caller.ports()));
}

#[test]
fn a_baresip_caller_who_prefers_srtp_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_with_srtp_is_heard_both_ways(Brand::Baresip, "prefer");
    }
}

#[test]
fn a_baresip_caller_who_requires_srtp_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_with_srtp_is_heard_both_ways(Brand::Baresip, "require");
    }
}

#[test]
fn a_pjsip_caller_who_prefers_srtp_is_heard_both_ways() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_with_srtp_is_heard_both_ways(Brand::Pjsip, "prefer");
    }
}

#[test]
fn a_pjsip_caller_who_requires_srtp_is_heard_both_ways() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_with_srtp_is_heard_both_ways(Brand::Pjsip, "require");
    }
}

/// Both ends and the agent will have nothing else.
#[test]
fn where_all_require_srtp_nothing_is_in_clear() {
    if !can_run(&[Need::Baresip, Need::Pjsip, Need::Capture]) {
        return;
    }
    let mut rep = Softphone::protected(Brand::Baresip, HOST, "require", None);
    let mut caller = Softphone::protected(Brand::Pjsip, HOST, "require", None);
    let agent = house("require").phone_seat("rep1", rep.address).open();
    let capture = Capture::start("lo", caller.ports());
    let mut events = agent.events();
    caller.tell(&format!("dial sip:hotline@{}", agent.sip));
    rep.wait("incoming", SOON);
    rep.tell("answer");
    rep.wait("established", SOON);
    caller.wait("established", A_WHILE);
    let id = only_call(&mut events);
    events.phrase_over(&id, "greeting", A_WHILE);
    caller.tell("hangup");
    events.ended(&id, A_WHILE);
    let on_the_wire = recording_towards(&capture.finish(), caller.ports());
    assert!(!on_the_wire.packets.is_empty());
    assert!(on_the_wire.ids().is_empty(), "{on_the_wire}");
}
