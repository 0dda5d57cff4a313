use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use thirdring::seating::{Ring, Seating, State, Wanted};
use thirdring::words::{CallId, Moment, SeatId};

/// No seat is idle for longer while a caller waits whom it could serve.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// Knows who called and who refused whom, by itself, and judges the seats after each event.
pub(super) struct Witness {
    ring: Ring,
    skill_only: bool,
    pub(super) has_skills: bool,
    calls: BTreeMap<CallId, Known>,
    order: u64,
}

struct Known {
    wanted: Wanted,
    /// In which order they came.
    place: u64,
    refused: BTreeSet<SeatId>,
    rung_since: Moment,
    taken: bool,
    /// Since when a seat idles that could serve it.
    slighted_since: Option<Moment>,
}

impl Witness {
    pub(super) fn new(ring: Ring, skill_only: bool, has_skills: bool) -> Self {
        Self {
            ring,
            skill_only,
            has_skills,
            calls: BTreeMap::new(),
            order: 0,
        }
    }

    // What happened

    pub(super) fn calls(&mut self, wanted: &Wanted, now: Moment) {
        self.order += 1;
        let known = Known {
            wanted: wanted.clone(),
            place: self.order,
            refused: BTreeSet::new(),
            rung_since: now,
            taken: false,
            slighted_since: None,
        };
        self.calls.insert(wanted.call, known);
    }

    pub(super) fn over(&mut self, call: CallId) {
        self.calls.remove(&call);
    }

    pub(super) fn refused(&mut self, call: CallId, seat: &SeatId) {
        let known = self.calls.get_mut(&call).unwrap();
        known.refused.insert(seat.clone());
    }

    pub(super) fn taken(&mut self, call: CallId) {
        let known = self.calls.get_mut(&call).unwrap();
        assert!(!known.taken, "{call} has two seats");
        known.taken = true;
    }

    pub(super) fn wants(&self, call: CallId) -> Option<Wanted> {
        self.calls.get(&call).map(|known| known.wanted.clone())
    }

    pub(super) fn rung_since(&self, call: CallId) -> Moment {
        self.calls
            .get(&call)
            .map_or(Moment::ZERO, |known| known.rung_since)
    }

    /// Seats were given: none that refused, none before its turn, no more than the rules say.
    pub(super) fn rung(&mut self, call: CallId, seats: &[SeatId], seating: &Seating, now: Moment) {
        if seats.is_empty() {
            return;
        }
        let begins = rings_for(call, seating).len() == seats.len();
        let is_early = self.is_before_its_turn(call, seats, seating);
        assert!(!is_early, "{call} came before one who waits longer");
        let known = self.calls.get_mut(&call).unwrap();
        if begins {
            known.rung_since = now;
        }
        assert!(self.ring == Ring::All || seats.len() == 1, "{seats:?}");
        for seat in seats {
            assert!(!known.refused.contains(seat), "{seat} had refused {call}");
        }
    }

    /// Whether one of the seats could have served somebody who waits longer.
    fn is_before_its_turn(&self, call: CallId, seats: &[SeatId], seating: &Seating) -> bool {
        let place = self.calls[&call].place;
        let mut longer = self.calls.iter().filter(|(_, known)| known.place < place);
        longer.any(|(other, known)| {
            let waits = !known.taken && rings_for(*other, seating).is_empty();
            waits && seats.iter().any(|id| self.could(known, id, seating))
        })
    }

    fn could(&self, known: &Known, id: &SeatId, seating: &Seating) -> bool {
        let seat = seating.get(id).unwrap();
        let skill = known.wanted.skill.as_deref();
        let knows = skill.is_none_or(|skill| seat.has_skill(skill));
        !known.refused.contains(id) && (knows || !self.skill_only)
    }

    // How it stands

    pub(super) fn judge(&mut self, seating: &Seating, now: Moment) {
        self.one_seat_a_call(seating);
        self.nobody_is_slighted(seating, now);
    }

    fn one_seat_a_call(&self, seating: &Seating) {
        for (call, known) in &self.calls {
            let talks = seats_that(State::InCall, *call, seating).len();
            let rings = rings_for(*call, seating).len();
            assert_eq!(talks, usize::from(known.taken), "{call}");
            assert!(talks == 0 || rings == 0, "{call} is taken and rings");
            assert!(self.ring == Ring::All || rings <= 1, "{call} rings twice");
        }
        for (id, seat) in seating.iter() {
            let standing = seat.standing();
            let busy = matches!(standing.state, State::Ringing | State::InCall);
            let is_of_the_day = standing
                .call
                .is_some_and(|call| self.calls.contains_key(&call));
            assert!(!busy || is_of_the_day, "{id} has a call that is over");
        }
    }

    fn nobody_is_slighted(&mut self, seating: &Seating, now: Moment) {
        let slighted = self.slighted(seating);
        for (call, known) in &mut self.calls {
            let since = known.slighted_since.unwrap_or(now);
            known.slighted_since = slighted.contains(call).then_some(since);
            let lasted = known.slighted_since.map(|since| now.since(since));
            assert!(lasted <= Some(IDLE_MAX), "{call} waits, and a seat is idle");
        }
    }

    /// Who waits while a seat idles that could serve him.
    fn slighted(&self, seating: &Seating) -> BTreeSet<CallId> {
        let waiting = self.calls.iter().filter(|(call, known)| {
            let waits = !known.taken && rings_for(**call, seating).is_empty();
            let mut free = seating.iter().filter(|(_, seat)| seat.is_free());
            waits && free.any(|(id, _)| self.could(known, id, seating))
        });
        waiting.map(|(call, _)| *call).collect()
    }
}

fn rings_for(call: CallId, seating: &Seating) -> Vec<SeatId> {
    seats_that(State::Ringing, call, seating)
}

fn seats_that(state: State, call: CallId, seating: &Seating) -> Vec<SeatId> {
    let all = seating.iter();
    all.filter(|(_, seat)| {
        let standing = seat.standing();
        standing.state == state && standing.call == Some(call)
    })
    .map(|(id, _)| id.clone())
    .collect()
}
