//! Tables as other versions laid them.

use super::*;

#[test]
fn a_later_version_is_refused() {
    let folder = Folder::new("later");
    let path = folder.file("desk.sqlite");
    drop(open(&path));
    let db = Connection::open(&path).unwrap();
    db.execute_batch("UPDATE meta SET value = 99; PRAGMA user_version = 99;")
        .unwrap();
    drop(db);
    let refused = Sqlite::open(&path, &rules(), utc()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }));
}

/// As earlier versions laid it: two rows as they were, and one that is damaged.
#[test]
fn rows_of_earlier_versions_are_taken_over_and_damaged_ones_set_aside() {
    for (version, dump) in [
        ("first", include_str!("../first_version.sql")),
        ("second", include_str!("../second_version.sql")),
    ] {
        let folder = Folder::new(version);
        let path = folder.file("desk.sqlite");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(dump).unwrap();
        drop(db);
        let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
        assert_eq!(opened, Opened::Existing);
        let rows = store.callbacks().unwrap();
        let kept: Vec<(&str, bool)> = rows
            .iter()
            .map(|row| (row.promise.number.reveal().as_str(), row.is_open()))
            .collect();
        let whole = [("13800138000", true), ("13800138002", false)];
        assert_eq!(kept, whole, "{version}");
        drop(store);
        assert_eq!(open(&path).callbacks().unwrap(), rows);
    }
}

/// The fourth version as it lay on a disk.
fn fourth_version(path: &Path) {
    let db = Connection::open(path).unwrap();
    db.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))
        .unwrap();
    db.execute_batch(include_str!("../fourth_version.sql"))
        .unwrap();
}

/// All of it but the row that is damaged, which an alarm tells of.
fn is_taken_over(store: &mut Sqlite) {
    let rows = store.callbacks().unwrap();
    let kept: Vec<_> = rows
        .iter()
        .map(|row| (row.promise.number.reveal().as_str(), row.promise.place))
        .collect();
    assert_eq!(kept, [("13800138000", None), ("13800138002", None)]);
    assert_eq!(store.attempts(rows[1].id).unwrap().len(), 1);
}

#[test]
fn the_fourth_version_is_taken_over_without_places() {
    let folder = Folder::new("fourth");
    let path = folder.file("desk.sqlite");
    fourth_version(&path);
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    assert_eq!(opened, Opened::Existing);
    let found = store.found(utc()).unwrap();
    let calls = store.live_calls();
    assert_eq!((calls.len(), found.set_aside.len()), (1, 1));
    is_taken_over(&mut store);
    // The new version's own rows lie beside them.
    let mut waiting = callback(1);
    waiting.promise.place = Some(utc());
    keep(&mut store, &[waiting.clone()]).unwrap();
    drop(store);
    let mut store = open(&path);
    assert_eq!(store.callback(waiting.id).unwrap(), Some(waiting));
    assert!(store.found(utc()).unwrap().set_aside.is_empty());
}

#[test]
fn a_damaged_file_of_the_fourth_version_is_salvaged() {
    let folder = Folder::new("fourth-damaged");
    let path = folder.file("desk.sqlite");
    fourth_version(&path);
    change_byte(&path, |_| 18);
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    assert!(matches!(opened, Opened::MovedAside(_)));
    let found = store.found(utc()).unwrap();
    let salvaged = found.salvaged.unwrap();
    assert_eq!((salvaged.taken_over, salvaged.lost), (2, 1));
    assert_eq!(store.live_calls().len(), 1);
    is_taken_over(&mut store);
}

/// The tables as the fifth version laid them; the rows lie as they do now.
#[test]
fn the_fifth_version_is_given_a_place_for_wishes_and_keeps_its_rows() {
    let folder = Folder::new("fifth");
    let path = folder.file("desk.sqlite");
    let mut waiting = callback(1);
    waiting.promise.place = Some(utc());
    keep(&mut open(&path), &[waiting.clone()]).unwrap();
    let db = Connection::open(&path).unwrap();
    let earlier = "UPDATE meta SET value = 5 WHERE name = 'schema_version'; PRAGMA user_version = 5; DROP TABLE wish;";
    db.execute_batch(earlier).unwrap();
    drop(db);
    let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
    assert_eq!(opened, Opened::Existing);
    assert_eq!(store.callbacks().unwrap(), [waiting.clone()]);
    wish_done(&mut store, waiting.id);
    assert_eq!(store.wishes(waiting.id).unwrap().len(), 1);
}
