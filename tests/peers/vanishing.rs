//! The rep's own phone is killed without a word, over UDP: what the caller lives through, and which phone rings then.

use std::time::Duration;

use serde_json::json;
use thirdring::records::What;
use thirdring::words::Party;

use super::agent::House;
use super::desk::Desk;
use super::events::of;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON};
use super::program::{Brand, PicksUp, Softphone};
use super::scene::{A_WHILE, NUMBER, Scene, WORDS};

/// The system says at once that nobody listens at the rep's port; two seconds of that are no accident (D17).
const NOTICED_WITHIN: Duration = Duration::from_secs(4);

/// From the first words that his rep is gone.
const SILENCE_MAX: Duration = Duration::from_millis(1500);

/// The wait for a phone that answers nothing (RFC 3261 17.1.1.2, Timer B), and a little more.
const SILENT_PHONE: Duration = Duration::from_secs(40);

/// A caller, talking to a rep whose phone has picked up by itself.
fn talking(house: House, brand: Brand) -> (Scene, Softphone) {
    let desk = Desk::open(house);
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let scene = Scene::with(desk.agent, Phone::open(NUMBER));
    rep.wait("established", SOON);
    (scene, rep)
}

impl Scene {
    /// Waits until the rep's phone is missed.
    fn rep_is_missed(&mut self) {
        let id = self.id.clone();
        self.events.wait("a lost leg", NOTICED_WITHIN, |entry| {
            let lost = |party, news: &str| party == Party::Rep && news == "lost";
            of(entry, &id)
                && matches!(&entry.what, What::Leg { party, news, .. } if lost(*party, news))
        });
    }

    /// No pause was longer than between two sentences.
    fn caller_had_company(&self, brand: Brand) {
        let heard = self.caller.recording();
        let silence = heard.longest_silence();
        println!("{brand:?}: {silence:?} of silence at most; {heard}");
        assert!(silence <= SILENCE_MAX, "{silence:?}: {heard}");
    }
}

/// He has company, is offered a callback when the policy says, and takes it; the seat waits for its phone.
fn a_caller_whose_rep_vanishes_is_offered_a_callback(brand: Brand) {
    let (mut scene, rep) = talking(House::fast(), brand);
    drop(rep);
    scene.rep_is_missed();
    scene.phrase("hold_wait");
    // What he hears from now on counts.
    scene.caller.forget_sound();
    assert_eq!(scene.agent.get("/seats/rep1")["state"], "not-registered");
    scene.phrase_over("seats_busy");
    scene.phrase_over("callback_offer_waiting");
    scene.caller.press('1');
    scene.caller.requested("BYE", A_WHILE);
    scene.heard_in_order(&["seats_busy", "callback_offer_waiting", "closing_short"]);
    scene.caller_had_company(brand);
    assert_eq!(scene.agent.callbacks().len(), 1);
}

/// Started anew where it was, it takes the caller back.
fn a_phone_that_comes_back_has_its_caller_again(brand: Brand) {
    let mut desk = Desk::open(House::fast());
    let mut rep = desk.phone(brand, PicksUp::AsAsked);
    let caller = Phone::open(NUMBER);
    caller.call(desk.agent.sip);
    let id = caller.call_id();
    desk.events.state(&id, "talking", A_WHILE);
    rep.wait("established", SOON);
    drop(rep);
    desk.told("not-registered", NOTICED_WITHIN);
    desk.events.state(&id, "waiting", SOON);
    let mut back = desk.phone(brand, PicksUp::AsAsked);
    back.wait("established", SOON);
    caller.hang_up();
    desk.events.ended(&id, SOON);
}

/// Of two phones of one seat the one that came later rings; the earlier is silent, and may vanish.
fn of_two_phones_the_later_one_rings(brand: Brand) {
    let desk = Desk::open(House::fast());
    let mut first = desk.phone(brand, PicksUp::AsAsked);
    let mut second = desk.phone(brand, PicksUp::AsAsked);
    let mut scene = Scene::with(desk.agent, Phone::open(NUMBER));
    second.wait("established", SOON);
    assert!(!first.has_told("incoming"));
    drop(first);
    let agreed = json!({"agreed": true});
    scene.agent.command(&scene.call, "hold", agreed);
    scene.phrase_over("hold_still");
    scene.agent.command(&scene.call, "return", json!({}));
    scene.phrase_over("hold_return");
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    assert!(!second.has_told("closed"));
    scene.hang_up();
    second.wait("closed", SOON);
}

/// The phone he talks by is killed: the seat's other one rings, and the caller goes on there.
fn the_other_phone_takes_over(brand: Brand) {
    let desk = Desk::open(House::fast());
    let mut first = desk.phone(brand, PicksUp::AsAsked);
    let mut second = desk.phone(brand, PicksUp::AsAsked);
    let capture = Capture::start("lo", first.ports());
    let mut scene = Scene::with(desk.agent, Phone::open(NUMBER));
    second.wait("established", SOON);
    drop(second);
    scene.rep_is_missed();
    first.wait("established", SOON);
    scene.caller.speak();
    scene.caller.hears_more(300);
    scene.hang_up();
    first.wait("closed", SOON);
    let heard = recording_towards(&capture.finish(), first.ports());
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
}

/// The later phone was killed before the call: the caller has company until the other one rings.
fn a_silent_phone_is_passed_over(brand: Brand) {
    let house = House::fast().policy("waiting", "offer_after", "\"2m\"");
    let desk = Desk::open(house);
    let mut first = desk.phone(brand, PicksUp::AsAsked);
    drop(desk.phone(brand, PicksUp::AsAsked));
    let caller = Phone::open(NUMBER);
    let mut events = desk.agent.events();
    caller.call(desk.agent.sip);
    let id = caller.call_id();
    events.phrase(&id, "hold_wait", A_WHILE);
    first.wait("established", SILENT_PHONE);
    events.phrase_over(&id, "hold_return", A_WHILE);
    caller.hears_more(10);
    let heard = caller.recording();
    let silence = heard.longest_silence();
    println!("{brand:?}: {silence:?} of silence at most; {heard}");
    assert!(silence <= SILENCE_MAX, "{silence:?}: {heard}");
    caller.hang_up();
    events.ended(&id, SOON);
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
    a_caller_whose_baresip_rep_vanishes_is_offered_a_callback:
        a_caller_whose_rep_vanishes_is_offered_a_callback(Baresip);
    a_caller_whose_pjsip_rep_vanishes_is_offered_a_callback:
        a_caller_whose_rep_vanishes_is_offered_a_callback(Pjsip);
    a_caller_whose_linphone_rep_vanishes_is_offered_a_callback:
        a_caller_whose_rep_vanishes_is_offered_a_callback(Linphone);
    a_baresip_phone_that_comes_back_has_its_caller_again:
        a_phone_that_comes_back_has_its_caller_again(Baresip);
    a_pjsip_phone_that_comes_back_has_its_caller_again:
        a_phone_that_comes_back_has_its_caller_again(Pjsip);
    a_linphone_that_comes_back_has_its_caller_again:
        a_phone_that_comes_back_has_its_caller_again(Linphone);
    of_two_baresip_phones_the_later_one_rings: of_two_phones_the_later_one_rings(Baresip);
    of_two_pjsip_phones_the_later_one_rings: of_two_phones_the_later_one_rings(Pjsip);
    of_two_linphones_the_later_one_rings: of_two_phones_the_later_one_rings(Linphone);
    the_other_baresip_phone_takes_over: the_other_phone_takes_over(Baresip);
    the_other_pjsip_phone_takes_over: the_other_phone_takes_over(Pjsip);
    the_other_linphone_takes_over: the_other_phone_takes_over(Linphone);
    a_silent_baresip_phone_is_passed_over: a_silent_phone_is_passed_over(Baresip);
    a_silent_pjsip_phone_is_passed_over: a_silent_phone_is_passed_over(Pjsip);
    a_silent_linphone_is_passed_over: a_silent_phone_is_passed_over(Linphone);
}
