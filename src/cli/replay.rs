//! `thirdring replay`: a recorded call again, to the same actions, or the first step that is otherwise.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Teller;
use super::failure::{Failure, unusable};
use crate::journal::{Differs, Replay, Unplayed, replay};
use crate::words::Sentence;

pub(super) fn run(journal: &Path, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let text = fs::read_to_string(journal).map_err(|why| unusable(journal, why))?;
    let replayed = replay(&text).map_err(|why| failed(journal, why))?;
    let Replay {
        call,
        steps,
        is_whole,
    } = replayed;
    if teller.json {
        let raw = json!({ "call": call, "steps": steps, "whole": is_whole });
        return teller.line(&raw.to_string());
    }
    let (call, steps) = (call.to_string(), steps.to_string());
    let key = match is_whole {
        true => "cli.replay.whole",
        false => "cli.replay.cut",
    };
    teller.line(&teller.filled(key, &[("call", &call), ("steps", &steps)]))
}

pub(super) fn failed(journal: &Path, why: Unplayed) -> Failure {
    let about = |key: &str| Sentence::of(key).with("journal", journal.display());
    Failure::Told(match why {
        Unplayed::Empty => about("cli.replay.empty"),
        Unplayed::Layout { journal } => about("cli.replay.layout").with("layout", journal),
        Unplayed::Unread { line, why } => about("cli.replay.unread")
            .with("line", line)
            .with("why", why),
        Unplayed::Gap { line } => about("cli.replay.gap").with("line", line),
        Unplayed::Differs(differs) => drawn(about("cli.replay.differs"), &differs),
    })
}

/// Where, what came in, and both sides.
fn drawn(about: Sentence, differs: &Differs) -> Sentence {
    let Differs {
        line,
        after,
        took,
        expected,
        got,
    } = differs;
    let side = |actions: &[Value]| Value::from(actions).to_string();
    about
        .with("line", line)
        .with("after", format!("{:.3}", after.as_secs_f64()))
        .with("took", took)
        .with("expected", side(expected))
        .with("got", side(got))
}
