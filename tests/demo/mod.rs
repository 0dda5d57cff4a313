//! The demo is a promise of the README: five scenes, judged by the ear, all as they should be.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::peers::log::indiscretions;

const SCENES: [&str; 5] = [
    "answer-and-hold",
    "transfer",
    "silent-caller",
    "one-way-line",
    "kept-callback",
];

fn demo(arguments: &[&str]) -> (Vec<Value>, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_thirdring"))
        .args(["demo", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(indiscretions(&log, &[]), Vec::<String>::new());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), output.status.success())
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn five_scenes_are_heard_in_order_and_on_time() {
    let folder = scratch("demo-recordings");
    let (lines, success) = demo(&["--record", folder.to_str().unwrap()]);
    for scene in SCENES {
        let of = |line: &&Value| line["scene"] == scene;
        let verdict = lines
            .iter()
            .filter(of)
            .find(|line| line.get("missed").is_some());
        assert_eq!(
            verdict.unwrap()["missed"],
            Value::Null,
            "{scene}: {lines:#?}"
        );
        let heard = lines
            .iter()
            .filter(of)
            .filter(|line| line.get("heard").is_some());
        assert!(heard.count() >= 5, "{scene}: too little was heard");
        let wav = std::fs::metadata(folder.join(format!("{scene}-caller.wav"))).unwrap();
        assert!(wav.len() > 100_000, "{scene}: the recording is empty");
    }
    assert!(success);
}

#[test]
fn an_unknown_scene_is_named_with_those_there_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_thirdring"))
        .args(["demo", "--scene", "nonsense", "--language", "en"])
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors.contains("nonsense") && errors.contains("answer-and-hold"),
        "{errors}"
    );
}
