//! How many callbacks desks claim in a second, how long one is noted, and a shift of a thousand desks: a JSON object each.
//!
//! `benches/run.sh promises shift` starts a server and names it; without one SQLite's figures are printed alone.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock, prints, and ends where something fails"
)]

use std::collections::BTreeSet;
use std::sync::{Barrier, mpsc};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use thirdring::callbacks::store::{Forgotten, Kept, Sqlite, Store, StoreError};
use thirdring::callbacks::{
    Attempt, Callback, CallbackId, Claimer, Kind, Order, Promise, Rules, Turn, Wished,
};
use thirdring::words::{Country, Language, PhoneNumber, Pii};

/// Claimed by all desks together, each for a caller of its own.
///
/// What is claimed stays in flight: all rounds together are fewer than a book has room for.
const CLAIMS: u64 = 2_000;
/// Noted by all desks together.
const NOTED: u64 = 3_200;
/// Claimed by each desk before it counts: a connection's first ones read the server's catalogue, and a desk is connected for days.
const WARMED_UP_AFTER: u64 = 8;
const DESKS: [u64; 3] = [1, 16, 64];

#[cfg(feature = "postgres")]
mod shift;

fn main() {
    #[cfg(feature = "postgres")]
    if let Ok(seconds) = std::env::var("THIRDRING_BENCH_SHIFT") {
        let url = std::env::var("THIRDRING_BENCH_STORE").unwrap();
        return shift::run(&url, seconds.parse().unwrap());
    }
    on_disk();
    #[cfg(feature = "postgres")]
    on_server();
}

fn on_disk() {
    let folder = std::env::temp_dir().join(format!("thirdring-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (round, desks) in (2_u64..).zip(DESKS) {
        let path = folder.join(format!("{desks}.sqlite"));
        let (store, _) = Sqlite::open(&path, &rules(), now()).unwrap();
        let store = Shared::new(store);
        let stores = (0..desks).map(|_| -> Box<dyn Store> { Box::new(store.clone()) });
        figures("SQLite", stores.collect(), round);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(feature = "postgres")]
fn on_server() {
    let Ok(url) = std::env::var("THIRDRING_BENCH_STORE") else {
        return;
    };
    for (round, desks) in (2_u64..).zip(DESKS) {
        let names = (0..desks).map(|desk| format!("desk{round}-{desk}").parse().unwrap());
        let open = |desk: thirdring::words::DeskId| -> Box<dyn Store> {
            let url = Pii::new(url.clone());
            let opened = thirdring::callbacks::store::Postgres::open(
                &url,
                desk,
                thirdring::desk::clock::now,
            );
            Box::new(opened.unwrap().0)
        };
        figures("PostgreSQL", names.map(open).collect(), round);
    }
}

/// One file has one agent, whose keeper does what waits together: its desks stand for calls that ask at the same time.
#[derive(Clone, Debug)]
struct Shared(mpsc::Sender<Job>);

enum Job {
    Order(
        Box<Order>,
        Timestamp,
        mpsc::Sender<Result<Turn, StoreError>>,
    ),
    Other(Box<dyn FnOnce(&mut Sqlite) + Send>),
}

/// As many as the keeper looks through.
const TOGETHER_MAX: usize = 64;

impl Shared {
    fn new(mut store: Sqlite) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            while let Ok(job) = queue.recv() {
                let more = queue.try_iter().take(TOGETHER_MAX);
                let (mut orders, mut replies) = (Vec::new(), Vec::new());
                for job in std::iter::once(job).chain(more) {
                    match job {
                        Job::Order(order, at, reply) => {
                            orders.push((*order, at));
                            replies.push(reply);
                        }
                        Job::Other(what) => what(&mut store),
                    }
                }
                if orders.is_empty() {
                    continue;
                }
                let turns = store.take_all(&orders, &rules());
                for (reply, turn) in replies.iter().zip(turns) {
                    reply.send(turn).unwrap();
                }
            }
        });
        Self(jobs)
    }

    fn ask<T: Send + 'static>(&self, what: impl FnOnce(&mut Sqlite) -> T + Send + 'static) -> T {
        let (reply, answer) = mpsc::channel();
        let what = move |store: &mut Sqlite| reply.send(what(store)).unwrap();
        self.0.send(Job::Other(Box::new(what))).unwrap();
        answer.recv().unwrap()
    }
}

impl Store for Shared {
    fn take(&mut self, order: &Order, _: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        let (reply, answer) = mpsc::channel();
        self.0
            .send(Job::Order(Box::new(order.clone()), at, reply))
            .unwrap();
        answer.recv().unwrap()
    }

    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError> {
        self.ask(Store::callbacks)
    }

    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        self.ask(move |store| store.callback(id))
    }

    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        self.ask(move |store| store.attempts(id))
    }

    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
        self.ask(move |store| store.wishes(id))
    }

    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError> {
        self.ask(move |store| store.history(after))
    }

    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
        let whose = whose.clone();
        self.ask(move |store| store.forget(&whose))
    }

    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.ask(move |store| store.expire(before))
    }
}

fn figures(book: &str, mut desks: Vec<Box<dyn Store>>, round: u64) {
    let first = round * 1_000_000;
    let count = desks.len();
    let noted = noted(&mut desks, first);
    settle(&mut desks[0], first);
    fill(&mut desks[0], first + NOTED, count as u64);
    let (claims, time) = claimed(&mut desks);
    let rate = claims as f64 / time.as_secs_f64();
    let (p50, p99) = (percentile(&noted, 50), percentile(&noted, 99));
    println!(
        "{}",
        json!({ "book": book, "desks": count, "noted_p50_ms": p50, "noted_p99_ms": p99, "claims_s": rate })
    );
}

/// How long each took.
fn noted(desks: &mut [Box<dyn Store>], first: u64) -> Vec<Duration> {
    let each = NOTED / desks.len() as u64;
    let start = Barrier::new(desks.len());
    let start = &start;
    let note = |desk: &mut Box<dyn Store>, first: u64| {
        start.wait();
        let one = |n| {
            let begun = Instant::now();
            let (id, promise) = (id(n), promise(n));
            take(desk, Order::Note { id, promise });
            begun.elapsed()
        };
        (first..first + each).map(one).collect::<Vec<Duration>>()
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0_u64..)
            .zip(desks)
            .map(|(n, desk)| scope.spawn(move || note(desk, first + n * each)))
            .collect();
        let times = all.into_iter().map(|desk| desk.join().unwrap());
        times.flatten().collect()
    })
}

fn fill(desk: &mut Box<dyn Store>, first: u64, desks: u64) {
    let count = CLAIMS + desks * WARMED_UP_AFTER;
    let rows = (first..first + count).map(|n| Callback::new(id(n), promise(n)));
    let order = Order::Restore {
        rows: rows.collect(),
        attempts: Vec::new(),
        wishes: Vec::new(),
    };
    take(desk, order);
}

fn claimed(desks: &mut [Box<dyn Store>]) -> (u64, Duration) {
    let start = Barrier::new(desks.len() + 1);
    let start = &start;
    let claim = |desk: &mut Box<dyn Store>, name: String| {
        let order = Order::Claim(Claimer {
            desk: name.parse().unwrap(),
            seats: BTreeSet::from(["rep1".parse().unwrap()]),
            live: None,
            until: now() + SignedDuration::from_secs(3_600),
        });
        for _ in 0..WARMED_UP_AFTER {
            take(desk, order.clone());
        }
        start.wait();
        let mut claims = 0;
        while !take(desk, order.clone()).is_empty() {
            claims += 1;
        }
        claims
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = desks
            .iter_mut()
            .enumerate()
            .map(|(n, desk)| scope.spawn(move || claim(desk, format!("bench{n}"))))
            .collect();
        start.wait();
        let begun = Instant::now();
        let claims = all.into_iter().map(|desk| desk.join().unwrap()).sum();
        (claims, begun.elapsed())
    })
}

/// So that there is room for what is claimed.
fn settle(desk: &mut Box<dyn Store>, first: u64) {
    for n in first..first + NOTED {
        let number = promise(n).number;
        take(desk, Order::Joined { number, at: now() });
    }
}

/// In milliseconds.
fn percentile(times: &[Duration], part: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let at = times.len().saturating_sub(1) * part / 100;
    times
        .get(at)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

fn take(desk: &mut Box<dyn Store>, order: Order) -> Vec<Callback> {
    desk.take(&order, &rules(), now()).unwrap().rows
}

fn id(n: u64) -> CallbackId {
    CallbackId::new(n, [0; 10])
}

fn promise(n: u64) -> Promise {
    let at = now();
    Promise {
        kind: Kind::Rep,
        number: Pii::new(PhoneNumber::parse(&format!("138{n:08}")).unwrap()),
        origin: None,
        key: None,
        reason: "rep".to_owned(),
        due: at,
        seat: None,
        note: Pii::new(String::new()),
        recording: None,
        language: Language::ZhCn,
        made_at: at,
        place: None,
    }
}

fn rules() -> Rules {
    Rules {
        quiet_hours: None,
        ..Rules::standard(Country::Cn, TimeZone::UTC)
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}
