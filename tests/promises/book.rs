use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thirdring::callbacks::store::{Forgotten, Kept, Store, StoreError};
use thirdring::callbacks::{
    Attempt, Callback, CallbackId, Claim, Claimer, Kind, LiveCall, LiveCalls, Memory, News, Order,
    Outcome, Promise, Rules, SipCause, Turn, Wish, Wished,
};
use thirdring::words::{CallId, Country, Language, PhoneNumber, Pii};

/// The reference, as a store.
#[derive(Debug)]
pub(super) struct InMemory {
    memory: Memory,
    changed: BTreeMap<CallbackId, Timestamp>,
}

impl Default for InMemory {
    fn default() -> Self {
        Self {
            memory: Memory::new(rules()),
            changed: BTreeMap::new(),
        }
    }
}

impl Store for InMemory {
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        self.memory.obey(rules.clone());
        let turn = self.memory.take(order, at);
        self.changed
            .extend(turn.rows.iter().map(|row| (row.id, at)));
        Ok(turn)
    }

    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError> {
        Ok(self.memory.rows().cloned().collect())
    }

    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        Ok(self.memory.get(id).cloned())
    }

    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.memory.attempts(id).cloned().collect())
    }

    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
        Ok(self.memory.wishes(id).cloned().collect())
    }

    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError> {
        let rows = self.memory.rows().filter(|row| Some(row.id) > after);
        let kept = rows.map(|row| Kept {
            callback: row.clone(),
            attempts: self.memory.attempts(row.id).cloned().collect(),
            wishes: self.memory.wishes(row.id).cloned().collect(),
        });
        Ok(kept.collect())
    }

    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
        let rules = rules();
        let his = |row: &&Callback| rules.whose(&row.promise.number) == *whose;
        let (over, left): (Vec<_>, Vec<_>) = self
            .memory
            .rows()
            .filter(his)
            .partition(|row| row.is_settled());
        let attempts = over.iter().map(|row| self.memory.attempts(row.id).count());
        let forgotten = Forgotten {
            callbacks: over.len() as u64,
            attempts: attempts.sum::<usize>() as u64,
            left: left.len() as u64,
        };
        let ids: Vec<CallbackId> = over.iter().map(|row| row.id).collect();
        self.memory.forget(&ids);
        Ok(forgotten)
    }

    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let is_old = |row: &&Callback| row.is_settled() && self.changed[&row.id] < before;
        let old: Vec<CallbackId> = self
            .memory
            .rows()
            .filter(is_old)
            .map(|row| row.id)
            .collect();
        self.memory.forget(&old);
        Ok(old.len() as u64)
    }
}

/// A weekday's noon.
pub(super) fn utc() -> Timestamp {
    "2026-05-04T12:00:00Z".parse().unwrap()
}

pub(super) fn after(seconds: i64) -> Timestamp {
    utc() + SignedDuration::from_secs(seconds)
}

pub(super) fn rules() -> Rules {
    Rules {
        quiet_hours: None,
        ..Rules::standard(Country::Cn, TimeZone::UTC)
    }
}

pub(super) fn id(n: u64) -> CallbackId {
    CallbackId::new(n, [0; 10])
}

pub(super) fn number(caller: u64) -> Pii<PhoneNumber> {
    Pii::new(PhoneNumber::parse(&format!("138{caller:08}")).unwrap())
}

/// Due now.
pub(super) fn promise(caller: u64, kind: Kind) -> Promise {
    Promise {
        kind,
        number: number(caller),
        origin: None,
        key: None,
        reason: kind.as_str().to_owned(),
        due: utc(),
        seat: None,
        note: Pii::new(String::new()),
        recording: None,
        language: Language::ZhCn,
        made_at: utc(),
        place: None,
    }
}

/// In the call of that number, so that it is idempotent.
pub(super) fn promise_in(call: u64, caller: u64, kind: Kind) -> Promise {
    Promise {
        origin: Some(CallId::new(call, [0; 10])),
        ..promise(caller, kind)
    }
}

pub(super) fn note(n: u64, promise: Promise) -> Order {
    Order::Note { id: id(n), promise }
}

/// For thirty seconds from then on.
pub(super) fn claim(desk: &str, at: Timestamp) -> Order {
    claim_before(desk, at, None)
}

/// The same while a live caller waits since then.
pub(super) fn claim_before(desk: &str, at: Timestamp, live: Option<Timestamp>) -> Order {
    Order::Claim(Claimer {
        desk: desk.parse().unwrap(),
        seats: BTreeSet::from(["rep1".parse().unwrap()]),
        live,
        until: at + SignedDuration::from_secs(30),
    })
}

pub(super) fn look(desk: &str) -> Order {
    Order::Look {
        desk: desk.parse().unwrap(),
        held: Vec::new(),
    }
}

pub(super) fn end(claim: Claim, outcome: Outcome) -> Order {
    Order::End {
        claim,
        outcome,
        cause: Some(SipCause::new(486, "Busy Here").and_q850(Some(17))),
        live: None,
    }
}

/// Caller and rep are joined, and the call goes on.
pub(super) fn joined(claim: Claim, live: LiveCalls) -> Order {
    Order::End {
        claim,
        outcome: Outcome::Joined,
        cause: None,
        live: Some(live),
    }
}

/// The call of that number, with this caller.
pub(super) fn live_call(call: u64, caller: u64) -> LiveCall {
    LiveCall {
        call: CallId::new(call, [0; 10]),
        number: Some(number(caller)),
        answered: Some(utc()),
        began: None,
        seat: None,
        language: Language::ZhCn,
    }
}

/// It is up at that desk, for thirty seconds from then on.
pub(super) fn up(desk: &str, call: LiveCall, at: Timestamp) -> LiveCalls {
    LiveCalls {
        desk: desk.parse().unwrap(),
        calls: vec![call],
        until: at + SignedDuration::from_secs(30),
    }
}

pub(super) fn call_over(call: u64) -> Order {
    let call = CallId::new(call, [0; 10]);
    Order::CallOver { call }
}

pub(super) fn wish(n: u64, wish: Wish) -> Order {
    Order::Wish {
        id: id(n),
        wish,
        by: "Lina".to_owned(),
    }
}

/// As of that time; a book that fails fails the test.
pub(super) fn take(book: &mut dyn Store, order: Order, at: Timestamp) -> Turn {
    book.take(&order, &rules(), at).unwrap()
}

pub(super) fn news(turn: &Turn) -> Vec<News> {
    turn.told.iter().map(|told| told.news).collect()
}

/// The one row that a claim brought.
pub(super) fn claimed(book: &mut dyn Store, desk: &str, at: Timestamp) -> (CallbackId, Claim) {
    let turn = take(book, claim(desk, at), at);
    let [row] = &turn.rows[..] else {
        panic!("{turn:?}")
    };
    assert_eq!(turn.attempts.len(), 1, "{turn:?}");
    (row.id, row.claim().unwrap())
}

pub(super) fn row(book: &mut dyn Store, n: u64) -> Callback {
    book.callback(id(n)).unwrap().expect("it was noted")
}
