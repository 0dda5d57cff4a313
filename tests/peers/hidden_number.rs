//! A caller who hides his number is promised a callback: he types it, hears it, and is called there.

use std::time::Duration;

use serde_json::json;
use thirdring::records::{Entry, What};
use thirdring::words::Party;

use super::agent::House;
use super::phone::{Phone, SOON, Voice};
use super::scene::{A_WHILE, NUMBER, Scene};

/// How far apart a person types; a key lasts 100 ms.
const KEYS: usize = 15;

/// What he types and what he hears of it, in the house's language.
const SPELT: [&str; 11] = [
    "digit_1", "digit_3", "digit_8", "digit_0", "digit_0", "digit_1", "digit_3", "digit_8",
    "digit_0", "digit_0", "digit_0",
];

const DIGITS_HEARD: usize = 7;

pub(super) fn types(caller: &Phone, keys: &str) {
    for key in keys.chars() {
        caller.press(key);
        caller.hears_more(KEYS);
    }
}

/// The same by INFO, as some phones and gateways tell keys.
fn types_by_info(caller: &Phone, keys: &str) {
    for key in keys.chars() {
        let info = format!("Signal={key}\r\nDuration=160\r\n");
        caller.request("INFO", "Content-Type: application/dtmf-relay\r\n", &info);
        caller.response("INFO", 200, SOON);
        caller.hears_more(KEYS);
    }
}

/// Nothing but his digits, in their order; on a busy machine the ear may miss some of them.
pub(super) fn is_read_back(heard: &[String]) {
    let digits: Vec<&String> = heard.iter().filter(|id| id.starts_with("digit_")).collect();
    let mut spelt = SPELT.iter();
    let is_his = digits.iter().all(|digit| spelt.any(|it| it == digit));
    assert!(is_his && digits.len() >= DIGITS_HEARD, "{heard:?}");
}

#[test]
fn a_caller_without_a_number_types_it_hears_it_and_is_called_there() {
    let caller = Phone::open("anonymous");
    let house = House::fast().seat("rep1", "echo");
    let house = house
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set("callbacks.due.rep = \"12s\"")
        .set(&format!("sip.trunk = \"{}\"", caller.address));
    let mut scene = Scene::calling(house, caller);
    let promise = json!({ "reason": "the bill of May" });
    scene.agent.command(&scene.call, "promise", promise);
    scene.phrase_over("number_ask");
    types(&scene.caller, NUMBER);
    types(&scene.caller, "#");
    scene.phrase_over("number_confirm");
    types(&scene.caller, "1");
    scene.state("talking");
    scene.phrase_over("callback_promise");
    scene.caller.hears_more(10);
    scene.heard_in_order(&[
        "number_ask",
        "number_check",
        "number_confirm",
        "callback_promise",
    ]);
    is_read_back(&scene.heard());

    let rows = scene.agent.callbacks();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].number.reveal().as_str(), NUMBER);
    // Which keys they were is in no line.
    scene.events.catch_up();
    let is_told = |entry: &Entry| matches!(entry.what, What::Key { party: Party::Caller, key } if key.is_some());
    let is_any_told = scene.events.seen.iter().any(is_told);
    assert!(!is_any_told, "{}", scene.events.story());

    scene.hang_up();
    scene.caller.forget_sound();
    let invite = scene.caller.dialled(NUMBER, Duration::from_secs(60));
    let id = invite.call_id().to_owned();
    scene
        .events
        .phrase_over(&id, "callback_open_promise", A_WHILE);
    scene.events.state(&id, "talking", A_WHILE);
    scene.caller.speak();
    scene.events.wait(
        "the kept promise",
        A_WHILE,
        |entry| matches!(&entry.what, What::Promise { news, .. } if news == "done"),
    );
    scene.caller.voice(Voice::Silence);
}

#[test]
fn a_caller_whose_phone_tells_keys_by_info_types_his_number() {
    let caller = Phone::open("anonymous");
    let house = House::fast().seat("rep1", "echo");
    let house = house
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set(&format!("sip.trunk = \"{}\"", caller.address));
    let mut scene = Scene::calling(house, caller);
    let promise = json!({ "reason": "the bill of May" });
    scene.agent.command(&scene.call, "promise", promise);
    scene.phrase_over("number_ask");
    types_by_info(&scene.caller, NUMBER);
    types_by_info(&scene.caller, "#");
    scene.phrase_over("number_confirm");
    types_by_info(&scene.caller, "1");
    scene.phrase_over("callback_promise");
    let rows = scene.agent.callbacks();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].number.reveal().as_str(), NUMBER);
    scene.hang_up();
}
