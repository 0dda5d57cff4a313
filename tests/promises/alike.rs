//! Random orders: each book does with them what the reference in memory does.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use thirdring::callbacks::store::{Sqlite, Store};
use thirdring::callbacks::{Claim, Claimer, Kind, Order, Outcome, Promise, Rules, Turn, Wish};

use super::book::{
    InMemory, after, call_over, end, joined, live_call, look, note, number, promise_in, rules, up,
    wish,
};
#[cfg(feature = "postgres")]
use super::server::Server;
use crate::peers::scratch::Scratch;

const CALLERS: u64 = 4;
const DESKS: [&str; 2] = ["a", "b"];
const SEATS: [&str; 3] = ["rep1", "rep2", "rep3"];
const OUTCOMES: [Outcome; 6] = [
    Outcome::Joined,
    Outcome::RepDeclined,
    Outcome::Busy,
    Outcome::Failed,
    Outcome::NoAnswer,
    Outcome::Withdrawn,
];

#[derive(Clone, Debug)]
enum Step {
    Pass(u16),
    Note {
        call: u64,
        caller: u64,
        kind: usize,
        seat: Option<usize>,
        waited: Option<i64>,
        due: i64,
    },
    Claim {
        desk: usize,
        /// A bit for each of them; never none.
        seats: usize,
        live: Option<i64>,
    },
    Renew(usize),
    End {
        which: usize,
        outcome: usize,
    },
    JoinedInCall {
        which: usize,
        call: u64,
    },
    RangIn {
        caller: u64,
        /// Since when they speak, where the book could not be told at once.
        ago: i64,
    },
    Withdraw(u64),
    Wish {
        which: usize,
        wish: Wish,
    },
    Live(u64),
    DialByHand(u64),
    CallOver(u64),
    Look(usize),
    Peek,
    Restart(usize),
}

fn programs() -> impl Strategy<Value = Vec<Step>> {
    let note = (
        0..12u64,
        0..CALLERS,
        0..Kind::ALL.len(),
        prop::option::weighted(0.3, 0..SEATS.len()),
        prop::option::weighted(0.3, 0..300i64),
        prop_oneof![Just(0), 0..600i64],
    );
    let note = note.prop_map(|(call, caller, kind, seat, waited, due)| Step::Note {
        call,
        caller,
        kind,
        seat,
        waited,
        due,
    });
    let claim = (
        0..DESKS.len(),
        1..8usize,
        prop::option::weighted(0.2, 0..300i64),
    );
    let claim = claim.prop_map(|(desk, seats, live)| Step::Claim { desk, seats, live });
    let step = prop_oneof![
        5 => note,
        6 => claim,
        3 => (0..200u16).prop_map(Step::Pass),
        1 => (0..60_000u16).prop_map(Step::Pass),
        1 => (0..8usize).prop_map(Step::Renew),
        4 => (0..8usize, 0..OUTCOMES.len()).prop_map(|(which, outcome)| Step::End { which, outcome }),
        1 => (0..8usize, 0..6u64).prop_map(|(which, call)| Step::JoinedInCall { which, call }),
        1 => (0..CALLERS, prop_oneof![Just(0), 1..100_i64])
            .prop_map(|(caller, ago)| Step::RangIn { caller, ago }),
        1 => (0..CALLERS).prop_map(Step::Withdraw),
        3 => (0..8usize, wishes()).prop_map(|(which, wish)| Step::Wish { which, wish }),
        2 => (0..6u64).prop_map(Step::Live),
        2 => (0..6u64).prop_map(Step::DialByHand),
        2 => (0..6u64).prop_map(Step::CallOver),
        2 => (0..DESKS.len()).prop_map(Step::Look),
        1 => Just(Step::Peek),
        1 => (0..DESKS.len()).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

fn wishes() -> impl Strategy<Value = Wish> {
    let reason = "asked".to_owned();
    let seat = prop::option::of(0..SEATS.len());
    prop_oneof![
        Just(Wish::Cancel { reason }),
        Just(Wish::Done),
        Just(Wish::Redial),
        seat.prop_map(|seat| Wish::Assign(seat.map(|nth| SEATS[nth].parse().unwrap()))),
        (0..900i64).prop_map(|seconds| Wish::Snooze(after(seconds))),
    ]
}

/// With all that a claim looks at: a cap a day, and a kind that two of the seats owe.
fn strict() -> Rules {
    let owners = ["rep2", "rep3"].map(|seat| seat.parse().unwrap());
    Rules {
        attempts_a_day: Some(3),
        owners: BTreeMap::from([(Kind::Expert, owners.into())]),
        ..rules()
    }
}

/// A run of a program on two books.
struct Run<'a> {
    reference: InMemory,
    book: &'a mut dyn Store,
    rules: Rules,
    /// Those whose calls it has: a file is one desk's.
    desks: usize,
    at: Timestamp,
    notes: u64,
    /// All that were ever had, lost ones too.
    claims: Vec<Claim>,
}

impl<'a> Run<'a> {
    fn of(steps: &[Step], desks: usize, book: &'a mut dyn Store) -> Result<(), TestCaseError> {
        let mut run = Self {
            reference: InMemory::default(),
            book,
            desks,
            rules: strict(),
            at: after(0),
            notes: 0,
            claims: Vec::new(),
        };
        steps.iter().try_for_each(|step| run.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let Some(order) = self.order(step) else {
            return Ok(());
        };
        let expected = self.reference.take(&order, &self.rules, self.at).unwrap();
        let claims = expected.rows.iter().filter_map(|row| row.claim());
        self.claims.extend(claims);
        let turn = self.book.take(&order, &self.rules, self.at).unwrap();
        prop_assert_eq!(sorted(turn), sorted(expected), "{:?} at {}", order, self.at);
        let kept = self.book.history(None).unwrap();
        let expected = self.reference.history(None).unwrap();
        prop_assert_eq!(kept, expected, "after {:?} at {}", order, self.at);
        Ok(())
    }

    /// Nothing where only time passes, or there is nothing yet that it could be about.
    fn order(&mut self, step: &Step) -> Option<Order> {
        Some(match step {
            Step::Pass(seconds) => {
                self.at += SignedDuration::from_secs(i64::from(*seconds));
                return None;
            }
            Step::Note {
                call,
                caller,
                kind,
                seat,
                waited,
                due,
            } => {
                self.notes += 1;
                let promise = Promise {
                    seat: seat.map(|nth| SEATS[nth].parse().unwrap()),
                    place: waited.map(|waited| self.ago(waited)),
                    due: self.at + SignedDuration::from_secs(*due),
                    made_at: self.at,
                    ..promise_in(*call, *caller, Kind::ALL[*kind])
                };
                note(self.notes, promise)
            }
            Step::Claim { desk, seats, live } => Order::Claim(self.claimer(*desk, *seats, *live)),
            Step::Renew(which) => Order::Renew {
                claims: vec![self.claim(*which)?],
                until: self.at + SignedDuration::from_secs(30),
            },
            Step::End { which, outcome } => end(self.claim(*which)?, OUTCOMES[*outcome]),
            Step::JoinedInCall { which, call } => joined(
                self.claim(*which)?,
                up(self.desk_of(*call), live(*call), self.at),
            ),
            Step::RangIn { caller, ago } => Order::Joined {
                number: number(*caller),
                at: self.ago(*ago),
            },
            Step::Withdraw(caller) => Order::Withdraw {
                number: number(*caller),
                by: "Lina".to_owned(),
            },
            Step::Wish { which, wish: what } => {
                let nth = u64::try_from(*which).unwrap() % (self.notes + 1);
                wish(nth, what.clone())
            }
            Step::Live(call) => Order::Live(up(self.desk_of(*call), live(*call), self.at)),
            Step::DialByHand(call) => {
                let call = up(self.desk_of(*call), live(*call), self.at);
                Order::DialByHand(call)
            }
            Step::CallOver(call) => call_over(*call),
            Step::Look(desk) => look(DESKS[*desk]),
            Step::Peek => Order::Peek,
            Step::Restart(desk) => Order::Restart {
                desk: DESKS[*desk % self.desks].parse().unwrap(),
            },
        })
    }

    fn claimer(&self, desk: usize, seats: usize, live: Option<i64>) -> Claimer {
        let is_free = |nth: &usize| seats & (1 << nth) != 0;
        let free = (0..SEATS.len()).filter(is_free);
        Claimer {
            desk: DESKS[desk].parse().unwrap(),
            seats: free.map(|nth| SEATS[nth].parse().unwrap()).collect(),
            live: live.map(|waited| self.ago(waited)),
            until: self.at + SignedDuration::from_secs(30),
        }
    }

    fn claim(&self, which: usize) -> Option<Claim> {
        let nth = self.claims.len().checked_sub(1 + which)?;
        self.claims.get(nth).copied()
    }

    fn desk_of(&self, call: u64) -> &'static str {
        DESKS[usize::try_from(call).unwrap() % self.desks]
    }

    fn ago(&self, seconds: i64) -> Timestamp {
        self.at - SignedDuration::from_secs(seconds)
    }
}

/// Each call is one caller's, and up at one desk.
fn live(call: u64) -> thirdring::callbacks::LiveCall {
    live_call(call, call % CALLERS)
}

/// An order about many callers takes them in any order.
fn sorted(mut turn: Turn) -> Turn {
    turn.rows.sort_by_key(|row| row.id);
    turn.attempts.sort_by_key(|(id, it)| (*id, it.number));
    turn.wishes.sort_by_key(|(id, it)| (*id, it.number));
    turn.told.sort_by_key(|told| told.id);
    turn
}

/// Each program in a book of its own.
fn judge(cases: u32, run: impl Fn(u32, &[Step]) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let count = std::cell::Cell::new(0);
    let judged = TestRunner::new(config).run(&programs(), |steps| {
        count.set(count.get() + 1);
        run(count.get(), &steps)
    });
    if let Err(why) = judged {
        panic!("{why}");
    }
}

#[test]
fn random_orders_come_to_the_same_in_sqlite_as_in_memory() {
    let scratch = Scratch::new("alike");
    judge(100, |nth, steps| {
        let path = scratch.path(&format!("{nth}.sqlite"));
        let mut book = Sqlite::open(&path, &strict(), after(0)).unwrap().0;
        Run::of(steps, 1, &mut book)
    });
}

#[cfg(feature = "postgres")]
#[test]
fn random_orders_come_to_the_same_in_postgres_as_in_memory() {
    let Some(server) = Server::start() else {
        return;
    };
    judge(12, |nth, steps| {
        let database = server.database(&format!("alike_{nth}"));
        Run::of(steps, DESKS.len(), &mut database.desk("a"))
    });
}
