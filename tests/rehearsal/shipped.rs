//! The scripts that the program comes with: a rule of the standard each.

use std::collections::BTreeSet;

use thirdring::policy::Policy;
use thirdring::rehearsal::{Shipped, differences, shipped};

use super::{of, of_the_standard};

const SCRIPTS_MIN: usize = 40;
const CALLS: usize = 10_000;
/// Ten thousand calls are days of virtual time.
const LIVED_MIN: f64 = 3.0 * 24.0 * 3_600.0;

const STANDARD: &str = include_str!("../../docs/standard.md");
const POLICY: &str = include_str!("../../config/policy/standard.toml");

#[test]
fn the_standard_keeps_every_shipped_script() {
    let rehearsal = of_the_standard();
    let scripts = shipped();
    assert!(scripts.len() >= SCRIPTS_MIN, "{}", scripts.len());
    for Shipped { name, text } in scripts {
        let played = rehearsal.play(text).unwrap();
        assert_eq!(played.breaches, [""; 0], "{name}");
        assert_eq!(differences(text, &played.transcript), [], "{name}");
    }
}

#[test]
fn every_rule_that_the_policy_claims_has_a_script() {
    let rehearsed: BTreeSet<&str> = shipped().iter().flat_map(Shipped::rules).collect();
    for rule in &rehearsed {
        assert!(
            STANDARD.contains(&format!("| {rule} |")),
            "{rule} is no rule"
        );
    }
    let claimed = claimed();
    assert!(claimed.len() >= 30, "{claimed:?}");
    let missing = claimed
        .iter()
        .filter(|rule| !rehearsed.contains(rule.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_script_names_its_rules() {
    for script in shipped() {
        assert!(!script.rules().is_empty(), "{}", script.name);
    }
}

/// Those that the comments of its keys name: `R18-R22` is five of them.
fn claimed() -> BTreeSet<String> {
    let remarks = POLICY
        .lines()
        .filter_map(|line| line.split_once('#'))
        .map(|(_, remark)| remark);
    let words = remarks.flat_map(|remark| remark.split([' ', ',', ';', ':', '.']));
    words
        .flat_map(rules)
        .map(|rule| format!("R{rule}"))
        .collect()
}

/// `R23` is one, `R23-R25` are three.
fn rules(word: &str) -> Vec<u32> {
    let number = |word: &str| word.strip_prefix('R')?.parse::<u32>().ok();
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    match (number(first), number(last)) {
        (Some(first), Some(last)) => (first..=last).collect(),
        _ => Vec::new(),
    }
}

/// The book's promise: an admin edits one value, and the rehearsal shows where a caller would notice.
#[test]
fn an_edit_of_the_policy_is_seen() {
    let edited = of(Policy::parse("[hold]\nevery = \"10s\"").unwrap());
    let otherwise: Vec<&str> = shipped()
        .iter()
        .filter(|script| {
            let played = edited.play(script.text).unwrap();
            !differences(script.text, &played.transcript).is_empty()
        })
        .map(|script| script.name)
        .collect();
    assert!(
        otherwise.contains(&"held_caller_is_spoken_to_every_fifteen_seconds.call"),
        "{otherwise:?}"
    );
    assert!(otherwise.len() < shipped().len(), "{otherwise:?}");
}

/// What it takes is the runner's to print; a bound of a busy machine would prove nothing.
#[test]
fn ten_thousand_calls_are_days_of_virtual_time() {
    let rehearsal = of_the_standard();
    let scripts = shipped();
    let mut lived = 0.0;
    for script in scripts.iter().cycle().take(CALLS) {
        let played = rehearsal.play(script.text).unwrap();
        lived += last_moment(&played.transcript);
    }
    println!(
        "{CALLS} calls, {:.0} hours of virtual time",
        lived / 3_600.0
    );
    assert!(lived >= LIVED_MIN, "{lived} s");
}

/// When the last thing was done, in seconds.
fn last_moment(transcript: &str) -> f64 {
    let done = transcript.lines().filter_map(|line| line.split_once("-> "));
    let times = done.filter_map(|(_, done)| done.split(' ').next()?.parse::<f64>().ok());
    times.fold(0.0, f64::max)
}
