//! The running agent records a call: the notice first, the rep's pause, the file and what the record says of it.

use std::fs;
use std::process::Command;

use serde_json::json;
use thirdring::records::{CallRecord, Recorded, What};

use super::agent::{House, STATE};
use super::missing::{Need, can_run};
use super::phone::{Phone, SOON};
use super::scene::{NUMBER, Scene};

fn recorded(format: &str) -> House {
    House::fast()
        .set("recording.enabled = true")
        .set(&format!("recording.format = \"{format}\""))
        .seat("rep1", "echo")
}

/// Ends the agent and reads what it keeps of its only call.
fn record_of(scene: &mut Scene) -> CallRecord {
    scene.agent.terminate();
    assert!(scene.agent.has_left(), "a vow is broken");
    let records = scene.agent.path(STATE).join("records.jsonl");
    let records = fs::read_to_string(records).expect("it is written");
    serde_json::from_str(records.trim_end()).expect("one call's record")
}

fn news(scene: &mut Scene, wanted: &str) {
    scene.events.wait(
        wanted,
        SOON,
        |entry| matches!(&entry.what, What::Recording { news, .. } if news == wanted),
    );
}

#[test]
fn a_recorded_call_is_noticed_paused_and_its_file_is_as_long_as_the_record_says() {
    if !can_run(&[Need::Sox]) {
        return;
    }
    let mut scene = Scene::talking(recorded("wav"));
    news(&mut scene, "began");
    assert_eq!(
        scene.agent.call_of(&scene.id).recording.as_deref(),
        Some("running")
    );
    let pause = |scene: &Scene, paused: bool| {
        let body = json!({ "paused": paused });
        scene.agent.command(&scene.call, "recording", body);
    };
    pause(&scene, true);
    assert_eq!(
        scene.agent.call_of(&scene.id).recording.as_deref(),
        Some("paused")
    );
    pause(&scene, false);
    news(&mut scene, "resumed");
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
    scene.heard_in_order(&["recording_notice", "greeting"]);

    let record = record_of(&mut scene);
    let Recorded {
        file,
        seconds,
        paused,
        failed,
    } = record.happened.recording.expect("it was recorded");
    assert!(!failed && seconds > 1.0, "{seconds} s");
    assert!(
        matches!(paused.as_slice(), [span] if span.to_s.is_some()),
        "{paused:?}"
    );
    let file = scene.agent.path(STATE).join("recordings").join(file);
    let length = Command::new("soxi")
        .arg("-D")
        .arg(&file)
        .output()
        .expect("sox is there");
    let length: f64 = String::from_utf8_lossy(&length.stdout)
        .trim()
        .parse()
        .expect("seconds");
    assert!(
        (length - seconds).abs() < 0.05,
        "{length} s in the file, {seconds} s in the record"
    );
}

#[test]
fn who_is_not_recorded_hears_no_notice_and_there_is_nothing_to_pause() {
    let house = House::fast().seat("rep1", "echo");
    let mut scene = Scene::calling(house, Phone::open(NUMBER));
    let refused = scene
        .agent
        .refusal(&scene.call, "recording", json!({ "paused": true }));
    assert_eq!(refused, "not-recorded");
    scene.hang_up();
    assert!(!scene.heard().contains(&"recording_notice".to_owned()));
    assert_eq!(record_of(&mut scene).happened.recording, None);
    assert!(!scene.agent.path(STATE).join("recordings").exists());
}
