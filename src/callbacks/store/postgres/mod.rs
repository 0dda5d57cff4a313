mod address;
mod book_time;
mod fault;
mod keeping;
mod link;
mod listener;
mod locks;
mod name;
mod query;
mod reaching;
mod schema;
mod sheet;
mod tls;

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tokio_postgres::types::ToSql;

use self::address::Address;
use self::book_time::{BookTime, Moved};
use self::fault::{Fault, FaultKind};
use self::link::Link;
use self::listener::Listener;
use self::locks::Kept;
use self::name::Name;
use self::query::Query;
use self::reaching::Reaching;
use self::sheet::Page;
use super::{Forgotten, Kept as History, OpenError, Opened, Store, StoreError};
use crate::callbacks::{
    Attempt, Callback, CallbackId, Claimer, LiveCalls, Order, Outlook, Rules, State, Turn, Wished,
    carry_out,
};
use crate::words::{DeskId, Moment, PhoneNumber, Pii};

/// Promises, their attempts and the live calls on a PostgreSQL server that many desks share.
pub struct Postgres {
    address: Address,
    name: Name,
    /// Reads a clock that is never set.
    clock: fn() -> Moment,
    link: Option<Link>,
    /// A connection that is on its way.
    reaching: Option<Reaching>,
    time: Time,
    open: Option<Counted>,
    /// A server that could not be reached is left alone until then: what waits in line is refused at once.
    again: Moment,
    listener: Option<Listener>,
}

/// Others change how many callbacks are not settled, and all of them are read to count them: so they are counted once in a
/// while, and what this desk does meanwhile is added.
const COUNTED_FOR: Duration = Duration::from_secs(1);

/// Settled callbacks that are listed.
const SETTLED_LISTED: i64 = 1_000;
const LISTED: &str = "
SELECT whose, body, id FROM callback WHERE NOT settled
UNION ALL
(SELECT whose, body, id FROM callback WHERE settled ORDER BY id DESC LIMIT $1)
ORDER BY id";
const UNCERTAIN: &str =
    "SELECT whose, body FROM callback WHERE NOT settled AND state = 'uncertain' ORDER BY id";

/// Whose pages are locked in one transaction: the server has room for so many locks.
const CALLERS_AT_ONCE: usize = 500;

/// In the desk's folder: which connection has its name.
const SESSION_FILE: &str = "database-session.json";

const SERVER_TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

impl Postgres {
    /// Reaches the server by `url`, for the agent that is called `desk`.
    pub fn open(
        url: &Pii<String>,
        desk: DeskId,
        clock: fn() -> Moment,
    ) -> Result<(Self, Opened), OpenError> {
        let name = Name::new(desk.clone(), None);
        Self::open_as(name, url, desk, clock)
    }

    /// The same; from its folder `state`, that no other process has meanwhile, it knows its last connection.
    ///
    /// So it knows whether this desk has had the book of this server before: then one that is not reached is no error, and
    /// is reached later, by whatever is asked first.
    pub fn open_in(
        state: &Path,
        url: &Pii<String>,
        desk: DeskId,
        clock: fn() -> Moment,
    ) -> Result<(Self, Opened), OpenError> {
        let name = Name::new(desk.clone(), Some(state.join(SESSION_FILE)));
        Self::open_as(name, url, desk, clock)
    }

    /// Whether it is the address of a server; nobody is asked.
    pub fn look(url: &Pii<String>) -> Result<(), OpenError> {
        let parsed = Address::parse(url, DeskId::alone());
        let refused = |why| OpenError::Url(Fault::from(why).to_string());
        parsed.map(drop).map_err(refused)
    }

    /// Connects as a desk would, and leaves again: the server's version, as `server_version_num` has it (150004).
    pub fn greet(url: &Pii<String>) -> Result<i64, OpenError> {
        let address = Address::parse(url, DeskId::alone())
            .map_err(|why| OpenError::Url(Fault::from(why).to_string()))?;
        let version = "SELECT current_setting('server_version_num')::bigint";
        let told = Link::open(&address).and_then(|link| link.number(version));
        let refused = |why: String| OpenError::Server {
            server: address.to_string(),
            why,
        };
        let told = told.map_err(|fault| refused(fault.to_string()))?;
        told.ok_or_else(|| refused("it tells no version".to_owned()))
    }

    fn open_as(
        name: Name,
        url: &Pii<String>,
        desk: DeskId,
        clock: fn() -> Moment,
    ) -> Result<(Self, Opened), OpenError> {
        let address = Address::parse(url, desk)
            .map_err(|why| OpenError::Url(Fault::from(why).to_string()))?;
        let mut store = Self {
            address,
            name,
            clock,
            link: None,
            reaching: None,
            time: Time::Servers(None),
            open: None,
            again: Moment::ZERO,
            listener: None,
        };
        let opened = store.open_first()?;
        Ok((store, opened))
    }

    /// Takes orders as of the desk's own time: for tests, whose time is virtual.
    pub fn with_time_of_desk(self) -> Self {
        Self {
            time: Time::Desks,
            ..self
        }
    }

    /// Tells, on a thread of its own, that another desk wrote into the book, until the store is dropped.
    pub fn listen(&mut self, stirred: impl Fn() + Send + 'static) -> io::Result<()> {
        let listener = Listener::start(self.address.clone(), stirred)?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Once more on what may be another connection, where that may help.
    fn run<T>(
        &mut self,
        mut what: impl FnMut(&Link, Try) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        match self.once(&mut what, Try::First) {
            Err(fault) if fault.may_go_again() => {
                tracing::debug!(%fault, "ask the database again");
                Ok(self.once(&mut what, Try::Again)?)
            }
            done => Ok(done?),
        }
    }

    fn once<T>(
        &mut self,
        what: &mut impl FnMut(&Link, Try) -> Result<T, Fault>,
        which: Try,
    ) -> Result<T, Fault> {
        let link = match self.link.take() {
            Some(link) => link,
            None => self.reach()?,
        };
        let done = what(&link, which);
        let is_spared = match &done {
            Ok(_) => true,
            Err(fault) => fault.spares_the_link() && link.batch("ROLLBACK").is_ok(),
        };
        self.link = is_spared.then_some(link);
        done
    }

    /// By how much the book's time is ahead of `at`.
    fn ahead_of(&mut self, at: Timestamp) -> Result<SignedDuration, StoreError> {
        let now = (self.clock)();
        let mut time = match self.time {
            Time::Desks => return Ok(SignedDuration::ZERO),
            Time::Servers(Some(time)) if !time.is_stale(now) && self.link.is_some() => time,
            Time::Servers(_) => self.read_time()?,
        };
        let ahead = time.ahead_of(at, (self.clock)());
        self.time = Time::Servers(Some(time));
        Ok(ahead)
    }

    fn listed(
        &mut self,
        query: &str,
        by: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Callback>, StoreError> {
        let rows = self.run(|link, _| {
            let rows = link.once(query, by)?;
            let rows = rows.iter().map(|row| Ok(Kept::read(row)?.row));
            rows.collect::<Result<Vec<Callback>, Fault>>()
        })?;
        Ok(rows.moved(-self.time.ahead()))
    }

    fn read_time(&mut self) -> Result<BookTime, StoreError> {
        let clock = self.clock;
        self.run(|link, _| {
            let us = link.number(SERVER_TIME)?.unwrap_or_default();
            let server = Timestamp::from_microsecond(us)
                .map_err(|why| Fault::new(FaultKind::Refused, why))?;
            Ok(BookTime::new(server, clock()))
        })
    }
}

/// Whose clock counts.
#[derive(Clone, Copy, Debug)]
enum Time {
    /// As it was read last on this connection.
    Servers(Option<BookTime>),
    Desks,
}

impl Time {
    fn forget(&mut self) {
        if let Self::Servers(time) = self {
            *time = None;
        }
    }

    /// By how much the book was ahead at the last order.
    fn ahead(self) -> SignedDuration {
        match self {
            Self::Servers(time) => time.and_then(|time| time.seen()).unwrap_or_default(),
            Self::Desks => SignedDuration::ZERO,
        }
    }
}

/// How many callbacks are not settled.
#[derive(Clone, Copy, Debug)]
struct Counted {
    rows: usize,
    at: Moment,
}

/// Whether an answer may have been lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    First,
    Again,
}

impl Store for Postgres {
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        let ahead = self.ahead_of(at)?;
        let at = at.moved(ahead);
        let desk = self.address.desk.clone();
        let mut all = Turn::default();
        for part in parts(order.clone().moved(ahead)) {
            let now = (self.clock)();
            let counted = self
                .open
                .take_if(|counted| now.since(counted.at) < COUNTED_FOR);
            let open = counted.map(|counted| counted.rows);
            let turn = self.run(|link, which| match (&part, which) {
                (Order::Claim(claimer), Try::Again) => match claimed(link, claimer)? {
                    Some(turn) => Ok(turn),
                    None => carried_out(link, &desk, &part, rules, open, at),
                },
                _ => carried_out(link, &desk, &part, rules, open, at),
            })?;
            let at = counted.map_or(now, |counted| counted.at);
            self.open = turn.unsettled.map(|rows| Counted { rows, at }).or(counted);
            (all.next, all.place, all.unsettled) = (turn.next, turn.place, turn.unsettled);
            all.add(turn);
        }
        Ok(all.moved(-ahead))
    }

    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError> {
        self.listed(LISTED, &[&SETTLED_LISTED])
    }

    fn uncertain(&mut self) -> Result<Vec<Callback>, StoreError> {
        self.listed(UNCERTAIN, &[])
    }

    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        let row = self.run(|link, _| sheet::row(link, id))?;
        Ok(row.map(|row| row.moved(-self.time.ahead())))
    }

    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        let query = "SELECT body FROM attempt WHERE callback = $1 ORDER BY number";
        let attempts: Vec<Attempt> = self.run(|link, _| bodies(link, query, &id.to_string()))?;
        Ok(attempts.moved(-self.time.ahead()))
    }

    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
        let query = "SELECT body FROM wish WHERE callback = $1 ORDER BY number";
        let wishes: Vec<Wished> = self.run(|link, _| bodies(link, query, &id.to_string()))?;
        Ok(wishes.moved(-self.time.ahead()))
    }

    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<History>, StoreError> {
        let kept = self.run(|link, _| keeping::history(link, after))?;
        let ahead = self.time.ahead();
        let moved = |kept: History| History {
            callback: kept.callback.moved(-ahead),
            attempts: kept.attempts.moved(-ahead),
            wishes: kept.wishes.moved(-ahead),
        };
        Ok(kept.into_iter().map(moved).collect())
    }

    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
        self.open = None;
        self.run(|link, _| keeping::forget(link, whose))
    }

    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let before = before.moved(self.time.ahead());
        self.run(|link, _| keeping::expire(link, before))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.address).finish()
    }
}

/// What lies in the rows that this name finds.
fn bodies<T: DeserializeOwned>(link: &Link, query: &str, name: &str) -> Result<Vec<T>, Fault> {
    let rows = link.once(query, &[&name])?;
    let bodies = rows.iter().map(|row| locks::read(row.try_get("body")?));
    bodies.collect()
}

fn carried_out(
    link: &Link,
    desk: &DeskId,
    order: &Order,
    rules: &Rules,
    open: Option<usize>,
    at: Timestamp,
) -> Result<Turn, Fault> {
    if let Order::Peek = order {
        let Outlook { next, place } = link.wait(sheet::outlook(link, Timestamp::MIN, at))?;
        return Ok(Turn {
            next,
            place,
            ..Turn::default()
        });
    }
    let mut page = Page::begin(link, desk, order, rules, open, at)?;
    carry_out(&mut page, order, rules, at)
}

/// What the first try came to, if it did and only its answer was lost: nobody else has our name, and the same time.
fn claimed(link: &Link, claimer: &Claimer) -> Result<Option<Turn>, Fault> {
    let rows = link.wait(link.rows(Query::HeldAt, &[&claimer.desk.as_str()]))?;
    let rows: Vec<Kept> = rows.iter().map(Kept::read).collect::<Result<_, _>>()?;
    let is_it = |row: &Callback| match &row.state {
        State::Attempting { lease, .. } => {
            lease.as_ref().is_some_and(|it| it.until == claimer.until)
        }
        State::Open
        | State::Uncertain { .. }
        | State::Done
        | State::GivenUp { .. }
        | State::Cancelled { .. } => false,
    };
    let row = rows.into_iter().map(|kept| kept.row).find(is_it);
    Ok(row.map(|row| Turn {
        attempts: row
            .attempt()
            .map(|it| (row.id, it.clone()))
            .into_iter()
            .collect(),
        rows: vec![row],
        ..Turn::default()
    }))
}

/// Of what concerns many callers a part at a time.
fn parts(order: Order) -> Vec<Order> {
    if let Order::Restore {
        rows,
        attempts,
        wishes,
    } = &order
    {
        return parts_restored(rows, attempts, wishes);
    }
    if let Order::Live(live) = &order {
        let parts = live.calls.chunks(CALLERS_AT_ONCE).map(|calls| {
            Order::Live(LiveCalls {
                calls: calls.to_vec(),
                ..live.clone()
            })
        });
        return parts.collect();
    }
    vec![order]
}

/// One that fails is restored again with all others, which are known then.
fn parts_restored(
    rows: &[Callback],
    attempts: &[(CallbackId, Attempt)],
    wishes: &[(CallbackId, Wished)],
) -> Vec<Order> {
    let parts = rows.chunks(CALLERS_AT_ONCE).map(|rows| {
        let is_of_one = |id: &CallbackId| rows.iter().any(|row| row.id == *id);
        let attempts = attempts.iter().filter(|(id, _)| is_of_one(id));
        let wishes = wishes.iter().filter(|(id, _)| is_of_one(id));
        Order::Restore {
            rows: rows.to_vec(),
            attempts: attempts.cloned().collect(),
            wishes: wishes.cloned().collect(),
        }
    });
    parts.collect()
}
