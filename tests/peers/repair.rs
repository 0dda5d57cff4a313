//! A hurt line is offered anew before a word is said about it (R26), to a phone of the tests' own.

use std::time::Duration;

use thirdring::records::{Entry, What};

use super::agent::House;
use super::events::of;
use super::phone::{Manner, Phone, SOON, Voice};
use super::scene::{A_WHILE, NUMBER, Scene};

/// More than the fast policy waits for each repair.
const REPAIR: Duration = Duration::from_secs(10);

/// A caller whose packets have stopped, once the agent has noticed.
fn stopped(manner: Manner) -> Scene {
    let house = House::fast()
        .seat("rep1", "echo")
        .policy("line_fault", "lost_after", "\"30s\"");
    let mut scene = Scene::calling(house, Phone::open(NUMBER));
    scene.caller.change_manner(manner);
    scene.caller.voice(Voice::Nothing);
    verdict(&mut scene, "media-stopped");
    scene
}

fn verdict(scene: &mut Scene, verdict: &str) {
    let id = scene.id.clone();
    scene.events.wait(verdict, A_WHILE, |entry| {
        of(entry, &id) && matches!(&entry.what, What::Line { verdict: is, .. } if is == verdict)
    });
}

fn repairs(scene: &Scene) -> Vec<String> {
    let news = |entry: &Entry| {
        let What::Repair { by, news, .. } = &entry.what else {
            return None;
        };
        Some(format!("{by} {news}"))
    };
    scene.events.seen.iter().filter_map(news).collect()
}

#[test]
fn a_phone_follows_to_fresh_ports_and_is_heard_again() {
    let mut scene = stopped(Manner::PicksUp);
    scene.caller.requested("INVITE", SOON);
    scene.caller.requested("ACK", SOON);
    scene.caller.speak();
    let id = scene.id.clone();
    scene.events.wait("the end of the repair", REPAIR, |entry| {
        of(entry, &id) && matches!(&entry.what, What::Repair { news, .. } if news == "mended")
    });
    let expected = [
        "fresh-ports begun",
        "fresh-ports taken",
        "fresh-ports mended",
    ];
    assert_eq!(repairs(&scene), expected);
    scene.caller.forget_sound();
    scene.caller.hears_more(50);
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
}

#[test]
fn a_phone_that_takes_every_offer_and_sends_nothing_is_asked_for_its_voice() {
    let mut scene = stopped(Manner::PicksUp);
    let [ports, codec] = [(); 2].map(|()| scene.caller.requested("INVITE", REPAIR));
    assert!(
        ports.body.contains(" RTP/AVP 8 0 9 111 101 110\r\n"),
        "{}",
        ports.body
    );
    assert!(codec.body.contains(" RTP/AVP 0 101\r\n"), "{}", codec.body);
    assert_eq!(codec.audio_address(), ports.audio_address());
    scene.phrase_over("hear_unclear");
    let expected = [
        "fresh-ports begun",
        "fresh-ports taken",
        "fresh-ports not-mended",
        "other-codec begun",
        "other-codec taken",
        "other-codec not-mended",
    ];
    assert_eq!(repairs(&scene), expected);
    scene.heard_in_order(&["hear_unclear"]);
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
}

#[test]
fn a_phone_that_refuses_every_offer_stays_in_its_call() {
    let mut scene = stopped(Manner::Refuses(488));
    scene.phrase("hear_unclear");
    let expected = [
        "fresh-ports begun",
        "fresh-ports refused",
        "other-codec begun",
        "other-codec refused",
    ];
    assert_eq!(repairs(&scene), expected);
    scene.caller.hears_more(25);
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
}
