//! The rep's own phone is joined without a click (D5), by what our INVITE asks or by a setting of the phone.
//!
//! baresip and pjproject are libraries here: what reads the header is the program around them, as baresip's module
//! `menu` does, and MicroSIP, which is built on pjproject. linphonec reads no header.

use std::time::Duration;

use thirdring::records::{Entry, What};
use thirdring::words::Party;

use super::agent::House;
use super::desk::Desk;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON};
use super::program::{Brand, PicksUp};
use super::scene::{A_WHILE, NUMBER, Scene, WORDS};

/// A phone that means to pick up by itself has done so.
const RINGS_ON_FOR: Duration = Duration::from_secs(2);

/// Nobody touches the phone: the caller is greeted, speaks, and is heard there.
fn is_joined_without_a_click(brand: Brand) {
    let desk = Desk::open(House::fast());
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let capture = Capture::start("lo", rep.ports());
    let mut scene = Scene::with(desk.agent, Phone::open(NUMBER));
    rep.wait("established", SOON);
    scene.caller.speak();
    scene.caller.hears_more(300);
    scene.heard_in_order(&["greeting"]);
    scene.hang_up();
    rep.wait("closed", SOON);
    let heard = recording_towards(&capture.finish(), rep.ports());
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
}

/// Rings until the rep picks up: nothing else made it pick up before.
fn rings_until_the_rep_picks_up(house: House, brand: Brand, picks_up: PicksUp) {
    // Three rings of ten seconds each: nobody waits so long here.
    let mut desk = Desk::open(house.policy("answer", "ring_pause", "\"10s\""));
    let mut rep = desk.phone(brand, picks_up);
    let caller = Phone::open(NUMBER);
    caller.invite(desk.agent.sip);
    rep.wait("incoming", SOON);
    assert!(desk.events.stay_without(RINGS_ON_FOR, rep_answered));
    rep.tell("answer");
    rep.wait("established", SOON);
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    desk.events.state(&caller.call_id(), "talking", A_WHILE);
    caller.hang_up();
    rep.wait("closed", SOON);
}

fn rep_answered(entry: &Entry) -> bool {
    matches!(&entry.what, What::Leg { party: Party::Rep, news, .. } if news == "answered")
}

/// The same phone, the same settings of its own: it is our header that is missing (D2).
fn is_not_asked_in_manual_mode(brand: Brand) {
    let house = House::fast().policy("answer", "mode", "\"manual\"");
    rings_until_the_rep_picks_up(house, brand, PicksUp::AsAsked);
}

#[test]
fn linphone_without_its_own_setting_rings_on_whatever_we_ask() {
    if can_run(&[Need::Linphone]) {
        rings_until_the_rep_picks_up(House::fast(), Brand::Linphone, PicksUp::ByHand);
    }
}

macro_rules! with {
    ($($name:ident: $part:ident($brand:ident);)*) => {$(
        #[test]
        fn $name() {
            if can_run(&[Need::$brand, Need::Capture]) {
                $part(Brand::$brand);
            }
        }
    )*};
}

with! {
    baresip_is_joined_by_our_headers: is_joined_without_a_click(Baresip);
    pjsip_is_joined_by_our_headers: is_joined_without_a_click(Pjsip);
    linphone_is_joined_by_its_own_setting: is_joined_without_a_click(Linphone);
    baresip_is_not_asked_in_manual_mode: is_not_asked_in_manual_mode(Baresip);
    pjsip_is_not_asked_in_manual_mode: is_not_asked_in_manual_mode(Pjsip);
}
