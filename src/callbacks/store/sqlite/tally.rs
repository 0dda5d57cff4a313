use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::open::with_ending;
use crate::files;

/// Digits of the largest number: the file is written in place and never grows.
const DIGITS: usize = 20;

/// Of the row that counts.
pub(super) const NAME: &str = "commits";

const COUNT_UP: &str = "
INSERT INTO meta (name, value) VALUES ('commits', 1)
ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";

/// How many commits there were, in a file beside the database that counts them, too.
///
/// SQLite passes in silence over all that follows a damaged part of its journal. A database that
/// counts less than was done has lost promises.
#[derive(Debug)]
pub(super) struct Tally(File);

impl Tally {
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(with_ending(database, "-commits")).map(Self)
    }

    /// What was noted last; nothing in a new file, or in one that somebody else wrote.
    pub(super) fn noted(&self) -> u64 {
        let mut digits = [0; DIGITS];
        let read = files::read_exact_at(&self.0, &mut digits, 0).is_ok();
        let number = str::from_utf8(&digits).ok().filter(|_| read);
        number
            .and_then(|number| number.parse().ok())
            .unwrap_or_default()
    }

    /// Notes that so many are done. Not synced: after a power cut it may be behind the database,
    /// never before it.
    pub(super) fn note(&self, commits: u64) -> io::Result<()> {
        let number = format!("{commits:0DIGITS$}\n");
        files::write_all_at(&self.0, number.as_bytes(), 0)
    }
}

/// Counts the commit it is called in, and returns how many there are with it.
pub(super) fn count_up(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached(COUNT_UP)?
        .query_row((), |row| row.get::<_, i64>(0))
        .map(|commits| u64::try_from(commits).unwrap_or_default())
}

/// How many commits the database holds.
pub(super) fn counted(db: &Connection) -> rusqlite::Result<u64> {
    let commits: Option<i64> = db
        .query_row("SELECT value FROM meta WHERE name = 'commits'", (), |row| {
            row.get(0)
        })
        .optional()?;
    Ok(commits.map_or(0, |commits| u64::try_from(commits).unwrap_or_default()))
}

/// So many there were before this database was made.
pub(super) fn set(db: &Connection, commits: u64) -> rusqlite::Result<()> {
    let commits = i64::try_from(commits).unwrap_or(i64::MAX);
    let set = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
    db.execute(set, params![NAME, commits]).map(drop)
}
