//! The last calls that are over, as a rep may still ask for them.

use std::collections::VecDeque;

use crate::console::CallView;
use crate::words::CallId;

/// Calls remembered; older ones are in the timelines and records on disk.
const ENDED_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Ended(VecDeque<CallView>);

impl Ended {
    pub(super) fn remember(&mut self, call: CallView) {
        if self.0.len() >= ENDED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    pub(super) fn forget(&mut self, is_meant: impl Fn(&CallView) -> bool) {
        self.0.retain(|call| !is_meant(call));
    }

    /// Those of one Call-ID; none when none is asked for.
    pub(super) fn by_sip_call_id(&self, wanted: Option<&str>) -> impl Iterator<Item = &CallView> {
        self.0
            .iter()
            .filter(move |call| wanted == Some(call.sip_call_id.as_str()))
    }

    pub(super) fn get(&self, id: CallId) -> Option<&CallView> {
        self.0.iter().rev().find(|call| call.id == id)
    }
}
