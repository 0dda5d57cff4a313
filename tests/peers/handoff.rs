//! A joined caller is handed to his exchange, or stays with us (D22).

use std::time::Duration;

use serde_json::json;
use thirdring::records::What;

use super::agent::{Agent, House};
use super::events::Events;
use super::missing::{Need, can_run};
use super::pcap::{Capture, Datagram};
use super::phone::{Manner, Message, Phone, SOON};
use super::phones::{HOST, Maker, dial, only_call};
use super::program::Softphone;
use super::scene::{A_WHILE, Scene};

const ANSWERED: &str = "SIP/2.0 200 OK\r\n";
const BUSY: &str = "SIP/2.0 486 Busy Here\r\n";

/// Caller and target are joined; the exchange, which is the caller's phone, has our REFER.
fn joined() -> (Scene, Phone, Message) {
    let target = Phone::open("billing").manner(Manner::PicksUp);
    let house = House::fast()
        .seat("rep1", "echo")
        .handed_to("billing", target.address);
    let mut scene = Scene::talking(house);
    let asked = json!({"target": "billing", "mode": "consult", "agreed": true});
    scene.agent.command(&scene.call, "transfer", asked);
    scene.state("consulting");
    scene.agent.command(&scene.call, "join", json!({}));
    let refer = scene.caller.requested("REFER", SOON);
    (scene, target, refer)
}

/// The exchange tells what came of it.
fn notify(scene: &Scene, outcome: &str) {
    let lines = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n\
                 Content-Type: message/sipfrag\r\n";
    scene.caller.request("NOTIFY", lines, outcome);
    scene.caller.response("NOTIFY", 200, SOON);
}

#[test]
fn an_exchange_that_takes_the_call_gets_our_bye_after_its_word() {
    let (mut scene, target, refer) = joined();
    let refer_to = refer.header("refer-to");
    assert!(refer_to.contains("?Replaces="), "{refer_to}");
    assert!(refer_to.contains(&target.call_id()), "{refer_to}");
    assert_eq!(scene.caller.count("BYE"), 0);
    notify(&scene, ANSWERED);
    scene.caller.requested("BYE", SOON);
    target.requested("BYE", SOON);
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("rep", "handed-off")
    );
}

#[test]
fn an_exchange_that_does_not_leaves_us_between_them() {
    let (mut scene, target, _) = joined();
    notify(&scene, BUSY);
    target.hears_more(100);
    assert!(
        !scene
            .caller
            .counts_more("BYE", 0, Duration::from_millis(500))
    );
    assert_eq!(scene.agent.call_of(&scene.id).state, "bridged");
    let ending = scene.hang_up();
    assert_eq!(ending.by.as_str(), "caller");
    target.requested("BYE", SOON);
}

/// A real caller and a real target that are joined; the caller's phone is the exchange.
struct Joined {
    agent: Agent,
    events: Events,
    id: String,
    caller: Softphone,
    target: Softphone,
    wire: Capture,
}

/// Whether the caller's phone does as a REFER says.
#[derive(PartialEq)]
enum When {
    Referred,
    ReferredAndStays,
}

/// How the target takes the call that replaces ours: baresip hangs up on us first, and rings.
#[derive(PartialEq)]
enum PicksUp {
    ByItself,
    ByHand,
}

fn join(when: When, maker: Maker) -> Joined {
    let (mut caller, mut target) = (maker(HOST, None), maker(HOST, None));
    let house = House::fast().seat("rep1", "echo");
    let agent = house.handed_to("billing", target.address).open();
    let mut events = agent.events();
    let wire = Capture::start("lo", caller.ports());
    dial(&agent, &mut caller);
    if when == When::ReferredAndStays {
        caller.tell("stay");
    }
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    let asked = json!({"target": "billing", "mode": "consult", "agreed": true});
    agent.command(&agent.call_of(&id), "transfer", asked);
    target.wait("incoming", SOON);
    target.tell("answer");
    target.wait("established", SOON);
    events.state(&id, "consulting", A_WHILE);
    agent.command(&agent.call_of(&id), "join", json!({}));
    caller.wait("referred", SOON);
    Joined {
        agent,
        events,
        id,
        caller,
        target,
        wire,
    }
}

/// Where in what was captured the first message stands that has all of these.
fn place(wire: &[Datagram], from: &str, having: &[&str]) -> Option<usize> {
    wire.iter().position(|it| {
        let text = String::from_utf8_lossy(&it.payload);
        text.starts_with(from) && having.iter().all(|part| text.contains(part))
    })
}

/// The phone calls the target in our place; our BYE comes after its word, and the two talk on without us.
fn follows_our_refer(maker: Maker, picks_up: PicksUp) {
    let mut joined = join(When::Referred, maker);
    if picks_up == PicksUp::ByHand {
        joined.target.wait("incoming", SOON);
        joined.target.tell("answer");
    }
    joined.caller.wait("established", SOON);
    let ending = joined.events.ended(&joined.id, SOON);
    assert_eq!(ending.because.as_str(), "handed-off");
    // The call with us ends; the one that took its place ends when the caller hangs up.
    joined.caller.wait("closed", SOON);
    joined.target.wait("closed", SOON);
    joined.caller.tell("hangup");
    joined.target.wait("closed", SOON);
    let wire = joined.wire.finish();
    let refer = place(&wire, "REFER", &["Replaces="]).expect("our REFER");
    let invite = place(&wire, "INVITE", &["\r\nReplaces: "]).expect("their INVITE");
    let notify = place(&wire, "NOTIFY", &["SIP/2.0 200"]).expect("their word");
    let bye = place(&wire, "BYE", &[]).expect("our BYE");
    assert!(refer < invite && invite < notify && notify < bye);
}

/// The phone does not want to: we stay between the two, and they hear each other.
fn refuses_our_refer(maker: Maker) {
    let mut joined = join(When::ReferredAndStays, maker);
    let id = joined.id.clone();
    joined.events.state(&id, "bridged", SOON);
    let told = joined.events.wait(
        "the refusal",
        SOON,
        |entry| matches!(&entry.what, What::Leg { news, .. } if news == "not-handed-off"),
    );
    assert_eq!(told.sip_call_id.as_deref(), Some(id.as_str()));
    assert_eq!(joined.agent.call_of(&id).state, "bridged");
    joined.caller.tell("hangup");
    assert_eq!(joined.events.ended(&id, SOON).by.as_str(), "caller");
    joined.target.wait("closed", SOON);
}

#[test]
fn pjsip_follows_our_refer_and_replaces_us() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        follows_our_refer(Softphone::pjsip, PicksUp::ByItself);
    }
}

#[test]
fn baresip_follows_our_refer_and_replaces_us() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        follows_our_refer(Softphone::baresip, PicksUp::ByHand);
    }
}

#[test]
fn pjsip_that_refuses_our_refer_leaves_us_between() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        refuses_our_refer(Softphone::pjsip);
    }
}

#[test]
fn baresip_that_refuses_our_refer_leaves_us_between() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        refuses_our_refer(Softphone::baresip);
    }
}
