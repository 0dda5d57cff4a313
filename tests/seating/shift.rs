use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use thirdring::seating::{
    Choice, Declined, Fault, NewSeat, Note, Refusal, Ring, Rings, Rules, Seating, State, Wanted,
    WrapUpRules,
};
use thirdring::words::{CallId, Entropy, Moment, SeatId};

use super::fairness::Fairness;
use super::witness::Witness;

const SKILL: &str = "billing";
/// A rep's phone rings no longer (`waiting.rep_rings_for` of the policy).
const RINGS_FOR: u32 = 20;

/// The seats and their rules.
pub(super) struct House {
    pub(super) ring: Ring,
    pub(super) seats: usize,
    /// So many of them have the skill that every third caller wants.
    pub(super) skilled: usize,
    pub(super) skill_only: bool,
    pub(super) note: Note,
    /// From one caller to the next, on the average.
    pub(super) between_s: u32,
}

impl House {
    pub(super) fn plain(ring: Ring) -> Self {
        Self {
            ring,
            seats: 2,
            skilled: 0,
            skill_only: false,
            note: Note::Optional,
            between_s: 45,
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            ring: self.ring,
            skill_only: self.skill_only,
            break_reasons: vec!["lunch".to_owned()],
            wrap_up: WrapUpRules {
                lasts: Duration::from_secs(10),
                extend_by: Duration::from_secs(15),
                extensions: 1,
                note: self.note,
            },
        }
    }
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Calls(usize),
    /// The caller is tired of waiting.
    Leaves(CallId),
    PicksUp(CallId, SeatId),
    Refuses(CallId, SeatId),
    /// The call has rung for long enough: whoever rings is absent.
    NobodyAnswers(CallId),
    HangsUp(CallId),
    Notes(CallId),
    /// The rep comes back from wherever he was.
    Returns(SeatId),
    GoesToLunch(SeatId),
    PhoneDies(SeatId),
    PhoneComes(SeatId),
    WrapUpIsOver,
}

/// A day: callers, reps and their phones by chance, judged after each event.
pub(super) struct Shift {
    seating: Seating,
    chance: Entropy,
    due: BTreeSet<(Moment, u64, Event)>,
    events: u64,
    witness: Witness,
    talks: BTreeMap<CallId, (SeatId, Moment)>,
    idle: BTreeMap<SeatId, Moment>,
    fairness: Fairness,
    between_s: u32,
}

impl Shift {
    pub(super) fn open(house: &House, seed: u64) -> Self {
        let mut seating = Seating::new(house.rules());
        let mut idle = BTreeMap::new();
        for n in 0..house.seats {
            let id: SeatId = format!("rep{}", n + 1).parse().unwrap();
            let skills = (n < house.skilled).then(|| SKILL.to_owned());
            let seat = NewSeat {
                skills: skills.into_iter().collect(),
                ..NewSeat::default()
            };
            seating.add(id.clone(), seat, Moment::ZERO);
            idle.insert(id, Moment::ZERO);
        }
        Self {
            seating,
            chance: Entropy::from_number(seed),
            due: BTreeSet::new(),
            events: 0,
            witness: Witness::new(house.ring, house.skill_only, house.skilled > 0),
            talks: BTreeMap::new(),
            idle,
            fairness: Fairness::default(),
            between_s: house.between_s,
        }
    }

    pub(super) fn fairness(&self) -> &Fairness {
        &self.fairness
    }

    /// Until every caller is served or gone.
    pub(super) fn work(&mut self, calls: usize) {
        self.later(0, Event::Calls(calls), Moment::ZERO);
        while let Some((now, _, event)) = self.due.pop_first() {
            self.happen(event, now);
            self.settle(now);
            self.witness.judge(&self.seating, now);
            if let Some(at) = self.seating.timeout() {
                self.due.insert((at, 0, Event::WrapUpIsOver));
            }
        }
        assert_eq!(self.fairness.calls(), calls);
    }

    fn later(&mut self, milliseconds: u32, event: Event, now: Moment) {
        self.events += 1;
        let at = now + Duration::from_millis(u64::from(milliseconds));
        self.due.insert((at, self.events, event));
    }

    /// From `least` to twice the mean, in milliseconds.
    fn some(&mut self, least_s: u32, mean_s: u32) -> u32 {
        let range = 2 * (mean_s - least_s) * 1_000;
        least_s * 1_000 + self.chance.below(range)
    }

    fn happen(&mut self, event: Event, now: Moment) {
        match event {
            Event::Calls(left) => self.calls(left, now),
            Event::Leaves(call) => self.leaves(call, now),
            Event::PicksUp(call, seat) => self.picks_up(call, &seat, now),
            Event::Refuses(call, seat) => self.refuses(call, &seat, now),
            Event::NobodyAnswers(call) => self.nobody_answers(call, now),
            Event::HangsUp(call) => self.hangs_up(call, now),
            Event::Notes(call) => drop(self.seating.noted(call, now)),
            Event::Returns(seat) => self.chooses(&seat, Choice::Available, now),
            Event::GoesToLunch(seat) => {
                let reason = "lunch".to_owned();
                self.chooses(&seat, Choice::OnBreak { reason }, now);
                let away = self.some(60, 300);
                self.later(away, Event::Returns(seat), now);
            }
            Event::PhoneDies(seat) => {
                self.seating
                    .set_fault(&seat, Fault::NotRegistered, true, now);
                let gone = self.some(5, 30);
                self.later(gone, Event::PhoneComes(seat), now);
            }
            Event::PhoneComes(seat) => {
                self.seating
                    .set_fault(&seat, Fault::NotRegistered, false, now);
            }
            Event::WrapUpIsOver => self.seating.tick(now),
        }
    }

    /// What the desk does after everything: free seats are given, and times are kept.
    fn settle(&mut self, now: Moment) {
        for given in self.seating.serve(now) {
            self.rung(given.call, &given.seats, now);
        }
        while let Some(change) = self.seating.poll_change() {
            if change.from == State::Available {
                let since = self.idle.get(&change.seat).copied().unwrap_or(now);
                self.fairness.idled(&change.seat, now.since(since));
            }
            if change.to.state == State::Available {
                self.idle.insert(change.seat, now);
            }
        }
    }

    // Callers

    fn calls(&mut self, left: usize, now: Moment) {
        let call = CallId::new(1, self.chance.bytes());
        let skill = self.chance.below(3) == 0 && self.witness.has_skills;
        let wanted = Wanted {
            call,
            seat: None,
            skill: skill.then(|| SKILL.to_owned()),
            rings: Rings::AsTheRulesSay,
        };
        self.witness.calls(&wanted, now);
        let patience = self.some(30, 240);
        self.later(patience, Event::Leaves(call), now);
        self.seek(wanted, now);
        if left > 1 {
            let next = self.some(0, self.between_s);
            self.later(next, Event::Calls(left - 1), now);
        }
    }

    fn seek(&mut self, wanted: Wanted, now: Moment) {
        let call = wanted.call;
        let seats = self.seating.seek(wanted, now);
        self.rung(call, &seats, now);
    }

    fn leaves(&mut self, call: CallId, now: Moment) {
        if self.witness.wants(call).is_some() && !self.talks.contains_key(&call) {
            self.fairness.left += 1;
            self.over(call, now);
        }
    }

    fn hangs_up(&mut self, call: CallId, now: Moment) {
        if let Some((seat, since)) = self.talks.remove(&call) {
            self.fairness.talked(&seat, now.since(since));
            self.over(call, now);
            let writes = self.some(1, 15);
            self.later(writes, Event::Notes(call), now);
            if self.chance.below(4) == 0 {
                let extended = self.seating.extend_wrap_up(&seat, now);
                assert!(extended.is_ok() || extended == Err(Refusal::NotWrappingUp));
            }
        }
    }

    fn over(&mut self, call: CallId, now: Moment) {
        self.seating.forget(call, now);
        self.witness.over(call);
    }

    // Reps

    fn rung(&mut self, call: CallId, seats: &[SeatId], now: Moment) {
        self.witness.rung(call, seats, &self.seating, now);
        for seat in seats {
            let takes = self.some(1, 4);
            match self.chance.below(20) {
                0..=1 => self.later(takes, Event::Refuses(call, seat.clone()), now),
                2 => {}
                _ => self.later(takes, Event::PicksUp(call, seat.clone()), now),
            }
        }
        if !seats.is_empty() {
            self.later(RINGS_FOR * 1_000, Event::NobodyAnswers(call), now);
        }
    }

    fn rings(&self, call: CallId, seat: &SeatId) -> bool {
        let standing = self.seating.get(seat).unwrap().standing();
        standing.state == State::Ringing && standing.call == Some(call)
    }

    fn picks_up(&mut self, call: CallId, seat: &SeatId, now: Moment) {
        if self.rings(call, seat) {
            self.seating.pick_up(call, seat, now);
            self.witness.taken(call);
            self.fairness.took(seat);
            self.talks.insert(call, (seat.clone(), now));
            let talk = self.some(5, 60);
            self.later(talk, Event::HangsUp(call), now);
            self.something_else(seat, now);
        }
    }

    /// Once in a while there is lunch, or a phone that dies.
    fn something_else(&mut self, seat: &SeatId, now: Moment) {
        let event = match self.chance.below(40) {
            0 => Event::GoesToLunch(seat.clone()),
            1 => Event::PhoneDies(seat.clone()),
            _ => return,
        };
        let soon = self.some(1, 60);
        self.later(soon, event, now);
    }

    fn refuses(&mut self, call: CallId, seat: &SeatId, now: Moment) {
        if self.rings(call, seat) {
            self.witness.refused(call, seat);
            if !self.seating.decline(call, seat, Declined::Refused, now) {
                self.again(call, now);
            }
        }
    }

    fn nobody_answers(&mut self, call: CallId, now: Moment) {
        let ids: Vec<SeatId> = self.seating.iter().map(|(id, _)| id.clone()).collect();
        let ringing: Vec<SeatId> = ids.into_iter().filter(|id| self.rings(call, id)).collect();
        let waited = self.witness.rung_since(call);
        if ringing.is_empty() || now.since(waited) < Duration::from_secs(u64::from(RINGS_FOR)) {
            return;
        }
        self.seating.mark_absent(call, now);
        for seat in ringing {
            let away = self.some(5, 40);
            self.later(away, Event::Returns(seat), now);
        }
        self.again(call, now);
    }

    /// As the desk does: it lets go of whoever rang, and asks for another seat.
    fn again(&mut self, call: CallId, now: Moment) {
        self.seating.let_go(call, now);
        if let Some(wanted) = self.witness.wants(call) {
            self.seek(wanted, now);
        }
    }

    fn chooses(&mut self, seat: &SeatId, choice: Choice, now: Moment) {
        self.seating.choose(seat, choice, now).unwrap();
    }
}
