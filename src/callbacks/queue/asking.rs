use std::iter;
use std::time::Duration;

use jiff::Timestamp;

use super::clock::Clock;
use super::{Action, Alarm, Queue, Ticket};
use crate::callbacks::{Callback, CallbackId, LiveCall, News, Order, Promise, Refusal, Told, Turn};

/// After the book failed, how long until the next try.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Orders that are kept for it; what comes on top is in memory, or is told a desk that lapsed.
const AGAIN_MAX: usize = 10_000;

impl Queue {
    pub(super) fn ask(&mut self, order: Order) -> Action {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.asked.insert(ticket, order.clone());
        let at = self.clock.map_or(Timestamp::MIN, Clock::at);
        Action::Ask { ticket, order, at }
    }

    pub(super) fn promised(
        &mut self,
        id: CallbackId,
        promise: Promise,
        clock: Clock,
    ) -> Vec<Action> {
        let place = promise.place.map(|place| clock.of_wall(place));
        let promise = Promise { place, ..promise }.bounded();
        let told = |news| vec![Action::Tell(Told::of(id, &promise, news))];
        if let Some(why) = self.rules.refuses(&promise.number) {
            return told(News::Refused(why));
        }
        let is_retried = |row: &&Callback| row.promise.is_retry_of(&promise);
        let retried = self.memory.rows().find(is_retried);
        if retried.is_some_and(|row| row.attempt().is_some()) {
            return told(News::NotNoted);
        }
        // What is in memory comes first: the book then knows what is a retry.
        let restoration = retried.and_then(|_| self.restoration());
        let orders = restoration.into_iter().chain([Order::Note { id, promise }]);
        orders.map(|order| self.ask(order)).collect()
    }

    /// What concerns a caller may concern promises that are in no book yet, too; and those may be late.
    pub(super) fn also_in_memory(&mut self, order: Order, clock: Clock) -> Vec<Action> {
        let turn = self.memory.take(&order, clock.at());
        self.wake_at(turn.next, clock);
        let mut actions = self.turned(turn, clock);
        actions.push(self.ask(order));
        actions
    }

    pub(super) fn answered(
        &mut self,
        ticket: Ticket,
        turn: Option<Turn>,
        clock: Clock,
    ) -> Vec<Action> {
        let Some(order) = self.asked.remove(&ticket) else {
            return Vec::new();
        };
        match turn {
            Some(turn) => {
                let died = self.died(&turn);
                died.into_iter()
                    .chain(self.done(&order, turn, clock))
                    .collect()
            }
            None => self.failed(order, clock),
        }
    }

    fn died(&self, turn: &Turn) -> Vec<Action> {
        let is_up = |call: &&LiveCall| self.live.contains_key(&call.call);
        let died = turn.died.iter().filter(|call| !is_up(call));
        died.cloned().map(Action::Died).collect()
    }

    fn done(&mut self, order: &Order, turn: Turn, clock: Clock) -> Vec<Action> {
        if let Order::Restore { rows, .. } = order {
            let ids: Vec<CallbackId> = rows.iter().map(|row| row.id).collect();
            self.memory.forget(&ids);
            self.restore_the_others(clock);
        }
        let mut actions = Vec::new();
        if let Order::Restart { .. } = order {
            (self.begun, self.may_claim) = (true, true);
            actions.extend(self.tell_live(clock));
        }
        if let Order::DialByHand(calls) = order
            && !turn.is_taken
        {
            self.is_dialled(calls, clock);
        }
        if let Order::CallOver { .. } = order {
            // What was promised to who was on the line may be due.
            self.may_claim = true;
        }
        self.wake_at(self.stirs(order, &turn, clock), clock);
        if let Order::Claim(claimer) = order {
            self.line_after_claim(claimer, &turn, clock);
            return self.claimed(turn, clock);
        }
        self.line_is(turn.place, clock);
        self.may_claim |= turn.rows.iter().any(|row| !row.is_held_at(&self.desk));
        actions.extend(self.turned(turn, clock));
        actions
    }

    /// When to turn to the book again. One that is shared has too much for each desk to come for all of it at the same
    /// instant: what others noted is found at a look, which every desk has at a moment of its own.
    fn stirs(&self, order: &Order, turn: &Turn, clock: Clock) -> Option<Timestamp> {
        if self.poll.is_none() {
            return turn.next;
        }
        let at = clock.at();
        let is_now = |next: &Timestamp| *order == Order::Peek && *next <= at;
        let ours = turn.rows.iter().filter_map(|row| row.stirs_after(at));
        ours.chain(turn.next.filter(is_now)).min()
    }

    /// What a turn, of the book or of the memory, means for us.
    pub(super) fn turned(&mut self, turn: Turn, clock: Clock) -> Vec<Action> {
        let mut actions = Vec::from_iter(tell(turn.told));
        for row in &turn.rows {
            // An attempt in vain may end after the time that it was to keep.
            self.may_look |= row.warning_at(clock.at()).is_some();
            actions.extend(self.row_is(row, clock));
        }
        actions
    }

    /// Nobody may be promised anything, but what was to be done is not forgotten (D24). That the book fails is told once, by who
    /// keeps it.
    fn failed(&mut self, order: Order, clock: Clock) -> Vec<Action> {
        self.ask_again.get_or_insert(clock.now + ASK_AGAIN_AFTER);
        self.place = None;
        let mut actions = Vec::new();
        match &order {
            Order::Note { .. } => {
                let mut turn = self.memory.take(&order, clock.at());
                for told in &mut turn.told {
                    if let News::Noted { .. } = told.news {
                        told.news = News::NotNoted;
                    }
                }
                self.may_claim = true;
                self.wake_at(turn.next, clock);
                actions = self.turned(turn, clock);
            }
            // He dials without the book, which hears of it later.
            Order::DialByHand(live) => {
                self.is_dialled(live, clock);
                return self.failed(Order::Live(live.clone()), clock);
            }
            // Where others have the book, too, they are told again and again.
            Order::Live(_) if self.poll.is_some() => {}
            Order::End { .. }
            | Order::Joined { .. }
            | Order::Live(_)
            | Order::CallOver { .. }
            | Order::Restart { .. } => {
                if self.again.len() < AGAIN_MAX {
                    self.again.push_back(order);
                }
            }
            // What is in memory can be dialled all the same.
            Order::Claim(_) => (self.may_claim, self.claim_by) = (true, None),
            Order::Restore { .. } => (self.may_claim, self.may_look) = (true, true),
            // They come again by themselves; who wishes something is told that it was not done.
            Order::Wish { .. }
            | Order::Withdraw { .. }
            | Order::Renew { .. }
            | Order::Look { .. }
            | Order::Peek => {}
        }
        actions
    }

    /// All that could not be written: first what was in memory, then what was to be done to it.
    pub(super) fn ask_again(&mut self, clock: Clock) -> Vec<Action> {
        if self.ask_again.take_if(|at| *at <= clock.now).is_none() {
            return Vec::new();
        }
        let mut orders = Vec::from_iter(self.restoration());
        let again = std::mem::take(&mut self.again).into_iter();
        orders.extend(again.filter_map(|order| self.as_of_now(order, clock)));
        // Who is first in the line is not known either.
        (self.may_claim, self.may_look) = (true, true);
        orders.into_iter().map(|order| self.ask(order)).collect()
    }

    /// What was in flight when the others were written is written now.
    fn restore_the_others(&mut self, clock: Clock) {
        if !self.memory.is_empty() {
            self.ask_again.get_or_insert(clock.now);
        }
    }

    /// What is in memory, and is neither being dialled nor being written already.
    fn restoration(&self) -> Option<Order> {
        if self.is_restoring() {
            return None;
        }
        let rows = self.memory.rows().filter(|row| row.attempt().is_none());
        let rows: Vec<_> = rows.cloned().collect();
        let memory = &self.memory;
        let ids = || rows.iter().map(|row| row.id);
        let attempts = ids().flat_map(|id| memory.attempts(id).map(move |it| (id, it.clone())));
        let wishes = ids().flat_map(|id| memory.wishes(id).map(move |it| (id, it.clone())));
        let (attempts, wishes) = (attempts.collect(), wishes.collect());
        (!rows.is_empty()).then_some(Order::Restore {
            rows,
            attempts,
            wishes,
        })
    }
}

/// With the alarms that some of it raises.
pub(super) fn tell(told: Vec<Told>) -> impl Iterator<Item = Action> {
    told.into_iter().flat_map(|told| {
        let alarm = alarm(&told).map(Action::Alarm);
        iter::once(Action::Tell(told)).chain(alarm)
    })
}

fn alarm(told: &Told) -> Option<Alarm> {
    let id = told.id;
    match told.news {
        News::Near => Some(Alarm::Near { id }),
        News::Overdue => Some(Alarm::Overdue { id }),
        News::GivenUp { .. } => Some(Alarm::GivenUp { id }),
        News::Refused(Refusal::TooMany) => Some(Alarm::QueueFull),
        News::Refused(_)
        | News::Noted { .. }
        | News::NotNoted
        | News::Attempted { .. }
        | News::AttemptEnded { .. }
        | News::Uncertain
        | News::Withdrawn
        | News::Done
        | News::Cancelled
        | News::Snoozed
        | News::Redialled
        | News::Assigned => None,
    }
}
