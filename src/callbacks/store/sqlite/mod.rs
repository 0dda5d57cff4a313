mod examine;
mod journal;
mod keeping;
mod open;
mod place;
mod reach;
mod row;
mod salvage;
mod schema;
mod sheet;
mod tally;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use self::open::Ready;
use self::place::Place;
use self::row::Row;
use self::sheet::Page;
use self::tally::Tally;
use super::{Examined, Forgotten, Found, Kept, OpenError, Salvaged, Store, StoreError};
use crate::callbacks::engaged::Engaged;
use crate::callbacks::{Attempt, Callback, CallbackId, Order, Rules, Turn, Wished, carry_out};
use crate::words::PhoneNumber;

pub use self::open::Opened;

/// Promises, their attempts and the live calls, in one SQLite file that one agent has for itself.
#[derive(Debug)]
pub struct Sqlite {
    db: Connection,
    place: Place,
    tally: Tally,
    engaged: Engaged,
    /// Commits that were done and are not there any more.
    lost: u64,
    /// What was taken over from a damaged file.
    salvaged: Option<Salvaged>,
}

/// Settled callbacks that are listed.
const SETTLED_LISTED: u32 = 1_000;

const LISTED: &str = "
SELECT * FROM callback WHERE settled = 0
UNION ALL
SELECT * FROM (SELECT * FROM callback WHERE settled = 1 ORDER BY id DESC LIMIT ?1)
ORDER BY id";

const UNCERTAIN: &str =
    "SELECT * FROM callback WHERE settled = 0 AND state = 'uncertain' ORDER BY id";

impl Sqlite {
    /// Opens `path` for this process alone; `utc` names a damaged file that is moved aside.
    pub fn open(path: &Path, rules: &Rules, utc: Timestamp) -> Result<(Self, Opened), OpenError> {
        let Ready {
            db,
            tally,
            opened,
            salvaged,
        } = open::open(path, rules, utc)?;
        let unreadable = |why| OpenError::Other(path.to_owned(), why);
        let counted = tally::counted(&db).map_err(unreadable)?;
        let lost = tally.noted().saturating_sub(counted);
        let store = Self {
            db,
            place: Place::of(path),
            tally,
            engaged: Engaged::default(),
            lost: salvaged.map_or(lost, |salvaged| salvaged.commits),
            salvaged,
        };
        Ok((store, opened))
    }

    /// Whether this user could open it; nothing is changed there.
    pub fn look(path: &Path) -> Result<(), OpenError> {
        reach::look(path)
    }

    /// What is there, as it lies: nothing is changed, and a database that an agent has is not read.
    pub fn examine(path: &Path) -> Result<Examined, OpenError> {
        examine::examine(path)
    }

    /// What the last run left; a damaged row is set aside, the others are kept.
    pub fn found(&mut self, utc: Timestamp) -> Result<Found, StoreError> {
        Ok(Found {
            set_aside: self.set_damaged_aside(utc)?,
            lost: self.lost,
            salvaged: self.salvaged,
        })
    }

    /// Forgets all promises: they are elsewhere.
    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("DELETE FROM attempt", ())?;
            db.execute("DELETE FROM wish", ())?;
            db.execute("DELETE FROM callback", ())?;
            Ok(())
        })
    }

    /// All of them or none, in one commit.
    fn take_together(
        &mut self,
        orders: &[(&Order, Timestamp)],
        rules: &Rules,
    ) -> Result<Vec<Turn>, StoreError> {
        self.place.holds()?;
        let transaction = self.db.transaction()?;
        let mut page = Page::new(&transaction, rules, &mut self.engaged);
        let turns = orders
            .iter()
            .map(|(order, at)| carry_out(&mut page, order, rules, *at))
            .collect::<Result<_, _>>()?;
        if page.wrote {
            commit(transaction, &self.tally)?;
        }
        Ok(turns)
    }

    /// Does all of it or nothing, and counts it.
    fn write<T>(
        &mut self,
        what: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.place.holds()?;
        let transaction = self.db.transaction()?;
        let done = what(&transaction)?;
        commit(transaction, &self.tally)?;
        Ok(done)
    }

    fn set_damaged_aside(&mut self, utc: Timestamp) -> Result<Vec<String>, StoreError> {
        let damaged = self.damaged()?;
        if damaged.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|db| {
            for (rowid, id, body) in &damaged {
                schema::set_aside(db, id, body, utc)?;
                db.execute("DELETE FROM callback WHERE rowid = ?1", [rowid])?;
            }
            Ok(())
        })?;
        Ok(damaged.into_iter().map(|(_, id, _)| id).collect())
    }

    /// Rows, settled ones too, that are not as they were written.
    fn damaged(&self) -> Result<Vec<(i64, String, String)>, StoreError> {
        let mut query = self
            .db
            .prepare("SELECT rowid, * FROM callback ORDER BY id")?;
        let rows = query.query_map((), |found| {
            let is_whole = Row::read(found)?.is_some();
            let row = (
                found.get("rowid")?,
                row::text(found, "id")?,
                row::text(found, "body")?,
            );
            Ok((!is_whole).then_some(row))
        })?;
        let rows: Vec<Option<_>> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Calls that are not over, as a desk that begins anew finds them.
    #[cfg(test)]
    pub(super) fn live_calls(&self) -> Vec<crate::callbacks::LiveCall> {
        sheet::live_calls(&self.db).unwrap()
    }

    /// All that is written stays in the journal.
    #[cfg(test)]
    pub(super) fn keep_journal(&self) {
        self.db
            .pragma_update(None, "wal_autocheckpoint", 0)
            .unwrap();
    }

    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        let limit = format!("PRAGMA max_page_count = {pages}");
        self.db.query_row(&limit, (), |_| Ok(())).unwrap();
    }
}

impl Store for Sqlite {
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        let turns = self.take_together(&[(order, at)], rules)?;
        Ok(turns.into_iter().next().unwrap_or_default())
    }

    /// A commit waits for the disk, sixty orders as long as one. Where one of them fails, each is tried by itself.
    fn take_all(
        &mut self,
        orders: &[(Order, Timestamp)],
        rules: &Rules,
    ) -> Vec<Result<Turn, StoreError>> {
        let all: Vec<_> = orders.iter().map(|(order, at)| (order, *at)).collect();
        match self.take_together(&all, rules) {
            Ok(turns) => turns.into_iter().map(Ok).collect(),
            Err(_) => {
                let orders = all.into_iter();
                orders
                    .map(|(order, at)| self.take(order, rules, at))
                    .collect()
            }
        }
    }

    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError> {
        let mut query = self.db.prepare_cached(LISTED)?;
        let rows = query.query_map([SETTLED_LISTED], Row::read)?;
        let rows: Vec<Option<Callback>> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn uncertain(&mut self) -> Result<Vec<Callback>, StoreError> {
        let mut query = self.db.prepare_cached(UNCERTAIN)?;
        let rows = query.query_map((), Row::read)?;
        let rows: Vec<Option<Callback>> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        let mut query = self
            .db
            .prepare_cached("SELECT * FROM callback WHERE id = ?1")?;
        let mut rows = query.query_map([id.to_string()], Row::read)?;
        Ok(rows.next().transpose()?.flatten())
    }

    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        keeping::attempts(&self.db, id)
    }

    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
        keeping::wishes(&self.db, id)
    }

    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError> {
        keeping::history(&self.db, after)
    }

    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
        let forgotten = self.write(|db| keeping::forget(db, whose))?;
        // The journal has the pages as they were.
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        Ok(forgotten)
    }

    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(|db| keeping::expire(db, before))
    }
}

fn commit(transaction: Transaction<'_>, tally: &Tally) -> Result<(), StoreError> {
    let commits = tally::count_up(&transaction)?;
    transaction.commit()?;
    // A tally that stays behind may hide a loss: it never reports one that is none.
    let _ = tally.note(commits);
    Ok(())
}
