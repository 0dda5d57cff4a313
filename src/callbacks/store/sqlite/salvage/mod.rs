//! What can be saved of a damaged database: its rows one by one, each judged by its own checksum (D30).
//!
//! The new database is made whole beside the damaged one, and takes its place only then: a crash at any moment leaves
//! one of them, or both, and [`finish`] knows which is next.

mod cells;
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;

use self::pages::Pages;
use super::OpenError;
use super::open::{refusal, with_ending};
use super::row::{self, Row};
use super::{schema, tally};
use crate::callbacks::store::Salvaged;

/// Columns of these tables beside the checksum.
const LIVE_CALL: usize = 2;
const WISH: usize = 3;
const ATTEMPT: usize = 5;

/// What a database holds that can be taken over.
#[derive(Default)]
struct Catch {
    callbacks: BTreeMap<String, Row>,
    attempts: Vec<Vec<Value>>,
    wishes: Vec<Vec<Value>>,
    live_calls: Vec<Vec<Value>>,
    /// Their ids and what is left of them.
    damaged: BTreeMap<String, String>,
    /// Of all callbacks that an index names.
    known: BTreeSet<String>,
    commits: u64,
}

/// Takes a damaged database out of the way and puts what is whole in it in its place; `noted` commits were done in it.
/// Returns where the damaged one is, and what came of it.
pub(super) fn salvage(
    path: &Path,
    noted: u64,
    utc: Timestamp,
) -> Result<(PathBuf, Salvaged), OpenError> {
    let failed = |why| OpenError::MoveAside(path.to_owned(), why);
    let catch = Catch::of(&Pages::read(path).map_err(failed)?);
    let salvaged = catch.salvaged(noted);
    let (unfinished, fresh) = (unfinished(path), fresh(path));
    remove(&unfinished).map_err(failed)?;
    let written = write(&unfinished, &catch, noted, utc);
    written.map_err(|why| refusal(path, why))?;
    fs::rename(&unfinished, &fresh).map_err(failed)?;
    let aside = finish(path, utc).map_err(failed)?;
    Ok((aside.unwrap_or(fresh), salvaged))
}

/// Puts a salvaged database in the place of the damaged one. Returns where that is, if there was any to do.
pub(super) fn finish(path: &Path, utc: Timestamp) -> io::Result<Option<PathBuf>> {
    let fresh = fresh(path);
    if !fresh.exists() {
        return Ok(None);
    }
    let aside = aside(path, utc);
    for ending in ["-wal", "-shm", ""] {
        let damaged = with_ending(path, ending);
        if damaged.exists() {
            fs::rename(damaged, with_ending(&aside, ending))?;
        }
    }
    fs::rename(fresh, path)?;
    Ok(Some(aside))
}

/// Whether there are rows that nobody but us has written.
pub(super) fn has_rows(path: &Path) -> bool {
    Pages::read(path).is_ok_and(|pages| !Catch::of(&pages).callbacks.is_empty())
}

impl Catch {
    fn of(pages: &Pages) -> Self {
        let mut catch = Self::default();
        for number in pages.numbers() {
            for row in cells::rows(pages, number) {
                catch.add(row);
            }
            let entries = pages.get(number).map(cells::entries).unwrap_or_default();
            catch
                .known
                .extend(entries.iter().filter_map(|entry| named(entry)));
        }
        catch
            .damaged
            .retain(|id, _| !catch.callbacks.contains_key(id));
        catch
    }

    /// Each of our tables has its own number of columns, their checksum among them.
    fn add(&mut self, row: Vec<Value>) {
        match &row[..] {
            [Value::Text(name), Value::Integer(commits)] if name == tally::NAME => {
                self.commits = u64::try_from(*commits).unwrap_or_default();
            }
            [columns @ .., _] if columns.len() == LIVE_CALL && row::fits(&row) => {
                self.live_calls.push(columns.to_vec());
            }
            [columns @ .., _] if columns.len() == WISH && row::fits(&row) => {
                self.wishes.push(columns.to_vec());
            }
            [columns @ .., _] if columns.len() == ATTEMPT && row::fits(&row) => {
                self.attempts.push(columns.to_vec());
            }
            [Value::Text(id), ..]
                if [row::WIDTH, row::WIDTH_WITHOUT_PLACE].contains(&row.len()) =>
            {
                self.add_callback(id.clone(), row);
            }
            _ => {}
        }
    }

    fn add_callback(&mut self, id: String, row: Vec<Value>) {
        match Row::whole(row) {
            Ok(row) => {
                // A page that was divided may be there as it was, too.
                let is_older = |known: &Row| row.changed_ms() < known.changed_ms();
                if !self.callbacks.get(&id).is_some_and(is_older) {
                    self.callbacks.insert(id, row);
                }
            }
            Err(body) => {
                self.damaged.insert(id, body);
            }
        }
    }

    fn lost(&self) -> BTreeSet<&String> {
        let known = self.known.iter();
        known
            .filter(|id| !self.callbacks.contains_key(*id))
            .collect()
    }

    fn salvaged(&self, noted: u64) -> Salvaged {
        let commits = match self.commits {
            0 if self.known.is_empty() && self.callbacks.is_empty() => noted,
            // The page that counts them is damaged.
            0 => 0,
            found => noted.saturating_sub(found),
        };
        Salvaged {
            taken_over: self.callbacks.len(),
            // The index that names them may be damaged itself.
            lost: self.lost().len().max(self.damaged.len()),
            commits,
        }
    }
}

/// The id in an entry of the index `callback_settled`; no other has these columns.
fn named(entry: &[Value]) -> Option<String> {
    match entry {
        [Value::Integer(0 | 1), Value::Text(id), Value::Integer(_)] => Some(id.clone()),
        _ => None,
    }
}

fn write(path: &Path, catch: &Catch, noted: u64, utc: Timestamp) -> rusqlite::Result<()> {
    let mut db = Connection::open(path)?;
    db.execute_batch("PRAGMA synchronous = FULL;")?;
    schema::lay(&db)?;
    let transaction = db.transaction()?;
    for callback in catch.callbacks.values() {
        row::write(&transaction, callback)?;
    }
    for (table, rows) in [
        ("attempt", &catch.attempts),
        ("wish", &catch.wishes),
        ("live_call", &catch.live_calls),
    ] {
        for row in rows {
            row::put(&transaction, table, row.clone())?;
        }
    }
    let lost = catch.lost().into_iter().chain(catch.damaged.keys());
    for id in lost.collect::<BTreeSet<_>>() {
        let body = catch.damaged.get(id).map_or("", |body| body);
        schema::set_aside(&transaction, id, body, utc)?;
    }
    let commits = if noted > 0 { noted } else { catch.commits };
    tally::set(&transaction, commits)?;
    transaction.commit()?;
    db.close().map_err(|(_, why)| why)
}

fn remove(unfinished: &Path) -> io::Result<()> {
    for ending in ["", "-journal"] {
        match fs::remove_file(with_ending(unfinished, ending)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn unfinished(path: &Path) -> PathBuf {
    with_ending(path, ".salvaging")
}

fn fresh(path: &Path) -> PathBuf {
    with_ending(path, ".salvaged")
}

/// `desk.sqlite` becomes `desk.sqlite.damaged-20260504T040000Z`, or that with a number where the name is taken.
fn aside(path: &Path, utc: Timestamp) -> PathBuf {
    let stamp = utc.strftime("%Y%m%dT%H%M%SZ");
    let first = with_ending(path, &format!(".damaged-{stamp}"));
    let others = (2..100).map(|nth| with_ending(&first, &format!("-{nth}")));
    let is_free = |name: &PathBuf| {
        ["", "-wal"]
            .iter()
            .all(|end| !with_ending(name, end).exists())
    };
    let names = std::iter::once(first.clone()).chain(others);
    names.into_iter().find(is_free).unwrap_or(first)
}
