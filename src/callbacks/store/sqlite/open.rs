use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::tally::{self, Tally};
use super::{OpenError, journal, reach, salvage, schema};
use crate::callbacks::Rules;
use crate::callbacks::store::Salvaged;

/// What was found where the database should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Fresh,
    Existing,
    /// Damaged, or its journal was: moved there, and what is whole in it taken over. An alarm (D30).
    MovedAside(PathBuf),
}

/// A database that is ours to write.
pub(super) struct Ready {
    pub(super) db: Connection,
    pub(super) tally: Tally,
    pub(super) opened: Opened,
    pub(super) salvaged: Option<Salvaged>,
}

enum Trouble {
    Damaged,
    Refused(OpenError),
}

/// Opens the database: a fresh one where it is missing, and where it is damaged with what can be saved of it (D30).
pub(super) fn open(path: &Path, rules: &Rules, utc: Timestamp) -> Result<Ready, OpenError> {
    let unmoved = |why| OpenError::MoveAside(path.to_owned(), why);
    let half_done = salvage::finish(path, utc).map_err(unmoved)?;
    reach::check(path)?;
    let tally = Tally::open(path).map_err(|why| OpenError::Permission(path.to_owned(), why))?;
    let found = match has_bytes(path) {
        true => Opened::Existing,
        false => Opened::Fresh,
    };
    let connected = connect(path, &tally, rules);
    let (aside, salvaged) = match connected {
        Ok(db) => {
            let opened = half_done.map_or(found, Opened::MovedAside);
            let salvaged = None;
            return Ok(Ready {
                db,
                tally,
                opened,
                salvaged,
            });
        }
        Err(trouble) if trouble.is_damage(path) => salvage::salvage(path, tally.noted(), utc)?,
        Err(trouble) => return Err(trouble.refusal(path)),
    };
    let db = connect(path, &tally, rules).map_err(|trouble| trouble.refusal(path))?;
    Ok(Ready {
        db,
        tally,
        opened: Opened::MovedAside(aside),
        salvaged: Some(salvaged),
    })
}

impl Trouble {
    /// Tables that are not as ours are, with rows that nobody but us has written, were ours.
    fn is_damage(&self, path: &Path) -> bool {
        match self {
            Self::Damaged => true,
            Self::Refused(OpenError::Foreign(_)) => salvage::has_rows(path),
            Self::Refused(_) => false,
        }
    }

    fn refusal(self, path: &Path) -> OpenError {
        match self {
            Self::Damaged => OpenError::Unsound(path.to_owned()),
            Self::Refused(why) => why,
        }
    }
}

fn connect(path: &Path, tally: &Tally, rules: &Rules) -> Result<Connection, Trouble> {
    let in_the_way = |why| trouble(path, why);
    let unreadable = |why| Trouble::Refused(OpenError::MoveAside(path.to_owned(), why));
    let journal = with_ending(path, "-wal");
    let was_there = has_bytes(path);
    if !was_there && has_bytes(&journal) {
        // SQLite would remove the journal of a database that is gone.
        return Err(Trouble::Damaged);
    }
    let mut db = Connection::open(path).map_err(in_the_way)?;
    // Until it is known to be whole it is left as it is, whatever is in the way.
    leave_journal(&db, true).map_err(in_the_way)?;
    let is_whole = take(&db).map_err(in_the_way)?;
    if !is_whole || journal::is_damaged(&journal).map_err(unreadable)? {
        return Err(Trouble::Damaged);
    }
    let found = version(&db).map_err(in_the_way)?;
    check_version(&db, found, path)?;
    let misses = match found {
        Some(_) => misses_commits(&db, tally).map_err(in_the_way)?,
        None => tally.noted() > 0,
    };
    if was_there && misses {
        return Err(Trouble::Damaged);
    }
    furnish(&mut db, found, path, rules)?;
    leave_journal(&db, false).map_err(in_the_way)?;
    Ok(db)
}

pub(super) fn has_bytes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() > 0)
}

/// Kept compiled, more than there are: with the sixteen of the default some are compiled anew for each order.
const STATEMENTS: usize = 64;

/// Where it is left, what it holds is not moved into the database when that is closed.
fn leave_journal(db: &Connection, leave: bool) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave)
        .map(drop)
}

/// Takes the file for ourselves; whether it is whole.
fn take(db: &Connection) -> rusqlite::Result<bool> {
    // The lock is held for life: two agents never work one queue.
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0;")?;
    // What is deleted is gone from the file, too: for whoever asked for it, and so that nothing is salvaged twice.
    db.query_row("PRAGMA secure_delete = ON", (), |_| Ok(()))?;
    db.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT;")?;
    if db.is_readonly("main")? {
        // We may write there: it is a version in its head that says it can only be read.
        return Ok(false);
    }
    // An index that does not fit its table hides rows: the quick check would not see it.
    let check: String = db.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    Ok(check == "ok")
}

/// Whether commits that were done are not there.
fn misses_commits(db: &Connection, tally: &Tally) -> rusqlite::Result<bool> {
    Ok(tally::counted(db)? < tally.noted())
}

/// The tables' version stands in the head of the file, too, where it is no earlier one: else one of them is damaged.
fn check_version(db: &Connection, found: Option<u32>, path: &Path) -> Result<(), Trouble> {
    let in_head = db.pragma_query_value(None, "user_version", |row| row.get(0));
    let in_head: u32 = in_head.map_err(|why| trouble(path, why))?;
    match (found, in_head) {
        (None, 0) => Ok(()),
        (Some(found), 0) if found < schema::FIRST_IN_HEAD => Ok(()),
        (Some(found), _) if found != in_head => Err(Trouble::Damaged),
        (Some(found), _) if found > schema::VERSION => Err(Trouble::Refused(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        })),
        (Some(_), _) => Ok(()),
        (None, _) => Err(Trouble::Damaged),
    }
}

/// Lays our tables, or brings those of an earlier version to ours.
fn furnish(
    db: &mut Connection,
    found: Option<u32>,
    path: &Path,
    rules: &Rules,
) -> Result<(), Trouble> {
    let in_the_way = |why| trouble(path, why);
    match found {
        None => schema::lay(db).map_err(in_the_way)?,
        Some(found) => schema::migrate(db, found, rules).map_err(in_the_way)?,
    }
    match are_ours(db).map_err(in_the_way)? {
        true => Ok(()),
        false => Err(Trouble::Refused(OpenError::Foreign(path.to_owned()))),
    }
}

/// Of the tables that are there; none where there is no table at all.
pub(super) fn version(db: &Connection) -> rusqlite::Result<Option<u32>> {
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
    match why.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Trouble::Damaged,
        Some(_) | None => Trouble::Refused(refusal(path, why)),
    }
}

pub(super) fn refusal(path: &Path, why: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match why.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked(path),
        Some(ErrorCode::DiskFull) => OpenError::Full(path),
        // Tables or columns are missing, or hold what we never wrote.
        Some(ErrorCode::Unknown) | None => OpenError::Foreign(path),
        Some(_) => OpenError::Other(path, why),
    }
}

/// `desk.sqlite` becomes `desk.sqlite-wal`.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
