use std::time::Duration;

use serde_json::json;
use thirdring::words::Language;

use super::agent::House;
use super::hearing::spoken;
use super::phone::{Manner, Phone, SOON, Voice};
use super::scene::Scene;

/// All legs end this soon after the call.
const ALL_OVER_WITHIN: Duration = Duration::from_secs(1);

/// A caller, talking, and the phone he may be led to; it says this sentence all the time.
fn scene(manner: Manner) -> (Scene, Phone) {
    let target = Phone::open("billing").manner(manner);
    target.voice(Voice::Says(spoken(Language::En, "calm_listening").into()));
    let house = House::fast()
        .seat("rep1", "echo")
        .target("billing", target.address)
        .policy("transfer", "answer_within", "\"2s\"")
        .policy("transfer", "accept_within", "\"2s\"");
    (Scene::talking(house), target)
}

fn transfer(scene: &Scene, mode: &str) {
    let asked = json!({"target": "billing", "mode": mode, "agreed": true});
    scene.agent.command(&scene.call, "transfer", asked);
}

/// Caller and target hear each other.
fn are_joined(scene: &mut Scene, target: &Phone) {
    scene.state("bridged");
    scene.caller.forget_sound();
    target.forget_sound();
    scene.caller.speak();
    scene.caller.hears_more(500);
    assert!(
        scene.heard().contains(&"calm_listening".to_owned()),
        "{}",
        scene.caller.recording()
    );
    let heard = target.recording();
    assert!(heard.ids().contains(&"report_upward".to_owned()), "{heard}");
}

/// The caller is back with the rep and was told why.
fn has_failed(scene: &mut Scene) {
    scene.phrase_over("transfer_failed");
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", "transfer_failed"]);
}

#[test]
fn a_consulted_target_takes_the_caller() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "consult");
    scene.state("consulting");
    scene.agent.command(&scene.call, "join", json!({}));
    are_joined(&mut scene, &target);
    let ending = scene.hang_up();
    target.requested("BYE", ALL_OVER_WITHIN);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("caller", "hung-up")
    );
}

#[test]
fn a_target_who_hangs_up_ends_the_bridged_call() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "consult");
    scene.state("consulting");
    scene.agent.command(&scene.call, "join", json!({}));
    scene.state("bridged");
    target.hang_up();
    scene.caller.requested("BYE", Duration::from_secs(15));
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(ending.by.as_str(), "target");
    scene.heard_in_order(&["closing"]);
}

#[test]
fn an_announced_target_hears_who_comes_and_accepts_by_key() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "announced");
    scene.state("announcing");
    target.hears_more(100);
    target.press('1');
    scene.state("bridged");
    assert_eq!(
        target.recording().ids().first().map(String::as_str),
        Some("target_briefing")
    );
    are_joined(&mut scene, &target);
}

#[test]
fn an_announced_target_may_decline_by_key() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "announced");
    scene.state("announcing");
    target.hears_more(20);
    target.press('2');
    has_failed(&mut scene);
    target.requested("BYE", SOON);
}

#[test]
fn an_announced_target_who_says_nothing_hears_it_twice() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "announced");
    has_failed(&mut scene);
    assert_eq!(
        target.recording().ids(),
        ["target_briefing", "target_briefing"]
    );
}

#[test]
fn a_busy_target_sends_the_caller_back_to_the_rep() {
    for mode in ["consult", "announced"] {
        let (mut scene, _target) = scene(Manner::Refuses(486));
        transfer(&scene, mode);
        has_failed(&mut scene);
    }
}

#[test]
fn a_refusing_target_sends_the_caller_back_to_the_rep() {
    for mode in ["consult", "announced"] {
        let (mut scene, _target) = scene(Manner::Refuses(603));
        transfer(&scene, mode);
        has_failed(&mut scene);
    }
}

#[test]
fn a_target_who_is_late_is_not_waited_for() {
    let (mut scene, target) = scene(Manner::Rings);
    transfer(&scene, "consult");
    has_failed(&mut scene);
    target.requested("CANCEL", SOON);
}

#[test]
fn a_rep_may_abandon_the_transfer() {
    let (mut scene, target) = scene(Manner::Rings);
    transfer(&scene, "consult");
    target.called(SOON);
    scene.agent.command(&scene.call, "abandon", json!({}));
    target.requested("CANCEL", SOON);
    scene.phrase_over("hold_return");
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
}

#[test]
fn a_rep_may_abandon_the_consultation() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "consult");
    scene.state("consulting");
    scene.agent.command(&scene.call, "abandon", json!({}));
    target.requested("BYE", SOON);
    scene.phrase_over("hold_return");
}

#[test]
fn a_caller_who_leaves_meanwhile_ends_all_legs() {
    for manner in [Manner::Rings, Manner::PicksUp] {
        let (mut scene, target) = scene(manner);
        transfer(&scene, "consult");
        target.called(SOON);
        let method = if manner == Manner::PicksUp {
            scene.state("consulting");
            "BYE"
        } else {
            "CANCEL"
        };
        let ending = scene.hang_up();
        target.requested(method, ALL_OVER_WITHIN);
        assert_eq!(ending.by.as_str(), "caller");
    }
}

#[test]
fn the_caller_is_asked_and_his_no_is_respected() {
    let (mut scene, target) = scene(Manner::PicksUp);
    let asked = json!({"target": "billing"});
    scene.agent.command(&scene.call, "transfer", asked);
    scene.phrase("transfer_ask");
    scene.caller.press('2');
    scene.phrase_over("transfer_declined");
    assert_eq!(target.count("INVITE"), 0);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
}

#[test]
fn the_caller_is_asked_and_agrees_by_key() {
    let (mut scene, target) = scene(Manner::PicksUp);
    let asked = json!({"target": "billing"});
    scene.agent.command(&scene.call, "transfer", asked);
    scene.phrase("transfer_ask");
    scene.caller.press('1');
    target.called(SOON);
    scene.state("consulting");
}

#[test]
fn a_rep_may_abandon_the_announcement() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "announced");
    scene.state("announcing");
    scene.agent.command(&scene.call, "abandon", json!({}));
    target.requested("BYE", SOON);
    scene.phrase_over("hold_return");
}

#[test]
fn a_target_who_leaves_the_consultation_sends_the_caller_back() {
    let (mut scene, target) = scene(Manner::PicksUp);
    transfer(&scene, "consult");
    scene.state("consulting");
    target.hang_up();
    has_failed(&mut scene);
}

/// As `scene`, with a rep who can hang up.
fn scene_with_a_rep(manner: Manner) -> (Scene, Phone, Phone) {
    let (rep, target) = (Phone::open("rep"), Phone::open("billing").manner(manner));
    rep.speak();
    let house = House::fast()
        .phone_seat("rep1", rep.address)
        .target("billing", target.address)
        .policy("transfer", "answer_within", "\"3s\"");
    (Scene::talking(house), rep, target)
}

#[test]
fn a_rep_who_leaves_the_consultation_leaves_nobody_alone() {
    let (mut scene, rep, target) = scene_with_a_rep(Manner::PicksUp);
    transfer(&scene, "consult");
    scene.state("consulting");
    rep.hang_up();
    target.requested("BYE", SOON);
    scene.state("waiting");
    assert_eq!(scene.caller.count("BYE"), 0);
}

#[test]
fn a_caller_whose_rep_and_target_are_gone_is_offered_a_callback() {
    let (mut scene, rep, _target) = scene_with_a_rep(Manner::Rings);
    transfer(&scene, "announced");
    scene.state("transferring");
    rep.change_manner(Manner::Refuses(486));
    rep.hang_up();
    scene.phrase("transfer_busy");
    scene.caller.hears_more(100);
    scene.caller.press('1');
    scene.caller.requested("BYE", Duration::from_secs(30));
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(ending.because.as_str(), "callback-promised");
    assert_eq!(scene.agent.callbacks().len(), 1);
}
