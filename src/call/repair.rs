//! A hurt leg is mended before the call is given up: by each means once, in the policy's order (R26).
//!
//! The desk offers anew, and says whether the other side took it. The verdicts about the line say
//! whether it helped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::policy::Means;
use crate::words::{Moment, Party};

use super::{Action, Board, Line, Timer};

/// What became of our new offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairNews {
    /// They answered it: from here on the line may be fine.
    Taken,
    /// Refused, not answered, or never sent.
    Refused,
}

/// The legs that were hurt.
#[derive(Debug, Default)]
pub(super) struct Repairs(BTreeMap<Party, Repair>);

/// One leg: what was tried, and what is being tried.
#[derive(Debug, Default)]
struct Repair {
    tried: usize,
    attempt: Option<Attempt>,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    by: Means,
    /// What is to be dealt with if nothing helps.
    fault: Line,
    seems_fine: bool,
}

/// Mends a hurt leg, or goes on doing so; false when nothing is left to try.
pub(super) fn begin(party: Party, fault: Line, board: &mut Board, now: Moment) -> bool {
    match board.repairs.attempt(party) {
        // It had seemed to be fine.
        Some(attempt) if attempt.seems_fine => in_vain(party, fault, board, now),
        Some(attempt) => {
            attempt.fault = fault;
            true
        }
        None => try_next(party, fault, board, now),
    }
}

/// The line is no longer hurt: it is mended if that lasts.
pub(super) fn seems_fine(party: Party, board: &mut Board, now: Moment) {
    let Some(attempt) = board.repairs.attempt(party) else {
        return;
    };
    if !std::mem::replace(&mut attempt.seems_fine, true) {
        let fault = attempt.fault;
        wait(party, fault, board, now);
    }
}

/// Hears what became of our offer; the fault, where nothing is left to try.
pub(super) fn hear(party: Party, news: RepairNews, board: &mut Board, now: Moment) -> Option<Line> {
    let attempt = *board.repairs.attempt(party)?;
    match news {
        RepairNews::Taken => {
            wait(party, attempt.fault, board, now);
            None
        }
        RepairNews::Refused if attempt.seems_fine => {
            forget_attempt(party, board);
            None
        }
        RepairNews::Refused => next_or(party, attempt.fault, board, now),
    }
}

/// The wait is over: it is mended, or it is not; the fault, where nothing is left to try.
pub(super) fn timed_out(party: Party, board: &mut Board, now: Moment) -> Option<Line> {
    let attempt = *board.repairs.attempt(party)?;
    if !attempt.seems_fine {
        tell_end(party, attempt.by, false, board);
        return next_or(party, attempt.fault, board, now);
    }
    tell_end(party, attempt.by, true, board);
    forget_attempt(party, board);
    None
}

/// They hold us, or the call is on its way out: what is under way is left to itself.
pub(super) fn forget_attempt(party: Party, board: &mut Board) {
    board.timers.disarm(Timer::Repair(party));
    if let Some(repair) = board.repairs.0.get_mut(&party) {
        repair.attempt = None;
    }
}

/// Another leg: what was tried on the last one was not tried on it.
pub(super) fn forget_leg(party: Party, board: &mut Board) {
    board.timers.disarm(Timer::Repair(party));
    board.repairs.0.remove(&party);
}

fn in_vain(party: Party, fault: Line, board: &mut Board, now: Moment) -> bool {
    if let Some(by) = board.repairs.attempt(party).map(|attempt| attempt.by) {
        tell_end(party, by, false, board);
    }
    try_next(party, fault, board, now)
}

fn next_or(party: Party, fault: Line, board: &mut Board, now: Moment) -> Option<Line> {
    (!try_next(party, fault, board, now)).then_some(fault)
}

fn try_next(party: Party, fault: Line, board: &mut Board, now: Moment) -> bool {
    forget_attempt(party, board);
    let policy = board.policy();
    let repair = board.repairs.0.entry(party).or_default();
    let Some(by) = policy.line.repair.by.get(repair.tried).copied() else {
        return false;
    };
    repair.tried += 1;
    repair.attempt = Some(Attempt {
        by,
        fault,
        seems_fine: false,
    });
    board.act(Action::Repair { party, by });
    wait(party, fault, board, now);
    true
}

/// Packets are seen at once; whether they hear us is seen in their next report (RFC 3550 6.2).
fn wait(party: Party, fault: Line, board: &mut Board, now: Moment) {
    let repair = &board.terms.policy.line.repair;
    let within = match fault {
        Line::TheyDoNotReceive => repair.reported_within.get(),
        _ => repair.fine_within.get(),
    };
    board.timers.arm(Timer::Repair(party), now + within);
}

fn tell_end(party: Party, by: Means, mended: bool, board: &mut Board) {
    board.act(Action::Repaired { party, by, mended });
}

impl Repairs {
    fn attempt(&mut self, party: Party) -> Option<&mut Attempt> {
        self.0.get_mut(&party)?.attempt.as_mut()
    }
}
