//! Encrypted sound with baresip 4 and pjproject: heard both ways, and by nobody else.

use thirdring::words::SrtpProfile;

use super::agent::{Agent, House};
use super::hearing::Recording;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Manner, Phone, SOON};
use super::phones::{HOST, only_call};
use super::program::{Brand, Softphone};
use super::scene::{
    A_PART, A_WHILE, NUMBER, WORDS, a_caller_is_heard_both_ways, a_rep_is_heard_both_ways,
};

fn house(srtp: &str) -> House {
    House::fast().set(&format!("media.srtp = \"{srtp}\""))
}

/// Packets went to the phone, and the ear makes nothing of them.
fn is_secret(on_the_wire: &Recording) {
    assert!(on_the_wire.packets.len() > A_PART);
    assert!(on_the_wire.ids().is_empty(), "{on_the_wire}");
}

fn a_rep_with_srtp_is_heard_both_ways(brand: Brand) {
    let mut rep = Softphone::protected(brand, HOST, "prefer", None);
    let house = house("prefer").phone_seat("rep1", rep.address);
    let wire = a_rep_is_heard_both_ways(house, &mut rep);
    is_secret(&recording_towards(&wire, rep.ports()));
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

fn a_caller_with_srtp_is_heard_both_ways(brand: Brand, srtp: &str) {
    let rep = Phone::open("rep");
    let mut caller = Softphone::protected(brand, HOST, srtp, None);
    let house = house("prefer").phone_seat("rep1", rep.address);
    let wire = a_caller_is_heard_both_ways(house, &rep, &mut caller);
    is_secret(&recording_towards(&wire, caller.ports()));
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

/// The usual case: a protected line, and an old desk phone.
#[test]
fn a_caller_with_srtp_talks_to_a_phone_without() {
    let rep = Phone::open("rep");
    let agent = house("off")
        .peer("name = \"carrier\"\naddress = [\"127.0.0.1\"]\nsrtp = \"require\"")
        .phone_seat_saying("rep1", rep.address, "srtp = \"off\"")
        .open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    let answer = caller.call_protected(agent.sip, SrtpProfile::AesCm128HmacSha1_80);
    assert!(answer.body.contains("RTP/SAVP "), "{}", answer.body);
    let offer = rep.called(SOON).body;
    let is_plain = offer.contains("RTP/AVP ") && !offer.contains("a=crypto");
    assert!(is_plain, "{offer}");
    events.state(&caller.call_id(), "talking", A_WHILE);
    caller.speak();
    rep.hears_more(3 * A_PART);
    let heard = rep.recording();
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
    caller.hang_up();
    events.ended(&caller.call_id(), SOON);
}

/// A phone whose seat says nothing of it, and a line that is plain only.
#[test]
fn a_line_without_srtp_leads_to_a_phone_that_requires_it() {
    if !can_run(&[Need::Baresip, Need::Capture]) {
        return;
    }
    let mut rep = Softphone::protected(Brand::Baresip, HOST, "require", None);
    let house = house("require")
        .peer("name = \"carrier\"\naddress = [\"127.0.0.1\"]\nsrtp = \"off\"")
        .phone_seat("rep1", rep.address);
    let wire = a_rep_is_heard_both_ways(house, &mut rep);
    is_secret(&recording_towards(&wire, rep.ports()));
}

/// What each leg is offered, and that a line's own word holds against the house's.
#[test]
fn a_seat_that_requires_srtp_is_offered_nothing_else() {
    let rep = Phone::open("rep").manner(Manner::Rings);
    let agent = house("off")
        .phone_seat_saying("rep1", rep.address, "srtp = \"require\"")
        .open();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    let offer = rep.called(SOON).body;
    let is_protected = offer.contains("RTP/SAVP ") && offer.contains("a=crypto:1 ");
    assert!(is_protected, "{offer}");
    caller.cancel();
    caller.response("INVITE", 487, SOON);

    // The caller's own line is as the house.
    let safe = caller_refused(&agent);
    assert!(safe.contains("302 "), "{safe}");
}

/// His phone calls by no line, and its seat's word counts.
#[test]
fn who_takes_the_place_of_a_plain_phone_may_be_plain_where_all_else_is_protected() {
    let rep = Phone::open("rep");
    let agent = house("require")
        .phone_seat_saying("rep1", rep.address, "srtp = \"off\"")
        .open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.call_protected(agent.sip, SrtpProfile::AesCm128HmacSha1_80);
    events.state(&caller.call_id(), "talking", A_WHILE);
    let colleague = Phone::open("colleague");
    colleague.invite_saying(agent.sip, &format!("Replaces: {}\r\n", rep.replaces()));
    let answer = colleague.response("INVITE", 200, SOON);
    colleague.ack(&answer);
    rep.requested("BYE", SOON);
    caller.speak();
    colleague.hears_more(3 * A_PART);
    let heard = colleague.recording();
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
    caller.hang_up();
    events.ended(&caller.call_id(), SOON);
}

/// The Warning with which a caller over RTP/SAVP is refused.
fn caller_refused(agent: &Agent) -> String {
    let caller = Phone::open(NUMBER);
    let port = caller.address.port() + 2;
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
         inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
    );
    caller.invite_with(agent.sip, &offer);
    let refused = caller.response("INVITE", 488, SOON);
    refused.header("Warning").to_owned()
}
