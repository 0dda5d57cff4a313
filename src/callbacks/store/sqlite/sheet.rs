use jiff::Timestamp;
use rusqlite::{OptionalExtension, Params, Transaction, params};

use super::row::{self, Row, json};
use crate::callbacks::store::StoreError;
use crate::callbacks::{Attempt, Callback, CallbackId, Promise, Rules, Sheet};
use crate::words::{DeskId, PhoneNumber};

/// A transaction that may write.
pub(super) struct Page<'a> {
    pub(super) db: &'a Transaction<'a>,
    pub(super) rules: &'a Rules,
    /// Whether anything was written: what only read needs no commit.
    pub(super) wrote: bool,
}

const PAGE: &str = "SELECT * FROM callback WHERE whose = ?1 AND settled = 0 ORDER BY id";
const ROW: &str = "SELECT * FROM callback WHERE id = ?1";
const RETRIED: &str = "SELECT * FROM callback WHERE origin = ?1 AND reason = ?2";
const UNSETTLED: &str = "SELECT count(*) FROM callback WHERE settled = 0";
const DUE: &str = "
SELECT * FROM callback AS due WHERE state = 'open' AND next_ms <= ?1
    AND NOT EXISTS (SELECT 1 FROM callback WHERE whose = due.whose AND state = 'attempting')
ORDER BY kind DESC, next_ms, id LIMIT 1";
const LATE: &str = "
SELECT whose FROM callback WHERE lapses_ms <= ?1 UNION SELECT whose FROM callback WHERE warns_ms <= ?1 LIMIT ?2";
const DIALLED_BY: &str = "SELECT DISTINCT whose FROM callback WHERE state = 'attempting' AND (desk = ?1 OR desk IS NULL)";
const STIRS_AFTER: &str = "
SELECT min(at) FROM (
    SELECT min(next_ms) AS at FROM callback WHERE state = 'open' AND next_ms > ?1
    UNION ALL SELECT min(lapses_ms) FROM callback WHERE lapses_ms > ?1
    UNION ALL SELECT min(warns_ms) FROM callback WHERE warns_ms > ?1)";
const UPSERT_ATTEMPT: &str = "
INSERT INTO attempt (callback, number, sip_call_id, outcome, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (callback, number) DO UPDATE SET outcome = excluded.outcome, body = excluded.body";

impl Page<'_> {
    fn one(&self, query: &str, by: impl Params) -> Result<Option<Callback>, StoreError> {
        let mut query = self.db.prepare_cached(query)?;
        let row = query.query_row(by, Row::read).optional()?;
        // A row that is not whole is set aside at the next start: until then it is left alone.
        Ok(row.flatten())
    }

    fn callers(&self, query: &str, by: impl Params) -> Result<Vec<PhoneNumber>, StoreError> {
        let mut query = self.db.prepare_cached(query)?;
        let found = query.query_map(by, |row| row::text(row, "whose"))?;
        let found: Vec<String> = found.collect::<rusqlite::Result<_>>()?;
        Ok(found
            .iter()
            .filter_map(|whose| PhoneNumber::parse(whose).ok())
            .collect())
    }
}

impl Sheet for Page<'_> {
    type Error = StoreError;

    fn page(&mut self, whose: &PhoneNumber) -> Result<Vec<Callback>, StoreError> {
        let mut query = self.db.prepare_cached(PAGE)?;
        let rows = query.query_map([whose.as_str()], Row::read)?;
        let rows: Vec<Option<Callback>> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn row(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        self.one(ROW, [id.to_string()])
    }

    fn retried(&mut self, promise: &Promise) -> Result<Option<Callback>, StoreError> {
        match promise.origin {
            Some(origin) => self.one(RETRIED, [origin.to_string(), promise.reason.clone()]),
            None => Ok(None),
        }
    }

    fn unsettled(&mut self) -> Result<usize, StoreError> {
        let mut query = self.db.prepare_cached(UNSETTLED)?;
        let count: i64 = query.query_row((), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    fn due(&mut self, at: Timestamp) -> Result<Option<Callback>, StoreError> {
        self.one(DUE, [at.as_millisecond()])
    }

    fn late(&mut self, at: Timestamp, callers_max: usize) -> Result<Vec<PhoneNumber>, StoreError> {
        let limit = i64::try_from(callers_max).unwrap_or(i64::MAX);
        self.callers(LATE, [at.as_millisecond(), limit])
    }

    fn dialled_by(&mut self, desk: &DeskId) -> Result<Vec<PhoneNumber>, StoreError> {
        self.callers(DIALLED_BY, [desk.as_str()])
    }

    fn write(
        &mut self,
        rows: &[Callback],
        attempts: &[(CallbackId, Attempt)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.wrote = true;
        // What leaves the flight first: never two of one caller are in flight, not even for a moment.
        let (landed, in_flight): (Vec<_>, Vec<_>) =
            rows.iter().partition(|row| row.attempt().is_none());
        for callback in landed.into_iter().chain(in_flight) {
            row::write(self.db, &Row::of(callback, self.rules, at))?;
        }
        for (callback, attempt) in attempts {
            let outcome = attempt.end.map(|end| end.outcome.as_str());
            let columns = params![
                callback.to_string(),
                attempt.number,
                attempt.sip_call_id,
                outcome,
                json(attempt)
            ];
            self.db.prepare_cached(UPSERT_ATTEMPT)?.execute(columns)?;
        }
        Ok(())
    }

    fn stirs_after(&mut self, at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut query = self.db.prepare_cached(STIRS_AFTER)?;
        let when: Option<i64> = query.query_row([at.as_millisecond()], |row| row.get(0))?;
        Ok(when.and_then(|when| Timestamp::from_millisecond(when).ok()))
    }
}
