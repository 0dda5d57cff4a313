use std::time::Duration;

use jiff::Timestamp;

use super::asking::tell;
use super::clock::Clock;
use super::{Action, Queue};
use crate::callbacks::{
    Callback, CallbackId, Claim, Claimer, LiveCall, News, Order, Outcome, SipCause, Told, Turn,
};
use crate::words::{Moment, PhoneNumber};

/// Other desks take an attempt, or a call, for dead that was not renewed for so long.
pub(super) const LEASE: Duration = Duration::from_secs(30);
const RENEW_EVERY: Duration = Duration::from_secs(10);
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A book that takes longer for a claim keeps no live caller waiting.
pub(super) const CLAIMED_WITHIN: Duration = Duration::from_millis(500);
/// Before that our own attempt is hung up: so never two desks dial one caller (I2).
const LET_GO_BEFORE: Duration = Duration::from_secs(3);

/// An attempt of ours that is in flight.
#[derive(Debug)]
pub(super) struct Held {
    claim: Claim,
    whose: PhoneNumber,
    /// It is in no book: only this desk knows of it.
    in_memory: bool,
    /// When it is hung up unless its claim was renewed; never where nobody else has the book.
    let_go: Option<Moment>,
    hung_up: bool,
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct How {
    pub(super) outcome: Outcome,
    pub(super) cause: Option<SipCause>,
    /// The call that goes on.
    pub(super) live: Option<LiveCall>,
}

impl Queue {
    /// One that is due for each seat that is free, one after the other.
    pub(super) fn claim(&mut self, clock: Clock) -> Vec<Action> {
        if !self.can_claim() || self.is_claiming() {
            return Vec::new();
        }
        let order = Order::Claim(Claimer {
            desk: self.desk.clone(),
            seats: self.seats.clone(),
            live: self.live_at(),
            until: clock.at_after(LEASE),
        });
        if self.ask_again.is_some() || !self.begun {
            return self.claim_in_memory(&order, clock);
        }
        self.may_claim = false;
        self.claim_by = Some(clock.now + CLAIMED_WITHIN);
        vec![self.ask(order)]
    }

    /// The book cannot be written: what is in it is not dialled, but what is in memory has nobody else.
    ///
    /// Where other desks have the same book they may be dialling the same caller: then it waits to be written. What is
    /// being written may be in the book already.
    fn claim_in_memory(&mut self, order: &Order, clock: Clock) -> Vec<Action> {
        self.may_claim = false;
        if self.poll.is_some() || self.is_restoring() {
            return Vec::new();
        }
        let turn = self.memory.take(order, clock.at());
        self.wake_at(turn.next, clock);
        self.claimed(turn, clock)
    }

    /// What a claim brought; there may be more, as long as there was one.
    pub(super) fn claimed(&mut self, turn: Turn, clock: Clock) -> Vec<Action> {
        self.may_claim |= !turn.rows.is_empty();
        let mut actions = Vec::from_iter(tell(turn.told));
        for row in turn.rows {
            actions.extend(self.dial(row, clock));
        }
        actions
    }

    /// All that is in flight, or whose end is not in the book yet.
    pub(super) fn claims(&self) -> Vec<Claim> {
        let ended = self.asked.values().chain(&self.again);
        let ended = ended.filter_map(|order| {
            let Order::End { claim, .. } = order else {
                return None;
            };
            Some(*claim)
        });
        let held = self.held.values().map(|held| held.claim);
        held.chain(ended).collect()
    }

    pub(super) fn is_claiming(&self) -> bool {
        let mut asked = self.asked.values();
        asked.any(|order| matches!(order, Order::Claim(_)))
    }

    pub(super) fn is_restoring(&self) -> bool {
        let mut asked = self.asked.values();
        asked.any(|order| matches!(order, Order::Restore { .. }))
    }

    /// A row as it stands now: where it is one that we dial, it may be ours no more, or withdrawn.
    pub(super) fn row_is(&mut self, row: &Callback, clock: Clock) -> Option<Action> {
        let let_go = self.let_go(row, clock);
        let held = self.held.get_mut(&row.id)?;
        if row.claim() != Some(held.claim) || row.is_withdrawn() {
            return held.hang_up();
        }
        held.let_go = let_go;
        None
    }

    fn dial(&mut self, row: Callback, clock: Clock) -> Vec<Action> {
        let (Some(claim), Some(attempt)) = (row.claim(), row.attempt().cloned()) else {
            return Vec::new();
        };
        self.seats.remove(&attempt.seat);
        let held = Held {
            claim,
            whose: self.rules.whose(&row.promise.number),
            in_memory: self.memory.get(row.id).is_some(),
            let_go: self.let_go(&row, clock),
            hung_up: false,
        };
        // The book answered so late that another desk may take it for dead, or we dial its caller already.
        let is_late = held.let_go.is_some_and(|at| at <= clock.now);
        if is_late || self.held.values().any(|other| other.whose == held.whose) {
            let how = How {
                outcome: Outcome::Withdrawn,
                cause: None,
                live: None,
            };
            return self.end(&held, how, clock);
        }
        self.held.insert(row.id, held);
        self.renew_within(clock);
        let news = News::Attempted {
            attempt: attempt.number,
        };
        let told = Action::Tell(Told::of(row.id, &row.promise, news));
        let callback = Box::new(row);
        vec![told, Action::Dial { callback, attempt }]
    }

    pub(super) fn ended(
        &mut self,
        (id, attempt): (CallbackId, u32),
        how: How,
        clock: Clock,
    ) -> Vec<Action> {
        if self
            .held
            .get(&id)
            .is_none_or(|held| held.claim.attempt != attempt)
        {
            return Vec::new();
        }
        let Some(held) = self.held.remove(&id) else {
            return Vec::new();
        };
        self.end(&held, how, clock)
    }

    fn end(&mut self, held: &Held, how: How, clock: Clock) -> Vec<Action> {
        let live = how.live.map(|call| self.goes_live(call, clock));
        let end = |live| Order::End {
            claim: held.claim,
            outcome: how.outcome,
            cause: how.cause,
            live,
        };
        if !held.in_memory {
            return vec![self.ask(end(live))];
        }
        let turn = self.memory.take(&end(None), clock.at());
        self.may_claim = true;
        // It can be written now that it is not in flight.
        self.ask_again.get_or_insert(clock.now);
        self.wake_at(turn.next, clock);
        let live = live.map(|live| self.ask(Order::Live(live)));
        self.turned(turn, clock).into_iter().chain(live).collect()
    }

    fn let_go(&self, row: &Callback, clock: Clock) -> Option<Moment> {
        let until = row.lapses().filter(|_| self.poll.is_some())?;
        Some(clock.moment_of(until) - LET_GO_BEFORE)
    }

    /// Other desks are told that we live; what we could not tell them in time is hung up.
    pub(super) fn keep_claims(&mut self, clock: Clock) -> Vec<Action> {
        if self.renew.take_if(|at| *at <= clock.now).is_none() {
            return Vec::new();
        }
        let late = |held: &&mut Held| held.let_go.is_some_and(|at| at <= clock.now);
        let held = self.held.values_mut().filter(late);
        let mut actions: Vec<Action> = held.filter_map(Held::hang_up).collect();
        actions.extend(self.renewal(clock));
        actions.extend(self.keep_live(clock));
        let held = self.held.values().filter(|held| !held.hung_up);
        let let_go = held.filter_map(|held| held.let_go).min();
        // Not again and again while the book does not answer.
        let soonest = clock.now + AGAIN_AFTER;
        let latest = clock.now + RENEW_EVERY;
        let claims = let_go.map(|at| at.clamp(soonest, latest));
        let calls = self.must_keep_live().then_some(latest);
        self.renew = [claims, calls].into_iter().flatten().min();
        actions
    }

    /// Something of ours could lapse from now on.
    pub(super) fn renew_within(&mut self, clock: Clock) {
        let is_shared = self.poll.is_some();
        let soon = is_shared.then(|| clock.now + RENEW_EVERY);
        self.renew = self.renew.or(soon);
    }

    /// For all that is in flight and could lapse.
    pub(super) fn renewal(&mut self, clock: Clock) -> Option<Action> {
        let held = self.held.values().filter(|held| held.let_go.is_some());
        let claims: Vec<Claim> = held.map(|held| held.claim).collect();
        let until: Timestamp = clock.at_after(LEASE);
        (!claims.is_empty()).then(|| self.ask(Order::Renew { claims, until }))
    }
}

impl Held {
    fn hang_up(&mut self) -> Option<Action> {
        let (id, attempt) = (self.claim.id, self.claim.attempt);
        (!std::mem::replace(&mut self.hung_up, true)).then_some(Action::HangUp { id, attempt })
    }
}
