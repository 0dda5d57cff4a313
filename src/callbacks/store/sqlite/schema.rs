use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, params};

use super::row::{self, Row};
use crate::callbacks::{Callback, Rules};

/// Goes up with every change of [`TABLES`]; a later one is refused.
pub(super) const VERSION: u32 = 6;

/// From this one on it stands in the head of the file, too.
pub(super) const FIRST_IN_HEAD: u32 = 4;

/// From these on the rows of a promise lie as they do now but for their place; those of the other tables as they do now;
/// and all rows as they do now: only tables were added.
const ONLY_WITHOUT_PLACE: u32 = 3;
const OTHERS_AS_NOW: u32 = 4;
const ROWS_AS_NOW: u32 = 5;

/// `body` is the row; the columns beside it are what it is found by. SQLite keeps no checksum a page (D30), so each row
/// has its own. By the number of its columns [`super::salvage`] knows which table's it is.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS callback (
    id TEXT PRIMARY KEY, whose TEXT NOT NULL, origin TEXT, reason TEXT NOT NULL, state TEXT NOT NULL,
    settled INTEGER NOT NULL, kind INTEGER NOT NULL, next_ms INTEGER NOT NULL, own_ms INTEGER, seat TEXT,
    lapses_ms INTEGER, warns_ms INTEGER, desk TEXT, changed_ms INTEGER NOT NULL, place_ms INTEGER, body TEXT NOT NULL,
    checksum INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS callback_settled ON callback (settled, id);
CREATE INDEX IF NOT EXISTS callback_whose ON callback (whose) WHERE settled = 0;
CREATE INDEX IF NOT EXISTS callback_of_caller ON callback (whose, changed_ms);
CREATE INDEX IF NOT EXISTS callback_due ON callback (place_ms IS NULL, place_ms, kind DESC, next_ms, id) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS callback_line ON callback (place_ms) WHERE state = 'open' AND place_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS callback_next ON callback (next_ms) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS callback_own ON callback (own_ms) WHERE state = 'open' AND own_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS callback_lapses ON callback (lapses_ms) WHERE lapses_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS callback_warns ON callback (warns_ms) WHERE warns_ms IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS callback_origin ON callback (origin, reason) WHERE origin IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS callback_in_flight ON callback (whose) WHERE state = 'attempting';
CREATE TABLE IF NOT EXISTS attempt (
    callback TEXT NOT NULL, number INTEGER NOT NULL, sip_call_id TEXT NOT NULL UNIQUE,
    outcome TEXT, body TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (callback, number)) STRICT;
CREATE TABLE IF NOT EXISTS wish (
    callback TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (callback, number)) STRICT;
CREATE TABLE IF NOT EXISTS live_call (id TEXT PRIMARY KEY, body TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS set_aside (
    at_ms INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
";

/// Lays the tables where there are none.
pub(super) fn lay(db: &Connection) -> rusqlite::Result<()> {
    let version = format!("INSERT INTO meta VALUES ('schema_version', {VERSION});");
    let version = format!("{version} PRAGMA user_version = {VERSION};");
    db.execute_batch(&format!("BEGIN; {TABLES} {version} COMMIT;"))
}

/// In a database of its own: what ours must have.
pub(super) fn model() -> rusqlite::Result<Connection> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(TABLES)?;
    Ok(model)
}

/// What the checksum of an earlier version's row went over, in that order; the body is the last.
fn columns_of(version: u32) -> &'static str {
    match version {
        1 => "id, number, state, next_ms, settled, body",
        _ => {
            "id, whose, origin, reason, state, settled, kind, next_ms, lapses_ms, warns_ms, desk, changed_ms, body"
        }
    }
}

/// Brings the tables of an earlier version to ours, all at once; the rows that are not whole are set aside.
pub(super) fn migrate(db: &mut Connection, from: u32, rules: &Rules) -> rusqlite::Result<()> {
    if from >= VERSION {
        return Ok(());
    }
    let transaction = db.transaction()?;
    if from < ROWS_AS_NOW {
        migrate_rows(&transaction, from, rules)?;
    } else {
        transaction.execute_batch(TABLES)?;
    }
    transaction.execute(
        "UPDATE meta SET value = ?1 WHERE name = 'schema_version'",
        [VERSION],
    )?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn migrate_rows(db: &Transaction<'_>, from: u32, rules: &Rules) -> rusqlite::Result<()> {
    let others: &[Other] = if from < OTHERS_AS_NOW { &OTHERS } else { &[] };
    move_away(db, others)?;
    db.execute_batch(TABLES)?;
    if from < ONLY_WITHOUT_PLACE {
        migrate_callbacks(db, from, rules)?;
    } else {
        add_places(db)?;
    }
    migrate_others(db, others)?;
    for table in tables(others) {
        db.execute_batch(&format!("DROP TABLE earlier_{table};"))?;
    }
    Ok(())
}

/// A table beside that of the promises, and its columns but the checksum.
type Other = (&'static str, &'static str);

const OTHERS: [Other; 2] = [("attempt", row::ATTEMPT), ("live_call", row::LIVE_CALL)];

fn tables(others: &[Other]) -> impl Iterator<Item = &'static str> {
    let others = others.iter().map(|(table, _)| *table);
    ["callback"].into_iter().chain(others)
}

/// An index keeps its name when its table is renamed.
fn move_away(db: &Transaction<'_>, others: &[Other]) -> rusqlite::Result<()> {
    let mut query = db.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'callback' AND sql IS NOT NULL",
    )?;
    let indexes = query.query_map((), |found| found.get::<_, String>(0))?;
    for index in indexes.collect::<rusqlite::Result<Vec<_>>>()? {
        db.execute_batch(&format!("DROP INDEX {index};"))?;
    }
    for table in tables(others) {
        db.execute_batch(&format!("ALTER TABLE {table} RENAME TO earlier_{table};"))?;
    }
    Ok(())
}

fn migrate_callbacks(db: &Transaction<'_>, from: u32, rules: &Rules) -> rusqlite::Result<()> {
    for (is_whole, body) in bodies_of(from, db)? {
        match serde_json::from_str::<Callback>(&body) {
            Ok(callback) if is_whole => {
                let changed = callback.next;
                row::write(db, &Row::of(&callback, rules, changed))?;
            }
            Ok(_) | Err(_) => set_aside(db, "", &body, Timestamp::UNIX_EPOCH)?,
        }
    }
    Ok(())
}

/// Nobody's place was written down: what is promised has its turn as it had. A row that is not whole is not so afterwards
/// either, and is set aside with an alarm as any.
fn add_places(db: &Transaction<'_>) -> rusqlite::Result<()> {
    let copied = row::COLUMNS.replace("place_ms", "NULL");
    let copy = format!("INSERT INTO callback SELECT {copied}, checksum FROM earlier_callback");
    db.execute(&copy, ())?;
    let earlier = row::COLUMNS.replace("place_ms, ", "") + ", checksum";
    for columns in values(db, "callback", &earlier)? {
        if let Ok(row) = Row::whole(columns) {
            row::write(db, &row)?;
        }
    }
    Ok(())
}

/// Attempts and live calls had no checksum.
fn migrate_others(db: &Transaction<'_>, others: &[Other]) -> rusqlite::Result<()> {
    for (table, columns) in others {
        for row in values(db, table, columns)? {
            row::put(db, table, row)?;
        }
    }
    Ok(())
}

/// These columns of each row of an earlier table.
fn values(db: &Transaction<'_>, table: &str, columns: &str) -> rusqlite::Result<Vec<Vec<Value>>> {
    let mut query = db.prepare(&format!("SELECT * FROM earlier_{table}"))?;
    let of_row = |found: &rusqlite::Row<'_>| {
        let columns = columns.split(", ").map(|name| row::value(found, name));
        columns.collect()
    };
    let rows = query.query_map((), of_row)?;
    rows.collect()
}

/// Whether each row is as it was written, and the row.
fn bodies_of(version: u32, db: &Transaction<'_>) -> rusqlite::Result<Vec<(bool, String)>> {
    let mut query = db.prepare("SELECT * FROM earlier_callback ORDER BY id")?;
    let rows = query.query_map((), |found| {
        let is_whole = row::is_whole(found, columns_of(version))?;
        Ok((is_whole, row::text(found, "body")?))
    })?;
    rows.collect()
}

/// Keeps what is left of a row for whoever wants to look.
pub(super) fn set_aside(
    db: &Transaction<'_>,
    id: &str,
    body: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let row = params![at.as_millisecond(), id, body];
    db.execute(
        "INSERT INTO set_aside (at_ms, id, body) VALUES (?1, ?2, ?3)",
        row,
    )
    .map(drop)
}
