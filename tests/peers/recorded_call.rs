//! The running agent records a call: the notice first, the rep's pause, the file and what the record says of it.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use thirdring::desk::clock;
use thirdring::ear::hear_all;
use thirdring::recordings::store::{decrypt, read_key};
use thirdring::records::{CallRecord, Entry, Recorded, What};
use thirdring::words::Language;

use super::agent::{House, STATE};
use super::hearing::{repertoire, spoken};
use super::missing::{Need, can_run};
use super::phone::{Phone, SOON, Voice};
use super::recording::side;
use super::scene::{A_WHILE, NUMBER, Scene, WORDS};
use super::scratch::Scratch;

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

fn news(scene: &mut Scene, wanted: &str) -> Entry {
    scene
        .events
        .wait(wanted, SOON, |entry| tells(entry, wanted))
}

fn tells(entry: &Entry, wanted: &str) -> bool {
    matches!(&entry.what, What::Recording { news, .. } if news == wanted)
}

/// Where the file is that an entry names.
fn file_of(scene: &Scene, entry: &Entry) -> PathBuf {
    let What::Recording { file, .. } = &entry.what else {
        panic!("no recording: {entry:?}");
    };
    scene.agent.path(STATE).join("recordings").join(file)
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

/// The line a caller comes by is told by his address.
fn line(name: &str, address: &str, records: bool) -> String {
    format!("name = \"{name}\"\naddress = [\"{address}\"]\nrecording = {records}")
}

#[test]
fn each_line_says_whether_its_calls_are_recorded() {
    for (house, own) in [(false, true), (true, false)] {
        let house = House::fast()
            .set(&format!("recording.enabled = {house}"))
            .peer(&line("own", "127.0.0.2", own))
            .seat("rep1", "echo")
            .seat("rep2", "echo");
        let [by_own, by_another] =
            ["127.0.0.2", "127.0.0.3"].map(|ip| ip.parse::<IpAddr>().expect("an address"));
        let mut scene = Scene::calling(house, Phone::open_at(NUMBER, by_own));
        let other = Phone::open_at(NUMBER, by_another);
        other.call(scene.agent.sip);
        scene.events.state(&other.call_id(), "talking", A_WHILE);
        let recorded = |id: &str| scene.agent.call_of(id).recording.is_some();
        assert_eq!(
            (recorded(&scene.id), recorded(&other.call_id())),
            (own, !own)
        );
        let noticed = |phone: &Phone| {
            let heard = phone.recording().ids();
            heard.contains(&"recording_notice".to_owned())
        };
        assert_eq!((noticed(&scene.caller), noticed(&other)), (own, !own));
        let begun = scene.events.seen.iter();
        assert_eq!(begun.filter(|entry| tells(entry, "began")).count(), 1);
        other.hang_up();
        scene.hang_up();
    }
}

/// What the rep says, which the agent never says by itself.
const REPS_WORDS: &str = "calm_listening";
/// In packets: both have said their words once at least.
const TALK: usize = 800;
/// What a crash may take.
const LOST_MAX: Duration = Duration::from_secs(1);

/// The running agent is killed in the middle of a call, in which both speak; its file, and how long it should be.
fn killed_in_a_call(house: House, scratch: Scratch, rep: &Phone) -> (Scene, PathBuf, Duration) {
    let agent = house.phone_seat("rep1", rep.address).open_in(scratch);
    let mut scene = Scene::with(agent, Phone::open(NUMBER));
    let began = news(&mut scene, "began");
    rep.voice(Voice::Says(Arc::new(spoken(Language::En, REPS_WORDS))));
    scene.caller.speak();
    scene.caller.hears_more(TALK);
    let recorded = clock::now().since(began.at);
    scene.agent.crash();
    let file = file_of(&scene, &began);
    (scene, file, recorded)
}

/// The phrases of one side; on a busy machine phones lose a packet here and there.
fn heard_on(file: &Path, number: u8) -> Vec<String> {
    let mut heard = hear_all(Arc::clone(repertoire()), &side(file, number));
    heard.sort_by_key(|it| it.began_at_sample);
    heard.iter().map(|it| it.prompt.to_string()).collect()
}

/// The rep's words and ours left, the caller's right, and a second lost at most.
fn holds_both(file: &Path, recorded: Duration) {
    let kept = Duration::from_secs_f64(side(file, 2).len() as f64 / 8_000.0);
    println!("{}: {kept:?} of {recorded:?} kept", file.display());
    assert!(kept + LOST_MAX >= recorded, "{kept:?} of {recorded:?}");
    let [left, right] = [1, 2].map(|number| heard_on(file, number));
    let (greeting, rest) = left.split_first().expect("something is heard");
    assert_eq!(greeting, "greeting");
    let only = |side: &[String], words: &str| {
        !side.is_empty() && side.iter().all(|phrase| phrase == words)
    };
    assert!(only(rest, REPS_WORDS), "{left:?}");
    assert!(only(&right, WORDS), "{right:?}");
}

#[test]
fn a_recorded_call_is_heard_on_both_sides_after_kill_9_of_the_agent() {
    if can_run(&[Need::Sox]) {
        let (rep, scratch) = (Phone::open("rep"), Scratch::new("agent"));
        let house = House::fast().set("recording.enabled = true");
        let (_scene, file, recorded) = killed_in_a_call(house, scratch, &rep);
        holds_both(&file, recorded);
    }
}

#[test]
fn a_sealed_call_is_heard_on_both_sides_after_kill_9_of_the_agent() {
    if !can_run(&[Need::Sox]) {
        return;
    }
    let (rep, scratch) = (Phone::open("rep"), Scratch::new("agent"));
    let key = scratch.write("recordings.key", "7e".repeat(32));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let house = House::fast()
        .set("recording.enabled = true")
        .set("recording.key_file = \"recordings.key\"");
    let (scene, file, recorded) = killed_in_a_call(house, scratch, &rep);
    let opened = scene.agent.path("opened.wav");
    let key = read_key(&key).expect("it is fit");
    let decrypted = decrypt(&key, &file, &opened).expect("it is sealed");
    assert!(decrypted.broken.is_some(), "nobody has ended it");
    holds_both(&opened, recorded);
}

#[test]
fn a_folder_removed_in_a_call_ends_the_recording_and_not_the_call() {
    let mut scene = Scene::talking(recorded("wav"));
    news(&mut scene, "began");
    let folder = scene.agent.path(STATE).join("recordings");
    fs::remove_dir_all(folder).expect("it is ours");
    news(&mut scene, "failed");
    assert_eq!(scene.agent.alarms(), json!(["recording-failed"]));
    let asked = json!({ "phrase": "please_write_down" });
    scene.agent.command(&scene.call, "say", asked);
    scene.phrase_over("please_write_down");
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
    scene.heard_in_order(&["recording_notice", "greeting", "please_write_down"]);
    let failed = scene.events.seen.iter();
    assert_eq!(failed.filter(|entry| tells(entry, "failed")).count(), 1);
    let record = record_of(&mut scene);
    assert!(record.happened.recording.expect("it was begun").failed);
}
