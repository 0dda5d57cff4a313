use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::{OpenError, journal, reach, schema};
use crate::callbacks::Rules;

/// What was found where the database should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Fresh,
    Existing,
    /// Damaged, or its journal was: moved there, and a fresh one begun. An alarm (D30).
    MovedAside(PathBuf),
}

enum Trouble {
    Damaged,
    Refused(OpenError),
}

/// Opens the database, beginning a fresh one where it is missing or damaged (D30).
pub(super) fn open(
    path: &Path,
    rules: &Rules,
    utc: Timestamp,
) -> Result<(Connection, Opened), OpenError> {
    let found = if path.exists() {
        Opened::Existing
    } else {
        Opened::Fresh
    };
    reach::check(path)?;
    let lost = set_journal_aside(path, utc)?;
    match connect(path, rules) {
        Ok(db) => Ok((db, lost.map_or(found, Opened::MovedAside))),
        Err(Trouble::Refused(why)) => Err(why),
        Err(Trouble::Damaged) => {
            let aside = move_aside(path, utc)?;
            match connect(path, rules) {
                Ok(db) => Ok((db, Opened::MovedAside(aside))),
                Err(Trouble::Refused(why)) => Err(why),
                Err(Trouble::Damaged) => Err(OpenError::Unsound(path.to_owned())),
            }
        }
    }
}

fn connect(path: &Path, rules: &Rules) -> Result<Connection, Trouble> {
    let in_the_way = |why| trouble(path, why);
    let mut db = Connection::open(path).map_err(in_the_way)?;
    if !take(&db).map_err(in_the_way)? {
        return Err(Trouble::Damaged);
    }
    let found = version(&db).map_err(in_the_way)?;
    if let Some(found) = found.filter(|found| *found > schema::VERSION) {
        return Err(Trouble::Refused(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        }));
    }
    match found {
        Some(version) => schema::migrate(&mut db, version, rules).map_err(in_the_way)?,
        None => schema::lay(&db).map_err(in_the_way)?,
    }
    let are_ours = are_ours(&db).map_err(in_the_way)?;
    if are_ours {
        Ok(db)
    } else {
        Err(Trouble::Refused(OpenError::Foreign(path.to_owned())))
    }
}

/// Takes the file for ourselves; whether it is whole.
fn take(db: &Connection) -> rusqlite::Result<bool> {
    // The lock is held for life: two agents never work one queue.
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0;")?;
    db.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT;")?;
    if db.is_readonly("main")? {
        // We may write there: it is a version in its head that says it can only be read.
        return Ok(false);
    }
    let check: String = db.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    Ok(check == "ok")
}

/// Of the tables that are there; none where there is no table at all.
fn version(db: &Connection) -> rusqlite::Result<Option<u32>> {
    if tables(db)?.is_empty() {
        return Ok(None);
    }
    let version = "SELECT value FROM meta WHERE name = 'schema_version'";
    db.query_row(version, (), |row| row.get(0)).optional()
}

/// Whether all that we lay is there, as we lay it.
fn are_ours(db: &Connection) -> rusqlite::Result<bool> {
    Ok(tables(&schema::model()?)?.is_subset(&tables(db)?))
}

/// How each table and index was laid.
fn tables(db: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    let mut query = db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let tables = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    tables.collect()
}

fn trouble(path: &Path, why: rusqlite::Error) -> Trouble {
    let path = path.to_owned();
    Trouble::Refused(match why.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return Trouble::Damaged,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked(path),
        Some(ErrorCode::DiskFull) => OpenError::Full(path),
        // Tables or columns are missing, or hold what we never wrote.
        Some(ErrorCode::Unknown) | None => OpenError::Foreign(path),
        Some(_) => OpenError::Other(path, why),
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

/// A journal that SQLite reads only in part is copied before it is written over.
pub(super) fn copy_journal(path: &Path, utc: Timestamp) -> io::Result<u64> {
    let aside = with_ending(&damaged(path, utc), "-wal");
    fs::copy(with_ending(path, "-wal"), aside)
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

/// `desk.sqlite` becomes `desk.sqlite-wal`.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
