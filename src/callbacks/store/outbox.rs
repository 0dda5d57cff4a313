use jiff::Timestamp;

use super::calls_over::{self, CallsOver};
use super::{Forgotten, Found, Kept, Sqlite, Store, StoreError};
use crate::callbacks::{Attempt, Callback, CallbackId, LiveCall, Order, Rules, Turn, Wished};
use crate::words::PhoneNumber;

/// A book on a server, and a file of this machine's own for what is promised while the server is not reached.
///
/// What is in the file is on disk, so it may be spoken (D24); nobody dials it before the server has it. It is delivered
/// before anything else is asked of the server, and once: a row that the server knows stays as it is there.
#[derive(Debug)]
pub struct Outbox<S> {
    server: S,
    file: Sqlite,
    /// This life's [`Order::Restart`], which the server has not had yet: it goes before everything else.
    restart: Option<Order>,
    /// Whether there are promises to deliver.
    waits: bool,
    calls_over: CallsOver,
    /// What came of what was delivered, until somebody is told.
    news: Turn,
}

impl<S: Store> Outbox<S> {
    pub fn new(server: S, mut file: Sqlite) -> Result<Self, StoreError> {
        let waits = !file.callbacks()?.is_empty();
        Ok(Self {
            server,
            file,
            restart: None,
            waits,
            calls_over: CallsOver::default(),
            news: Turn::default(),
        })
    }

    /// What is wrong with what the last run left in the file.
    pub fn found(&mut self, utc: Timestamp) -> Result<Found, StoreError> {
        self.file.found(utc)
    }

    fn deliver(&mut self, rules: &Rules, at: Timestamp) -> Result<(), StoreError> {
        if let Some(restart) = &self.restart {
            let Turn { told, died, .. } = self.server.take(restart, rules, at)?;
            self.restart = None;
            self.news.told.extend(told);
            let died = self.calls_over.but_those(died);
            self.news.died.extend(died);
        }
        while let Some(call) = self.calls_over.next() {
            let over = Order::CallOver { call };
            self.server.take(&over, rules, at)?;
            self.file.take(&over, rules, at)?;
            self.calls_over.is_told(call);
        }
        if !self.waits {
            return Ok(());
        }
        let rows = self.file.callbacks()?;
        let mut wishes = Vec::new();
        for row in rows.iter().filter(|row| row.wishes > 0) {
            let its = self.file.wishes(row.id)?;
            wishes.extend(its.into_iter().map(|wished| (row.id, wished)));
        }
        let order = Order::Restore {
            rows,
            attempts: Vec::new(),
            wishes,
        };
        self.server.take(&order, rules, at)?;
        self.file.clear()?;
        self.waits = false;
        Ok(())
    }

    /// Both have calls of the last run: the file those that were answered, or ended, while the server was not reached.
    fn begin(&mut self, restart: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        let mut in_file = self.file.take(restart, rules, at)?;
        in_file.died = self.calls_over.of(in_file.died);
        match self.server.take(restart, rules, at) {
            Err(StoreError::Unreachable(why)) => {
                tracing::warn!(%why, "begin without the promises' server");
                self.restart = Some(restart.clone());
                Ok(in_file)
            }
            Ok(mut turn) => {
                let known: Vec<_> = turn.died.iter().map(|call| call.call).collect();
                let is_new = |call: &LiveCall| !known.contains(&call.call);
                turn.died = self.calls_over.but_those(turn.died);
                turn.died.extend(in_file.died.into_iter().filter(is_new));
                Ok(turn)
            }
            refused => refused,
        }
    }

    /// What is written down here instead. What only changes promises is asked of the server again.
    fn spool(
        &mut self,
        order: &Order,
        unreachable: StoreError,
        rules: &Rules,
        at: Timestamp,
    ) -> Result<Turn, StoreError> {
        match order {
            Order::Note { .. } => {
                let turn = self.file.take(order, rules, at)?;
                self.waits = true;
                Ok(turn)
            }
            // A call that dies with us now is owed a callback, too.
            Order::Joined { .. } | Order::Wish { .. } | Order::Live(_) => {
                self.file.take(order, rules, at)?;
                Err(unreachable)
            }
            Order::CallOver { call } => {
                let order = match self.calls_over.end(*call) {
                    true => &calls_over::in_file(*call, at),
                    false => order,
                };
                self.file.take(order, rules, at)?;
                Err(unreachable)
            }
            // The call that goes on after an attempt is owed one only where the attempt's end is in the book, too.
            Order::Claim(_)
            | Order::Renew { .. }
            | Order::End { .. }
            | Order::DialByHand(_)
            | Order::Withdraw { .. }
            | Order::Look { .. }
            | Order::Peek
            | Order::Restart { .. }
            | Order::Restore { .. } => Err(unreachable),
        }
    }
}

impl<S: Store> Store for Outbox<S> {
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        if let Order::Restart { .. } = order {
            return self.begin(order, rules, at);
        }
        let delivered = self.deliver(rules, at);
        let done = delivered.and_then(|()| self.server.take(order, rules, at));
        let is_cut = matches!(done, Err(StoreError::Unreachable(_)));
        self.calls_over.asked(order, is_cut);
        let mut turn = match done {
            Err(why) if is_cut => self.spool(order, why, rules, at)?,
            done => done?,
        };
        if let Order::CallOver { .. } = order {
            // It may have been answered while the server was not reached.
            self.file.take(order, rules, at)?;
        }
        turn.add(std::mem::take(&mut self.news));
        Ok(turn)
    }

    fn is_behind(&self) -> bool {
        self.waits || self.restart.is_some() || !self.calls_over.is_empty()
    }

    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError> {
        self.server.callbacks()
    }

    fn uncertain(&mut self) -> Result<Vec<Callback>, StoreError> {
        self.server.uncertain()
    }

    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        self.server.callback(id)
    }

    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        self.server.attempts(id)
    }

    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
        self.server.wishes(id)
    }

    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError> {
        self.server.history(after)
    }

    /// What waits for the server is delivered before: it is not deleted before that.
    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
        let of_file = self.file.forget(whose)?;
        let of_server = self.server.forget(whose)?;
        Ok(Forgotten {
            callbacks: of_file.callbacks + of_server.callbacks,
            attempts: of_file.attempts + of_server.attempts,
            left: of_file.left + of_server.left,
        })
    }

    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.file.expire(before)? + self.server.expire(before)?)
    }
}
