//! The scenarios that ship, played against the agent.

use std::fs;
use std::process::Output;

use super::{faults, free_address, lines, sim};
use crate::peers::agent::House;
use crate::peers::scratch::Scratch;

/// The shipped scenario with addresses of its own, against an agent that has its rep and its expert there.
fn play(scenario: &str, more: &[&str]) -> (Output, Scratch) {
    let (rep, expert) = (free_address(), free_address());
    let agent = House::standard()
        .phone_seat("rep", rep)
        .target_saying("expert", expert, "blind = true")
        .open();
    let scratch = Scratch::new("sim");
    let text = fs::read_to_string(format!("config/sim/{scenario}.toml")).unwrap();
    let text = text
        .replace("127.0.0.1:5060", &agent.sip.to_string())
        .replace("127.0.0.1:5070", &rep.to_string())
        .replace("127.0.0.1:5080", &expert.to_string());
    let file = scratch.write(&format!("{scenario}.toml"), text);
    let mut words = vec![file.to_str().unwrap(), "--language", "en"];
    words.extend(more);
    (sim(&words), scratch)
}

fn is_met(scenario: &str) {
    let (output, _scratch) = play(scenario, &["--json"]);
    let lines = lines(&output);
    assert!(output.status.success(), "{lines:#?}");
    assert_eq!(faults(&lines[0]), Vec::<&str>::new());
}

#[test]
fn a_caller_is_greeted_by_the_third_ring() {
    is_met("greeting");
}

#[test]
fn a_held_caller_is_spoken_to_on_the_grid() {
    is_met("hold");
}

#[test]
fn a_silent_caller_is_parted_from() {
    is_met("silent");
}

#[test]
fn a_caller_is_transferred_with_his_consent() {
    is_met("transfer");
}

#[test]
fn a_shift_of_callers_is_told_by_percentiles() {
    let (output, scratch) = play("crowd", &["--count", "6", "--cps", "3", "--seed", "7", "--wav", "/dev/null/x"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    let wav = scratch.path("wav");
    let wav = wav.to_str().unwrap();
    let (output, _scratch) = play("crowd", &["--count", "6", "--cps", "3", "--seed", "7", "--wav", wav]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("6 calls, seed 7") && told.contains("12 expectations, 12 met"), "{told}");
    let greeted = told.lines().find(|line| line.contains("greeting")).unwrap();
    assert!(greeted.contains("6/6") && greeted.contains("p95"), "{told}");
    for run in 1..=6 {
        let file = fs::metadata(scratch.path(&format!("wav/crowd-{run}-caller.wav"))).unwrap();
        assert!(file.len() > 20_000, "{run}");
    }
}
