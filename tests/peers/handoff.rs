//! A joined caller is handed to his exchange, or stays with us (D22).

use std::time::Duration;

use serde_json::json;

use super::agent::House;
use super::phone::{Manner, Message, Phone, SOON};
use super::scene::Scene;

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
