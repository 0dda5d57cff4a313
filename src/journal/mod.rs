//! Above the calls, pure. What one call took in and did, a line of JSON a step, so that it can be played again (R38).
//!
//! The first line is the `Head`: how the call began, by which policy and on which terms. Each further line is a `Step`: an
//! input, its moment, and the actions that followed. A call is nothing but these (`call::Call::handle` is total and reads
//! no clock), so the same inputs must lead to the same actions, bit for bit.
//!
//! Invariant: no telephone number and no word of a person is in it. Digits that choose nothing are written as another
//! digit, free text as none; actions are masked the same way before they are compared.

mod head;
mod masking;
mod replay;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Action, Call, Input};
use crate::words::Moment;

pub use head::{Began, Head, fingerprint};
pub use replay::{Differs, Replay, Unplayed, read, replay};

/// One step of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Counts up from 1: a gap is a line that was lost.
    pub n: u32,
    pub at: Moment,
    pub took: Took,
    pub did: Vec<Value>,
}

/// What a call can take in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Took {
    Input(Input),
    /// Somebody else has taken the caller's place (RFC 3891).
    Replaced {
        has_number: bool,
    },
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    steps: u32,
    bytes: usize,
    /// Lines that nobody has taken yet.
    written: Vec<u8>,
}

/// A longer journal ends here: some hours of a call.
const BYTES_MAX: usize = 4 << 20;
/// As much is worth a write.
const WORTH_WRITING: usize = 16 << 10;

impl Journal {
    /// With its first line.
    pub fn begin(head: &Head) -> Self {
        let mut journal = Self {
            steps: 0,
            bytes: 0,
            written: Vec::new(),
        };
        journal.write(head);
        journal
    }

    /// Lets a call take an input, and notes both what it took and what it did.
    pub fn handle(&mut self, call: &mut Call, input: Input, now: Moment) -> Vec<Action> {
        let took = Took::Input(masking::input(call, &input));
        let actions = call.handle(input, now);
        self.note(took, told(&actions), now);
        actions
    }

    /// Somebody else has taken the caller's place.
    pub fn note_replaced(&mut self, has_number: bool, now: Moment) {
        self.note(Took::Replaced { has_number }, Vec::new(), now);
    }

    fn note(&mut self, took: Took, did: Vec<Value>, at: Moment) {
        self.steps = self.steps.saturating_add(1);
        self.write(&Step {
            n: self.steps,
            at,
            took,
            did,
        });
    }

    /// Its lines so far, once they are worth a write; all of them at the end.
    pub fn take(&mut self, is_over: bool) -> Option<Vec<u8>> {
        let due = self.written.len() >= WORTH_WRITING || is_over;
        (due && !self.written.is_empty()).then(|| std::mem::take(&mut self.written))
    }

    /// A line that has no room is left out, and all after it.
    fn write(&mut self, line: &impl Serialize) {
        let line = serde_json::to_vec(line).expect("a journal has only string keys");
        self.bytes = self.bytes.saturating_add(line.len() + 1);
        if self.bytes <= BYTES_MAX {
            self.written.extend(line);
            self.written.push(b'\n');
        }
    }
}

/// Actions as journals have them.
fn told(actions: &[Action]) -> Vec<Value> {
    let masked = actions.iter().cloned().map(masking::action);
    masked
        .map(|action| serde_json::to_value(action).expect("an action has only string keys"))
        .collect()
}
