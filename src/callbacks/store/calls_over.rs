//! Calls that end while the server is not reached: it takes them for up, and after a crash their callers would be phoned back.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::callbacks::{LiveCall, LiveCalls, Order};
use crate::words::{CallId, DeskId};

/// The calls of which the server is to hear that they are over. It knows no more than were up when it was lost.
#[derive(Debug, Default)]
pub(super) struct CallsOver {
    /// That the server may take for up, of this life.
    known: BTreeSet<CallId>,
    /// In the file, until the server has heard of it.
    over: BTreeSet<CallId>,
    /// Of the first order that does not reach the server only the answer may be lost.
    is_cut: bool,
}

impl CallsOver {
    /// What the last life left in the file: whoever is owed something comes back, the others are over.
    pub(super) fn of(&mut self, in_file: Vec<LiveCall>) -> Vec<LiveCall> {
        let (over, owed): (Vec<_>, Vec<_>) =
            in_file.into_iter().partition(|call| !call.owes_callback());
        self.over.extend(over.iter().map(|call| call.call));
        owed
    }

    /// The server was asked this, and was reached or not.
    pub(super) fn asked(&mut self, order: &Order, is_cut: bool) {
        let was_cut = std::mem::replace(&mut self.is_cut, is_cut);
        if !(is_cut && was_cut) {
            let calls = told_live(order).into_iter().flat_map(|live| &live.calls);
            self.known.extend(calls.map(|call| call.call));
        }
        if let Order::CallOver { call } = order
            && !is_cut
        {
            self.known.remove(call);
        }
    }

    /// It ended, and the server was not reached; true where that has to be kept for it.
    pub(super) fn end(&mut self, call: CallId) -> bool {
        if self.known.remove(&call) {
            self.over.insert(call);
        }
        self.over.contains(&call)
    }

    /// Of the calls that the server takes for up when we died.
    pub(super) fn but_those(&self, died: Vec<LiveCall>) -> Vec<LiveCall> {
        let is_up = |call: &LiveCall| !self.over.contains(&call.call);
        died.into_iter().filter(is_up).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.over.is_empty()
    }

    pub(super) fn next(&self) -> Option<CallId> {
        self.over.first().copied()
    }

    /// The server knows it, and the file not any more.
    pub(super) fn is_told(&mut self, call: CallId) {
        self.over.remove(&call);
    }
}

/// As it lies in the file: a call for which nothing is owed, in the place of the one that was up.
pub(super) fn in_file(call: CallId, until: Timestamp) -> Order {
    Order::Live(LiveCalls {
        desk: DeskId::alone(),
        calls: vec![LiveCall::over(call)],
        until,
    })
}

/// Those that are owed a callback, should their desk die.
fn told_live(order: &Order) -> Option<&LiveCalls> {
    match order {
        Order::Live(live) => Some(live),
        Order::End { live, .. } => live.as_ref(),
        Order::Note { .. }
        | Order::Claim(_)
        | Order::Renew { .. }
        | Order::DialByHand(_)
        | Order::CallOver { .. }
        | Order::Joined { .. }
        | Order::Withdraw { .. }
        | Order::Wish { .. }
        | Order::Look { .. }
        | Order::Peek
        | Order::Restart { .. }
        | Order::Restore { .. } => None,
    }
}
