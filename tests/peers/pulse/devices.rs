//! `thirdring devices`, as a rep or an admin runs it.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::virtual_headset::{RATE, VirtualHeadset, tone};
use crate::peers::headset::said;
use crate::peers::missing::{Need, can_run};

/// The command line at this headset.
fn devices(headset: &VirtualHeadset, arguments: &[&str]) -> Command {
    let mut command = headset.command(env!("CARGO_BIN_EXE_thirdring"));
    command
        .arg("devices")
        .args(arguments)
        .env("LC_ALL", "en_US.UTF-8");
    command
}

/// Exit code and standard output.
fn did(mut command: Command) -> (Option<i32>, String) {
    let run = command.output().expect("run thirdring");
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    (run.status.code(), text)
}

fn tried(headset: &VirtualHeadset) -> (Option<i32>, Value) {
    let (code, out) = did(devices(headset, &["--test", "--json"]));
    (code, serde_json::from_str(&out).expect("one line of JSON"))
}

/// `--watch`, until it is dropped.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    fn of(headset: &VirtualHeadset) -> Self {
        let mut command = devices(headset, &["--watch"]);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("run thirdring");
        let stdout = child.stdout.take().expect("it is piped");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// Reads on until a line has this in it; the test's own limit ends what never comes.
    fn until(&mut self, part: &str) -> String {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        lines.find(|line| line.contains(part)).expect("it is told")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn devices_stand_in_a_table_with_the_chosen_marked() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("table");
    for language in ["en", "zh-CN"] {
        let (code, out) = did(devices(&headset, &["--language", language]));
        let golden = format!("tests/golden/cli/devices.{language}.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &out).expect("the folder is ours");
        }
        let expected = fs::read_to_string(Path::new(&golden)).expect("it is there");
        assert_eq!((code, out), (Some(0), expected));
    }
}

#[test]
fn devices_are_json_for_programs() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("json");
    let (code, out) = did(devices(
        &headset,
        &["--json", "--set", r#"headset.prefer=["headset_mic*"]"#],
    ));
    assert_eq!(code, Some(0));
    let cards: Vec<Value> = serde_json::from_str(&out).expect("a list");
    let chosen = cards.iter().filter(|card| card["chosen"] == true);
    let names: Vec<&str> = chosen.filter_map(|card| card["name"].as_str()).collect();
    assert_eq!(names, ["headset_mic_in", "headset_mic"]);
}

#[test]
fn what_is_plugged_muted_and_unplugged_is_seen() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut headset = VirtualHeadset::start("watch");
    let mut watching = Watching::of(&headset);
    watching.until("chosen: HeadsetEar + HeadsetMic");
    let modules = headset.plug("Jabra");
    watching.until("plugged: Jabra_mic (microphone)");
    watching.until("chosen: Jabra_ear + Jabra_mic");
    headset.pactl(&["set-source-mute", "Jabra_mic", "1"]);
    watching.until("Jabra_mic (microphone): muted, volume 100 %");
    headset.unplug(&modules);
    watching.until("unplugged: Jabra_mic (microphone)");
    watching.until("chosen: HeadsetEar + HeadsetMic");
    headset.kill_server();
    watching.until("the sound server is gone");
    headset.start_server();
    watching.until("the sound server is back");
}

#[test]
fn a_microphone_with_a_tone_is_fine_with_its_level_and_is_played_back() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("fine");
    let _playing = headset.speak(&tone(30 * RATE, 0.25));
    let trial = devices(&headset, &["--test", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("run thirdring");
    // Three seconds of it are in the ear, wherever in these eight they begin.
    let heard = headset.hear(8 * RATE);
    let run = trial.wait_with_output().expect("it ends");
    let tried: Value = serde_json::from_slice(&run.stdout).expect("one line of JSON");
    println!("{tried}");
    assert_eq!(run.status.code(), Some(0), "{tried}");
    assert_eq!(tried["verdict"], "fine");
    let level = tried["level_dbfs"].as_f64().expect("a number");
    assert!((level + 15.05).abs() < 0.5, "{tried}");
    let loud = heard.iter().filter(|sample| sample.abs() > 0.01).count();
    // A busy machine loses some of them.
    assert!(loud > 2 * RATE, "{loud} samples");
}

#[test]
fn a_muted_microphone_and_a_dead_one_are_told_apart() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("unfit");
    let (code, dead) = tried(&headset);
    assert_eq!(
        (code, &dead["verdict"]),
        (Some(1), &Value::from("dead")),
        "{dead}"
    );
    headset.pactl(&["set-source-mute", "headset_mic", "1"]);
    let (code, muted) = tried(&headset);
    assert_eq!(
        (code, &muted["verdict"]),
        (Some(1), &Value::from("muted")),
        "{muted}"
    );
}

#[test]
fn without_a_sound_server_it_says_so() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut headset = VirtualHeadset::start("no_server");
    headset.kill_server();
    let run = devices(&headset, &[])
        .stderr(Stdio::piped())
        .output()
        .expect("run thirdring");
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("no sound server"), "{said}");
}

#[test]
fn a_phrase_is_played_into_the_reps_ear() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("phrase");
    let mut player = headset
        .command(env!("CARGO_BIN_EXE_thirdring"))
        .args(["prompts", "play", "greeting", "--spoken", "en"])
        .stdout(Stdio::null())
        .spawn()
        .expect("run thirdring");
    let heard = said(&headset.hear(6 * RATE));
    assert!(player.wait().is_ok_and(|status| status.success()));
    assert_eq!(heard, ["greeting"]);
}
