use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::{Fault, FaultKind};
use super::link::Link;
use super::query::Query;
use crate::callbacks::store::columns::strength;
use crate::callbacks::{Attempt, Callback, CallbackId, Order, Promise, Rules};
use crate::words::PhoneNumber;

/// Whose pages an order begins with: they are locked all at once, and read in the same round trip.
#[derive(Clone, Debug)]
pub(super) enum Locks {
    /// Of one who is due and on whom nobody works.
    Due {
        at_ms: i64,
        seats: Vec<String>,
        /// What one of these seats owes, as the column `kind` has it.
        owed: Vec<i64>,
        /// Since when a live caller waits who is not to be overtaken.
        live_ms: Option<i64>,
        /// Attempts at him are counted from then on.
        since_ms: Option<i64>,
    },
    Callers(Vec<String>),
    /// Whoever these promises were made to.
    Of(Vec<String>),
    /// Of those who are late, whom nobody works on.
    Late {
        at_ms: i64,
        callers_max: i64,
    },
    DialledBy(String),
}

/// Callers who are told to be late in one go: what is left comes at the next look.
const LATE_MAX: i64 = 100;

impl Locks {
    pub(super) fn of(order: &Order, rules: &Rules, at: Timestamp) -> Self {
        let at_ms = at.as_millisecond();
        let counted = rules.attempts_a_day.and(rules.day_of(at));
        let whose = |promise: &Promise| rules.whose(&promise.number).as_str().to_owned();
        match order {
            Order::Note { promise, .. } => Self::Callers(vec![whose(promise)]),
            Order::Claim(claimer) => Self::Due {
                at_ms,
                seats: claimer
                    .seats
                    .iter()
                    .map(|seat| seat.as_str().to_owned())
                    .collect(),
                owed: rules
                    .owed_by(&claimer.seats)
                    .into_iter()
                    .map(strength)
                    .collect(),
                live_ms: claimer.live.map(Timestamp::as_millisecond),
                since_ms: counted.map(|(today, _)| today.as_millisecond()),
            },
            Order::Renew { claims, .. } => {
                Self::Of(claims.iter().map(|claim| claim.id.to_string()).collect())
            }
            Order::End { claim, .. } => Self::Of(vec![claim.id.to_string()]),
            Order::Joined { number, .. } | Order::Withdraw { number, .. } => {
                Self::Callers(vec![rules.whose(number).as_str().to_owned()])
            }
            Order::Live(live) | Order::DialByHand(live) => {
                let numbers = live.calls.iter().filter_map(|call| call.number.as_ref());
                Self::Callers(
                    numbers
                        .map(|number| rules.whose(number).as_str().to_owned())
                        .collect(),
                )
            }
            Order::Wish { id, .. } => Self::Of(vec![id.to_string()]),
            Order::Look { .. } => Self::Late {
                at_ms,
                callers_max: LATE_MAX,
            },
            // Who is dialled no more, or not any longer kept from being dialled, need not be locked.
            Order::CallOver { .. } | Order::Peek => Self::Callers(Vec::new()),
            Order::Restart { desk } => Self::DialledBy(desk.as_str().to_owned()),
            Order::Restore { rows, .. } => {
                Self::Callers(rows.iter().map(|row| whose(&row.promise)).collect())
            }
        }
    }

    /// Takes them, and reads what is not settled for these callers.
    pub(super) async fn take(&self, link: &Link) -> Result<Locked, Fault> {
        let (locked, rows, attempts, engaged) = tokio::join!(
            self.lock(link),
            link.rows(Query::Pages, &[]),
            self.attempts(link),
            self.engaged(link),
        );
        let locked: String = match locked?.first() {
            Some(row) => row.try_get(0)?,
            None => String::new(),
        };
        let callers = locked.split_whitespace().map(number);
        let (rows, attempts) = (rows?, attempts?);
        Ok(Locked {
            callers: callers.collect::<Result<_, _>>()?,
            rows: rows.iter().map(Kept::read).collect::<Result<_, _>>()?,
            attempts: attempts.iter().map(tried).collect::<Result<_, _>>()?,
            engaged: engaged?
                .iter()
                .map(|row| number(row.try_get("whose")?))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Only who is to be dialled must not be on the line.
    async fn engaged(&self, link: &Link) -> Result<Vec<Row>, Fault> {
        let Self::Due { at_ms, .. } = self else {
            return Ok(Vec::new());
        };
        link.rows(Query::Engaged, &[at_ms]).await
    }

    async fn attempts(&self, link: &Link) -> Result<Vec<Row>, Fault> {
        let Self::Due {
            since_ms: Some(since_ms),
            ..
        } = self
        else {
            return Ok(Vec::new());
        };
        link.rows(Query::AttemptsSince, &[since_ms]).await
    }

    async fn lock(&self, link: &Link) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Due {
                at_ms,
                seats,
                owed,
                live_ms,
                ..
            } => {
                let by: [&(dyn ToSql + Sync); 4] = [at_ms, seats, live_ms, owed];
                link.rows(Query::LockDue, &by).await
            }
            Self::Callers(callers) => link.rows(Query::LockCallers, &[callers]).await,
            Self::Of(ids) => link.rows(Query::LockOf, &[ids]).await,
            Self::Late { at_ms, callers_max } => {
                link.rows(Query::LockLate, &[at_ms, callers_max]).await
            }
            Self::DialledBy(desk) => link.rows(Query::LockDialledBy, &[desk]).await,
        }
    }
}

/// What was read of the callers whose pages are locked.
#[derive(Clone, Debug)]
pub(super) struct Locked {
    pub(super) callers: Vec<PhoneNumber>,
    pub(super) rows: Vec<Kept>,
    /// Those that are counted.
    pub(super) attempts: Vec<(PhoneNumber, Attempt)>,
    /// Those who are on the line.
    pub(super) engaged: Vec<PhoneNumber>,
}

/// What an order asks about beside its pages: whether it was carried out before.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) ids: BTreeSet<CallbackId>,
    origins: Vec<String>,
    reasons: Vec<String>,
}

impl Keys {
    /// None where the order notes nothing.
    pub(super) fn of(order: &Order) -> Option<Self> {
        let noted: Vec<(CallbackId, &Promise)> = match order {
            Order::Note { id, promise } => vec![(*id, promise)],
            Order::Restore { rows, .. } => rows.iter().map(|row| (row.id, &row.promise)).collect(),
            Order::Claim(_)
            | Order::Renew { .. }
            | Order::End { .. }
            | Order::Joined { .. }
            | Order::Withdraw { .. }
            | Order::Live(_)
            | Order::DialByHand(_)
            | Order::CallOver { .. }
            | Order::Wish { .. }
            | Order::Look { .. }
            | Order::Peek
            | Order::Restart { .. } => return None,
        };
        let keys = noted
            .iter()
            .filter_map(|(_, promise)| promise.retry_key())
            .map(|(origin, name)| (origin, name.to_owned()));
        let (origins, reasons) = keys.unzip();
        let ids = noted.iter().map(|(id, _)| *id).collect();
        Some(Self {
            ids,
            origins,
            reasons,
        })
    }

    pub(super) async fn known(&self, link: &Link) -> Result<Vec<Kept>, Fault> {
        let ids: Vec<String> = self.ids.iter().map(CallbackId::to_string).collect();
        let rows = link
            .rows(Query::Known, &[&ids, &self.origins, &self.reasons])
            .await?;
        rows.iter().map(Kept::read).collect()
    }
}

/// A row as it was read, and the column that says whose it is.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) whose: PhoneNumber,
    pub(super) row: Callback,
}

impl Kept {
    pub(super) fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            whose: number(row.try_get("whose")?)?,
            row: read(row.try_get("body")?)?,
        })
    }
}

fn tried(row: &Row) -> Result<(PhoneNumber, Attempt), Fault> {
    Ok((number(row.try_get("whose")?)?, read(row.try_get("body")?)?))
}

/// A row that is not as it was written fails what is asked: nothing is dialled by half of it.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, Fault> {
    serde_json::from_str(body).map_err(|_| damaged("a row of the database is damaged"))
}

fn number(whose: &str) -> Result<PhoneNumber, Fault> {
    PhoneNumber::parse(whose).map_err(|_| damaged("a caller's number in the database is damaged"))
}

fn damaged(what: &str) -> Fault {
    Fault::new(FaultKind::Damaged, what)
}
