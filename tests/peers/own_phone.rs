//! The buttons of the rep's own phone (D23): hold, transfer, and a second call to the target.

use std::time::Duration;

use thirdring::records::What;
use thirdring::words::Language;

use super::agent::House;
use super::desk::Desk;
use super::events::of;
use super::hearing::spoken;
use super::missing::{Need, can_run};
use super::phone::{Manner, Message, Phone, SOON, Voice};
use super::program::{Brand, PicksUp, Softphone};
use super::scene::{A_WHILE, NUMBER, Scene};

/// What the target says, over and over.
const TARGETS_WORDS: &str = "calm_listening";

/// What the rep says, as all our phones do (`Phone::speak`).
const REPS_WORDS: &str = "report_upward";

/// Every 15 s on the 8 kHz clock (D3).
const PERIOD_TICKS: u32 = 120_000;

/// A caller, talking to a rep who has a phone of his own, and somebody to be led to.
fn scene_by(house: House, manner: Manner, more: &str) -> (Scene, Phone, Phone) {
    let (rep, target) = (Phone::open("rep"), Phone::open("billing").manner(manner));
    rep.speak();
    target.voice(Voice::Says(spoken(Language::En, TARGETS_WORDS).into()));
    let house =
        house
            .phone_seat("rep1", rep.address)
            .target_saying("billing", target.address, more);
    (Scene::talking(house), rep, target)
}

fn scene(manner: Manner) -> (Scene, Phone, Phone) {
    scene_by(House::fast(), manner, "")
}

/// Presses the hold button, in one of its ways; how the agent answers.
fn hold(rep: &Phone, direction: &str) -> Message {
    rep.reinvite(direction);
    let answer = rep.response("INVITE", 200, SOON);
    rep.ack(&answer);
    answer
}

fn consents(scene: &Scene, to: &str) -> Vec<(bool, String)> {
    let told = scene.events.seen.iter().filter(|it| of(it, &scene.id));
    let consents = told.filter_map(|entry| {
        let What::Consent { to, given, by } = &entry.what else {
            return None;
        };
        Some((to, *given, by.clone()))
    });
    let about = consents.filter(|(found, ..)| *found == to);
    about.map(|(_, given, by)| (given, by)).collect()
}

/// What the phone was told of its transfer, by the codes of the NOTIFYs.
fn told_of_transfer(rep: &Phone) -> Message {
    let notify = rep.requested("NOTIFY", Duration::from_secs(20));
    assert!(notify.header("event").starts_with("refer"), "{notify:?}");
    notify
}

#[test]
fn a_reps_hold_button_asks_the_caller_and_speaks_to_him_every_fifteen_seconds() {
    let (mut scene, rep, _target) = scene_by(House::standard(), Manner::PicksUp, "");
    let answer = hold(&rep, "sendonly");
    assert_eq!(answer.direction(), "recvonly");
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.state("holding");
    assert_eq!(consents(&scene, "hold"), [(true, "key".to_owned())]);
    scene.phrase_over("hold_still");
    // To the end of the next one.
    scene.caller.hears_more(770);
    let answer = hold(&rep, "sendrecv");
    assert_eq!(answer.direction(), "sendrecv");
    scene.phrase_over("hold_return");
    scene.state("talking");
    scene.caller.hears_more(10);
    scene.heard_in_order(&["hold_request", "hold_still", "hold_still", "hold_return"]);
    let still: Vec<u32> = scene
        .caller
        .recording()
        .phrases()
        .iter()
        .filter(|phrase| phrase.id == "hold_still")
        .map(|phrase| phrase.timestamp)
        .collect();
    assert_eq!(still[1].wrapping_sub(still[0]), PERIOD_TICKS);
    scene.hang_up();
}

#[test]
fn every_way_of_holding_is_one() {
    for direction in ["inactive", "sendonly"] {
        let (mut scene, rep, _target) = scene(Manner::PicksUp);
        hold(&rep, direction);
        scene.phrase("hold_request");
        hold(&rep, "sendrecv");
        scene.state("talking");
        scene.hang_up();
    }
    let (mut scene, rep, _target) = scene(Manner::PicksUp);
    rep.reinvite_nowhere();
    let answer = rep.response("INVITE", 200, SOON);
    rep.ack(&answer);
    scene.phrase("hold_request");
    scene.hang_up();
}

#[test]
fn a_caller_who_says_no_to_a_deaf_rep_is_held_all_the_same_and_the_rep_told() {
    let (mut scene, rep, _target) = scene(Manner::PicksUp);
    hold(&rep, "sendonly");
    scene.phrase("consent_keys");
    scene.caller.press('2');
    scene.phrase("hold_wait");
    let missing = (false, "phone".to_owned());
    assert!(consents(&scene, "hold").contains(&missing));
    let id = scene.id.clone();
    scene.events.catch_up();
    let is_told = scene.events.seen.iter().any(|entry| {
        of(entry, &id) && matches!(&entry.what, What::Told { notice } if notice == "phone-is-hold")
    });
    assert!(is_told, "{}", scene.events.story());
    hold(&rep, "sendrecv");
    scene.phrase_over("hold_return");
}

#[test]
fn a_return_by_the_desk_waits_for_the_phone() {
    let (mut scene, rep, _target) = scene_by(told(), Manner::PicksUp, "");
    hold(&rep, "sendonly");
    scene.phrase_over("hold_wait");
    let path = format!("/calls/{}/return", scene.call.id);
    let (status, problem) =
        scene
            .agent
            .ask(ureq::http::Method::POST, &path, &serde_json::json!({}));
    assert_eq!(
        (status, problem["code"].as_str()),
        (409, Some("phone-on-hold"))
    );
    hold(&rep, "sendrecv");
    scene.phrase_over("hold_return");
}

/// Reps of this house ask before they press hold.
fn told() -> House {
    House::fast().policy("hold", "by_phone", "\"told\"")
}

#[test]
fn a_reps_transfer_button_asks_the_caller_and_announces_him() {
    let (mut scene, rep, target) = scene(Manner::PicksUp);
    rep.refer(&format!("sip:billing@{}", scene.agent.sip));
    rep.response("REFER", 202, SOON);
    assert!(told_of_transfer(&rep).body.starts_with("SIP/2.0 100"));
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.state("announcing");
    target.hears_more(100);
    target.press('1');
    scene.state("bridged");
    assert!(told_of_transfer(&rep).body.starts_with("SIP/2.0 200"));
    rep.requested("BYE", SOON);
    scene.caller.forget_sound();
    scene.caller.hears_more(500);
    assert!(scene.heard().contains(&TARGETS_WORDS.to_owned()));
    scene.hang_up();
    target.requested("BYE", SOON);
}

#[test]
fn a_rep_who_transfers_and_hangs_up_at_once_has_not_closed() {
    let (mut scene, rep, target) = scene_by(House::fast(), Manner::PicksUp, "blind = true");
    rep.refer(&format!("sip:billing@{}", scene.agent.sip));
    rep.response("REFER", 202, SOON);
    rep.hang_up();
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.state("bridged");
    scene.caller.forget_sound();
    scene.caller.hears_more(500);
    assert!(scene.heard().contains(&TARGETS_WORDS.to_owned()));
    assert_eq!(scene.caller.count("BYE"), 0);
    scene.hang_up();
    target.requested("BYE", SOON);
}

#[test]
fn a_caller_whose_rep_transferred_him_to_a_busy_target_waits_and_is_offered_a_callback() {
    let (mut scene, rep, _target) = scene(Manner::Refuses(486));
    rep.refer(&format!("sip:billing@{}", scene.agent.sip));
    rep.response("REFER", 202, SOON);
    rep.hang_up();
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.phrase_over("transfer_busy");
    assert_eq!(scene.caller.count("BYE"), 0);
    scene.hang_up();
}

#[test]
fn a_rep_transfers_to_nobody_but_a_target() {
    let (mut scene, rep, target) = scene(Manner::PicksUp);
    for stranger in ["sip:0900123456@127.0.0.1", "sip:mallory@192.0.2.7:5060"] {
        rep.refer(stranger);
        rep.response("REFER", 603, SOON);
    }
    scene.events.wait(
        "the rep is told",
        SOON,
        |entry| matches!(&entry.what, What::Told { notice } if notice == "transfer-to-nobody"),
    );
    // A target is meant by its address, too, and by nothing else there.
    rep.refer(&format!("sip:billing@{}", target.address));
    rep.response("REFER", 202, SOON);
    scene.phrase("transfer_ask");
    scene.hang_up();
}

/// The rep holds, and dials the target on the same phone; the caller has agreed and the target rings.
fn consults(scene: &mut Scene, rep: &Phone) -> String {
    hold(rep, "sendonly");
    let first = rep.replaces();
    rep.dial("billing", scene.agent.sip);
    rep.response("INVITE", 180, SOON);
    scene.phrase("transfer_ask");
    scene.phrase("consent_keys");
    scene.caller.press('1');
    first
}

fn picked_up(scene: &mut Scene, rep: &Phone) {
    let answer = rep.response("INVITE", 200, SOON);
    rep.ack(&answer);
    scene.state("consulting");
}

/// Both of them say what they say.
fn hear_each_other(rep: &Phone, target: &Phone) {
    rep.forget_sound();
    target.forget_sound();
    target.hears_more(500);
    let (to_rep, to_target) = (rep.recording().ids(), target.recording().ids());
    assert!(to_rep.contains(&TARGETS_WORDS.to_owned()), "{to_rep:?}");
    assert!(to_target.contains(&REPS_WORDS.to_owned()), "{to_target:?}");
}

/// RFC 3891 6.1, as a header of a URI.
fn escaped(replaces: &str) -> String {
    replaces
        .replace(';', "%3B")
        .replace('=', "%3D")
        .replace('@', "%40")
}

#[test]
fn a_rep_holds_dials_the_target_and_connects_them() {
    let (mut scene, rep, target) = scene(Manner::PicksUp);
    let first = consults(&mut scene, &rep);
    picked_up(&mut scene, &rep);
    hear_each_other(&rep, &target);
    rep.refer(&format!(
        "sip:caller@{}?Replaces={}",
        scene.agent.sip,
        escaped(&first)
    ));
    rep.response("REFER", 202, SOON);
    scene.state("bridged");
    assert!(told_of_transfer(&rep).body.starts_with("SIP/2.0 100"));
    assert!(told_of_transfer(&rep).body.starts_with("SIP/2.0 200"));
    // Both of his calls are over.
    rep.requested("BYE", SOON);
    rep.requested("BYE", SOON);
    scene.caller.forget_sound();
    scene.caller.hears_more(500);
    assert!(scene.heard().contains(&TARGETS_WORDS.to_owned()));
    scene.hang_up();
}

#[test]
fn a_rep_who_hangs_up_on_the_target_has_the_caller_still() {
    let (mut scene, rep, target) = scene(Manner::PicksUp);
    consults(&mut scene, &rep);
    picked_up(&mut scene, &rep);
    rep.hang_up();
    target.requested("BYE", SOON);
    scene.state("holding");
    assert_eq!(scene.caller.count("BYE"), 0);
    assert_eq!(
        scene.agent.call_of(&scene.id).seat.map(|it| it.to_string()),
        Some("rep1".into())
    );
    scene.hang_up();
    // The call that was parked.
    rep.requested("BYE", SOON);
}

#[test]
fn a_busy_target_refuses_the_reps_second_call_and_the_caller_stays_on_hold() {
    let (mut scene, rep, _target) = scene(Manner::Refuses(486));
    consults(&mut scene, &rep);
    rep.response("INVITE", 480, SOON);
    scene.phrase_over("transfer_failed");
    assert_eq!(scene.agent.call_of(&scene.id).state, "holding");
    scene.hang_up();
}

#[test]
fn a_rep_who_gives_up_while_the_target_rings_quietens_it() {
    let (mut scene, rep, target) = scene(Manner::Rings);
    consults(&mut scene, &rep);
    target.called(SOON);
    rep.cancel();
    rep.response("INVITE", 487, SOON);
    target.requested("CANCEL", SOON);
    scene.state("holding");
    scene.hang_up();
}

/// A caller, talking to a rep whose real phone has registered and picked up by itself.
fn registered(brand: Brand) -> (Scene, Softphone, Phone) {
    let target = Phone::open("billing");
    target.voice(Voice::Says(spoken(Language::En, TARGETS_WORDS).into()));
    let desk = Desk::open(House::fast().target("billing", target.address));
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let scene = Scene::with(desk.agent, Phone::open(NUMBER));
    rep.wait("established", A_WHILE);
    (scene, rep, target)
}

/// Presses hold on his own phone, is back, and hands the caller over.
fn a_rep_works_with_his_own_buttons(brand: Brand) {
    let (mut scene, mut rep, target) = registered(brand);
    rep.tell("hold");
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.state("holding");
    scene.phrase_over("hold_still");
    rep.tell("resume");
    scene.phrase_over("hold_return");
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", "hold_request", "hold_still", "hold_return"]);
    rep.tell(&format!("transfer sip:billing@{}", scene.agent.sip));
    scene.phrase("transfer_ask");
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.state("announcing");
    target.hears_more(100);
    target.press('1');
    scene.state("bridged");
    rep.wait("closed", A_WHILE);
    scene.caller.forget_sound();
    scene.caller.hears_more(500);
    assert!(scene.heard().contains(&TARGETS_WORDS.to_owned()));
    scene.hang_up();
}

/// Holds, dials the target on the same phone, and connects the two.
fn a_rep_consults_by_his_own_phone(brand: Brand) {
    let (mut scene, mut rep, target) = registered(brand);
    rep.tell("hold");
    scene.phrase("hold_request");
    rep.tell(&format!("dial sip:billing@{}", scene.agent.sip));
    scene.phrase("transfer_ask");
    scene.phrase("consent_keys");
    scene.caller.press('1');
    scene.state("consulting");
    rep.wait("established", A_WHILE);
    target.hears_more(50);
    rep.tell("connect");
    scene.state("bridged");
    rep.wait("closed", A_WHILE);
    rep.wait("closed", A_WHILE);
    scene.caller.forget_sound();
    scene.caller.hears_more(500);
    assert!(scene.heard().contains(&TARGETS_WORDS.to_owned()));
    scene.hang_up();
}

macro_rules! with {
    ($($name:ident: $part:ident($brand:ident);)*) => {$(
        #[test]
        fn $name() {
            if can_run(&[Need::$brand]) {
                $part(Brand::$brand);
            }
        }
    )*};
}

with! {
    a_rep_works_with_the_buttons_of_baresip: a_rep_works_with_his_own_buttons(Baresip);
    a_rep_works_with_the_buttons_of_pjsip: a_rep_works_with_his_own_buttons(Pjsip);
    a_rep_works_with_the_buttons_of_linphone: a_rep_works_with_his_own_buttons(Linphone);
    a_rep_consults_by_baresip: a_rep_consults_by_his_own_phone(Baresip);
    a_rep_consults_by_pjsip: a_rep_consults_by_his_own_phone(Pjsip);
    a_rep_consults_by_linphone: a_rep_consults_by_his_own_phone(Linphone);
}
