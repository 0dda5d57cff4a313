use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{LiveCalls, Rules};
use crate::words::{CallId, DeskId, PhoneNumber};

/// Callers who are on the line, in a book that lives in one process: there they need not outlive it.
#[derive(Debug, Default)]
pub(super) struct Engaged(BTreeMap<CallId, Line>);

#[derive(Debug)]
struct Line {
    desk: DeskId,
    whose: PhoneNumber,
    until: Timestamp,
}

impl Engaged {
    /// These calls are up.
    pub(super) fn take(&mut self, live: &LiveCalls, rules: &Rules) {
        let known = live
            .calls
            .iter()
            .filter_map(|call| Some((call.call, rules.whose(call.number.as_ref()?))));
        let lines = known.map(|(call, whose)| {
            let (desk, until) = (live.desk.clone(), live.until);
            (call, Line { desk, whose, until })
        });
        self.0.extend(lines);
    }

    pub(super) fn call_over(&mut self, call: CallId) {
        self.0.remove(&call);
    }

    pub(super) fn calls_died(&mut self, desk: &DeskId) {
        self.0.retain(|_, line| line.desk != *desk);
    }

    pub(super) fn callers(&self, at: Timestamp) -> BTreeSet<&PhoneNumber> {
        let lines = self.0.values().filter(|line| line.until > at);
        lines.map(|line| &line.whose).collect()
    }
}
