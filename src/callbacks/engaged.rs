use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{LiveCall, LiveCalls, Rules};
use crate::words::{CallId, DeskId, PhoneNumber};

/// Calls that are up, in a book that lives in one process: there they need not outlive it.
#[derive(Debug, Default)]
pub(super) struct Engaged(BTreeMap<CallId, Line>);

#[derive(Debug)]
struct Line {
    desk: DeskId,
    call: LiveCall,
    whose: Option<PhoneNumber>,
    /// None: it died with its desk.
    until: Option<Timestamp>,
}

impl Engaged {
    /// These calls are up.
    pub(super) fn take(&mut self, live: &LiveCalls, rules: &Rules) {
        let lines = live.calls.iter().map(|call| {
            let line = Line {
                desk: live.desk.clone(),
                call: call.clone(),
                whose: call.number.as_ref().map(|number| rules.whose(number)),
                until: Some(live.until),
            };
            (call.call, line)
        });
        self.0.extend(lines);
    }

    pub(super) fn call_over(&mut self, call: CallId) {
        self.0.remove(&call);
    }

    /// Those that are not over yet, by their ids.
    pub(super) fn calls_died(&mut self, desk: &DeskId) -> Vec<LiveCall> {
        let lines = self.0.values_mut().filter(|line| line.desk == *desk);
        let died = lines.map(|line| {
            line.until = None;
            line.call.clone()
        });
        died.collect()
    }

    pub(super) fn callers(&self, at: Timestamp) -> BTreeSet<&PhoneNumber> {
        let lines = self.0.values().filter(|line| line.is_up(at));
        lines.filter_map(|line| line.whose.as_ref()).collect()
    }

    /// Whether another call than this one is up with this caller.
    pub(super) fn has(&self, whose: &PhoneNumber, but: CallId, at: Timestamp) -> bool {
        let mut others = self.0.iter().filter(|(call, _)| **call != but);
        others.any(|(_, line)| line.is_up(at) && line.whose.as_ref() == Some(whose))
    }
}

impl Line {
    fn is_up(&self, at: Timestamp) -> bool {
        self.until.is_some_and(|until| until > at)
    }
}
