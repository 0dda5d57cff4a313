//! Random programs against what must always hold, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Action, Commit, Input, News, Queue, Ticket, Wish};
use crate::callbacks::rules::samples::promise;
use crate::callbacks::{Attempt, Callback, CallbackId, Kind, Outcome, Rules, State};
use crate::words::{CallId, Country, Moment, PhoneNumber, Pii};

#[derive(Clone, Debug)]
enum Step {
    Promise { number: u8, call: u8, kind: u8 },
    Seats(u8),
    Pass(u16),
    Commit { saved: bool },
    End { which: u8, outcome: u8 },
    Joined { number: u8 },
    Wish { which: u8, wish: Wish },
    Crash,
}

const OUTCOMES: [Outcome; 8] = [
    Outcome::Joined,
    Outcome::RepDeclined,
    Outcome::RepAbsent,
    Outcome::Busy,
    Outcome::NoAnswer,
    Outcome::Refused,
    Outcome::Failed,
    Outcome::Abandoned,
];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..3u8, 0..6u8, 0..6u8)
            .prop_map(|(number, call, kind)| Step::Promise { number, call, kind }),
        2 => (0..3u8).prop_map(Step::Seats),
        3 => (0..900u16).prop_map(Step::Pass),
        8 => prop::bool::weighted(0.9).prop_map(|saved| Step::Commit { saved }),
        3 => (0..4u8, 0..8u8).prop_map(|(which, outcome)| Step::End { which, outcome }),
        1 => (0..3u8).prop_map(|number| Step::Joined { number }),
        1 => (0..6u8, wish()).prop_map(|(which, wish)| Step::Wish { which, wish }),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..80)
}

fn wish() -> impl Strategy<Value = Wish> {
    let reason = "asked".to_owned();
    prop_oneof![
        Just(Wish::Cancel { reason }),
        Just(Wish::Done),
        Just(Wish::Redial),
        (0..900u64).prop_map(|secs| Wish::Snooze(Duration::from_secs(secs))),
    ]
}

type Write = (Ticket, Vec<Callback>);

/// The world around the queue: a store that answers when told to, and the calls in flight.
struct World {
    queue: Queue,
    now: Moment,
    utc: Timestamp,
    ids: u64,
    seats: u8,
    writes: Vec<Write>,
    disk: BTreeMap<CallbackId, Callback>,
    in_flight: Vec<(CallbackId, u32, Pii<PhoneNumber>)>,
    call_ids: BTreeSet<String>,
    acknowledged: BTreeSet<CallbackId>,
}

fn rules() -> Rules {
    Rules::standard(Country::Cn, TimeZone::fixed(jiff::tz::offset(8)))
}

fn number(of: u8) -> Pii<PhoneNumber> {
    Pii::new(PhoneNumber::parse(&format!("1380013800{of}")).unwrap())
}

impl World {
    fn new() -> Self {
        Self {
            queue: Queue::new(rules()),
            now: Moment::ZERO,
            utc: "2026-05-04T10:00:00Z".parse().unwrap(),
            ids: 0,
            seats: 0,
            writes: Vec::new(),
            disk: BTreeMap::new(),
            in_flight: Vec::new(),
            call_ids: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    fn give(&mut self, input: Input) {
        for action in self.queue.handle(input, self.now, self.utc) {
            match action {
                Action::Commit { ticket, rows, .. } => self.writes.push((ticket, rows)),
                Action::Dial { callback, attempt } => self.dial(&callback, attempt),
                Action::HangUp { id, attempt } => self.hang_up(id, attempt),
                Action::Tell {
                    id,
                    news: News::Noted { .. },
                    ..
                } => {
                    assert!(
                        self.disk.contains_key(&id),
                        "promised before it was on disk"
                    );
                    self.acknowledged.insert(id);
                }
                Action::Tell { .. } | Action::Alarm(_) => {}
            }
        }
    }

    fn dial(&mut self, callback: &Callback, attempt: Attempt) {
        let number = callback.promise.number.clone();
        let twice = self.in_flight.iter().any(|(_, _, other)| *other == number);
        assert!(!twice, "two attempts in flight for one number");
        assert!(
            self.call_ids.insert(attempt.sip_call_id),
            "a Call-ID used twice"
        );
        self.in_flight.push((callback.id, attempt.number, number));
    }

    fn hang_up(&mut self, id: CallbackId, attempt: u32) {
        let call = |(other, number, _): &(CallbackId, u32, _)| (*other, *number) == (id, attempt);
        let Some(at) = self.in_flight.iter().position(call) else {
            return;
        };
        self.end(at, Outcome::Withdrawn);
    }

    fn end(&mut self, at: usize, outcome: Outcome) {
        let (id, attempt, _) = self.in_flight.remove(at);
        self.give(Input::Ended {
            id,
            attempt,
            outcome,
        });
        self.tell_seats();
    }

    fn tell_seats(&mut self) {
        let free = usize::from(self.seats).saturating_sub(self.in_flight.len());
        let seats = (0..free).map(|n| format!("rep{n}").parse().unwrap());
        self.give(Input::SeatsReady(seats.collect()));
    }

    fn answer_store(&mut self, saved: bool) {
        if self.writes.is_empty() {
            return;
        }
        let (ticket, rows) = self.writes.remove(0);
        let commit = if saved {
            self.disk.extend(rows.into_iter().map(|row| (row.id, row)));
            Commit::Saved
        } else {
            Commit::NotSaved
        };
        self.give(Input::Committed { ticket, commit });
    }

    /// Memory is gone, the calls in flight are gone, the disk stays.
    fn crash(&mut self) {
        self.writes.clear();
        self.in_flight.clear();
        self.queue = Queue::new(rules());
        self.give(Input::Loaded(self.disk.values().cloned().collect()));
        self.tell_seats();
    }

    fn pass(&mut self, secs: u64) {
        self.now += Duration::from_secs(secs);
        self.utc += SignedDuration::from_secs(i64::try_from(secs).unwrap());
        self.give(Input::Tick);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Promise {
                number: of,
                call,
                kind,
            } => {
                let mut asked = promise(Kind::ALL[usize::from(kind)], self.utc);
                asked.number = number(of);
                asked.origin = Some(CallId::new(u64::from(call), [0; 10]));
                self.ids += 1;
                let id = CallbackId::new(self.ids, [0; 10]);
                self.give(Input::Promised { id, promise: asked });
            }
            Step::Seats(seats) => {
                self.seats = seats;
                self.tell_seats();
            }
            Step::Pass(secs) => self.pass(u64::from(secs)),
            Step::Commit { saved } => self.answer_store(saved),
            Step::End { which, outcome } => {
                if usize::from(which) < self.in_flight.len() {
                    self.end(usize::from(which), OUTCOMES[usize::from(outcome)]);
                }
            }
            Step::Joined { number: of } => {
                let number = number(of);
                self.give(Input::CallerJoined { number });
            }
            Step::Wish { which, wish } => {
                let nth = self.queue.list().nth(usize::from(which));
                if let Some(id) = nth.map(|callback| callback.id) {
                    self.give(Input::Wished { id, wish });
                }
            }
            Step::Crash => self.crash(),
        }
        self.check();
    }

    fn check(&self) {
        let mut keys = BTreeSet::new();
        for callback in self.queue.list() {
            let key = (callback.promise.origin, callback.promise.reason.clone());
            assert!(keys.insert(key), "one call and reason noted twice");
        }
        for id in &self.acknowledged {
            assert!(
                self.queue.get(*id).is_some(),
                "an acknowledged row was lost"
            );
        }
    }

    /// Reps are there, the disk works, the callers answer: everything comes to an end.
    fn run_dry(&mut self) {
        self.seats = 3;
        self.tell_seats();
        for _ in 0..40 {
            while !self.writes.is_empty() {
                self.answer_store(true);
            }
            while !self.in_flight.is_empty() {
                self.end(0, Outcome::Joined);
            }
            self.pass(3_600);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn promises_are_kept_once_whatever_happens(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.run_dry();
        for callback in world.queue.list() {
            let uncertain = matches!(callback.state, State::Uncertain { .. });
            prop_assert!(callback.is_settled() || uncertain, "{callback:?}");
            prop_assert_eq!(world.disk.get(&callback.id), Some(callback));
        }
    }
}
