use serde_json::json;
use thirdring::records::What;

use super::agent::House;
use super::events::of;
use super::phone::SOON;
use super::scene::{A_WHILE, Scene};

fn scene() -> Scene {
    let house = House::fast().seat("rep1", "echo");
    Scene::talking(house.policy("hold", "asked_by", "\"agent\""))
}

/// Who consented, how, and whether.
fn consent(scene: &mut Scene) -> (bool, String) {
    let id = scene.id.clone();
    let entry = scene.events.wait("a consent", A_WHILE, |entry| {
        of(entry, &id) && matches!(entry.what, What::Consent { .. })
    });
    let What::Consent { given, by, .. } = entry.what else {
        panic!("no consent: {entry:?}");
    };
    (given, by)
}

#[test]
fn key_one_agrees_to_the_hold() {
    let mut scene = scene();
    scene.agent.command(&scene.call, "hold", json!({}));
    scene.phrase("hold_request");
    scene.caller.hears_more(50);
    scene.caller.press('1');
    assert_eq!(consent(&mut scene), (true, "key".to_owned()));
    scene.state("holding");
    scene.phrase_over("hold_still");
    scene.heard_in_order(&["greeting", "hold_request", "hold_still"]);
}

#[test]
fn key_two_keeps_the_caller_with_the_rep() {
    let mut scene = scene();
    scene.agent.command(&scene.call, "hold", json!({}));
    scene.phrase("consent_keys");
    scene.caller.press('2');
    assert_eq!(consent(&mut scene), (false, "key".to_owned()));
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
}

#[test]
fn the_keys_are_named_twice_and_silence_is_no_consent() {
    let mut scene = scene();
    scene.agent.command(&scene.call, "hold", json!({}));
    assert_eq!(consent(&mut scene), (false, "silence".to_owned()));
    let heard = scene.heard();
    let named = heard.iter().filter(|id| *id == "consent_keys").count();
    assert_eq!(named, 2, "{heard:?}");
}

#[test]
fn a_rep_cannot_hold_without_consent_nor_ask_twice() {
    let mut scene = scene();
    scene.agent.command(&scene.call, "hold", json!({}));
    scene.phrase("hold_request");
    let refused = scene.agent.refusal(&scene.call, "hold", json!({}));
    assert_eq!(refused, "question-open");
}

#[test]
fn a_key_told_in_the_sound_and_by_info_is_one_key() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    for key in ['5', '5', '6'] {
        scene.caller.press(key);
        let info = format!("Signal={key}\r\nDuration=160\r\n");
        let kind = "Content-Type: application/dtmf-relay\r\n";
        scene.caller.request("INFO", kind, &info);
        scene.caller.response("INFO", 200, SOON);
        // Eight packets of a key, and the next one is another press.
        scene.caller.hears_more(20);
    }
    scene.hang_up();
    let keys = scene.events.seen.iter();
    let keys = keys.filter(|entry| matches!(entry.what, What::Key { .. }));
    assert_eq!(keys.count(), 3);
}
