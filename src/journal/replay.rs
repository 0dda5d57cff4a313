use serde_json::Value;

use crate::call::{Action, Call};
use crate::words::{CallId, Moment, Pii};

use super::head::LAYOUT;
use super::{Head, Step, Took, masking, told};

/// A journal that was played again, to the same actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    pub call: CallId,
    pub steps: u32,
    /// The call's end is in it.
    pub is_whole: bool,
}

/// Why a journal was not played to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Unplayed {
    /// Nothing is in it.
    Empty,
    /// Of another program.
    Layout { journal: u32 },
    /// `line`, from 1, is none of a journal's.
    Unread { line: usize, why: String },
    /// The step before this line was not written.
    Gap { line: usize },
    /// The first step at which the call did something else.
    Differs(Box<Differs>),
}

/// A step that came out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Differs {
    pub line: usize,
    /// Since the call began.
    pub after: std::time::Duration,
    /// As it is written.
    pub took: Value,
    pub expected: Vec<Value>,
    pub got: Vec<Value>,
}

/// The head and the steps of a journal's text.
pub fn read(text: &str) -> Result<(Head, Vec<Step>), Unplayed> {
    let mut lines = text.lines().enumerate();
    let (_, first) = lines.next().ok_or(Unplayed::Empty)?;
    let head: Head = serde_json::from_str(first).map_err(|why| unread(0, &why))?;
    if head.journal != LAYOUT {
        return Err(Unplayed::Layout {
            journal: head.journal,
        });
    }
    let mut steps: Vec<Step> = Vec::new();
    for (index, line) in lines {
        let step: Step = serde_json::from_str(line).map_err(|why| unread(index, &why))?;
        if step.n as usize != steps.len() + 1 {
            return Err(Unplayed::Gap { line: index + 1 });
        }
        steps.push(step);
    }
    Ok((head, steps))
}

fn unread(index: usize, why: &serde_json::Error) -> Unplayed {
    Unplayed::Unread {
        line: index + 1,
        why: why.to_string(),
    }
}

/// Plays a journal's inputs again, each at its moment, and compares what the call does with what is written.
pub fn replay(text: &str) -> Result<Replay, Unplayed> {
    let (head, steps) = read(text)?;
    let (mut call, actions) = head.begin(head.policy.clone());
    compare(1, head.at, &head, Value::Null, &head.did, told(&actions))?;
    for (step, line) in steps.iter().zip(2..) {
        let did = told(&take(&mut call, step));
        if did != step.did {
            let took = serde_json::to_value(&step.took).unwrap_or_default();
            compare(line, step.at, &head, took, &step.did, did)?;
        }
    }
    Ok(Replay {
        call: head.call,
        steps: u32::try_from(steps.len()).unwrap_or(u32::MAX),
        is_whole: call.has_ended(),
    })
}

fn take(call: &mut Call, step: &Step) -> Vec<Action> {
    match &step.took {
        Took::Input(input) => call.handle(input.clone(), step.at),
        Took::Replaced { has_number } => {
            call.set_number(has_number.then(masking::number).map(Pii::new));
            Vec::new()
        }
    }
}

fn compare(
    line: usize,
    at: Moment,
    head: &Head,
    took: Value,
    expected: &[Value],
    got: Vec<Value>,
) -> Result<(), Unplayed> {
    if expected == got {
        return Ok(());
    }
    Err(Unplayed::Differs(Box::new(Differs {
        line,
        after: at.since(head.at),
        took,
        expected: expected.to_vec(),
        got,
    })))
}
