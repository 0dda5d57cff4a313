//! Anything at any time: what no script thought of. The witness judges every step.

use std::time::Duration;

use thirdring::call::Action;
use thirdring::words::{Entropy, Moment};

use super::chance::{any_beginning, any_input, pick};
use super::scene::Scene;
use super::stage::Stage;
use super::transcript;

const CALLS: u64 = 1_500;
/// Inputs a call, if it lives so long; timers and media come on top.
const INPUTS: u32 = 60;
const STEPS_MIN: usize = 20_000;
/// A long wait now and then: offers, absences, losses.
const LONG_MS: u32 = 40_000;
const SHORT_MS: u32 = 2_500;
/// Scenes differ in what is asked by whom, and in what fails.
const HEADS: [&[&str]; 6] = [
    &[],
    &[
        "policy [hold] asked_by = \"agent\"",
        "policy [rating] on = true",
    ],
    &["store fails", "policy [answer] mode = \"manual\""],
    &["prompts zh-CN", "policy [hold] asked_by = \"agent\""],
    &["caller anonymous", "policy [transfer] mode = \"announced\""],
    &["store silent", "policy [rating] on = true"],
];

#[test]
fn no_order_of_things_breaks_a_promise_to_the_caller() {
    let mut steps = 0;
    for seed in 0..CALLS {
        let stage = live(seed);
        steps += stage.inputs.len();
        assert!(
            stage.witness.breaches.is_empty(),
            "seed {seed}: {}\n{}",
            stage.witness.breaches.join("\n"),
            history(&stage)
        );
    }
    assert!(steps >= STEPS_MIN, "{steps} steps");
}

/// One call from its first moment to well after its last.
fn live(seed: u64) -> Stage {
    let mut chance = Entropy::from_number(seed);
    let head = pick(&mut chance, &HEADS);
    let scene = Scene::read(head).expect("the head is well written");
    let mut stage = Stage::begin(scene, any_beginning(&mut chance), Moment::ZERO);
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
            .map(|(_, action)| transcript::words(action, stage))
            .collect();
        format!("{at:?} {input:?} -> {}\n", done.join(", "))
    });
    inputs.collect()
}
