//! What is kept of promises that are over, how long, and for whom it is deleted.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde::de::DeserializeOwned;

use super::row::{self, Row};
use crate::callbacks::store::{Forgotten, Kept, StoreError};
use crate::callbacks::{Attempt, Callback, CallbackId, Wished};
use crate::words::PhoneNumber;

/// Promises of one answer of [`history`].
const HISTORY_MAX: u32 = 1_000;

/// Promises that are deleted in one transaction.
const EXPIRED_MAX: u32 = 500;

/// Of a number, by which it is found in what is left of a damaged row.
const TELLING_DIGITS: usize = 8;

const THEIRS: &str = "SELECT id FROM callback WHERE whose = ?1 AND settled = 1";
/// An id begins with the time when it was made: what is younger need not be looked at.
const OLD: &str = "SELECT id FROM callback WHERE settled = 1 AND id < ?1 AND changed_ms < ?2 ORDER BY id LIMIT ?3";
const HISTORY: &str = "SELECT * FROM callback WHERE id > ?1 ORDER BY id LIMIT ?2";
const ATTEMPTS: &str = "SELECT * FROM attempt WHERE callback = ?1 ORDER BY number";
const WISHES: &str = "SELECT * FROM wish WHERE callback = ?1 ORDER BY number";

/// Deletes what is settled for one caller.
pub(super) fn forget(db: &Transaction<'_>, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
    let ids = ids(db, THEIRS, params![whose.as_str()])?;
    let attempts = delete(db, &ids)?;
    forget_parts(db, whose)?;
    let left = "SELECT count(*) FROM callback WHERE whose = ?1";
    let left: u32 = db.query_row(left, [whose.as_str()], |row| row.get(0))?;
    Ok(Forgotten {
        callbacks: ids.len() as u64,
        attempts,
        left: u64::from(left),
    })
}

/// Deletes what was settled, and not touched again, before then; returns how many promises.
pub(super) fn expire(db: &Transaction<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let before_ms = before.as_millisecond();
    let made_before = CallbackId::new(u64::try_from(before_ms).unwrap_or(0), [0; 10]);
    let found = params![made_before.to_string(), before_ms, EXPIRED_MAX];
    let ids = ids(db, OLD, found)?;
    delete(db, &ids)?;
    db.execute("DELETE FROM set_aside WHERE at_ms < ?1", [before_ms])?;
    Ok(ids.len() as u64)
}

/// Promises after this one, settled or not, the oldest first; those that are not whole are left out.
pub(super) fn history(db: &Connection, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let mut query = db.prepare_cached(HISTORY)?;
    let rows = query.query_map(params![after, HISTORY_MAX], Row::read)?;
    let rows: Vec<Option<Callback>> = rows.collect::<rusqlite::Result<_>>()?;
    let whole = rows.into_iter().flatten();
    whole
        .map(|callback| {
            Ok(Kept {
                attempts: attempts(db, callback.id)?,
                wishes: wishes(db, callback.id)?,
                callback,
            })
        })
        .collect()
}

/// Of one promise, the first first; one that is not whole is none that we know of.
pub(super) fn attempts(db: &Connection, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
    bodies(db, ATTEMPTS, id, row::ATTEMPT)
}

/// What was wished of it, as [`attempts`].
pub(super) fn wishes(db: &Connection, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
    bodies(db, WISHES, id, row::WISH)
}

fn bodies<T: DeserializeOwned>(
    db: &Connection,
    query: &str,
    id: CallbackId,
    columns: &str,
) -> Result<Vec<T>, StoreError> {
    let mut query = db.prepare_cached(query)?;
    let found = query.query_map([id.to_string()], |found| row::body(found, columns))?;
    let found: Vec<Option<T>> = found.collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

fn ids(
    db: &Transaction<'_>,
    query: &str,
    by: impl rusqlite::Params,
) -> rusqlite::Result<Vec<String>> {
    let mut query = db.prepare_cached(query)?;
    query
        .query_map(by, |found| row::text(found, "id"))?
        .collect()
}

/// Returns how many attempts went with them.
fn delete(db: &Transaction<'_>, ids: &[String]) -> rusqlite::Result<u64> {
    let mut attempts = 0;
    for id in ids {
        attempts += db.execute("DELETE FROM attempt WHERE callback = ?1", [id])?;
        db.execute("DELETE FROM wish WHERE callback = ?1", [id])?;
        db.execute("DELETE FROM callback WHERE id = ?1", [id])?;
    }
    Ok(attempts as u64)
}

/// What is left of damaged rows names the number in one of the ways to write it: it is known by its end.
fn forget_parts(db: &Transaction<'_>, whose: &PhoneNumber) -> rusqlite::Result<()> {
    let digits = whose.as_str();
    let end = digits.len().saturating_sub(TELLING_DIGITS);
    let end = digits.get(end..).unwrap_or(digits);
    db.execute("DELETE FROM set_aside WHERE instr(body, ?1) > 0", [end])
        .map(drop)
}
