use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::{OpenError, journal};

/// What was found where the database should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Fresh,
    Existing,
    /// Damaged, or its journal was: moved there, and a fresh one begun. An alarm (D30).
    MovedAside(PathBuf),
}

/// Goes up with every change of [`SCHEMA`]; a later one is refused.
const SCHEMA_VERSION: u32 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS callback (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, state TEXT NOT NULL, next_ms INTEGER NOT NULL,
    settled INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS callback_open ON callback (settled, id);
CREATE TABLE IF NOT EXISTS attempt (
    callback TEXT NOT NULL, number INTEGER NOT NULL, sip_call_id TEXT NOT NULL UNIQUE,
    outcome TEXT, body TEXT NOT NULL, PRIMARY KEY (callback, number)) STRICT;
CREATE TABLE IF NOT EXISTS live_call (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS set_aside (
    at_ms INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
";

enum Trouble {
    Damaged,
    Refused(OpenError),
}

/// Opens the database, beginning a fresh one where it is missing or damaged (D30).
pub(super) fn open(path: &Path, utc: Timestamp) -> Result<(Connection, Opened), OpenError> {
    let found = if path.exists() {
        Opened::Existing
    } else {
        Opened::Fresh
    };
    let lost = set_journal_aside(path, utc)?;
    match connect(path) {
        Ok(db) => Ok((db, lost.map_or(found, Opened::MovedAside))),
        Err(Trouble::Refused(why)) => Err(why),
        Err(Trouble::Damaged) => {
            let aside = move_aside(path, utc)?;
            match connect(path) {
                Ok(db) => Ok((db, Opened::MovedAside(aside))),
                Err(Trouble::Refused(why)) => Err(why),
                Err(Trouble::Damaged) => Err(OpenError::Other(
                    path.to_owned(),
                    rusqlite::Error::InvalidQuery,
                )),
            }
        }
    }
}

fn connect(path: &Path) -> Result<Connection, Trouble> {
    let db = Connection::open(path).map_err(|why| trouble(path, why))?;
    let check = prepare(&db).map_err(|why| trouble(path, why))?;
    if check != "ok" {
        return Err(Trouble::Damaged);
    }
    let found = version(&db).map_err(|why| trouble(path, why))?;
    if found > SCHEMA_VERSION {
        return Err(Trouble::Refused(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: SCHEMA_VERSION,
        }));
    }
    Ok(db)
}

/// Takes the file for ourselves, checks it, and lays the tables; returns the check's verdict.
fn prepare(db: &Connection) -> rusqlite::Result<String> {
    // The lock is held for life: two agents never work one queue.
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0;")?;
    db.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT;")?;
    let check = db.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    db.execute_batch(SCHEMA)?;
    Ok(check)
}

fn version(db: &Connection) -> rusqlite::Result<u32> {
    db.execute(
        "INSERT OR IGNORE INTO meta (name, value) VALUES ('schema_version', ?1)",
        [SCHEMA_VERSION],
    )?;
    let found = db
        .query_row(
            "SELECT value FROM meta WHERE name = 'schema_version'",
            (),
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.unwrap_or(SCHEMA_VERSION))
}

fn trouble(path: &Path, why: rusqlite::Error) -> Trouble {
    let path = path.to_owned();
    Trouble::Refused(match why.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return Trouble::Damaged,
        Some(ErrorCode::CannotOpen) => OpenError::Path(path, why),
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => OpenError::Permission(path, why),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked(path),
        _ => OpenError::Other(path, why),
    })
}

/// A damaged journal is kept for whoever wants to look; the rows before it are whole.
fn set_journal_aside(path: &Path, utc: Timestamp) -> Result<Option<PathBuf>, OpenError> {
    let failed = |why| OpenError::MoveAside(path.to_owned(), why);
    let journal = with_ending(path, "-wal");
    if !journal::is_damaged(&journal).map_err(failed)? {
        return Ok(None);
    }
    let aside = with_ending(&damaged(path, utc), "-wal");
    fs::rename(journal, &aside).map_err(failed)?;
    Ok(Some(aside))
}

/// `desk.sqlite` becomes `desk.sqlite.damaged-20260504T040000Z`, its journal along with it.
fn move_aside(path: &Path, utc: Timestamp) -> Result<PathBuf, OpenError> {
    let aside = damaged(path, utc);
    let failed = |why| OpenError::MoveAside(path.to_owned(), why);
    fs::rename(path, &aside).map_err(failed)?;
    for ending in ["-wal", "-shm"] {
        let journal = with_ending(path, ending);
        if journal.exists() {
            fs::rename(journal, with_ending(&aside, ending)).map_err(failed)?;
        }
    }
    Ok(aside)
}

fn damaged(path: &Path, utc: Timestamp) -> PathBuf {
    let stamp = utc.strftime("%Y%m%dT%H%M%SZ");
    with_ending(path, &format!(".damaged-{stamp}"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
