//! A hotline of many desks on one server, each with a seat, in real time: is every promise kept in its time?

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::callbacks::store::{Postgres, Store};
use thirdring::callbacks::{Action, CallbackId, Input, News, Order, Outcome, Promise, Queue, Turn};
use thirdring::words::{Moment, Pii};

use super::{id, now, percentile, promise, rules};

const DESKS: u64 = 1_000;
/// Calls that end with a promise, all desks together.
const CALLS_A_SECOND: u64 = 20;
/// A promise of the shift is due so long after it was made.
const DUE_AFTER: Duration = Duration::from_secs(5);
/// From the dialling to the caller on the line.
const RINGS: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_secs(1);
/// What was promised last is still kept.
const RUN_OUT: Duration = Duration::from_secs(15);

/// What all desks saw.
#[derive(Default)]
struct Seen {
    noted: u64,
    dialled: u64,
    kept: u64,
    overdue: u64,
    failed: u64,
    /// From the question to the answer, of claims that brought something, and when they were asked.
    claims: Vec<(Instant, Duration)>,
    /// From the due time to the dialling.
    waits: Vec<Duration>,
}

pub(super) fn run(url: &str, seconds: u64) {
    let seen = Mutex::new(Seen::default());
    let begun = Instant::now();
    let desks: Vec<Desk> = (0..DESKS).map(|n| Desk::open(url, n, begun)).collect();
    let took = begun.elapsed();
    let begun = Instant::now();
    let over = begun + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        let mut doors = Vec::new();
        for desk in desks {
            let (door, promises) = channel();
            doors.push(door);
            let seen = &seen;
            scope.spawn(move || desk.work(&promises, over + RUN_OUT, seen));
        }
        let mut calls = 0_u64;
        while Instant::now() < over {
            std::thread::sleep(Duration::from_secs(1) / u32::try_from(CALLS_A_SECOND).unwrap());
            let desk = calls.wrapping_mul(2_654_435_761) % DESKS;
            let door = &doors[usize::try_from(desk).unwrap()];
            door.send(calls).unwrap();
            calls += 1;
        }
    });
    print(&seen.into_inner().unwrap(), took, begun);
}

fn print(seen: &Seen, took: Duration, begun: Instant) {
    let Seen {
        noted,
        dialled,
        kept,
        overdue,
        failed,
        ..
    } = seen;
    let claims: Vec<Duration> = seen.claims.iter().map(|(_, took)| *took).collect();
    println!(
        "{}",
        json!({
            "desks": DESKS,
            "open_s": took.as_secs_f64(),
            "noted": noted,
            "dialled": dialled,
            "kept": kept,
            "overdue": overdue,
            "failed": failed,
            "claim_p50_ms": percentile(&claims, 50),
            "claim_p99_ms": percentile(&claims, 99),
            "late_p99_ms": percentile(&seen.waits, 99),
            "claim_max_ms_by_s": slowest_by_second(&seen.claims, begun),
        })
    );
}

/// The slowest claim of each second: a stall is seen, which a percentile hides.
fn slowest_by_second(claims: &[(Instant, Duration)], begun: Instant) -> Vec<u64> {
    let mut slowest = Vec::new();
    for (at, took) in claims {
        let second = usize::try_from(at.duration_since(begun).as_secs()).unwrap();
        slowest.resize(slowest.len().max(second + 1), 0);
        slowest[second] = slowest[second].max(u64::try_from(took.as_millis()).unwrap());
    }
    slowest
}

/// A queue and its store, worked by one thread: what the agent does with two.
struct Desk {
    queue: Queue,
    store: Postgres,
    begun: Instant,
    /// When the call in hand is answered.
    call: Option<(CallbackId, u32, Instant)>,
    seen: Seen,
}

impl Desk {
    fn open(url: &str, n: u64, begun: Instant) -> Self {
        let name: thirdring::words::DeskId = format!("shift{n}").parse().unwrap();
        let url = Pii::new(url.to_owned());
        let (store, _) = Postgres::open(&url, name.clone(), thirdring::desk::clock::now).unwrap();
        Self {
            queue: Queue::new(name, rules(), Some(POLL)),
            store,
            begun,
            call: None,
            seen: Seen::default(),
        }
    }

    fn work(mut self, promises: &Receiver<u64>, end: Instant, seen: &Mutex<Seen>) {
        self.give(Input::Started);
        self.give(Input::SeatsReady {
            seats: seat(true),
            live: None,
        });
        while Instant::now() < end {
            match promises.recv_timeout(self.wait()) {
                Ok(call) => {
                    let due = now() + DUE_AFTER;
                    let promise = Promise {
                        due,
                        ..promise(10_000_000 + call)
                    };
                    self.give(Input::Promised {
                        id: id(10_000_000 + call),
                        promise,
                    });
                }
                Err(RecvTimeoutError::Timeout) => self.give(Input::Tick),
                // All calls were given out.
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(self.wait());
                    self.give(Input::Tick);
                }
            }
            self.answer_call();
        }
        let mut all = seen.lock().unwrap();
        all.noted += self.seen.noted;
        all.dialled += self.seen.dialled;
        all.kept += self.seen.kept;
        all.overdue += self.seen.overdue;
        all.failed += self.seen.failed;
        all.claims.extend(self.seen.claims);
        all.waits.extend(self.seen.waits);
    }

    fn wait(&self) -> Duration {
        let timer = self.queue.timeout().map(|(at, _)| self.moment().until(at));
        let call = self
            .call
            .map(|(_, _, at)| at.saturating_duration_since(Instant::now()));
        [timer, call].into_iter().flatten().min().unwrap_or(POLL)
    }

    fn moment(&self) -> Moment {
        Moment::ZERO + self.begun.elapsed()
    }

    fn answer_call(&mut self) {
        if let Some((id, attempt, _)) = self.call.take_if(|(_, _, at)| *at <= Instant::now()) {
            let outcome = Outcome::Joined;
            self.give(Input::Ended {
                id,
                attempt,
                outcome,
                cause: None,
                live: None,
            });
            self.give(Input::SeatsReady {
                seats: seat(true),
                live: None,
            });
        }
    }

    /// Orders are carried out at once, in their order.
    fn give(&mut self, input: Input) {
        let mut inputs = std::collections::VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.queue.handle(input, self.moment(), now()) {
                match action {
                    Action::Ask { ticket, order, at } => {
                        let turn = self.ask(&order, at);
                        inputs.push_back(Input::Answered { ticket, turn });
                    }
                    Action::Dial { callback, attempt } => {
                        let wait = now().duration_since(callback.promise.due);
                        self.seen.dialled += 1;
                        let wait = Duration::try_from(wait).unwrap_or_default();
                        self.seen.waits.push(wait);
                        self.call = Some((callback.id, attempt.number, Instant::now() + RINGS));
                        inputs.push_back(Input::SeatsReady {
                            seats: seat(false),
                            live: None,
                        });
                    }
                    Action::Tell(told) => match told.news {
                        News::Noted { .. } => self.seen.noted += 1,
                        News::Done => self.seen.kept += 1,
                        News::Overdue => self.seen.overdue += 1,
                        News::NotNoted
                        | News::Refused(_)
                        | News::Attempted { .. }
                        | News::AttemptEnded { .. }
                        | News::Uncertain
                        | News::Withdrawn
                        | News::GivenUp { .. }
                        | News::Cancelled
                        | News::Snoozed
                        | News::Redialled
                        | News::Assigned
                        | News::Near => {}
                    },
                    Action::HangUp { .. } | Action::Died(_) | Action::Alarm(_) => {}
                }
            }
        }
    }

    fn ask(&mut self, order: &Order, at: jiff::Timestamp) -> Option<Turn> {
        let begun = Instant::now();
        let turn = self.store.take(order, &rules(), at).ok();
        let brought = turn.as_ref().is_some_and(|turn| !turn.rows.is_empty());
        if matches!(order, Order::Claim(_)) && brought {
            self.seen.claims.push((begun, begun.elapsed()));
        }
        self.seen.failed += u64::from(turn.is_none());
        turn
    }
}

fn seat(is_ready: bool) -> BTreeSet<thirdring::words::SeatId> {
    is_ready
        .then(|| "rep1".parse().unwrap())
        .into_iter()
        .collect()
}
