use rusqlite::{Connection, Transaction};

use super::row::{self, Row};
use crate::callbacks::{Callback, Rules};

/// Goes up with every change of [`TABLES`]; a later one is refused.
pub(super) const VERSION: u32 = 2;

/// `body` is the row; the columns beside it are what it is found by. SQLite keeps no checksum a page (D30), so each row
/// has its own.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS callback (
    id TEXT PRIMARY KEY, whose TEXT NOT NULL, origin TEXT, reason TEXT NOT NULL, state TEXT NOT NULL,
    settled INTEGER NOT NULL, kind INTEGER NOT NULL, next_ms INTEGER NOT NULL, lapses_ms INTEGER, warns_ms INTEGER,
    desk TEXT, changed_ms INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS callback_settled ON callback (settled, id);
CREATE INDEX IF NOT EXISTS callback_whose ON callback (whose) WHERE settled = 0;
CREATE INDEX IF NOT EXISTS callback_due ON callback (kind DESC, next_ms, id) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS callback_next ON callback (next_ms) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS callback_lapses ON callback (lapses_ms) WHERE lapses_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS callback_warns ON callback (warns_ms) WHERE warns_ms IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS callback_origin ON callback (origin, reason) WHERE origin IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS callback_in_flight ON callback (whose) WHERE state = 'attempting';
CREATE TABLE IF NOT EXISTS attempt (
    callback TEXT NOT NULL, number INTEGER NOT NULL, sip_call_id TEXT NOT NULL UNIQUE,
    outcome TEXT, body TEXT NOT NULL, PRIMARY KEY (callback, number)) STRICT;
CREATE TABLE IF NOT EXISTS live_call (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS set_aside (
    at_ms INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
";

/// Lays the tables where there are none.
pub(super) fn lay(db: &Connection) -> rusqlite::Result<()> {
    let version = format!("INSERT INTO meta VALUES ('schema_version', {VERSION});");
    db.execute_batch(&format!("BEGIN; {TABLES} {version} COMMIT;"))
}

/// In a database of its own: what ours must have.
pub(super) fn model() -> rusqlite::Result<Connection> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(TABLES)?;
    Ok(model)
}

/// Brings the tables of an earlier version to ours, all at once; the rows that are not whole are left to be set aside.
pub(super) fn migrate(db: &mut Connection, from: u32, rules: &Rules) -> rusqlite::Result<()> {
    if from >= VERSION {
        return Ok(());
    }
    let transaction = db.transaction()?;
    transaction
        .execute_batch("ALTER TABLE callback RENAME TO callback_1; DROP INDEX callback_open;")?;
    transaction.execute_batch(TABLES)?;
    for (whole, body) in of_version_1(&transaction)? {
        let callback = serde_json::from_str::<Callback>(&body)
            .ok()
            .filter(|_| whole);
        match callback {
            Some(callback) => {
                let changed = callback.next;
                row::write(&transaction, &Row::of(&callback, rules, changed))?;
            }
            None => set_aside(&transaction, &body)?,
        }
    }
    transaction.execute_batch("DROP TABLE callback_1;")?;
    transaction.execute(
        "UPDATE meta SET value = ?1 WHERE name = 'schema_version'",
        [VERSION],
    )?;
    transaction.commit()
}

/// Whether it is as it was written, and the row.
fn of_version_1(db: &Transaction<'_>) -> rusqlite::Result<Vec<(bool, String)>> {
    let mut query = db.prepare(
        "SELECT id, number, state, next_ms, settled, body, checksum FROM callback_1 ORDER BY id",
    )?;
    let rows = query.query_map((), |found| {
        let numbers = [found.get::<_, i64>(3)?, found.get(4)?].map(|number| number.to_string());
        let [id, number, state, body] = [
            row::text(found, "id")?,
            row::text(found, "number")?,
            row::text(found, "state")?,
            row::text(found, "body")?,
        ];
        let columns = [&id, &number, &state, &numbers[0], &numbers[1], &body];
        let whole = row::checksum(columns) == found.get::<_, u32>(6)?;
        Ok((whole, body))
    })?;
    rows.collect()
}

fn set_aside(db: &Transaction<'_>, body: &str) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO set_aside (at_ms, id, body) VALUES (0, '', ?1)",
        [body],
    )
    .map(drop)
}
