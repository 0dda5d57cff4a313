//! What is kept of promises that are over, how long, and for whom it is deleted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::link::Link;
use super::locks::{self, Kept as Row};
use crate::callbacks::store::{Forgotten, Kept};
use crate::callbacks::{Attempt, CallbackId, Wished};
use crate::words::PhoneNumber;

/// Promises of one answer of [`history`].
const HISTORY_MAX: i64 = 1_000;

/// Promises that are deleted in one transaction.
const EXPIRED_MAX: i64 = 500;

const HISTORY: &str = "SELECT whose, body FROM callback WHERE id > $1 ORDER BY id LIMIT $2";
const ATTEMPTS: &str = "
SELECT callback, body FROM attempt WHERE callback = ANY($1::text[]) ORDER BY callback, number";
const WISHES: &str = "
SELECT callback, body FROM wish WHERE callback = ANY($1::text[]) ORDER BY callback, number";

/// What is deleted with its attempts and wishes: one statement, so all of it or nothing.
const FORGET: &str = "
WITH gone AS (DELETE FROM callback WHERE whose = $1 AND settled RETURNING id),
tried AS (DELETE FROM attempt USING gone WHERE attempt.callback = gone.id RETURNING 1),
wished AS (DELETE FROM wish USING gone WHERE wish.callback = gone.id)
SELECT (SELECT count(*) FROM gone) AS callbacks, (SELECT count(*) FROM tried) AS attempts,
    (SELECT count(*) FROM callback WHERE whose = $1 AND NOT settled) AS left_over";
/// An id begins with the time when it was made: what is younger need not be looked at. What another desk deletes just
/// now is its own affair.
const EXPIRE: &str = "
WITH gone AS (
    DELETE FROM callback WHERE id IN (
        SELECT id FROM callback WHERE settled AND id < $1 AND changed_ms < $2
        ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
    RETURNING id),
tried AS (DELETE FROM attempt USING gone WHERE attempt.callback = gone.id),
wished AS (DELETE FROM wish USING gone WHERE wish.callback = gone.id)
SELECT count(*) AS callbacks FROM gone";

pub(super) fn forget(link: &Link, whose: &PhoneNumber) -> Result<Forgotten, Fault> {
    let rows = link.once(FORGET, &[&whose.as_str()])?;
    let count = |name: &str| -> Result<u64, Fault> {
        let count: Option<i64> = rows.first().map(|row| row.try_get(name)).transpose()?;
        Ok(count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0))
    };
    Ok(Forgotten {
        callbacks: count("callbacks")?,
        attempts: count("attempts")?,
        left: count("left_over")?,
    })
}

pub(super) fn expire(link: &Link, before: Timestamp) -> Result<u64, Fault> {
    let before_ms = before.as_millisecond();
    let made_before = CallbackId::new(u64::try_from(before_ms).unwrap_or(0), [0; 10]);
    let made_before = made_before.to_string();
    let rows = link.once(EXPIRE, &[&made_before, &before_ms, &EXPIRED_MAX])?;
    let count: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(count
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(0))
}

pub(super) fn history(link: &Link, after: Option<CallbackId>) -> Result<Vec<Kept>, Fault> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = link.once(HISTORY, &[&after, &HISTORY_MAX])?;
    let rows = rows.iter().map(|row| Ok(Row::read(row)?.row));
    let rows = rows.collect::<Result<Vec<_>, Fault>>()?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let mut attempts = of_each::<Attempt>(link, ATTEMPTS, &ids)?;
    let mut wishes = of_each::<Wished>(link, WISHES, &ids)?;
    let kept = rows.into_iter().map(|callback| {
        let id = callback.id.to_string();
        Kept {
            attempts: attempts.remove(&id).unwrap_or_default(),
            wishes: wishes.remove(&id).unwrap_or_default(),
            callback,
        }
    });
    Ok(kept.collect())
}

/// By the promise that they are of, each in their order.
fn of_each<T: DeserializeOwned>(
    link: &Link,
    query: &str,
    ids: &[String],
) -> Result<BTreeMap<String, Vec<T>>, Fault> {
    let mut all = BTreeMap::<String, Vec<T>>::new();
    for row in link.once(query, &[&ids])? {
        let body = locks::read(row.try_get("body")?)?;
        all.entry(row.try_get("callback")?).or_default().push(body);
    }
    Ok(all)
}
