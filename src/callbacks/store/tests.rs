use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::*;
use crate::callbacks::rules::samples::promise;
use crate::callbacks::{
    CancelledBecause, Claim, Claimer, Kind, LiveCall, LiveCalls, Outcome, SipCause, State, Wish,
};
use crate::words::{CallId, Country, DeskId, Language, PhoneNumber, Pii};

mod damage;
mod power_cut;
mod versions;

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

fn rules() -> Rules {
    Rules::standard(Country::Cn, TimeZone::UTC)
}

/// Each for a caller of his own.
fn callback(n: u64) -> Callback {
    let id = CallbackId::new(n, [0; 10]);
    let mut promise = promise(Kind::Rep, utc());
    promise.number = Pii::new(PhoneNumber::parse(&format!("1380013{n:04}")).unwrap());
    Callback::new(id, promise)
}

fn restored(rows: &[Callback]) -> Order {
    Order::Restore {
        rows: rows.to_vec(),
        attempts: Vec::new(),
        wishes: Vec::new(),
    }
}

/// Writes rows that are not there yet.
fn keep(store: &mut Sqlite, rows: &[Callback]) -> Result<(), StoreError> {
    store.take(&restored(rows), &rules(), utc()).map(drop)
}

fn claimer(desk: &str) -> Order {
    Order::Claim(Claimer {
        desk: desk.parse().unwrap(),
        seats: BTreeSet::from(["rep1".parse().unwrap()]),
        live: None,
        until: utc() + SignedDuration::from_secs(30),
    })
}

fn ended(claim: Claim, outcome: Outcome) -> Order {
    Order::End {
        claim,
        outcome,
        cause: None,
        live: None,
    }
}

/// Answered, and lapsed: it keeps nobody from being dialled.
fn answered(call: LiveCall) -> Order {
    Order::Live(LiveCalls {
        desk: "desk".parse().unwrap(),
        calls: vec![call],
        until: utc(),
    })
}

fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &rules(), utc()).unwrap().0
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
    keep(&mut store, &[callback(1), callback(2)]).unwrap();
    let turn = store.take(&claimer("desk"), &rules(), utc()).unwrap();
    let [row] = &turn.rows[..] else {
        panic!("{turn:?}")
    };
    snapshot(&path, &after);

    let (mut store, opened) = Sqlite::open(&after, &rules(), utc()).unwrap();
    assert_eq!(opened, Opened::Existing);
    assert_eq!(store.callbacks().unwrap(), [row.clone(), callback(2)]);
    let claim = row.claim().unwrap();
    let outcome = Outcome::Busy;
    store.take(&ended(claim, outcome), &rules(), utc()).unwrap();
    let ended = row.attempt().cloned().unwrap().ended(Outcome::Busy, utc());
    assert_eq!(store.attempts(row.id).unwrap(), [ended]);
}

#[test]
fn a_snapshot_is_its_owners_alone_and_one_that_broke_off_is_written_over() {
    let folder = Folder::new("snapshot");
    let (path, into) = (folder.file("desk.sqlite"), folder.file("before.sqlite"));
    let mut store = open(&path);
    keep(&mut store, &[callback(1)]).unwrap();
    let locked = Sqlite::snapshot(&path, &into).unwrap_err();
    assert!(matches!(locked, OpenError::Locked(_)), "{locked:?}");
    drop(store);
    fs::write(&into, "the half of a book").unwrap();
    Sqlite::snapshot(&path, &into).unwrap();
    assert!(!crate::files::others_may_use(&fs::metadata(&into).unwrap()));
    assert_eq!(open(&into).callbacks().unwrap(), [callback(1)]);
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
        State::Attempting {
            attempt,
            lease: None,
            then: Some(Box::new(State::Done)),
        },
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
    keep(&mut open(&path), &rows).unwrap();
    assert_eq!(open(&path).callbacks().unwrap(), rows);
}

#[test]
fn a_call_that_died_with_us_is_found_and_one_that_ended_is_not() {
    let folder = Folder::new("live");
    let (path, after) = (folder.file("desk.sqlite"), folder.file("after.sqlite"));
    let mut store = open(&path);
    let live = |n| LiveCall {
        call: CallId::new(n, [0; 10]),
        number: Some(callback(1).promise.number),
        answered: Some(utc()),
        began: None,
        seat: None,
        language: Language::ZhCn,
    };
    let call = live(1).call;
    for order in [
        answered(live(1)),
        answered(live(2)),
        Order::CallOver { call },
    ] {
        store.take(&order, &rules(), utc()).unwrap();
    }
    snapshot(&path, &after);
    let desk = DeskId::alone();
    let turn = open(&after).take(&Order::Restart { desk }, &rules(), utc());
    assert_eq!(turn.unwrap().died, [live(2)]);
}

#[test]
fn a_damaged_row_is_set_aside_and_the_others_are_kept() {
    let folder = Folder::new("row");
    let path = folder.file("desk.sqlite");
    keep(&mut open(&path), &[callback(1), callback(2)]).unwrap();
    let db = Connection::open(&path).unwrap();
    let flipped = "UPDATE callback SET whose = '13800138001' WHERE id = ?1";
    db.execute(flipped, [callback(1).id.to_string()]).unwrap();
    drop(db);
    let mut store = open(&path);
    let found = store.found(utc()).unwrap();
    assert_eq!(found.set_aside, [callback(1).id.to_string()]);
    assert_eq!(store.callbacks().unwrap(), [callback(2)]);
    assert!(store.found(utc()).unwrap().set_aside.is_empty());
}

#[test]
fn a_file_without_a_whole_row_is_moved_aside_and_a_fresh_one_begun() {
    let folder = Folder::new("file");
    let path = folder.file("desk.sqlite");
    let rows: Vec<Callback> = (0..200).map(callback).collect();
    keep(&mut open(&path), &rows).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4_096).skip(1) {
        page[..512].fill(0xa5);
    }
    fs::write(&path, bytes).unwrap();
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    let aside = folder.file("desk.sqlite.damaged-20260504T040000Z");
    assert_eq!(opened, Opened::MovedAside(aside.clone()));
    assert!(aside.exists());
    assert!(store.callbacks().unwrap().is_empty());
    keep(&mut store, &[callback(1)]).unwrap();
}

#[test]
fn what_is_no_database_is_moved_aside_too() {
    let folder = Folder::new("none");
    let path = folder.file("desk.sqlite");
    fs::write(&path, "not a database ".repeat(1_000)).unwrap();
    let (_, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    assert!(matches!(opened, Opened::MovedAside(_)));
}

#[test]
fn a_journal_with_a_damaged_head_is_moved_aside_and_read_all_the_same() {
    let folder = Folder::new("journal");
    let (living, path) = (folder.file("living.sqlite"), folder.file("desk.sqlite"));
    let mut store = open(&living);
    keep(&mut store, &[callback(1)]).unwrap();
    snapshot(&living, &path);
    change_byte(&folder.file("desk.sqlite-wal"), |_| 16);
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    let aside = folder.file("desk.sqlite.damaged-20260504T040000Z");
    assert_eq!(opened, Opened::MovedAside(aside));
    assert!(
        folder
            .file("desk.sqlite.damaged-20260504T040000Z-wal")
            .exists()
    );
    assert_eq!(store.callbacks().unwrap(), [callback(1)]);
    keep(&mut store, &[callback(2)]).unwrap();
}

/// Three commits, a power cut, then `attack` on the files; what is there afterwards.
fn attacked(folder: &Folder, attack: impl FnOnce(&Path, &Path)) -> (Sqlite, PathBuf) {
    let (living, path) = (folder.file("living.sqlite"), folder.file("desk.sqlite"));
    let mut store = open(&living);
    for n in 1..=3 {
        keep(&mut store, &[callback(n)]).unwrap();
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
    let mut store = attacked(&folder, |_, _| {}).0;
    let lost = store.found(utc()).unwrap().lost;
    assert_eq!((lost, store.callbacks().unwrap().len()), (0, 3));
}

#[test]
fn a_journal_damaged_in_the_middle_is_noticed_and_kept() {
    let folder = Folder::new("middle");
    let (mut store, path) = attacked(&folder, |_, journal| {
        change_byte(journal, |length| length / 2);
    });
    let salvaged = store.found(utc()).unwrap().salvaged.unwrap();
    assert!(salvaged.taken_over >= 2, "{salvaged:?}");
    let kept = folder.file("desk.sqlite.damaged-20260504T040000Z-wal");
    assert!(kept.exists());
    // Told once: then it is as it is.
    drop(store);
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    let found = store.found(utc()).unwrap();
    assert_eq!((opened, found.lost), (Opened::Existing, 0));
    keep(&mut store, &[callback(4)]).unwrap();
    drop(store);
    assert_eq!(open(&path).found(utc()).unwrap().lost, 0);
}

#[test]
fn a_journal_cut_short_and_one_removed_are_noticed() {
    let folder = Folder::new("last");
    let mut store = attacked(&folder, |_, journal| {
        let file = fs::OpenOptions::new().write(true).open(journal).unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    })
    .0;
    assert_eq!(store.found(utc()).unwrap().lost, 1);
    let folder = Folder::new("no-journal");
    let mut store = attacked(&folder, |_, journal| fs::remove_file(journal).unwrap()).0;
    assert_eq!(store.found(utc()).unwrap().lost, 3);
}

#[test]
fn a_salvage_that_was_cut_off_is_done_again_or_finished() {
    let folder = Folder::new("cut-off");
    let path = folder.file("desk.sqlite");
    let rows = [callback(1), callback(2)];
    // Before the new one was whole.
    keep(&mut open(&path), &rows).unwrap();
    change_byte(&path, |_| 18);
    fs::write(folder.file("desk.sqlite.salvaging"), "half").unwrap();
    assert_eq!(open(&path).callbacks().unwrap(), rows);
    // After that, and before it took its place.
    fs::rename(&path, folder.file("desk.sqlite.salvaged")).unwrap();
    fs::write(&path, "no database").unwrap();
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    let aside = folder.file("desk.sqlite.damaged-20260504T040000Z-2");
    assert_eq!(opened, Opened::MovedAside(aside));
    assert_eq!(store.callbacks().unwrap(), rows);
}

#[test]
fn an_attempt_that_is_not_as_it_was_written_is_none() {
    let folder = Folder::new("attempt");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    keep(&mut store, &[callback(1)]).unwrap();
    store.take(&claimer("desk"), &rules(), utc()).unwrap();
    drop(store);
    let db = Connection::open(&path).unwrap();
    let flipped = "UPDATE attempt SET body = replace(body, 'rep1', 'rep2')";
    db.execute(flipped, ()).unwrap();
    drop(db);
    assert!(open(&path).attempts(callback(1).id).unwrap().is_empty());
}

#[test]
fn a_database_that_is_gone_at_the_start_is_noticed() {
    let folder = Folder::new("gone");
    let path = folder.file("desk.sqlite");
    keep(&mut open(&path), &[callback(1)]).unwrap();
    fs::remove_file(&path).unwrap();
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    assert_eq!(opened, Opened::Fresh);
    assert_eq!(store.found(utc()).unwrap().lost, 1);
}

#[test]
fn a_database_that_was_removed_takes_no_promise() {
    let folder = Folder::new("removed");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    keep(&mut store, &[callback(1)]).unwrap();
    fs::rename(&path, folder.file("elsewhere.sqlite")).unwrap();
    let lost = keep(&mut store, &[callback(2)]).unwrap_err();
    assert!(matches!(lost, StoreError::Moved), "{lost}");
    fs::rename(folder.file("elsewhere.sqlite"), &path).unwrap();
    keep(&mut store, &[callback(2)]).unwrap();
}

#[test]
fn a_full_disk_is_told_apart_and_the_rows_before_it_stay() {
    let folder = Folder::new("full");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    keep(&mut store, &[callback(0)]).unwrap();
    store.limit_pages(20);
    let full = (1..1_000).find_map(|n| keep(&mut store, &[callback(n)]).err());
    assert!(matches!(full, Some(StoreError::Full)), "{full:?}");
    store.limit_pages(1_000_000);
    keep(&mut store, &[callback(2_000)]).unwrap();
    let callbacks = store.callbacks().unwrap();
    assert_eq!(callbacks.first(), Some(&callback(0)));
    assert_eq!(callbacks.last(), Some(&callback(2_000)));
}

/// Nobody's promise fails for another's.
#[test]
fn of_orders_taken_together_on_a_full_disk_those_that_fit_are_kept() {
    let folder = Folder::new("full-together");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    store.limit_pages(24);
    let order = |n| (restored(&[callback(n)]), utc());
    let orders: Vec<_> = (0..200).map(order).collect();
    let kept: Vec<_> = store.take_all(&orders, &rules());
    let fit = kept.iter().filter(|turn| turn.is_ok()).count();
    assert!((1..200).contains(&fit), "{fit}");
    assert!(matches!(kept.last(), Some(Err(StoreError::Full))));
    drop(store);
    let ids = |rows: &[Callback]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let noted: Vec<_> = (0..)
        .map(callback)
        .zip(&kept)
        .filter(|(_, turn)| turn.is_ok())
        .map(|(row, _)| row)
        .collect();
    assert_eq!(ids(&open(&path).callbacks().unwrap()), ids(&noted));
}

#[test]
fn a_second_agent_and_a_wrong_path_are_refused_with_a_remedy() {
    let folder = Folder::new("refused");
    let path = folder.file("desk.sqlite");
    let _first = open(&path);
    let locked = Sqlite::open(&path, &rules(), utc()).unwrap_err();
    assert!(matches!(locked, OpenError::Locked(_)), "{locked}");
    for missing in ["no/such/folder/desk.sqlite", "desk.sqlite/in-a-file.sqlite"] {
        let refused = Sqlite::open(&folder.file(missing), &rules(), utc()).unwrap_err();
        assert!(matches!(refused, OpenError::NoFolder(..)), "{refused}");
    }
    let refused = Sqlite::open(&folder.0, &rules(), utc()).unwrap_err();
    assert!(matches!(refused, OpenError::NoFile(..)), "{refused}");
}

#[test]
fn tables_that_are_not_ours_are_refused_and_left_as_they_are() {
    let folder = Folder::new("foreign");
    for (name, change) in [
        ("another", "DROP TABLE meta"),
        (
            "changed",
            "DROP INDEX callback_of_caller; ALTER TABLE callback DROP COLUMN changed_ms",
        ),
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
        let refused = Sqlite::open(&path, &rules(), utc()).unwrap_err();
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
        let (_, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
        assert!(matches!(opened, Opened::MovedAside(_)), "{at}: {opened:?}");
    }
}

#[test]
fn a_clients_key_is_known_again_after_a_restart() {
    let folder = Folder::new("key");
    let path = folder.file("desk.sqlite");
    let mut promise = callback(1).promise;
    promise.key = Some("8e03".to_owned());
    let note = |n| {
        let id = callback(n).id;
        let promise = promise.clone();
        let order = Order::Note { id, promise };
        open(&path).take(&order, &rules(), utc()).unwrap()
    };
    note(1);
    let again = note(2);
    let ids: Vec<_> = again.rows.iter().map(|row| row.id).collect();
    assert_eq!(ids, [callback(1).id]);
    assert_eq!(open(&path).callbacks().unwrap().len(), 1);
}

fn wish_done(store: &mut Sqlite, id: CallbackId) {
    let (wish, by) = (Wish::Done, "Lina".to_owned());
    let order = Order::Wish { id, wish, by };
    store.take(&order, &rules(), utc()).unwrap();
}

#[test]
fn a_wish_that_is_not_as_it_was_written_is_none() {
    let folder = Folder::new("wish");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    keep(&mut store, &[callback(1), callback(2)]).unwrap();
    wish_done(&mut store, callback(1).id);
    wish_done(&mut store, callback(2).id);
    drop(store);
    let db = Connection::open(&path).unwrap();
    let flipped = "UPDATE wish SET body = replace(body, 'Lina', 'Lena') WHERE callback = ?1";
    db.execute(flipped, [callback(1).id.to_string()]).unwrap();
    drop(db);
    let mut store = open(&path);
    assert!(store.wishes(callback(1).id).unwrap().is_empty());
    assert_eq!(store.wishes(callback(2).id).unwrap()[0].by, "Lina");
}

#[test]
fn what_was_wished_is_saved_from_a_damaged_file() {
    let folder = Folder::new("wish-damaged");
    let path = folder.file("desk.sqlite");
    let mut store = open(&path);
    keep(&mut store, &[callback(1)]).unwrap();
    wish_done(&mut store, callback(1).id);
    let wished = store.wishes(callback(1).id).unwrap();
    drop(store);
    change_byte(&path, |_| 18);
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    assert!(matches!(opened, Opened::MovedAside(_)));
    assert_eq!(store.wishes(callback(1).id).unwrap(), wished);
    assert_eq!(wished.len(), 1);
}

#[test]
fn a_look_that_was_killed_midway_is_in_nobodys_way() {
    let folder = Folder::new("look");
    let (path, trial) = (folder.file("desk.sqlite"), folder.file("desk.sqlite-check"));
    fs::write(&trial, "").unwrap();
    Sqlite::look(&path).unwrap();
    assert!(!trial.exists() && !path.exists());
}
