use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::records::What;
use thirdring::words::Party;

use super::agent::House;
use super::events::of;
use super::hearing::{Phrase, Recording};
use super::phone::SOON;
use super::scene::Scene;

/// Every 15 s on the 8 kHz clock (D3).
pub(super) const PERIOD_TICKS: u32 = 120_000;

/// How late the last sample of a cut phrase may come after the rep's return (D14), and what HTTP and ear add.
const CUT_WITHIN: Duration = Duration::from_millis(40 + 60);

/// The silence of A-law, whose smallest step is no zero, is 12 dB below.
const AUDIBLE_DBOV: f64 = -60.0;

pub(super) fn hold(scene: &mut Scene) {
    let agreed = json!({"reason": "lookup", "agreed": true});
    scene.agent.command(&scene.call, "hold", agreed);
    scene.state("holding");
}

fn all(phrases: &[Phrase], id: &str) -> Vec<Phrase> {
    let named = phrases.iter().filter(|phrase| phrase.id == id);
    named.cloned().collect()
}

/// The steps from each onset to the next, on the RTP clock.
fn steps(phrases: &[Phrase]) -> Vec<u32> {
    let pairs = phrases.windows(2);
    pairs
        .map(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp))
        .collect()
}

/// From one "still looking" to the next.
pub(super) fn steps_of_the_grid(heard: &Recording) -> Vec<u32> {
    steps(&all(&heard.phrases(), "hold_still"))
}

#[test]
fn five_minutes_of_hold_are_counted_in_samples() {
    let house = House::standard().seat("rep1", "echo");
    let mut scene = Scene::talking(house.policy("hold", "offer_after", "\"never\""));
    hold(&mut scene);
    // 15,000 packets of 20 ms.
    scene.caller.hears_more(15_000);
    let heard = scene.caller.recording();
    let still = all(&heard.phrases(), "hold_still");
    assert!(still.len() >= 19, "{heard}");
    let steps = steps_of_the_grid(&heard);
    assert!(steps.iter().all(|step| *step == PERIOD_TICKS), "{steps:?}");
}

#[test]
fn five_minutes_of_hold_with_offers_keep_the_grid() {
    let mut scene = Scene::talking(House::standard().seat("rep1", "echo"));
    hold(&mut scene);
    scene.caller.hears_more(15_000);
    let heard = scene.caller.recording();
    let phrases = heard.phrases();
    let offers = all(&phrases, "callback_offer_hold");
    assert!(offers.len() >= 2, "{heard}");
    let on_grid = |phrase: &&Phrase| ["hold_still", "callback_offer_hold"].contains(&&*phrase.id);
    let grid: Vec<Phrase> = phrases.iter().filter(on_grid).cloned().collect();
    let steps = steps(&grid);
    assert!(steps.iter().all(|step| step % PERIOD_TICKS == 0), "{heard}");
}

#[test]
fn five_minutes_without_rtcp_bring_no_verdict() {
    let mut scene = Scene::talking(House::standard().seat("rep1", "echo"));
    scene.caller.speak();
    // Three seconds for what was said of his silence before.
    scene.caller.hears_more(150);
    scene.events.catch_up();
    let before = scene.events.seen.len();
    scene.caller.hears_more(15_000);
    scene.events.catch_up();
    let verdict = |what: &What| {
        let What::Line { party, verdict } = what else {
            return None;
        };
        (*party == Party::Caller).then(|| verdict.clone())
    };
    let told = scene.events.seen[before..]
        .iter()
        .filter(|entry| of(entry, &scene.id));
    let verdicts: Vec<String> = told.filter_map(|entry| verdict(&entry.what)).collect();
    // The seat gives him his own words back, and he says the same again and again.
    let is_no_fault = |verdict: &String| verdict == "fine" || verdict == "echo";
    assert!(verdicts.iter().all(is_no_fault), "{verdicts:?}");
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
}

#[test]
fn between_the_phrases_is_music_or_silence_as_it_is_set() {
    for (bed, sounds) in [("music", true), ("silence", false)] {
        let house = House::fast().seat("rep1", "echo");
        let mut scene = Scene::talking(house.policy("hold", "bed", &format!("\"{bed}\"")));
        hold(&mut scene);
        scene.phrase_over("hold_wait");
        // Two seconds; of the last one we are sure.
        scene.caller.hears_more(100);
        let level = scene.caller.recording().level_dbov(1_000);
        assert_eq!(level > AUDIBLE_DBOV, sounds, "{bed}: {level} dBov");
    }
}

#[test]
fn a_rep_who_returns_cuts_the_phrase_and_is_heard() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    hold(&mut scene);
    scene.phrase("hold_still");
    scene.caller.hears_more(30);
    let asked = Instant::now();
    scene.agent.command(&scene.call, "return", json!({}));
    scene.state("talking");
    scene.phrase_over("hold_return");
    scene.caller.hears_more(10);
    let heard = scene.caller.recording();
    let still = all(&heard.phrases(), "hold_still");
    let cut = still.last().expect("it had begun");
    assert!(!cut.whole, "{heard}");
    let late = cut.ended_at.saturating_duration_since(asked);
    assert!(late <= CUT_WITHIN, "{late:?}");
    scene.heard_in_order(&["greeting", "hold_still", "hold_return"]);
}

#[test]
fn the_callers_own_hold_pauses_everything_and_ends_with_his_resume() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    hold(&mut scene);
    scene.phrase_over("hold_still");
    scene.caller.reinvite("sendonly");
    let answer = scene.caller.response("INVITE", 200, SOON);
    scene.caller.ack(&answer);
    assert_eq!(answer.direction(), "recvonly");
    scene.caller.reinvite("sendrecv");
    let answer = scene.caller.response("INVITE", 200, SOON);
    scene.caller.ack(&answer);
    assert_eq!(answer.direction(), "sendrecv");
    scene.phrase_over("hold_return");
}

#[test]
fn a_caller_who_hangs_up_on_hold_ends_all_legs() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    hold(&mut scene);
    let ending = scene.hang_up();
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("caller", "hung-up")
    );
    assert!(scene.caller.hears_nothing(Duration::from_secs(1)));
}
