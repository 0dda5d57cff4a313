//! Where two transcripts differ.

use thirdring::rehearsal::{Difference, differences};

const EXPECTED: &str =
    "# R20\n0.0 caller: invite -> 0.0 ring\n   -> 15.0 say hold_still\n-> 30.0 say hold_still\n";

#[test]
fn transcripts_that_are_only_spaced_otherwise_are_the_same() {
    let wider = EXPECTED.replace("->", "    ->  ");
    assert_eq!(differences(EXPECTED, &wider), []);
}

#[test]
fn a_difference_has_its_line_its_time_and_both_sides() {
    let got = EXPECTED.replace("15.0 say", "16.0 say");
    let found = differences(EXPECTED, &got);
    let expected = Difference {
        line: 3,
        at: "15.0".to_owned(),
        expected: vec!["-> 15.0 say hold_still".to_owned()],
        got: vec!["-> 16.0 say hold_still".to_owned()],
    };
    assert_eq!(found, [expected]);
}

#[test]
fn what_is_missing_or_added_stands_alone() {
    let shorter: String = EXPECTED
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    let missing = differences(EXPECTED, &shorter);
    assert_eq!((missing[0].line, missing[0].got.len()), (4, 0));
    let added = differences(&shorter, EXPECTED);
    assert_eq!((added[0].line, added[0].at.as_str()), (4, "30.0"));
    assert!(added[0].expected.is_empty());
}

/// What is compared would else be the square of it: tens of gigabytes.
#[test]
fn two_calls_of_hours_that_have_nothing_in_common_are_one_difference() {
    let call = |word: &str| -> String {
        let lines = (0..60_000).map(|n| format!("{n}.0 {word}\n"));
        ["0.0 ring\n".to_owned()].into_iter().chain(lines).collect()
    };
    let found = differences(&call("say"), &call("cut"));
    assert_eq!((found.len(), found[0].line), (1, 2));
    assert_eq!(
        (found[0].expected.len(), found[0].got.len()),
        (60_000, 60_000)
    );
}
