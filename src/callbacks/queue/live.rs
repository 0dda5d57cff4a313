//! Calls of this desk that are up: as long as they are, no desk dials their callers (I2).

use jiff::Timestamp;

use super::clock::Clock;
use super::holding::LEASE;
use super::{Action, Queue};
use crate::callbacks::{LiveCall, LiveCalls, Order};
use crate::words::CallId;

impl Queue {
    /// From its answer on; also told again, where something of it is otherwise.
    ///
    /// Before the book knows that this life has begun it would take the call for one of the last.
    pub(super) fn call_is_live(&mut self, call: LiveCall, clock: Clock) -> Option<Action> {
        let live = self.goes_live(call, clock);
        self.begun.then(|| self.ask(Order::Live(live)))
    }

    /// It is up once the book has said that its number is free: until then nobody is told of it.
    pub(super) fn dials_by_hand(&mut self, call: LiveCall, clock: Clock) -> Action {
        let live = self.as_told(vec![call], clock);
        self.ask(Order::DialByHand(live))
    }

    /// Nobody else has that number, or the book does not answer: who dials by hand knows whom.
    pub(super) fn is_dialled(&mut self, calls: &LiveCalls, clock: Clock) {
        for call in &calls.calls {
            self.goes_live(call.clone(), clock);
        }
    }

    pub(super) fn call_is_over(&mut self, call: CallId) -> Action {
        self.live.remove(&call);
        self.ask(Order::CallOver { call })
    }

    /// As the book is told of it; it is kept there from now on.
    pub(super) fn goes_live(&mut self, call: LiveCall, clock: Clock) -> LiveCalls {
        self.live.insert(call.call, call.clone());
        self.renew_within(clock);
        self.as_told(vec![call], clock)
    }

    fn as_told(&self, calls: Vec<LiveCall>, clock: Clock) -> LiveCalls {
        LiveCalls {
            desk: self.desk.clone(),
            until: self.live_until(clock),
            calls,
        }
    }

    /// Nobody takes a desk for dead that has the book for itself.
    fn live_until(&self, clock: Clock) -> Timestamp {
        match self.poll {
            Some(_) => clock.at_after(LEASE),
            None => Timestamp::MAX,
        }
    }

    /// Whether other desks must be told again and again.
    pub(super) fn must_keep_live(&self) -> bool {
        self.poll.is_some() && !self.live.is_empty()
    }

    pub(super) fn keep_live(&mut self, clock: Clock) -> Option<Action> {
        let must = self.begun && self.must_keep_live();
        must.then(|| self.tell_live(clock)).flatten()
    }

    /// All that are up. The call of an attempt whose end is on its way is told with that: without it, it would be owed a callback.
    pub(super) fn tell_live(&mut self, clock: Clock) -> Option<Action> {
        let orders = self.asked.values().chain(&self.again);
        let on_their_way: Vec<CallId> = orders.filter_map(goes_on).collect();
        let calls = self.live.values();
        let calls = calls.filter(|call| !on_their_way.contains(&call.call));
        let calls: Vec<LiveCall> = calls.cloned().collect();
        (!calls.is_empty()).then(|| {
            let live = self.as_told(calls, clock);
            self.ask(Order::Live(live))
        })
    }

    /// An order that the book could not carry out, for the time when it can: calls may be over since.
    pub(super) fn as_of_now(&self, mut order: Order, clock: Clock) -> Option<Order> {
        let as_of_now = |mut live: LiveCalls| {
            live.calls.retain(|call| self.live.contains_key(&call.call));
            live.until = self.live_until(clock);
            (!live.calls.is_empty()).then_some(live)
        };
        if let Order::Live(live) = order {
            return as_of_now(live).map(Order::Live);
        }
        if let Order::End { live, .. } = &mut order {
            *live = live.take().and_then(as_of_now);
        }
        Some(order)
    }
}

fn goes_on(order: &Order) -> Option<CallId> {
    let Order::End {
        live: Some(live), ..
    } = order
    else {
        return None;
    };
    live.calls.first().map(|call| call.call)
}
