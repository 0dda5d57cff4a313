use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use jiff::Timestamp;

use super::engaged::Engaged;
use super::sheet::{Sheet, carry_out};
use super::{
    Attempt, Callback, CallbackId, Claimer, LiveCall, LiveCalls, Order, Outlook, Promise, Rules,
    Turn, Wished,
};
use crate::words::{CallId, DeskId, PhoneNumber};

/// A book in memory: where promises are while the disk fails, and the measure of the books on disks.
#[derive(Debug)]
pub struct Memory {
    rules: Rules,
    rows: BTreeMap<CallbackId, Callback>,
    attempts: BTreeMap<(CallbackId, u32), Attempt>,
    wishes: BTreeMap<(CallbackId, u32), Wished>,
    engaged: Engaged,
}

impl Memory {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            rows: BTreeMap::new(),
            attempts: BTreeMap::new(),
            wishes: BTreeMap::new(),
            engaged: Engaged::default(),
        }
    }

    /// Carries the order out, as of `at`.
    pub fn take(&mut self, order: &Order, at: Timestamp) -> Turn {
        let rules = self.rules.clone();
        let Ok(turn) = carry_out(self, order, &rules, at);
        turn
    }

    /// Other settings, as after a restart.
    pub fn obey(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// All, the oldest first.
    pub fn rows(&self) -> impl Iterator<Item = &Callback> {
        self.rows.values()
    }

    pub fn get(&self, id: CallbackId) -> Option<&Callback> {
        self.rows.get(&id)
    }

    /// Those of one promise, the first first.
    pub fn attempts(&self, id: CallbackId) -> impl Iterator<Item = &Attempt> {
        self.attempts
            .range((id, 0)..=(id, u32::MAX))
            .map(|(_, attempt)| attempt)
    }

    /// What was wished of one promise and came true, the first first.
    pub fn wishes(&self, id: CallbackId) -> impl Iterator<Item = &Wished> {
        self.wishes
            .range((id, 0)..=(id, u32::MAX))
            .map(|(_, wished)| wished)
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets those that are elsewhere now.
    pub fn forget(&mut self, ids: &[CallbackId]) {
        self.rows.retain(|id, _| !ids.contains(id));
        self.attempts.retain(|(id, _), _| !ids.contains(id));
        self.wishes.retain(|(id, _), _| !ids.contains(id));
    }

    fn whose(&self, row: &Callback) -> PhoneNumber {
        self.rules.whose(&row.promise.number)
    }

    /// Those of callers whom nobody dials or talks to.
    fn free(&self, which: impl Fn(&Callback) -> bool, at: Timestamp) -> Vec<&Callback> {
        let mut rows: Vec<&Callback> = self.rows.values().filter(|row| which(row)).collect();
        if !rows.is_empty() {
            let in_flight = self.callers(|row| row.attempt().is_some());
            let engaged = self.engaged.callers(at);
            let is_free = |whose| !in_flight.contains(&whose) && !engaged.contains(&whose);
            rows.retain(|row| is_free(self.whose(row)));
        }
        rows
    }

    fn callers(&self, which: impl Fn(&Callback) -> bool) -> BTreeSet<PhoneNumber> {
        let rows = self.rows.values().filter(|row| which(row));
        rows.map(|row| self.whose(row)).collect()
    }
}

impl Sheet for Memory {
    type Error = Infallible;

    fn page(&mut self, whose: &PhoneNumber) -> Result<Vec<Callback>, Infallible> {
        let theirs = self
            .rows
            .values()
            .filter(|row| !row.is_settled() && self.whose(row) == *whose);
        Ok(theirs.cloned().collect())
    }

    fn row(&mut self, id: CallbackId) -> Result<Option<Callback>, Infallible> {
        Ok(self.rows.get(&id).cloned())
    }

    fn retried(&mut self, promise: &Promise) -> Result<Option<Callback>, Infallible> {
        Ok(self
            .rows
            .values()
            .find(|row| row.promise.is_retry_of(promise))
            .cloned())
    }

    fn attempts_since(&mut self, whose: &PhoneNumber, since: Timestamp) -> Result<u32, Infallible> {
        let its = |id| self.get(id).is_some_and(|row| self.whose(row) == *whose);
        let attempts = self.attempts.iter();
        let count = attempts
            .filter(|((id, _), attempt)| attempt.counts_since(since) && its(*id))
            .count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn unsettled(&mut self) -> Result<usize, Infallible> {
        Ok(self.rows.values().filter(|row| !row.is_settled()).count())
    }

    fn due(&mut self, at: Timestamp, claimer: &Claimer) -> Result<Option<Callback>, Infallible> {
        let due = self.free(|row| row.is_claimable_by(claimer, &self.rules, at), at);
        Ok(due.into_iter().min_by_key(|row| row.turn()).cloned())
    }

    fn late(&mut self, at: Timestamp, callers_max: usize) -> Result<Vec<PhoneNumber>, Infallible> {
        let late = self.callers(|row| row.is_late(at));
        Ok(late.into_iter().take(callers_max).collect())
    }

    fn dialled_by(&mut self, desk: &DeskId) -> Result<Vec<PhoneNumber>, Infallible> {
        Ok(self
            .callers(|row| row.is_held_at(desk))
            .into_iter()
            .collect())
    }

    fn write(&mut self, turn: &Turn, _: Timestamp) -> Result<(), Infallible> {
        self.rows
            .extend(turn.rows.iter().map(|row| (row.id, row.clone())));
        let attempts = turn.attempts.iter();
        self.attempts
            .extend(attempts.map(|(id, attempt)| ((*id, attempt.number), attempt.clone())));
        let wishes = turn.wishes.iter();
        self.wishes
            .extend(wishes.map(|(id, wished)| ((*id, wished.number), wished.clone())));
        Ok(())
    }

    fn live(&mut self, calls: &LiveCalls) -> Result<(), Infallible> {
        self.engaged.take(calls, &self.rules);
        Ok(())
    }

    fn is_on_the_line(
        &mut self,
        whose: &PhoneNumber,
        but: CallId,
        at: Timestamp,
    ) -> Result<bool, Infallible> {
        Ok(self.engaged.has(whose, but, at))
    }

    fn call_over(&mut self, call: CallId) -> Result<(), Infallible> {
        self.engaged.call_over(call);
        Ok(())
    }

    fn calls_died(&mut self, desk: &DeskId) -> Result<Vec<LiveCall>, Infallible> {
        Ok(self.engaged.calls_died(desk))
    }

    fn outlook(&mut self, from: Timestamp, at: Timestamp) -> Result<Outlook, Infallible> {
        let engaged = self.engaged.callers(at);
        let stirs = self
            .rows
            .values()
            .filter_map(|row| match engaged.contains(&self.whose(row)) {
                true => row.late_after(from),
                false => row.stirs_after(from),
            });
        let waits = self.free(|row| row.place_at(at).is_some(), at);
        Ok(Outlook {
            next: stirs.min(),
            place: waits.iter().filter_map(|row| row.place_at(at)).min(),
        })
    }
}
