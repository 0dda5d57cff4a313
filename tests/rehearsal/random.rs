//! Anything at any time: what no script thought of. The witness judges every step.

use std::collections::BTreeSet;
use std::time::Duration;

use thirdring::call::{Action, Input, LegNews};
use thirdring::rehearsal::{Beginnings, Rehearsal, Scene, Stage, action_words};
use thirdring::words::{Command, Entropy, Moment, Party};

use super::chance::{any_beginning, any_input, pick};
use super::of_the_standard;

const CALLS: u64 = 4_000;
const REPLAYS: u64 = 200;
/// Inputs a call, if it lives so long; timers and media come on top.
const INPUTS: u32 = 60;
const STEPS_MIN: usize = 20_000;
const STATES: [&str; 24] = [
    "announcing",
    "answering",
    "asking",
    "bridged",
    "closing",
    "connecting",
    "consulting",
    "dialling",
    "ended",
    "farewell",
    "fetching-rep",
    "greeting",
    "handing-off",
    "holding",
    "laddering",
    "noticing",
    "opening",
    "promising",
    "rating",
    "ringing",
    "taking-number",
    "talking",
    "transferring",
    "waiting",
];
/// Where a call may be for ever, if nobody does anything.
const LASTING: [&str; 8] = [
    // An offer comes again and again.
    "asking",
    "bridged",
    "consulting",
    "ended",
    "fetching-rep",
    "holding",
    "talking",
    "waiting",
];
/// A long wait now and then: offers, absences, losses.
const LONG_MS: u32 = 40_000;
const SHORT_MS: u32 = 2_500;
/// Scenes differ in what is asked by whom, and in what fails.
const HEADS: [&[&str]; 11] = [
    &[],
    &["repair taken"],
    &["repair silent", "policy [hold] asked_by = \"agent\""],
    &[
        "policy [hold] asked_by = \"agent\"",
        "policy [rating] on = true",
    ],
    &["store fails", "policy [answer] mode = \"manual\""],
    &["prompts zh-CN", "policy [hold] asked_by = \"agent\""],
    &["caller anonymous", "policy [transfer] mode = \"announced\""],
    &["store silent", "policy [rating] on = true"],
    &["recorded", "policy [transfer] mode = \"announced\""],
    &["first customer"],
    &["behind queue", "policy [hold] offer_after = \"never\""],
];

#[test]
fn no_order_of_things_breaks_a_promise_to_the_caller() {
    let rehearsal = of_the_standard();
    let mut steps = 0;
    let mut lived = BTreeSet::new();
    for seed in 0..CALLS {
        let stage = live(seed, &rehearsal);
        steps += stage.inputs.len();
        let state = stage.call.state();
        assert!(
            LASTING.contains(&state),
            "seed {seed}: stuck in {state}\n{}",
            history(&stage)
        );
        lived.extend(stage.states().iter().copied());
        assert!(
            stage.breaches().is_empty(),
            "seed {seed}: {}\n{}",
            stage.breaches().join("\n"),
            history(&stage)
        );
    }
    assert!(steps >= STEPS_MIN, "{steps} steps");
    assert_eq!(lived, STATES.into(), "every state is lived through");
}

/// Every call can be journalled: its inputs with their moments are all there is to it.
#[test]
fn a_journal_replays_to_the_same_actions() {
    let rehearsal = of_the_standard();
    for seed in 0..REPLAYS {
        let lived = live(seed, &rehearsal);
        let mut again = cast(&mut Entropy::from_number(seed), &rehearsal);
        for (at, input) in &lived.inputs {
            again.now = *at;
            again.input(input.clone());
        }
        assert!(lived.done == again.done, "seed {seed}");
    }
}

#[test]
fn a_pc_that_slept_does_not_catch_up_on_phrases() {
    let scene = Scene::of(
        &["policy [hold] offer_after = \"never\""],
        &of_the_standard(),
    )
    .expect("a scene");
    let mut stage = Stage::begin(scene, Beginnings::Invite, Moment::ZERO);
    stage.input(Input::Leg(Party::Rep, LegNews::PickedUp));
    stage.play_until(Moment::ZERO + Duration::from_secs(9));
    stage.input(Input::Command(Command::Hold {
        reason: None,
        agreed: true,
    }));
    stage.play_until(stage.now + Duration::from_secs(20));
    let awake = stage.said.len();
    stage.now += Duration::from_secs(3600);
    stage.play_until(stage.now + Duration::from_secs(1));
    assert_eq!(stage.said.len(), awake + 1, "one phrase, at once");
}

/// A call at its first moment.
fn cast(chance: &mut Entropy, rehearsal: &Rehearsal) -> Stage {
    let head = pick(chance, &HEADS);
    let scene = Scene::of(head, rehearsal).expect("the head is well written");
    let beginning = any_beginning(chance);
    Stage::begin(scene, beginning, Moment::ZERO)
}

/// One call from its first moment to well after its last.
pub(super) fn live(seed: u64, rehearsal: &Rehearsal) -> Stage {
    let mut chance = Entropy::from_number(seed);
    let mut stage = cast(&mut chance, rehearsal);
    let mut after_the_end = 3;
    for _ in 0..INPUTS {
        let longest = pick(&mut chance, &[SHORT_MS, SHORT_MS, SHORT_MS, LONG_MS]);
        let wait = Duration::from_millis(chance.below(longest).into());
        stage.play_until(stage.now + wait);
        let input = any_input(&mut chance, stage.now);
        stage.input(input);
        if stage.call.has_ended() {
            after_the_end -= 1;
        }
        if after_the_end == 0 {
            break;
        }
    }
    stage.play_until(stage.now + Duration::from_secs(300));
    stage
}

/// What happened last, for him who has to find out why.
fn history(stage: &Stage) -> String {
    let inputs = stage.inputs.iter().map(|(at, input)| {
        let at_moment = |(done, _): &&(Moment, Action)| done == at;
        let done = stage.done.iter().filter(at_moment);
        let done: Vec<_> = done
            .map(|(_, action)| action_words(action, stage))
            .collect();
        format!("{at:?} {input:?} -> {}\n", done.join(", "))
    });
    inputs.collect()
}
