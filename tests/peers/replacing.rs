//! The caller's exchange leads him to another of its phones: INVITE with Replaces to us (RFC 3891).

use thirdring::records::What;

use super::agent::House;
use super::events::of;
use super::missing::{Need, can_run};
use super::phone::{Phone, SOON};
use super::phones::{HOST, dial, only_call};
use super::program::Softphone;
use super::scene::{A_WHILE, Scene};

/// The rep, an echo, brings these words back to who says them.
const WORDS: &str = "report_upward";

fn tag(party: &str) -> &str {
    party.rsplit_once(";tag=").map_or("", |(_, tag)| tag)
}

#[test]
fn another_phone_of_the_callers_takes_his_place_and_the_talk_goes_on() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let other = Phone::open("other");
    let (ours, theirs) = scene.caller.tags();
    let replaces = format!(
        "Replaces: {};to-tag={};from-tag={}\r\n",
        scene.id,
        tag(&theirs),
        tag(&ours)
    );
    other.invite_saying(scene.agent.sip, &replaces);
    let answer = other.response("INVITE", 200, SOON);
    other.ack(&answer);
    scene.caller.requested("BYE", SOON);
    other.speak();
    other.hears_more(300);
    let heard = other.recording();
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
    assert_eq!(scene.agent.get("/calls").as_array().map(Vec::len), Some(1));
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    other.hang_up();
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("caller", "hung-up")
    );
}

#[test]
fn a_phone_that_names_no_call_of_its_peer_replaces_nothing() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let other = Phone::open("other");
    let replaces = format!("Replaces: {};to-tag=no;from-tag=no\r\n", scene.id);
    other.invite_saying(scene.agent.sip, &replaces);
    other.response("INVITE", 481, SOON);
    scene.caller.hears_more(25);
    scene.hang_up();
}

#[test]
fn a_pjsip_caller_leads_us_to_another_pjsip_phone() {
    if !can_run(&[Need::Pjsip]) {
        return;
    }
    let (mut caller, mut other) = (Softphone::pjsip(HOST, None), Softphone::pjsip(HOST, None));
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    dial(&agent, &mut caller);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    caller.tell(&format!("dial sip:other@{}", other.address));
    other.wait("incoming", SOON);
    other.tell("answer");
    caller.wait("established", SOON);
    caller.tell("connect");
    other.wait("referred", SOON);
    events.wait("the other phone", SOON, |entry| {
        of(entry, &id) && matches!(&entry.what, What::Leg { news, .. } if news == "replaced")
    });
    caller.wait("closed", SOON);
    assert_eq!(agent.call_of(&id).state, "talking");
    other.tell("hangup");
    assert_eq!(events.ended(&id, SOON).by.as_str(), "caller");
}
