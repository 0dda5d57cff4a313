//! Settings, folders, secrets, promises, phrases.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Patient;
use crate::peers::scratch::wav;

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn settings_with_a_fault_are_told_and_the_other_checks_go_on() {
    let patient = Patient::with("sip.calls_max = 0\n");
    let told = patient.examined("settings,folders");
    told.is("fault", "settings.faults");
    told.is("ok", "folders.fine");
    let patient = Patient::with("");
    patient.examined("settings").is("ok", "settings.right");
}

#[test]
fn a_state_folder_that_others_may_look_into_is_mended() {
    let patient = Patient::with("");
    patient.lets_in(&patient.state(), 0o755);
    patient.examined("folders").is("warning", "folders.open");
    assert_eq!(mode(&patient.state()), 0o755, "nothing is changed unasked");
    let told = patient.mended("folders");
    let done = told.is("ok", "mended.private");
    assert!(done.contains("state"), "{done}");
    assert_eq!(mode(&patient.state()), 0o700);
}

#[test]
fn a_state_folder_without_rights_is_a_fault_and_mended() {
    let patient = Patient::with("");
    patient.lets_in(&patient.state(), 0o500);
    patient.examined("folders").is("fault", "folders.read-only");
    patient.mended("folders").is("ok", "mended.private");
    patient.examined("folders").is("ok", "folders.fine");
}

#[test]
fn a_missing_folder_is_made_where_it_can_be() {
    let patient = Patient::with("");
    fs::remove_dir(patient.state()).expect("it is empty");
    patient.examined("folders").is("ok", "folders.to-come");
    assert!(!patient.state().exists());
    patient.mended("folders").is("ok", "mended.folder");
    assert_eq!(mode(&patient.state()), 0o700);
}

#[test]
fn a_file_in_the_place_of_a_folder_is_a_fault() {
    let patient = Patient::with("");
    fs::remove_dir(patient.state()).expect("it is empty");
    patient.scratch.write("state", "no folder");
    patient.examined("folders").is("fault", "folders.no-folder");
}

#[test]
fn a_token_that_others_may_read_is_mended() {
    let patient = Patient::with("");
    let token = patient
        .scratch
        .write("state/token", "s3cret-s3cret-s3cret\n");
    patient.lets_in(&token, 0o644);
    patient.examined("secrets").is("warning", "secrets.open");
    patient.mended("secrets").is("ok", "mended.private");
    assert_eq!(mode(&token), 0o600);
    patient.examined("secrets").is("ok", "secrets.fine");
}

#[test]
fn a_password_that_is_not_there_is_a_fault() {
    let patient = Patient::with(
        "[[seat]]\nid = \"rep1\"\nkind = \"phone\"\nusername = \"rep1\"\npassword = { file = \"no.txt\" }\n",
    );
    let cause = patient
        .examined("secrets")
        .is("fault", "secrets.unreadable");
    assert!(cause.contains("no.txt"), "{cause}");
    Patient::with("")
        .examined("secrets")
        .is("skipped", "secrets.none");
}

#[test]
fn promises_that_are_damaged_are_found_and_left_as_they_are() {
    let patient = Patient::with("");
    let told = patient.examined("store,other-agent");
    told.is("ok", "store.to-come");
    told.is("ok", "other-agent.nobody");
    let rubbish = "no database at all, and long enough for its head: ".repeat(40);
    let file = patient.scratch.write("state/promises.sqlite", &rubbish);
    patient.examined("store").is("fault", "store.damaged");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), rubbish);
    assert_eq!(fs::read_dir(patient.state()).expect("a folder").count(), 1);
}

#[test]
fn promises_of_a_later_version_are_a_fault() {
    let patient = Patient::with("");
    let file = patient.path("state/promises.sqlite");
    let db = rusqlite::Connection::open(file).expect("the folder is ours");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER);
         INSERT INTO meta VALUES ('schema_version', 4000); PRAGMA user_version = 4000;",
    )
    .expect("a database");
    drop(db);
    let cause = patient.examined("store").is("fault", "store.in-the-way");
    assert!(cause.contains("4000"), "{cause}");
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_that_is_gone_is_a_fault_and_one_that_answers_tells_its_version() {
    use crate::promises::server::Server;

    let settings = "[store]\nkind = \"postgres\"\nurl = { env = \"THIRDRING_DOCTORS_STORE\" }\n";
    let patient = |url: String| Patient::with(settings).env("THIRDRING_DOCTORS_STORE", url);
    let nobody = patient("postgresql://rep:sesame@127.0.0.1:9/promises".to_owned());
    let told = nobody.examined("server");
    let cause = told.is("fault", "server.unreached");
    assert!(!format!("{told:?}").contains("sesame"), "{cause}");
    Patient::with("")
        .examined("server")
        .is("skipped", "server.none");
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("doctor");
    let there = patient(database.url().reveal().clone());
    there.examined("server").is("ok", "server.reached");
}

#[test]
fn a_phrase_without_sound_and_one_that_is_no_sound_are_faults() {
    let patient = Patient::with("prompts = \"prompts\"\n");
    let phrases = include_str!("../../config/prompts/phrases.toml");
    fs::create_dir_all(patient.path("prompts/en")).expect("the folder is ours");
    patient.scratch.write("prompts/phrases.toml", phrases);
    patient.scratch.write("prompts/en/greeting.wav", "no sound");
    let told = patient.examined("prompts");
    told.is("fault", "prompts.mute");
    let cause = told.is("fault", "prompts.broken");
    assert!(cause.contains("greeting"), "{cause}");
    Patient::with("")
        .examined("prompts")
        .is("ok", "prompts.whole");
}

#[test]
fn a_recording_that_is_too_soft_is_warned_of() {
    let patient = Patient::with("prompts = \"prompts\"\n");
    let phrases = include_str!("../../config/prompts/phrases.toml");
    fs::create_dir_all(patient.path("prompts/en")).expect("the folder is ours");
    patient.scratch.write("prompts/phrases.toml", phrases);
    // Words of -56 dBov: two seconds, with a pause.
    let said = |n: usize| {
        if n % 8_000 < 6_000 {
            (n as f32 * 0.4).sin() * 75.0
        } else {
            0.0
        }
    };
    let samples: Vec<i16> = (0..16_000).map(|n| said(n) as i16).collect();
    patient
        .scratch
        .write("prompts/en/greeting.wav", wav(&samples));
    let cause = patient
        .examined("prompt-level")
        .is("warning", "prompt-level.soft");
    assert!(cause.contains("en/greeting"), "{cause}");
    Patient::with("")
        .examined("prompt-level")
        .is("skipped", "prompt-level.shipped");
}
