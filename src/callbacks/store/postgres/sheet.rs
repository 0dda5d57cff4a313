use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::types::ToSql;

use super::fault::Fault;
use super::link::Link;
use super::locks::{self, Kept, Keys, Locked, Locks};
use super::query::Query;
use crate::callbacks::store::columns::{Columns, json, ms};
use crate::callbacks::{
    Attempt, Callback, CallbackId, Claimer, LiveCall, LiveCalls, Order, Outlook, Promise, Rules,
    Sheet, Turn, Wished,
};
use crate::words::{CallId, DeskId, PhoneNumber, Pii};

/// Times that a caller who was due is not any more once his page is read; what is left is for the next claim.
const DUE_TRIES: u32 = 8;

const OTHER_CALL_WITH: &str =
    "SELECT 1 FROM live_call WHERE whose = $1 AND id <> $2 AND lapses_ms > $3 LIMIT 1";
const CALLS_OF: &str = "SELECT body FROM live_call WHERE desk = $1 ORDER BY id";

/// A transaction of two round trips: what is locked and read, then what is written, with the commit.
pub(super) struct Page<'a> {
    link: &'a Link,
    order: &'a Order,
    rules: &'a Rules,
    /// The desk whose order it is.
    desk: &'a DeskId,
    pages: BTreeMap<PhoneNumber, Vec<Callback>>,
    /// Those that were read with the pages.
    attempts: Vec<(PhoneNumber, Attempt)>,
    /// Who is on the line, of those who could be dialled.
    engaged: BTreeSet<PhoneNumber>,
    known: Option<(Keys, Vec<Callback>)>,
    wrote: Wrote,
    /// As it is with what was written; none where the order changes nothing about it.
    unsettled: Option<usize>,
}

/// What goes to the server with the last question.
#[derive(Default)]
struct Wrote {
    rows: BTreeMap<CallbackId, (Callback, Columns)>,
    attempts: BTreeMap<(CallbackId, u32), AttemptColumns>,
    wishes: Vec<WishColumns>,
    calls: Vec<CallColumns>,
    calls_over: Vec<String>,
    /// Whose calls died.
    died: Option<DeskId>,
}

#[derive(Serialize)]
struct AttemptColumns {
    callback: String,
    number: u32,
    sip_call_id: String,
    outcome: Option<&'static str>,
    body: String,
}

#[derive(Serialize)]
struct WishColumns {
    callback: String,
    number: u32,
    body: String,
}

#[derive(Serialize)]
struct CallColumns {
    id: String,
    desk: String,
    whose: Option<Pii<PhoneNumber>>,
    lapses_ms: i64,
    body: String,
}

impl AttemptColumns {
    fn of(callback: CallbackId, attempt: &Attempt) -> Self {
        Self {
            callback: callback.to_string(),
            number: attempt.number,
            sip_call_id: attempt.sip_call_id.clone(),
            outcome: attempt.end.as_ref().map(|end| end.outcome.as_str()),
            body: json(attempt),
        }
    }
}

impl WishColumns {
    fn of(callback: CallbackId, wished: &Wished) -> Self {
        Self {
            callback: callback.to_string(),
            number: wished.number,
            body: json(wished),
        }
    }
}

impl CallColumns {
    fn of(call: &LiveCall, live: &LiveCalls, rules: &Rules) -> Self {
        let number = call.number.as_ref();
        Self {
            id: call.call.to_string(),
            desk: live.desk.as_str().to_owned(),
            whose: number.map(|number| Pii::new(rules.whose(number))),
            lapses_ms: ms(live.until),
            body: json(call),
        }
    }
}

impl<'a> Page<'a> {
    /// Begins with all that the order is likely to ask about. How many are not settled is asked where it is not known.
    pub(super) fn begin(
        link: &'a Link,
        desk: &'a DeskId,
        order: &'a Order,
        rules: &'a Rules,
        known: Option<usize>,
        at: Timestamp,
    ) -> Result<Self, Fault> {
        let is_unknown = order.changes_how_many() && known.is_none();
        let locks = Locks::of(order, rules, at);
        let keys = Keys::of(order);
        let (locked, rows, counted) = link.wait(async {
            let (begun, locked, rows, counted) = tokio::join!(
                link.say("BEGIN"),
                locks.take(link),
                async {
                    match &keys {
                        Some(keys) => keys.known(link).await,
                        None => Ok(Vec::new()),
                    }
                },
                async {
                    match is_unknown {
                        true => unsettled(link).await.map(Some),
                        false => Ok(known),
                    }
                },
            );
            begun?;
            Ok((locked?, rows?, counted?))
        })?;
        let rows = rows.into_iter().map(|kept| kept.row).collect();
        let mut page = Self {
            link,
            order,
            rules,
            desk,
            pages: BTreeMap::new(),
            attempts: Vec::new(),
            engaged: BTreeSet::new(),
            known: keys.map(|keys| (keys, rows)),
            wrote: Wrote::default(),
            unsettled: counted.filter(|_| order.changes_how_many()),
        };
        page.lay(locked);
        Ok(page)
    }

    fn lay(&mut self, locked: Locked) {
        let Locked {
            callers,
            rows,
            attempts,
            engaged,
        } = locked;
        self.attempts.extend(attempts);
        self.engaged.extend(engaged);
        self.pages
            .extend(callers.into_iter().map(|whose| (whose, Vec::new())));
        for Kept { whose, row } in rows {
            let page = self.pages.entry(whose).or_default();
            page.insert(page.partition_point(|other| other.id < row.id), row);
        }
    }

    fn turn_to(&mut self, locks: &Locks) -> Result<(), Fault> {
        let locked = self.link.wait(locks.take(self.link))?;
        self.lay(locked);
        Ok(())
    }

    fn read(&self) -> impl Iterator<Item = &Callback> {
        let known = self.known.iter().flat_map(|(_, rows)| rows);
        self.pages.values().flatten().chain(known)
    }

    /// As it will stand, for what else the order asks.
    fn remember(&mut self, row: &Callback, whose: PhoneNumber) {
        let page = self.pages.entry(whose).or_default();
        let before = page.len();
        page.retain(|other| other.id != row.id);
        let was_open = page.len() < before;
        if let Some(count) = &mut self.unsettled {
            *count =
                (*count + usize::from(!row.is_settled())).saturating_sub(usize::from(was_open));
        }
        if !row.is_settled() {
            let place = page.partition_point(|other| other.id < row.id);
            page.insert(place, row.clone());
        }
        if let Some((_, known)) = &mut self.known {
            known.retain(|other| other.id != row.id);
            known.push(row.clone());
        }
    }

    /// A claim, or its renewal, gives no other desk anything to do.
    fn stirs_others(&self) -> bool {
        let is_ours = matches!(self.order, Order::Claim(_) | Order::Renew { .. });
        !self.wrote.rows.is_empty() && !is_ours
    }
}

impl Sheet for Page<'_> {
    type Error = Fault;

    fn page(&mut self, whose: &PhoneNumber) -> Result<Vec<Callback>, Fault> {
        if !self.pages.contains_key(whose) {
            self.turn_to(&Locks::Callers(vec![whose.as_str().to_owned()]))?;
        }
        Ok(self.pages.get(whose).cloned().unwrap_or_default())
    }

    fn row(&mut self, id: CallbackId) -> Result<Option<Callback>, Fault> {
        if let Some(row) = self.read().find(|row| row.id == id) {
            return Ok(Some(row.clone()));
        }
        let was_asked = |(keys, _): &(Keys, _)| keys.ids.contains(&id);
        if self.known.as_ref().is_some_and(was_asked) {
            return Ok(None);
        }
        row(self.link, id)
    }

    /// The server was asked for it at the beginning.
    fn retried(&mut self, promise: &Promise) -> Result<Option<Callback>, Fault> {
        let is_retried = |row: &&Callback| row.promise.is_retry_of(promise);
        Ok(self.read().find(is_retried).cloned())
    }

    /// Asked with the claim, which alone counts them.
    fn attempts_since(&mut self, whose: &PhoneNumber, since: Timestamp) -> Result<u32, Fault> {
        let counts = |(caller, attempt): &&(PhoneNumber, Attempt)| {
            caller == whose && attempt.counts_since(since)
        };
        let count = self.attempts.iter().filter(counts).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn unsettled(&mut self) -> Result<usize, Fault> {
        match self.unsettled {
            Some(count) => Ok(count),
            None => self.link.wait(unsettled(self.link)),
        }
    }

    fn due(&mut self, at: Timestamp, claimer: &Claimer) -> Result<Option<Callback>, Fault> {
        for _ in 0..DUE_TRIES {
            let pages = self.pages.iter();
            let free = pages.filter(|(whose, page)| {
                !self.engaged.contains(*whose) && page.iter().all(|row| row.attempt().is_none())
            });
            let due = free
                .flat_map(|(_, page)| page)
                .filter(|row| row.is_claimable_by(claimer, self.rules, at))
                .min_by_key(|row| row.turn());
            // No page at all: nobody is due.
            if due.is_some() || self.pages.is_empty() {
                return Ok(due.cloned());
            }
            // Another desk was there between the look and the lock. It is over with: the next one.
            let before = self.pages.len();
            self.turn_to(&Locks::of(self.order, self.rules, at))?;
            if self.pages.len() == before {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Those whose pages are locked: the others are in somebody's hands.
    fn late(&mut self, _: Timestamp, callers_max: usize) -> Result<Vec<PhoneNumber>, Fault> {
        Ok(self.pages.keys().take(callers_max).cloned().collect())
    }

    fn dialled_by(&mut self, _: &DeskId) -> Result<Vec<PhoneNumber>, Fault> {
        Ok(self.pages.keys().cloned().collect())
    }

    fn write(&mut self, turn: &Turn, at: Timestamp) -> Result<(), Fault> {
        for row in &turn.rows {
            let columns = Columns::of(row, self.rules, at);
            self.remember(row, columns.whose.reveal().clone());
            self.wrote.rows.insert(row.id, (row.clone(), columns));
        }
        for (callback, attempt) in &turn.attempts {
            let key = (*callback, attempt.number);
            let columns = AttemptColumns::of(*callback, attempt);
            self.wrote.attempts.insert(key, columns);
        }
        let wishes = turn.wishes.iter();
        let wishes = wishes.map(|(callback, wished)| WishColumns::of(*callback, wished));
        self.wrote.wishes.extend(wishes);
        Ok(())
    }

    fn live(&mut self, live: &LiveCalls) -> Result<(), Fault> {
        let calls = live.calls.iter();
        let calls = calls.map(|call| CallColumns::of(call, live, self.rules));
        self.wrote.calls.extend(calls);
        Ok(())
    }

    /// His page is locked: nobody begins to dial him meanwhile.
    fn is_on_the_line(
        &mut self,
        whose: &PhoneNumber,
        but: CallId,
        at: Timestamp,
    ) -> Result<bool, Fault> {
        let (whose, but, at_ms) = (whose.as_str(), but.to_string(), at.as_millisecond());
        let rows = self.link.once(OTHER_CALL_WITH, &[&whose, &but, &at_ms])?;
        Ok(!rows.is_empty())
    }

    fn call_over(&mut self, call: CallId) -> Result<(), Fault> {
        self.wrote.calls_over.push(call.to_string());
        Ok(())
    }

    fn calls_died(&mut self, desk: &DeskId) -> Result<Vec<LiveCall>, Fault> {
        self.wrote.died = Some(desk.clone());
        let rows = self.link.once(CALLS_OF, &[&desk.as_str()])?;
        let bodies = rows.iter().map(|row| locks::read(row.try_get("body")?));
        bodies.collect()
    }

    /// The last question takes what was written along, and the commit; where one of them fails the server takes it all back.
    fn outlook(&mut self, from: Timestamp, at: Timestamp) -> Result<Outlook, Fault> {
        let stirs = self.stirs_others();
        let wrote = std::mem::take(&mut self.wrote);
        let (link, desk) = (self.link, self.desk.as_str());
        link.wait(async {
            let (rows, attempts, wishes, calls, outlook, committed, ()) = tokio::join!(
                wrote.rows(link),
                wrote.attempts(link),
                wrote.wishes(link),
                wrote.calls(link),
                outlook(link, from, at),
                link.say("COMMIT"),
                async {
                    if stirs {
                        notify(link, desk).await;
                    }
                },
            );
            rows.and(attempts).and(wishes).and(calls)?;
            let outlook = outlook?;
            committed?;
            Ok(outlook)
        })
    }
}

impl Wrote {
    /// What leaves the flight first: never two of one caller are in flight, not even for a moment.
    async fn rows(&self, link: &Link) -> Result<(), Fault> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = self.rows.values();
        let (landed, in_flight): (Vec<_>, Vec<_>) =
            rows.partition(|(row, _)| row.attempt().is_none());
        let rows: Vec<&Columns> = landed
            .into_iter()
            .chain(in_flight)
            .map(|(_, columns)| columns)
            .collect();
        link.rows(Query::WriteRows, &[&json(&rows)]).await.map(drop)
    }

    async fn attempts(&self, link: &Link) -> Result<(), Fault> {
        if self.attempts.is_empty() {
            return Ok(());
        }
        let attempts: Vec<&AttemptColumns> = self.attempts.values().collect();
        link.rows(Query::WriteAttempts, &[&json(&attempts)])
            .await
            .map(drop)
    }

    async fn wishes(&self, link: &Link) -> Result<(), Fault> {
        if self.wishes.is_empty() {
            return Ok(());
        }
        link.rows(Query::WriteWishes, &[&json(&self.wishes)])
            .await
            .map(drop)
    }

    /// Those that died were told of by an earlier run.
    async fn calls(&self, link: &Link) -> Result<(), Fault> {
        if let Some(desk) = &self.died {
            link.rows(Query::CallsDied, &[&desk.as_str()]).await?;
        }
        if !self.calls.is_empty() {
            link.rows(Query::WriteCalls, &[&json(&self.calls)]).await?;
        }
        if !self.calls_over.is_empty() {
            link.rows(Query::DeleteCalls, &[&self.calls_over]).await?;
        }
        Ok(())
    }
}

/// Tells the other desks. The server lets those who notify commit one after the other: so it is a transaction of its own,
/// which waits for no disk. What it does not come to, they find at their next look.
async fn notify(link: &Link, desk: &str) {
    let by: [&(dyn ToSql + Sync); 1] = [&desk];
    let (begun, told, over) = tokio::join!(
        link.say("BEGIN; SET LOCAL synchronous_commit = off"),
        link.rows(Query::Notify, &by),
        link.say("COMMIT"),
    );
    if let Err(fault) = begun.and(told.map(drop)).and(over) {
        tracing::debug!(%fault, "notify the other desks");
    }
}

pub(super) fn row(link: &Link, id: CallbackId) -> Result<Option<Callback>, Fault> {
    let rows = link.wait(link.rows(Query::Row, &[&id.to_string()]))?;
    let kept = rows.first().map(Kept::read).transpose()?;
    Ok(kept.map(|kept| kept.row))
}

async fn unsettled(link: &Link) -> Result<usize, Fault> {
    let rows = link.rows(Query::Unsettled, &[]).await?;
    let count = rows
        .first()
        .map(|row| row.try_get::<_, i64>(0))
        .transpose()?;
    Ok(count
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(0))
}

pub(super) async fn outlook(link: &Link, from: Timestamp, at: Timestamp) -> Result<Outlook, Fault> {
    let (from_ms, at_ms) = (from.as_millisecond(), at.as_millisecond());
    let (of_what_stirs, of_place): ([&(dyn ToSql + Sync); 2], [&(dyn ToSql + Sync); 1]) =
        ([&from_ms, &at_ms], [&at_ms]);
    let (next, place) = tokio::join!(
        time(link, Query::StirsAfter, &of_what_stirs),
        time(link, Query::FirstPlace, &of_place)
    );
    Ok(Outlook {
        next: next?,
        place: place?,
    })
}

async fn time(
    link: &Link,
    query: Query,
    by: &[&(dyn ToSql + Sync)],
) -> Result<Option<Timestamp>, Fault> {
    let rows = link.rows(query, by).await?;
    let when = rows
        .first()
        .map(|row| row.try_get::<_, Option<i64>>(0))
        .transpose()?;
    Ok(when
        .flatten()
        .and_then(|when| Timestamp::from_millisecond(when).ok()))
}
