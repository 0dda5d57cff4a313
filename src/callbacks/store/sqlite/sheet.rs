use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

use super::row::{self, Row};
use crate::callbacks::engaged::Engaged;
use crate::callbacks::store::StoreError;
use crate::callbacks::store::columns::{json, strength};
use crate::callbacks::{
    Attempt, Callback, CallbackId, Claimer, LiveCall, LiveCalls, Outlook, Promise, Rules, Sheet,
    Turn, Wished,
};
use crate::words::{CallId, DeskId, PhoneNumber};

/// A transaction that may write.
pub(super) struct Page<'a> {
    pub(super) db: &'a Transaction<'a>,
    pub(super) rules: &'a Rules,
    /// What is said of calls is so, also where it cannot be written.
    pub(super) engaged: &'a mut Engaged,
    /// Whether anything was written: what only read needs no commit.
    pub(super) wrote: bool,
    /// Counted once: what is written after that is told apart.
    unsettled: Option<usize>,
}

// SQLite has no statistics of the rows, and spares a sort rather than a walk over all of them: where it would, the index is named.

const PAGE: &str =
    "SELECT * FROM callback INDEXED BY callback_whose WHERE whose = ?1 AND settled = 0 ORDER BY id";
const ROW: &str = "SELECT * FROM callback WHERE id = ?1";
const RETRIED: &str = "SELECT * FROM callback WHERE origin = ?1 AND reason = ?2";
/// `changed_ms` is that of the row's last attempt, or later.
const ATTEMPTS_SINCE: &str = "
SELECT attempt.* FROM callback JOIN attempt ON attempt.callback = callback.id
WHERE callback.whose = ?1 AND callback.changed_ms >= ?2";
const UNSETTLED: &str = "SELECT count(*) FROM callback WHERE settled = 0";
const IS_UNSETTLED: &str = "SELECT 1 FROM callback WHERE id = ?1 AND settled = 0";
/// The order is that of `Callback::turn`.
const DUE: &str = "
SELECT * FROM callback AS due WHERE state = 'open' AND next_ms <= ?1
    AND (own_ms IS NULL OR own_ms <= ?1 OR seat IN (SELECT value FROM json_each(?2))
        OR kind IN (SELECT value FROM json_each(?5)))
    AND (?3 IS NULL OR place_ms < ?3)
    AND NOT EXISTS (SELECT 1 FROM callback WHERE whose = due.whose AND state = 'attempting')
    AND whose NOT IN (SELECT value FROM json_each(?4))
ORDER BY place_ms IS NULL, place_ms, kind DESC, next_ms, id LIMIT 1";
const FIRST_PLACE: &str = "
SELECT place_ms FROM callback AS due INDEXED BY callback_line
WHERE state = 'open' AND place_ms IS NOT NULL AND next_ms <= ?1
    AND (own_ms IS NULL OR own_ms <= ?1)
    AND NOT EXISTS (SELECT 1 FROM callback WHERE whose = due.whose AND state = 'attempting')
    AND whose NOT IN (SELECT value FROM json_each(?2))
ORDER BY place_ms LIMIT 1";
const LATE: &str = "
SELECT whose FROM callback WHERE lapses_ms <= ?1 UNION SELECT whose FROM callback WHERE warns_ms <= ?1 LIMIT ?2";
const LIVE_CALLS: &str = "SELECT * FROM live_call ORDER BY id";
const DIALLED_BY: &str = "SELECT DISTINCT whose FROM callback WHERE state = 'attempting' AND (desk = ?1 OR desk IS NULL)";
const STIRS_AFTER: &str = "
SELECT min(at) FROM (
    SELECT min(next_ms) AS at FROM callback WHERE state = 'open' AND next_ms > ?1
        AND whose NOT IN (SELECT value FROM json_each(?2))
    UNION ALL SELECT min(own_ms) FROM callback WHERE state = 'open' AND own_ms > ?1
        AND whose NOT IN (SELECT value FROM json_each(?2))
    UNION ALL SELECT min(lapses_ms) FROM callback WHERE lapses_ms > ?1
    UNION ALL SELECT min(warns_ms) FROM callback WHERE warns_ms > ?1)";

impl<'a> Page<'a> {
    pub(super) fn new(db: &'a Transaction<'a>, rules: &'a Rules, engaged: &'a mut Engaged) -> Self {
        Self {
            db,
            rules,
            engaged,
            wrote: false,
            unsettled: None,
        }
    }

    /// Follows the count: there may be ten thousand.
    fn recount(&mut self, callback: &Callback) -> Result<(), StoreError> {
        let Some(count) = self.unsettled else {
            return Ok(());
        };
        let mut query = self.db.prepare_cached(IS_UNSETTLED)?;
        let was = usize::from(query.exists([callback.id.to_string()])?);
        let is = usize::from(!callback.is_settled());
        self.unsettled = Some((count + is).saturating_sub(was));
        Ok(())
    }

    fn one(&self, query: &str, by: impl Params) -> Result<Option<Callback>, StoreError> {
        let mut query = self.db.prepare_cached(query)?;
        let row = query.query_row(by, Row::read).optional()?;
        // A row that is not whole is set aside at the next start: until then it is left alone.
        Ok(row.flatten())
    }

    /// Who is on the line, for `json_each`.
    fn engaged_at(&self, at: Timestamp) -> String {
        json(&self.engaged.callers(at))
    }

    fn time(&self, query: &str, by: impl Params) -> Result<Option<Timestamp>, StoreError> {
        let mut query = self.db.prepare_cached(query)?;
        let found = query.query_row(by, |row| row.get(0));
        let ms: Option<i64> = found.optional()?.flatten();
        Ok(ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
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
        match promise.retry_key() {
            Some((origin, name)) => self.one(RETRIED, [&*origin, name]),
            None => Ok(None),
        }
    }

    fn attempts_since(&mut self, whose: &PhoneNumber, since: Timestamp) -> Result<u32, StoreError> {
        let mut query = self.db.prepare_cached(ATTEMPTS_SINCE)?;
        let since_ms = since.as_millisecond();
        let attempts = query.query_map(params![whose.as_str(), since_ms], |found| {
            row::body::<Attempt>(found, row::ATTEMPT)
        })?;
        let mut count = 0;
        for attempt in attempts {
            // An attempt that is not whole is none that we know of.
            let attempt = attempt?;
            count += u32::from(attempt.is_some_and(|attempt| attempt.counts_since(since)));
        }
        Ok(count)
    }

    fn unsettled(&mut self) -> Result<usize, StoreError> {
        if let Some(count) = self.unsettled {
            return Ok(count);
        }
        let mut query = self.db.prepare_cached(UNSETTLED)?;
        let count: i64 = query.query_row((), |row| row.get(0))?;
        let count = usize::try_from(count).unwrap_or(0);
        self.unsettled = Some(count);
        Ok(count)
    }

    fn due(&mut self, at: Timestamp, claimer: &Claimer) -> Result<Option<Callback>, StoreError> {
        let live_ms = claimer.live.map(Timestamp::as_millisecond);
        let owed = self.rules.owed_by(&claimer.seats);
        let owed: Vec<i64> = owed.into_iter().map(strength).collect();
        let (at_ms, engaged) = (at.as_millisecond(), self.engaged_at(at));
        let (seats, owed) = (json(&claimer.seats), json(&owed));
        self.one(DUE, params![at_ms, seats, live_ms, engaged, owed])
    }

    fn late(&mut self, at: Timestamp, callers_max: usize) -> Result<Vec<PhoneNumber>, StoreError> {
        let limit = i64::try_from(callers_max).unwrap_or(i64::MAX);
        self.callers(LATE, [at.as_millisecond(), limit])
    }

    fn dialled_by(&mut self, desk: &DeskId) -> Result<Vec<PhoneNumber>, StoreError> {
        self.callers(DIALLED_BY, [desk.as_str()])
    }

    fn write(&mut self, turn: &Turn, at: Timestamp) -> Result<(), StoreError> {
        self.wrote = true;
        // What leaves the flight first: never two of one caller are in flight, not even for a moment.
        let (landed, in_flight): (Vec<_>, Vec<_>) =
            turn.rows.iter().partition(|row| row.attempt().is_none());
        for callback in landed.into_iter().chain(in_flight) {
            self.recount(callback)?;
            row::write(self.db, &Row::of(callback, self.rules, at))?;
        }
        for (callback, attempt) in &turn.attempts {
            row::put(self.db, "attempt", attempt_columns(*callback, attempt))?;
        }
        for (callback, wished) in &turn.wishes {
            row::put(self.db, "wish", wish_columns(*callback, wished))?;
        }
        Ok(())
    }

    fn live(&mut self, calls: &LiveCalls) -> Result<(), StoreError> {
        self.engaged.take(calls, self.rules);
        for call in &calls.calls {
            let columns = vec![call.call.to_string().into(), json(call).into()];
            row::put(self.db, "live_call", columns)?;
            self.wrote = true;
        }
        Ok(())
    }

    fn is_on_the_line(
        &mut self,
        whose: &PhoneNumber,
        but: CallId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.engaged.has(whose, but, at))
    }

    fn call_over(&mut self, call: CallId) -> Result<(), StoreError> {
        self.engaged.call_over(call);
        let mut delete = self
            .db
            .prepare_cached("DELETE FROM live_call WHERE id = ?1")?;
        self.wrote |= delete.execute([call.to_string()])? > 0;
        Ok(())
    }

    /// The file is one desk's, and outlives the processes in which its calls died.
    fn calls_died(&mut self, desk: &DeskId) -> Result<Vec<LiveCall>, StoreError> {
        self.engaged.calls_died(desk);
        live_calls(self.db)
    }

    fn outlook(&mut self, from: Timestamp, at: Timestamp) -> Result<Outlook, StoreError> {
        let (from_ms, at_ms) = (from.as_millisecond(), at.as_millisecond());
        let engaged = self.engaged_at(at);
        Ok(Outlook {
            next: self.time(STIRS_AFTER, params![from_ms, engaged])?,
            place: self.time(FIRST_PLACE, params![at_ms, engaged])?,
        })
    }
}

fn attempt_columns(callback: CallbackId, attempt: &Attempt) -> Vec<Value> {
    let outcome = attempt.end.as_ref().map(|end| end.outcome.as_str());
    vec![
        callback.to_string().into(),
        attempt.number.into(),
        attempt.sip_call_id.clone().into(),
        outcome.map(str::to_owned).into(),
        json(attempt).into(),
    ]
}

fn wish_columns(callback: CallbackId, wished: &Wished) -> Vec<Value> {
    vec![
        callback.to_string().into(),
        wished.number.into(),
        json(wished).into(),
    ]
}

pub(super) fn live_calls(db: &Connection) -> Result<Vec<LiveCall>, StoreError> {
    let mut query = db.prepare_cached(LIVE_CALLS)?;
    let calls = query.query_map((), |found| row::body(found, row::LIVE_CALL))?;
    let calls: Vec<Option<LiveCall>> = calls.collect::<rusqlite::Result<_>>()?;
    // Of a damaged one nobody knows whom to phone back.
    Ok(calls.into_iter().flatten().collect())
}
