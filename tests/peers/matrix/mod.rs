//! Whatever a peer does, in whatever state: the table of responses, and of who still hears what.

mod blow;
mod stage;

use std::fmt::Write;
use std::thread;
use std::time::Duration;

use self::blow::Blow;
use self::stage::{Cell, Stage};
use super::phone::SOON;

/// Cells that run side by side, each with an agent of its own: three rows.
const SIDE_BY_SIDE: usize = 3;

/// All legs end this soon after the call.
const ALL_OVER_WITHIN: Duration = Duration::from_secs(1);

/// What became of one cell.
struct Outcome {
    stage: Stage,
    blow: Blow,
    responses: String,
    caller_hears: String,
    rep_hears: String,
    row: String,
    over: bool,
}

impl Outcome {
    /// The cell's thread has said why.
    fn broken(stage: Stage, blow: Blow) -> Self {
        let unknown = || "?".to_owned();
        Self {
            stage,
            blow,
            responses: "BROKEN".to_owned(),
            caller_hears: unknown(),
            rep_hears: unknown(),
            row: unknown(),
            over: true,
        }
    }
}

#[test]
fn whatever_a_peer_does_in_whatever_state_nobody_is_lost() {
    let mut outcomes = Vec::new();
    for stages in Stage::ALL.chunks(SIDE_BY_SIDE) {
        let running: Vec<_> = stages
            .iter()
            .flat_map(|stage| Blow::ALL.map(|blow| (*stage, blow)))
            .map(|(stage, blow)| {
                let cell = thread::Builder::new().name(format!("{blow:?} x {stage:?}"));
                let cell = cell.spawn(move || play(stage, blow)).expect("a thread");
                (stage, blow, cell)
            })
            .collect();
        let ended = running.into_iter().map(|(stage, blow, cell)| {
            let played = cell.join();
            played.unwrap_or_else(|_| Outcome::broken(stage, blow))
        });
        outcomes.extend(ended);
    }
    println!("{}", table(&outcomes));
    let faults: Vec<String> = outcomes.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn play(stage: Stage, blow: Blow) -> Outcome {
    let mut cell = Cell::open(stage);
    cell.reach(stage);
    let responses = blow.strike(&mut cell, stage);
    let over = blow.ends(stage);
    if over {
        assert!(
            cell.all_legs_end(ALL_OVER_WITHIN),
            "a leg outlived the call"
        );
    }
    if stage == Stage::Ringing && !over && blow != Blow::LostAck {
        cell.be_answered();
    }
    let (caller_hears, rep_hears) = cell.who_hears_what(over);
    if !over {
        cell.end();
    }
    Outcome {
        stage,
        blow,
        responses,
        caller_hears,
        rep_hears,
        row: cell.row(),
        over,
    }
}

/// What is wrong with it.
fn fault(outcome: &Outcome) -> Option<String> {
    let Outcome { stage, blow, .. } = outcome;
    let expected = blow.expected(*stage);
    let why = if !expected.contains(&outcome.responses.as_str()) {
        format!("{}, expected {expected:?}", outcome.responses)
    } else if !outcome.over && outcome.caller_hears == "nothing" {
        "the caller was lost".to_owned()
    } else if !outcome.over
        && stage
            .rep_must_hear()
            .is_some_and(|must| must != outcome.rep_hears)
    {
        format!("the rep hears {}", outcome.rep_hears)
    } else if !outcome.row.starts_with("kept") {
        format!("the row: {}", outcome.row)
    } else {
        return None;
    };
    Some(format!("{blow} x {stage}: {why}"))
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = String::from(
        "| a peer's | in state | response | the caller then hears | the rep then hears | row |\n\
         |---|---|---|---|---|---|\n",
    );
    for outcome in outcomes {
        let Outcome {
            stage,
            blow,
            responses,
            caller_hears,
            rep_hears,
            row,
            ..
        } = outcome;
        let _ = writeln!(
            table,
            "| {blow} | {stage} | {responses} | {caller_hears} | {rep_hears} | {row} |"
        );
    }
    table
}

/// How long any response may take, a retransmission included (RFC 3261 17.1.1.2, T1 500 ms).
const RESPONSE_WITHIN: Duration = SOON;
