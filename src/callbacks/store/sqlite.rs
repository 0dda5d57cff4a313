use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;

use super::open::{self, Opened};
use super::place::Place;
use super::tally::{self, Tally};
use super::{OpenError, StoreError};
use crate::callbacks::{Attempt, Callback, CallbackId, LiveCall, State};
use crate::words::CallId;

/// Promises, their attempts and the live calls, in one SQLite file.
///
/// Every call blocks until the disk has it: the desk runs it on a thread of its own.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    place: Place,
    tally: Tally,
    /// Commits that were done and are not there any more.
    lost: u64,
}

/// What the last run left behind.
#[derive(Debug, Default)]
pub struct Found {
    /// Unsettled ones, and the last settled ones, each oldest first.
    pub callbacks: Vec<Callback>,
    /// Calls that died with it. Their rows stay until [`Store::call_ended`].
    pub calls: Vec<LiveCall>,
    /// Ids of damaged rows, kept apart for whoever wants to look: an alarm each.
    pub set_aside: Vec<String>,
    /// Commits that were done and are not there any more, a database moved aside apart: an alarm.
    pub lost: u64,
}

/// Settled callbacks read back at the start.
const SETTLED_READ: u32 = 1_000;

const UPSERT_CALLBACK: &str = "
INSERT INTO callback (id, number, state, next_ms, settled, body, checksum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, state = excluded.state,
    next_ms = excluded.next_ms, settled = excluded.settled, body = excluded.body,
    checksum = excluded.checksum";

const UPSERT_ATTEMPT: &str = "
INSERT INTO attempt (callback, number, sip_call_id, outcome, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (callback, number) DO UPDATE SET outcome = excluded.outcome, body = excluded.body";

const READ_CALLBACKS: &str = "
SELECT rowid, * FROM callback WHERE settled = 0
UNION ALL
SELECT * FROM (SELECT rowid, * FROM callback WHERE settled <> 0 ORDER BY id DESC LIMIT ?1)
ORDER BY id";

impl Store {
    /// Opens `path` for this process alone; `utc` names a damaged file that is moved aside.
    pub fn open(path: &Path, utc: Timestamp) -> Result<(Self, Opened), OpenError> {
        let (db, opened) = open::open(path, utc)?;
        let unreadable = |why| OpenError::Other(path.to_owned(), why);
        let counted = tally::counted(&db).map_err(unreadable)?;
        let tally = Tally::open(path).map_err(|why| OpenError::Permission(path.to_owned(), why))?;
        let lost = match opened {
            Opened::MovedAside(_) => 0,
            Opened::Fresh | Opened::Existing => tally.noted().saturating_sub(counted),
        };
        if lost > 0 {
            // For whoever wants to look; the alarm is raised with it or without.
            let _ = open::copy_journal(path, utc);
        }
        let place = Place::of(path);
        let store = Self {
            db,
            place,
            tally,
            lost,
        };
        Ok((store, opened))
    }

    /// Reads what the last run left; a damaged row is set aside, the others are kept.
    pub fn found(&mut self, utc: Timestamp) -> Result<Found, StoreError> {
        let mut found = Found {
            calls: self.live_calls()?,
            lost: self.lost,
            ..Found::default()
        };
        for row in self.rows()? {
            match row.callback() {
                Some(callback) => found.callbacks.push(callback),
                None => {
                    self.set_aside(&row, utc)?;
                    found.set_aside.push(row.id);
                }
            }
        }
        Ok(found)
    }

    /// Writes rows, and an attempt with them, in one transaction.
    pub fn commit(
        &mut self,
        rows: &[Callback],
        attempt: Option<&(CallbackId, Attempt)>,
    ) -> Result<(), StoreError> {
        self.write(|db| {
            for row in rows {
                write_callback(db, row)?;
            }
            if let Some((callback, attempt)) = attempt {
                write_attempt(db, *callback, attempt)?;
            }
            Ok(())
        })
    }

    /// The attempts of one promise, the first first.
    pub fn attempts(&self, callback: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        let mut query = self
            .db
            .prepare_cached("SELECT body FROM attempt WHERE callback = ?1 ORDER BY number")?;
        let bodies = query.query_map([callback.to_string()], |row| row.get::<_, String>(0))?;
        let bodies: Vec<String> = bodies.collect::<rusqlite::Result<_>>()?;
        let attempts = bodies.iter().map(|body| serde_json::from_str(body).ok());
        attempts.collect::<Option<_>>().ok_or(StoreError::Damaged)
    }

    /// From its answer on a call is remembered.
    pub fn call_answered(&mut self, call: &LiveCall) -> Result<(), StoreError> {
        let row = params![call.call.to_string(), json(call)];
        self.write(|db| {
            let remember = "INSERT OR REPLACE INTO live_call (id, body) VALUES (?1, ?2)";
            db.execute(remember, row).map(drop)
        })
    }

    /// It has a record, or a callback: either way nothing is owed for it any more.
    pub fn call_ended(&mut self, call: CallId) -> Result<(), StoreError> {
        let id = call.to_string();
        self.write(|db| {
            db.execute("DELETE FROM live_call WHERE id = ?1", [id])
                .map(drop)
        })
    }

    /// Does all of it or nothing, and counts it.
    fn write(
        &mut self,
        what: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        self.place.holds()?;
        let transaction = self.db.transaction()?;
        what(&transaction)?;
        let commits = tally::count_up(&transaction)?;
        transaction.commit()?;
        // A tally that stays behind may hide a loss: it never reports one that is none.
        let _ = self.tally.note(commits);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        let limit = format!("PRAGMA max_page_count = {pages}");
        self.db.query_row(&limit, (), |_| Ok(())).unwrap();
    }

    fn live_calls(&self) -> Result<Vec<LiveCall>, StoreError> {
        let mut query = self.db.prepare("SELECT body FROM live_call ORDER BY id")?;
        let bodies = query.query_map((), |row| row.get::<_, String>(0))?;
        let bodies: Vec<String> = bodies.collect::<rusqlite::Result<_>>()?;
        let calls = bodies
            .iter()
            .filter_map(|body| serde_json::from_str(body).ok());
        Ok(calls.collect())
    }

    fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let mut query = self.db.prepare(READ_CALLBACKS)?;
        let rows = query.query_map([SETTLED_READ], |row| {
            Ok(Row {
                rowid: row.get("rowid")?,
                id: text(row, "id")?,
                number: text(row, "number")?,
                state: text(row, "state")?,
                next_ms: row.get("next_ms")?,
                settled: row.get("settled")?,
                body: text(row, "body")?,
                checksum: row.get("checksum")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn set_aside(&mut self, row: &Row, utc: Timestamp) -> Result<(), StoreError> {
        let kept = params![utc.as_millisecond(), row.id, row.body];
        self.write(|db| {
            db.execute(
                "INSERT INTO set_aside (at_ms, id, body) VALUES (?1, ?2, ?3)",
                kept,
            )?;
            db.execute("DELETE FROM callback WHERE rowid = ?1", [row.rowid])
                .map(drop)
        })
    }
}

/// A row of `callback` as it lies in the file.
struct Row {
    rowid: i64,
    id: String,
    number: String,
    state: String,
    next_ms: i64,
    settled: i64,
    body: String,
    checksum: u32,
}

impl Row {
    fn of(callback: &Callback) -> Self {
        let mut row = Self {
            rowid: 0,
            id: callback.id.to_string(),
            number: callback.promise.number.reveal().as_str().to_owned(),
            state: state_word(&callback.state).to_owned(),
            next_ms: callback.next.as_millisecond(),
            settled: i64::from(callback.is_settled()),
            body: json(callback),
            checksum: 0,
        };
        row.checksum = row.expected();
        row
    }

    /// SQLite keeps no checksum a page (D30), so each row has its own.
    fn expected(&self) -> u32 {
        let (next, settled) = (self.next_ms.to_string(), self.settled.to_string());
        let mut crc = crc32fast::Hasher::new();
        for column in [
            &self.id,
            &self.number,
            &self.state,
            &next,
            &settled,
            &self.body,
        ] {
            crc.update(column.as_bytes());
            crc.update(&[0]);
        }
        crc.finalize()
    }

    fn callback(&self) -> Option<Callback> {
        if self.expected() != self.checksum {
            return None;
        }
        serde_json::from_str(&self.body).ok()
    }
}

fn write_callback(db: &Transaction<'_>, callback: &Callback) -> rusqlite::Result<()> {
    let row = Row::of(callback);
    db.prepare_cached(UPSERT_CALLBACK)?.execute(params![
        row.id,
        row.number,
        row.state,
        row.next_ms,
        row.settled,
        row.body,
        row.checksum
    ])?;
    Ok(())
}

fn write_attempt(
    db: &Transaction<'_>,
    callback: CallbackId,
    attempt: &Attempt,
) -> rusqlite::Result<()> {
    let outcome = attempt.end.map(|end| end.outcome.as_str());
    db.prepare_cached(UPSERT_ATTEMPT)?.execute(params![
        callback.to_string(),
        attempt.number,
        attempt.sip_call_id,
        outcome,
        json(attempt)
    ])?;
    Ok(())
}

fn state_word(state: &State) -> &'static str {
    match state {
        State::Open => "open",
        State::Attempting { .. } => "attempting",
        State::Uncertain { .. } => "uncertain",
        State::Done => "done",
        State::GivenUp { .. } => "given-up",
        State::Cancelled { .. } => "cancelled",
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our rows have string keys and no fallible fields")
}

/// Text as it lies there: flipped bytes need not be UTF-8.
fn text(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<String> {
    let bytes = row.get_ref(column)?.as_bytes().unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
