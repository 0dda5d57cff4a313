//! A real call is journalled: what came by SIP and RTP is played again to the same actions, and names nobody.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use thirdring::journal::replay;

use super::agent::House;
use super::hidden_number::types;
use super::phone::Phone;
use super::scene::{NUMBER, Scene};

#[test]
fn a_real_call_is_played_again_to_the_same_actions_and_a_flipped_input_is_found() {
    let caller = Phone::open("anonymous");
    let house = House::fast().seat("rep1", "echo");
    let house = house
        .set("journal = true")
        .set("callbacks.quiet_hours.every_day = \"none\"")
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
    scene.hang_up();
    scene.agent.terminate();
    assert!(scene.agent.has_left());

    let journals = journals(&scene.agent.path("state/calls"));
    assert_eq!(journals.len(), 1, "{journals:?}");
    let journal = fs::read_to_string(&journals[0]).unwrap();
    let replayed = replay(&journal).unwrap_or_else(|why| panic!("{why:?}"));
    assert!(replayed.is_whole && replayed.steps > 30, "{replayed:?}");
    assert_eq!(replayed.call, scene.call.id);
    assert!(!journal.contains(NUMBER) && !journal.contains("May"));

    let flipped = journal.replacen("\"hung-up\"", "\"holds\"", 1);
    assert_ne!(flipped, journal);
    assert!(replay(&flipped).is_err());
}

/// Of all days.
fn journals(calls: &Path) -> Vec<PathBuf> {
    let days = fs::read_dir(calls).unwrap();
    let files = days.flat_map(|day| fs::read_dir(day.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|ending| ending == "journal"))
        .collect()
}
