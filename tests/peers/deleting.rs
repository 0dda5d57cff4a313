//! Who asks for it has all that is kept of his number deleted, and a proof stays that does not name him.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use thirdring::records::{Deletion, StillThere};
use ureq::http::Method;

use super::agent::{Agent, House, STATE};
use super::phone::Phone;
use super::scene::{NUMBER, Scene};
use super::scratch::Scratch;

/// The same caller as the exchange writes him, and another one.
const NUMBER_ABROAD: &str = "008613800138000";
const ANOTHER: &str = "13900139000";

fn house() -> House {
    House::fast()
        .set("recording.enabled = true")
        .seat("rep1", "echo")
        .seat("rep2", "echo")
}

/// Calls, is recorded, and hangs up.
fn one_call(agent: Agent, number: &str) -> Agent {
    let mut scene = Scene::with(agent, Phone::open(number));
    scene.hang_up();
    scene.agent
}

fn delete(agent: &Agent, number: &str) -> Deletion {
    let asked = json!({ "number": number, "by": "Lina", "reason": "his letter of Monday" });
    let (status, body) = agent.ask(Method::POST, "/deletions", &asked);
    assert_eq!(status, 200, "{body}");
    serde_json::from_value(body).expect("a deletion")
}

/// Every file below the folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

fn is_wav(file: &&PathBuf) -> bool {
    file.extension().is_some_and(|ending| ending == "wav")
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.map(|line| line.expect("JSON")).collect()
}

#[test]
fn all_that_is_kept_of_a_number_goes_and_the_proof_does_not_name_it() {
    let agent = one_call(house().open(), NUMBER);
    let agent = one_call(agent, ANOTHER);
    // A crash leaves a recording without its end, and no record.
    let mut scene = Scene::with(agent, Phone::open(NUMBER_ABROAD));
    scene.agent.crash();
    let state = scene.agent.path(STATE);
    // Else he is called back at once.
    for file in files(&state) {
        if file.to_string_lossy().contains("promises.sqlite") {
            fs::remove_file(file).expect("it is there");
        }
    }
    let agent = scene.agent.restart();
    let tomorrow = json!({ "number": NUMBER, "reason": "tariff", "due": "2099-01-01T02:00:00Z" });
    assert_eq!(agent.ask(Method::POST, "/callbacks", &tomorrow).0, 201);
    assert_eq!(files(&state.join("recordings")).len(), 3);

    let deletion = delete(&agent, NUMBER);
    assert!(deletion.is_whole(), "{deletion:?}");
    assert_eq!(deletion.calls.len(), 2);
    let removed = deletion.removed;
    assert_eq!(
        (removed.timelines, removed.records, removed.recordings),
        (2, 1, 2)
    );
    assert!(removed.bytes > 2 * 44);
    // What was owed is cancelled and gone, its bytes with it.
    assert_eq!((deletion.callbacks, removed.callbacks), (0, 1));
    assert!(agent.callbacks().is_empty());

    let left = files(&state.join("calls"));
    assert_eq!(left.len(), 2, "the other's timeline and messages: {left:?}");
    let recordings = files(&state.join("recordings"));
    assert_eq!(recordings.iter().filter(is_wav).count(), 1);
    let callers = files(&state.join("callers"));
    let database = files(&state).into_iter();
    let database = database.filter(|file| file.to_string_lossy().contains("promises.sqlite"));
    let database: Vec<PathBuf> = database.collect();
    assert!(!database.is_empty());
    let kept = left.iter().chain(&recordings).chain(&callers);
    for file in kept.chain(&database) {
        let text = fs::read(file).expect("it is there");
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("13800138000"), "{}", file.display());
    }
    let records = lines(&state.join("records.jsonl"));
    let deleted = records.iter().filter(|it| it["deleted"] == json!(true));
    assert_eq!((records.len(), deleted.count()), (2, 1));

    let proofs = lines(&state.join("deletions.jsonl"));
    let done: Vec<&Value> = proofs.iter().map(|proof| &proof["done"]).collect();
    assert_eq!(done, [&json!(false), &json!(true)]);
    assert_eq!(proofs[1]["by"], "Lina");
    let text = fs::read_to_string(state.join("deletions.jsonl")).expect("it is there");
    assert!(!text.contains("138001"), "{text}");
    for call in &deletion.calls {
        assert!(text.contains(&call.to_string()));
        let (status, _) = agent.ask(
            Method::GET,
            &format!("/calls/{call}/timeline.jsonl"),
            &Value::Null,
        );
        assert_eq!(status, 404);
    }
    // Again there is nothing, and that is no fault.
    let again = delete(&agent, NUMBER);
    assert!(again.is_whole() && again.calls.is_empty(), "{again:?}");
    assert_eq!(delete(&agent, ANOTHER).removed.recordings, 1);
}

#[test]
fn a_call_that_goes_on_is_left_and_deleted_once_it_is_over() {
    let mut scene = Scene::calling(house(), Phone::open(NUMBER));
    let deletion = delete(&scene.agent, NUMBER);
    let left: Vec<StillThere> = deletion.left.iter().map(|left| left.because).collect();
    assert_eq!(
        (left.as_slice(), deletion.calls.len()),
        (&[StillThere::Live][..], 0)
    );
    assert!(!deletion.is_whole());
    scene.hang_up();
    // At once: its last lines may still be on their way.
    let deletion = delete(&scene.agent, NUMBER);
    assert!(deletion.is_whole(), "{deletion:?}");
    let removed = deletion.removed;
    let all = (removed.timelines, removed.records, removed.recordings);
    assert_eq!(all, (1, 1, 1));
    let state = scene.agent.path(STATE);
    assert!(files(&state.join("calls")).is_empty());
    // Its recording did not come back, and nobody was alarmed.
    assert_eq!(
        files(&state.join("recordings")),
        [state.join("recordings/removed.jsonl")]
    );
    assert_eq!(scene.agent.alarms(), json!([]));
}

#[test]
fn a_sealed_recording_goes_too_and_one_that_is_gone_already_is_no_fault() {
    let scratch = Scratch::new("agent");
    let key = scratch.write("recordings.key", "7e".repeat(32));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let sealed = house().set("recording.key_file = \"recordings.key\"");
    let agent = one_call(sealed.open_in(scratch), NUMBER);
    let agent = one_call(agent, NUMBER);
    let recordings = files(&agent.path(STATE).join("recordings"));
    assert_eq!(recordings.len(), 2);
    fs::remove_file(&recordings[0]).expect("it is there");
    let deletion = delete(&agent, NUMBER);
    assert!(deletion.is_whole(), "{deletion:?}");
    assert_eq!((deletion.calls.len(), deletion.removed.recordings), (2, 1));
}

#[test]
fn what_cannot_be_removed_is_told_and_found_again() {
    let agent = one_call(house().open(), NUMBER);
    let state = agent.path(STATE);
    let [recording] = <[PathBuf; 1]>::try_from(files(&state.join("recordings"))).expect("one");
    // A folder in its place is removed by nobody.
    fs::remove_file(&recording).expect("it is there");
    fs::create_dir(&recording).expect("it is free");
    let deletion = delete(&agent, NUMBER);
    let left: Vec<StillThere> = deletion.left.iter().map(|left| left.because).collect();
    assert_eq!(left, [StillThere::Failed]);
    fs::remove_dir(&recording).expect("it is ours");
    let again = delete(&agent, NUMBER);
    assert!(again.is_whole() && again.calls.len() == 1, "{again:?}");

    // Without a proof nothing goes.
    let agent = one_call(agent, NUMBER);
    fs::remove_file(state.join("deletions.jsonl")).expect("it is there");
    fs::create_dir(state.join("deletions.jsonl")).expect("it is free");
    let asked = json!({ "number": NUMBER, "by": "Lina", "reason": "asked" });
    let (status, problem) = agent.ask(Method::POST, "/deletions", &asked);
    assert_eq!((status, &problem["code"]), (503, &json!("not-deleted")));
    let left = files(&state.join("recordings"));
    assert_eq!(left.iter().filter(is_wav).count(), 1, "{left:?}");
}
