use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use super::*;
use crate::callbacks::rules::samples::promise;
use crate::callbacks::{
    Attempt, Callback, CallbackId, CancelledBecause, Kind, LiveCall, Outcome, State,
};
use crate::words::{CallId, Language};

/// A folder of its own for one test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("thirdring-store-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn utc() -> Timestamp {
    "2026-05-04T04:00:00Z".parse().unwrap()
}

fn callback(n: u64) -> Callback {
    let id = CallbackId::new(n, [0; 10]);
    Callback::new(id, promise(Kind::Rep, utc()))
}

fn open(path: &Path) -> Store {
    Store::open(path, utc()).unwrap().0
}

/// What a power cut leaves: the files as they are while the store is open.
fn snapshot(from: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        fs::copy(with(from), with(to)).unwrap();
    }
}

#[test]
fn what_was_committed_survives_a_kill_with_its_attempts() {
    let folder = Folder::new("kill");
    let (path, after) = (folder.file("desk.sqlite"), folder.file("after.sqlite"));
    let mut store = open(&path);
    let mut row = callback(1);
    store.commit(&[row.clone(), callback(2)], None).unwrap();
    let attempt = Attempt::new(row.id, 1, "rep1".parse().unwrap(), utc());
    row.attempts = 1;
    row.state = State::Attempting {
        attempt: attempt.clone(),
    };
    let begun = (row.id, attempt);
    store.commit(&[row.clone()], Some(&begun)).unwrap();
    snapshot(&path, &after);

    let (mut store, opened) = Store::open(&after, utc()).unwrap();
    assert_eq!(opened, Opened::Existing);
    let found = store.found(utc()).unwrap();
    assert_eq!(found.callbacks, [row.clone(), callback(2)]);
    let ended = begun.1.clone().ended(Outcome::Busy, utc());
    store.commit(&[], Some(&(row.id, ended.clone()))).unwrap();
    assert_eq!(store.attempts(row.id).unwrap(), [ended]);
}

#[test]
fn every_state_is_read_back_as_it_was_written() {
    let folder = Folder::new("states");
    let path = folder.file("desk.sqlite");
    let attempt = Attempt::new(callback(0).id, 1, "rep1".parse().unwrap(), utc());
    let ended = attempt.clone().ended(Outcome::Unknown, utc());
    let reason = "asked".to_owned();
    let states = [
        State::Open,
        State::Attempting { attempt },
        State::Uncertain { attempt: ended },
        State::Done,
        State::GivenUp { why: Outcome::Busy },
        State::Cancelled {
            why: CancelledBecause::Asked { reason },
        },
        State::Cancelled {
            why: CancelledBecause::Merged {
                into: callback(1).id,
            },
        },
    ];
    let rows: Vec<Callback> = (0..)
        .zip(states)
        .map(|(n, state)| Callback {
            state,
            ..callback(n)
        })
        .collect();
    open(&path).commit(&rows, None).unwrap();
    assert_eq!(open(&path).found(utc()).unwrap().callbacks, rows);
}

#[test]
fn a_call_that_died_with_us_is_found_and_one_that_ended_is_not() {
    let folder = Folder::new("live");
    let (path, after) = (folder.file("desk.sqlite"), folder.file("after.sqlite"));
    let mut store = open(&path);
    let live = |n| LiveCall {
        call: CallId::new(n, [0; 10]),
        number: Some(callback(1).promise.number),
        answered: utc(),
        seat: None,
        language: Language::ZhCn,
    };
    store.call_answered(&live(1)).unwrap();
    store.call_answered(&live(2)).unwrap();
    store.call_ended(live(1).call).unwrap();
    snapshot(&path, &after);
    let found = open(&after).found(utc()).unwrap();
    assert_eq!(found.calls, [live(2)]);
}

#[test]
fn a_damaged_row_is_set_aside_and_the_others_are_kept() {
    let folder = Folder::new("row");
    let path = folder.file("desk.sqlite");
    open(&path)
        .commit(&[callback(1), callback(2)], None)
        .unwrap();
    let db = Connection::open(&path).unwrap();
    let flipped = "UPDATE callback SET number = '13800138001' WHERE id = ?1";
    db.execute(flipped, [callback(1).id.to_string()]).unwrap();
    drop(db);
    let mut store = open(&path);
    let found = store.found(utc()).unwrap();
    assert_eq!(found.set_aside, [callback(1).id.to_string()]);
    assert_eq!(found.callbacks, [callback(2)]);
    assert!(store.found(utc()).unwrap().set_aside.is_empty());
}

#[test]
fn a_damaged_file_is_moved_aside_and_a_fresh_one_begun() {
    let folder = Folder::new("file");
    let path = folder.file("desk.sqlite");
    let rows: Vec<Callback> = (0..200).map(callback).collect();
    open(&path).commit(&rows, None).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4_096).skip(1) {
        page[..512].fill(0xa5);
    }
    fs::write(&path, bytes).unwrap();
    let (mut store, opened) = Store::open(&path, utc()).unwrap();
    let aside = folder.file("desk.sqlite.damaged-20260504T040000Z");
    assert_eq!(opened, Opened::MovedAside(aside.clone()));
    assert!(aside.exists());
    assert!(store.found(utc()).unwrap().callbacks.is_empty());
    store.commit(&[callback(1)], None).unwrap();
}

#[test]
fn what_is_no_database_is_moved_aside_too() {
    let folder = Folder::new("none");
    let path = folder.file("desk.sqlite");
    fs::write(&path, "not a database ".repeat(1_000)).unwrap();
    let (_, opened) = Store::open(&path, utc()).unwrap();
    assert!(matches!(opened, Opened::MovedAside(_)));
}

#[test]
fn a_damaged_journal_is_moved_aside_and_told() {
    let folder = Folder::new("journal");
    let (living, path) = (folder.file("living.sqlite"), folder.file("desk.sqlite"));
    let mut store = open(&living);
    store.commit(&[callback(1)], None).unwrap();
    snapshot(&living, &path);
    let journal = folder.file("desk.sqlite-wal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[16] ^= 0xff;
    fs::write(&journal, bytes).unwrap();
    let (mut store, opened) = Store::open(&path, utc()).unwrap();
    let aside = folder.file("desk.sqlite.damaged-20260504T040000Z-wal");
    assert_eq!(opened, Opened::MovedAside(aside.clone()));
    assert!(aside.exists());
    store.commit(&[callback(2)], None).unwrap();
}

/// Three commits, a power cut, then `attack` on the files; what is there afterwards.
fn attacked(folder: &Folder, attack: impl FnOnce(&Path, &Path)) -> (Store, PathBuf) {
    let (living, path) = (folder.file("living.sqlite"), folder.file("desk.sqlite"));
    let mut store = open(&living);
    for n in 1..=3 {
        store.commit(&[callback(n)], None).unwrap();
    }
    snapshot(&living, &path);
    let tally = |path: &Path| PathBuf::from(format!("{}-commits", path.display()));
    fs::copy(tally(&living), tally(&path)).unwrap();
    let journal = folder.file("desk.sqlite-wal");
    attack(&path, &journal);
    (open(&path), path)
}

fn change_byte(file: &Path, at: impl FnOnce(usize) -> usize) {
    let mut bytes = fs::read(file).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 0x40;
    fs::write(file, bytes).unwrap();
}

#[test]
fn nothing_is_missed_after_a_power_cut() {
    let folder = Folder::new("whole");
    let found = attacked(&folder, |_, _| {}).0.found(utc()).unwrap();
    assert_eq!((found.lost, found.callbacks.len()), (0, 3));
}

#[test]
fn a_journal_damaged_in_the_middle_is_noticed_and_kept() {
    let folder = Folder::new("middle");
    let (mut store, path) = attacked(&folder, |_, journal| {
        change_byte(journal, |length| length / 2);
    });
    let found = store.found(utc()).unwrap();
    assert!(found.lost > 0, "{found:?}");
    assert!(
        folder
            .file("desk.sqlite.damaged-20260504T040000Z-wal")
            .exists()
    );
    // Told at every start until something is written: then it is as it is.
    drop(store);
    let mut store = open(&path);
    assert_eq!(store.found(utc()).unwrap().lost, found.lost);
    store.commit(&[callback(4)], None).unwrap();
    drop(store);
    assert_eq!(open(&path).found(utc()).unwrap().lost, 0);
}

#[test]
fn a_lost_last_commit_and_a_removed_journal_are_noticed() {
    let folder = Folder::new("last");
    let mut store = attacked(&folder, |_, journal| {
        change_byte(journal, |length| length - 1)
    })
    .0;
    assert_eq!(store.found(utc()).unwrap().lost, 1);
    let folder = Folder::new("no-journal");
    let mut store = attacked(&folder, |_, journal| fs::remove_file(journal).unwrap()).0;
    assert_eq!(store.found(utc()).unwrap().lost, 3);
}

#[test]
fn a_database_that_is_gone_at_the_start_is_noticed() {
    let folder = Folder::new("gone");
    let path = folder.file("desk.sqlite");
    open(&path).commit(&[callback(1)], None).unwrap();
    fs::remove_file(&path).unwrap();
    let (mut store, opened) = Store::open(&path, utc()).unwrap();
    assert_eq!(opened, Opened::Fresh);
    assert_eq!(store.found(utc()).unwrap().lost, 1);
}

#[test]
fn a_database_that_was_removed_takes_no_promise() {
    let folder = Folder::new("removed");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    store.commit(&[callback(1)], None).unwrap();
    fs::rename(&path, folder.file("elsewhere.sqlite")).unwrap();
    let lost = store.commit(&[callback(2)], None).unwrap_err();
    assert!(matches!(lost, StoreError::Moved), "{lost}");
    fs::rename(folder.file("elsewhere.sqlite"), &path).unwrap();
    store.commit(&[callback(2)], None).unwrap();
}

#[test]
fn a_full_disk_is_told_apart_and_the_rows_before_it_stay() {
    let folder = Folder::new("full");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    store.commit(&[callback(0)], None).unwrap();
    store.limit_pages(20);
    let full = (1..1_000).find_map(|n| store.commit(&[callback(n)], None).err());
    assert!(matches!(full, Some(StoreError::Full)), "{full:?}");
    store.limit_pages(1_000_000);
    store.commit(&[callback(2_000)], None).unwrap();
    let callbacks = store.found(utc()).unwrap().callbacks;
    assert_eq!(callbacks.first(), Some(&callback(0)));
    assert_eq!(callbacks.last(), Some(&callback(2_000)));
}

#[test]
fn a_second_agent_and_a_wrong_path_are_refused_with_a_remedy() {
    let folder = Folder::new("refused");
    let path = folder.file("desk.sqlite");
    let _first = open(&path);
    let locked = Store::open(&path, utc()).unwrap_err();
    assert!(matches!(locked, OpenError::Locked(_)), "{locked}");
    for missing in ["no/such/folder/desk.sqlite", "desk.sqlite/in-a-file.sqlite"] {
        let refused = Store::open(&folder.file(missing), utc()).unwrap_err();
        assert!(matches!(refused, OpenError::NoFolder(..)), "{refused}");
    }
    let refused = Store::open(&folder.0, utc()).unwrap_err();
    assert!(matches!(refused, OpenError::NoFile(..)), "{refused}");
}

#[test]
fn tables_that_are_not_ours_are_refused_and_left_as_they_are() {
    let folder = Folder::new("foreign");
    for (name, change) in [
        ("another", "DROP TABLE meta"),
        ("changed", "ALTER TABLE callback DROP COLUMN number"),
        (
            "lacking",
            "DROP TABLE attempt; CREATE VIEW attempt AS SELECT 1",
        ),
        (
            "unversioned",
            "ALTER TABLE meta RENAME COLUMN value TO worth",
        ),
    ] {
        let path = folder.file(name);
        drop(open(&path));
        let db = Connection::open(&path).unwrap();
        db.execute_batch(change).unwrap();
        drop(db);
        let refused = Store::open(&path, utc()).unwrap_err();
        assert!(
            matches!(refused, OpenError::Foreign(_)),
            "{name}: {refused}"
        );
        assert!(path.exists(), "{name}");
    }
}

#[test]
fn a_wrong_version_in_the_head_of_the_file_is_damage() {
    let folder = Folder::new("head");
    for at in [18, 19] {
        let path = folder.file(&format!("desk-{at}.sqlite"));
        drop(open(&path));
        // Read and write version (sqlite.org/fileformat2.html 1.3).
        change_byte(&path, |_| at);
        let (_, opened) = Store::open(&path, utc()).unwrap();
        assert!(matches!(opened, Opened::MovedAside(_)), "{at}: {opened:?}");
    }
}

#[test]
fn a_later_version_is_refused() {
    let folder = Folder::new("later");
    let path = folder.file("desk.sqlite");
    drop(open(&path));
    let db = Connection::open(&path).unwrap();
    db.execute("UPDATE meta SET value = 99", ()).unwrap();
    drop(db);
    let refused = Store::open(&path, utc()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }));
}
