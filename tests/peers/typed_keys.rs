//! `[phone_keys]`, typed on a real phone: baresip and pjproject by RFC 4733, linphonec by INFO. After each key
//! linphonec sleeps for a second, its SIP included: it types one sequence here.

use std::time::Duration;

use thirdring::records::{Entry, What};
use thirdring::words::Party;

use super::agent::House;
use super::desk::Desk;
use super::events::of;
use super::missing::{Need, can_run};
use super::phone::{Phone, SOON};
use super::program::{Brand, PicksUp, Softphone};
use super::scene::{NUMBER, Scene};

/// A phrase the agent never says by itself.
const PHRASE: &str = "please_write_down";

/// What no sequence begins with.
const OTHER_KEY: char = '7';

/// Until a key has come.
const KEYS_WITHIN: Duration = Duration::from_secs(5);

fn house() -> House {
    House::fast()
        .set("phone_keys.\"*1\" = \"consent\"")
        .set(&format!("phone_keys.\"*2\" = \"say {PHRASE}\""))
        .set("phone_keys.\"*3\" = \"hold\"")
        .set("phone_keys.\"*0\" = \"return\"")
        .set("phone_keys.\"*4\" = \"promise tariff\"")
        .set("callbacks.quiet_hours.every_day = \"none\"")
}

/// Types them, and waits until all have come.
fn types(rep: &mut Softphone, scene: &mut Scene, keys: &str) {
    let id = scene.id.clone();
    scene.events.catch_up();
    let mut last = scene.events.seen.last().map(|it| it.seq);
    rep.tell(&format!("key {keys}"));
    for _ in keys.chars() {
        let is_next = |it: &Entry| Some(it.seq) > last && is_key(it, &id);
        let key = scene.events.wait("the key", KEYS_WITHIN, is_next);
        last = Some(key.seq);
    }
}

fn is_key(entry: &Entry, id: &str) -> bool {
    of(entry, id)
        && matches!(
            entry.what,
            What::Key {
                party: Party::Rep,
                ..
            }
        )
}

/// A phrase is said, and no key of it heard.
fn a_rep_has_a_phrase_said(brand: Brand) {
    let desk = Desk::open(house());
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let mut scene = Scene::with(desk.agent, Phone::open(NUMBER));
    rep.wait("established", SOON);
    types(&mut rep, &mut scene, "*2");
    scene.phrase_over(PHRASE);
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", PHRASE]);
    assert_eq!(scene.caller.keys_heard(), "");
    scene.hang_up();
}

/// Has a phrase said; has asked the caller, ticks it, holds and is back. The caller hears no key of it.
fn a_rep_types_his_sequences(brand: Brand) {
    let desk = Desk::open(house());
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let mut scene = Scene::with(desk.agent, Phone::open(NUMBER));
    rep.wait("established", SOON);
    types(&mut rep, &mut scene, "*2");
    scene.phrase_over(PHRASE);
    types(&mut rep, &mut scene, &OTHER_KEY.to_string());
    types(&mut rep, &mut scene, "*1*3");
    scene.phrase_over("hold_still");
    types(&mut rep, &mut scene, "*0");
    scene.phrase_over("hold_return");
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", PHRASE, "hold_wait", "hold_still", "hold_return"]);
    assert!(!scene.heard().contains(&"hold_request".to_owned()));
    assert_eq!(scene.caller.keys_heard(), OTHER_KEY.to_string());
    let id = scene.id.clone();
    scene.events.catch_up();
    let ticked = |it: &Entry| {
        let What::Consent { to, given, by } = &it.what else {
            return false;
        };
        of(it, &id) && (to.as_str(), *given, by.as_str()) == ("hold", true, "rep")
    };
    assert!(
        scene.events.seen.iter().any(ticked),
        "{}",
        scene.events.story()
    );
    scene.hang_up();
}

/// One sequence, and it is in the book with its reason: then the caller is told.
fn a_rep_promises_by_a_key(brand: Brand) {
    let desk = Desk::open(house());
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let mut scene = Scene::with(desk.agent, Phone::open(NUMBER));
    rep.wait("established", SOON);
    types(&mut rep, &mut scene, "*4");
    scene.phrase_over("callback_promise");
    let rows = scene.agent.callbacks();
    let [row] = &rows[..] else {
        panic!("one promise: {rows:?}");
    };
    assert_eq!((&*row.kind, &*row.reason), ("rep", "tariff"));
    assert_eq!(row.number.reveal().as_str(), NUMBER);
    assert_eq!(row.origin, Some(scene.call.id));
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", "callback_promise"]);
    assert_eq!(scene.caller.keys_heard(), "");
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
    a_rep_types_his_sequences_on_baresip: a_rep_types_his_sequences(Baresip);
    a_rep_types_his_sequences_on_pjsip: a_rep_types_his_sequences(Pjsip);
    a_rep_promises_by_a_key_of_baresip: a_rep_promises_by_a_key(Baresip);
    a_rep_has_a_phrase_said_by_linphone: a_rep_has_a_phrase_said(Linphone);
}
