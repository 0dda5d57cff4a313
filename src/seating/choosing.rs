//! Which of the free seats are rung for a call.

use std::collections::BTreeMap;

use super::seeking::Seeker;
use super::{Ring, Rings, Rules, Seat};
use crate::words::SeatId;

type Free<'a> = Vec<(&'a SeatId, &'a Seat)>;

/// The one that is wished for, else those with the skill, else anybody, as the rules say.
pub(super) fn choose(
    seats: &BTreeMap<SeatId, Seat>,
    rules: &Rules,
    seeker: &Seeker,
    last_turn: Option<&SeatId>,
) -> Vec<SeatId> {
    let free = seats.iter();
    let free: Free<'_> = free
        .filter(|(id, seat)| seat.is_free() && seeker.may_ring(id))
        .collect();
    let wished = seeker.wanted.seat.as_ref();
    if let Some((id, _)) = free.iter().find(|(id, _)| Some(*id) == wished) {
        return vec![(*id).clone()];
    }
    let able = able(free, seeker.wanted.skill.as_deref(), rules);
    let ring = match seeker.wanted.rings {
        Rings::One if rules.ring == Ring::All => Ring::LongestIdle,
        Rings::One | Rings::AsTheRulesSay => rules.ring,
    };
    match ring {
        Ring::All => able.into_iter().map(|(id, _)| id.clone()).collect(),
        Ring::LongestIdle => longest_idle(&able).into_iter().cloned().collect(),
        Ring::RoundRobin => next_turn(&able, last_turn).into_iter().cloned().collect(),
    }
}

/// Those with the skill; where none of them is free, the others, unless they may not.
fn able<'a>(free: Free<'a>, skill: Option<&str>, rules: &Rules) -> Free<'a> {
    let Some(skill) = skill else {
        return free;
    };
    let (skilled, others): (Free<'a>, Free<'a>) = free
        .into_iter()
        .partition(|(_, seat)| seat.has_skill(skill));
    if skilled.is_empty() && !rules.skill_only {
        others
    } else {
        skilled
    }
}

fn longest_idle<'a>(able: &Free<'a>) -> Option<&'a SeatId> {
    let longest = able.iter().min_by_key(|(_, seat)| seat.idle_since());
    longest.map(|(id, _)| *id)
}

fn next_turn<'a>(able: &Free<'a>, last: Option<&SeatId>) -> Option<&'a SeatId> {
    let mut ids = able.iter().map(|(id, _)| *id);
    let after = able.iter().map(|(id, _)| *id);
    let mut after = after.filter(|id| last.is_none_or(|last| *id > last));
    after.next().or_else(|| ids.next())
}
