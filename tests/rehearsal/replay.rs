//! A call's journal, played again: the same actions, bit for bit; what is otherwise is found, with its line.

use thirdring::journal::{Replay, Unplayed, replay};

use super::of_the_standard;
use super::random::live;

const CALLS: u64 = 400;

const TYPED: &str = "# R41: who withholds his number types it.
caller anonymous
0.0 caller: invite
1.0 rep: picks up
9.0 caller: speaks 1s
11.0 rep: speaks 1s
14.0 caller: types 13900139000
15.0 rep: note call 13700137000
20.0 rep: promise about 13600136000
24.0 caller: types 13800138000#
35.0 caller: presses 1
50.0 rep: hangs up
";

#[test]
fn whatever_a_call_lived_through_it_is_played_again_to_the_same_actions() {
    let rehearsal = of_the_standard();
    let mut whole = 0;
    for seed in 0..CALLS {
        let lived = live(seed, &rehearsal);
        let journal = String::from_utf8(lived.journal()).unwrap();
        let replayed = replay(&journal).unwrap_or_else(|why| panic!("seed {seed}: {why:?}"));
        assert_eq!(replayed.steps as usize, lived.inputs.len(), "seed {seed}");
        assert_eq!(replayed.is_whole, lived.call.has_ended(), "seed {seed}");
        whole += u64::from(replayed.is_whole);
    }
    assert!(whole > CALLS / 4, "{whole} calls were whole");
}

#[test]
fn no_number_and_no_word_of_a_person_is_in_a_journal() {
    let journal = journal_of(TYPED);
    assert!(journal.contains("\"judge\""), "{journal}");
    for digits in ["13800138000", "1380013800", "700137", "600136"] {
        assert!(!journal.contains(digits), "{digits}");
    }
    for word in ["call 1", "about"] {
        assert!(!journal.contains(word), "{word}");
    }
    let keys = journal
        .lines()
        .filter(|line| line.contains(r#""key":["caller""#));
    let digits: String = keys.filter_map(pressed).collect();
    // What chooses nothing is a nought; his yes to the number that is read back is what it was.
    assert_eq!(digits, format!("{}{}#1", "0".repeat(11), "0".repeat(11)));
    assert_eq!(replay(&journal).map(|replayed| replayed.is_whole), Ok(true));
}

fn pressed(line: &str) -> Option<char> {
    line.split(r#""key":["caller",""#).nth(1)?.chars().next()
}

#[test]
fn a_flipped_input_is_found_with_its_line() {
    let journal = journal_of(TYPED);
    let line = journal.lines().position(|line| line.contains("picked-up"));
    let flipped = journal.replacen("picked-up", "no-answer", 1);
    let Err(Unplayed::Differs(differs)) = replay(&flipped) else {
        panic!("it was played");
    };
    assert!(differs.line > line.unwrap(), "{differs:?}");
    assert_ne!(differs.expected, differs.got);
}

#[test]
fn an_action_that_was_otherwise_is_found_where_it_is() {
    let journal = journal_of(TYPED);
    let line = journal
        .lines()
        .position(|line| line.contains(r#"["answer"]"#))
        .unwrap();
    let otherwise = journal.replacen(r#"["answer"]"#, r#"["ring"]"#, 1);
    let Err(Unplayed::Differs(differs)) = replay(&otherwise) else {
        panic!("it was played");
    };
    assert_eq!(differs.line, line + 1);
    assert_eq!(
        (differs.expected, differs.got),
        (vec!["ring".into()], vec!["answer".into()])
    );
    assert_eq!(differs.after.as_secs(), 6);
}

#[test]
fn a_journal_that_lost_a_line_or_is_none_is_told_apart_from_a_difference() {
    let journal = journal_of(TYPED);
    let lines: Vec<&str> = journal.lines().collect();
    let without = [&lines[..4], &lines[5..]].concat().join("\n");
    assert_eq!(replay(&without), Err(Unplayed::Gap { line: 5 }));
    let cut = lines[..6].join("\n");
    let Replay {
        steps, is_whole, ..
    } = replay(&cut).unwrap();
    assert_eq!((steps, is_whole), (5, false));
    assert_eq!(replay(""), Err(Unplayed::Empty));
    let torn = format!("{}\n{{\"n\":1", lines[0]);
    assert!(matches!(
        replay(&torn),
        Err(Unplayed::Unread { line: 2, .. })
    ));
    let newer = journal.replacen(r#""journal":1"#, r#""journal":2"#, 1);
    assert_eq!(replay(&newer), Err(Unplayed::Layout { journal: 2 }));
}

fn journal_of(script: &str) -> String {
    let stage = of_the_standard().stage(script).unwrap();
    String::from_utf8(stage.journal()).unwrap()
}
