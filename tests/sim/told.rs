//! What `thirdring sim` tells of a scenario and of many, in both languages, and what it writes.

use std::fs;

use super::sim;
use crate::doctor::without_figures;
use crate::peers::scratch::Scratch;

/// A machine that breaks off and its caller.
const SCENARIO: &str = r#"
title = "a greeting that breaks off"
language = "en"

[phone.caller]

[phone.machine]
fault = "cut"

[[step]]
who = "caller"
does = "calls"
what = "machine"

[[step]]
who = "machine"
after = "invite"
does = "answers"

[[step]]
who = "machine"
after = "ack"
wait = "200ms"
does = "says"
what = "greeting"

[[step]]
who = "caller"
after = "greeting"
does = "presses"
what = "1#"

[[step]]
who = "caller"
wait = "800ms"
does = "hangs-up"

[[expect]]
who = "caller"
status = 200
at = "0s"

[[expect]]
who = "caller"
hears = "greeting"
at = "200ms"
from = "ack"

[[expect]]
who = "machine"
keys = "1#"

[[expect]]
who = "machine"
ended = "by-them"
"#;

/// With `UPDATE_GOLDEN` set the texts are written.
#[test]
fn what_was_heard_is_told_in_both_languages() {
    let scratch = Scratch::new("sim-told");
    let file = scratch.write("cut.toml", SCENARIO);
    let file = file.to_str().unwrap();
    for language in ["en", "zh-CN"] {
        let told = |more: &[&str]| {
            let words = [&[file, "--language", language, "--seed", "7"], more].concat();
            let output = sim(&words);
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let told = [output.stdout, output.stderr].concat();
            shown(&String::from_utf8(told).unwrap().replace(file, "cut.toml"))
        };
        let shown = told(&[]) + &told(&["--count", "2", "--cps", "10"]);
        let golden = format!("tests/golden/cli/sim.{language}.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &shown).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(shown, expected, "{golden}");
    }
}

/// Times are the day's: figures and the places of bars are not shown.
fn shown(told: &str) -> String {
    let bare = |line: &str| match line.rsplit_once('[') {
        Some((before, bar))
            if bar.ends_with(".]") || bar.ends_with("|]") || bar.ends_with("=]") =>
        {
            let kind = if bar.contains('=') { "=" } else { "|" };
            format!("{before}[{kind}]")
        }
        Some(_) | None => line.to_owned(),
    };
    let lines: Vec<String> = told.lines().map(bare).collect();
    without_figures(&lines.join("\n"))
}

#[test]
fn a_report_for_machines_names_each_expectation() {
    let scratch = Scratch::new("sim-junit");
    let file = scratch.write("cut.toml", SCENARIO);
    let (report, wav) = (scratch.path("sim.xml"), scratch.path("wav"));
    let output = sim(&[
        file.to_str().unwrap(),
        "--language",
        "en",
        "--junit",
        report.to_str().unwrap(),
        "--wav",
        wav.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let report = fs::read_to_string(report).unwrap();
    for part in [
        "tests=\"4\" failures=\"1\"",
        "caller hears greeting (en)",
        "machine gets the keys 1#",
        "cut after",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    // Left is what a phone heard, right what it said.
    let sides = |name: &str| {
        let file = fs::read(wav.join(name)).unwrap();
        let loud = |side: usize| {
            let frames = file[44..].chunks_exact(4);
            frames
                .map(|frame| i16::from_le_bytes([frame[2 * side], frame[2 * side + 1]]))
                .any(|sample| sample.unsigned_abs() > 1_000)
        };
        [loud(0), loud(1)]
    };
    assert_eq!(sides("cut-caller.wav"), [true, false]);
    assert_eq!(sides("cut-machine.wav"), [false, true]);
}

#[test]
fn a_step_after_the_end_is_not_taken_and_a_phones_name_is_no_path() {
    let scratch = Scratch::new("sim-late");
    let scenario = "title = \"too late\"\ntarget = \"sip:x@127.0.0.1:9\"\nat_most = \"100ms\"\n\
                    [phone.\"../x\"]\n\
                    [[step]]\nwho = \"../x\"\ndoes = \"calls\"\nwait = \"90s\"\n\
                    [[expect]]\nwho = \"../x\"\nheader = \"Via\"\nlike = \"*\"\n";
    let file = scratch.write("late.toml", scenario);
    let wav = scratch.path("wav/deeper");
    let words = ["--language", "en", "--wav", wav.to_str().unwrap()];
    let output = sim(&[&[file.to_str().unwrap()], &words[..]].concat());
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("its time is after the scenario's end"),
        "{told}"
    );
    let written = |folder: &str| {
        let files = fs::read_dir(scratch.path(folder)).unwrap();
        let names = files.map(|file| file.unwrap().file_name());
        names
            .map(|name| name.into_string().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(written("wav/deeper"), ["late-___x.wav"]);
    assert_eq!(written("wav"), ["deeper"]);
}
