//! One book of promises, the desks that keep them, and the customers: worked until so many desks were killed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use thirdring::failpoint::Failpoint;
use thirdring::words::Entropy;

use crate::peers::scratch::Scratch;

use super::client::{Client, get, http};
use super::desk::{Aim, Death, Desk, How, Run};
use super::plan::Plan;
use super::uas::Uas;
use super::wire::{Line, Log};

/// After the last kill: what is open is dialled, and tried again, by then.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
/// How often the end looks whether it is over, where nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Promises that nobody has acknowledged, before no more are asked for.
const WAITING_MAX: usize = 3;

/// Of one desk.
const STARTS_MAX: usize = 10_000;

/// Past it a point that is not reached is a moment like any other.
const POINT_WITHIN: Duration = Duration::from_secs(8);

pub(super) struct Office {
    number: u32,
    seed: u64,
    log: Arc<Log>,
    uas: Uas,
    desks: Vec<(Desk, Client)>,
    /// By the desk's place.
    rounds: BTreeMap<SocketAddr, Vec<Round>>,
    scratch: Scratch,
}

/// What the judge needs to know.
pub(super) struct Report {
    pub(super) office: u32,
    pub(super) lines: Vec<Line>,
    /// By the desk's place.
    pub(super) rounds: BTreeMap<SocketAddr, Vec<Round>>,
    /// By reason.
    pub(super) acknowledged: BTreeMap<String, String>,
    /// Every row with its attempts, as the API shows it at the end.
    pub(super) rows: Vec<Value>,
    /// Stay where the judge finds something.
    #[expect(dead_code, reason = "they go with it")]
    pub(super) scratches: Vec<Scratch>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) death: Death,
    /// From the start until the first promise was acknowledged.
    pub(super) answered: Option<Duration>,
    /// From the start until the API had answered and somebody had been claimed.
    pub(super) ready: Option<Duration>,
}

impl Office {
    /// `stores` are the settings of each desk's store, `seats` those of each desk.
    pub(super) fn open(number: u32, seed: u64, seats: u32, stores: &[String]) -> Self {
        let seed = seed ^ (u64::from(number) << 32);
        let scratch = Scratch::new("customers");
        let log = Arc::new(Log::open(&scratch.path("uas.log")));
        let uas = Uas::open(seed, Arc::clone(&log));
        let desks = stores.iter().zip(1..).map(|(store, nth)| {
            let client = Client::new(number, &format!("client{nth}"), seed + nth);
            (Desk::new(uas.address, seats, store), client)
        });
        Self {
            number,
            seed,
            desks: desks.collect(),
            log,
            uas,
            rounds: BTreeMap::new(),
            scratch,
        }
    }

    /// Each desk has had the book once: without it a desk begins only where it has.
    #[cfg(feature = "postgres")]
    pub(super) fn have_the_book(&mut self) {
        for (desk, _) in &mut self.desks {
            drop(desk.live());
        }
    }

    /// So many kills of each desk.
    pub(super) fn kill(&mut self, rounds: u32) {
        let (log, uas, seed) = (&*self.log, &self.uas, self.seed);
        let done = thread::scope(|scope| {
            let desks = self.desks.iter_mut().zip(1_u64..);
            let desks: Vec<_> = desks
                .map(|((desk, client), nth)| {
                    let aims = Aims::new(seed.wrapping_add(nth << 16));
                    scope.spawn(move || work((desk, client), aims, (uas, log), rounds))
                })
                .collect();
            let ended = desks.into_iter().map(|desk| desk.join());
            ended
                .collect::<Result<Vec<_>, _>>()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let places = self.desks.iter().map(|(desk, _)| desk.sip);
        self.rounds = places.zip(done).collect();
    }

    /// Nobody is killed any more.
    pub(super) fn end(mut self) -> Report {
        let rows = self.settle();
        let (mut acknowledged, mut scratches) = (BTreeMap::new(), vec![self.scratch]);
        for (desk, client) in self.desks {
            acknowledged.extend(client.acknowledged);
            scratches.push(desk.scratch);
        }
        Report {
            office: self.number,
            lines: self.log.lines(),
            rounds: self.rounds,
            acknowledged,
            rows,
            scratches,
        }
    }

    /// What was promised comes to its end.
    fn settle(&mut self) -> Vec<Value> {
        self.uas.all_do(Plan::gentle());
        let desks = self.desks.iter_mut();
        let runs: Vec<_> = desks.map(|(desk, _)| desk.live()).collect();
        let apis: Vec<_> = runs.iter().map(Run::api).collect();
        let http = http();
        let until = Instant::now() + SETTLED_WITHIN;
        loop {
            for ((_, client), api) in self.desks.iter_mut().zip(&apis) {
                client.ask(*api);
            }
            let rows = get(&http, apis[0], "/callbacks");
            let rows = rows.as_array().expect("a list");
            let open: Vec<_> = rows.iter().filter(|row| !is_over(row)).collect();
            let waiting = self.desks.iter().any(|(_, client)| client.waiting() > 0);
            if open.is_empty() && !waiting {
                let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
                let whole = |row| get(&http, apis[0], &format!("/callbacks/{}", id(row)));
                return rows.iter().map(whole).collect();
            }
            let log = || self.desks[0].0.last_words();
            assert!(Instant::now() < until, "open: {open:#?}\n{}", log());
            self.log.wait(LOOK_EVERY);
        }
    }
}

/// Nothing happens to it any more by itself.
fn is_over(row: &Value) -> bool {
    let state = row["state"].as_str().expect("a state");
    ["done", "given-up", "cancelled", "uncertain"].contains(&state)
}

/// One desk's life, or lives.
fn work(
    (desk, client): (&mut Desk, &mut Client),
    mut aims: Aims,
    (uas, log): (&Uas, &Log),
    rounds: u32,
) -> Vec<Round> {
    let mut done: Vec<Round> = Vec::new();
    let is_kill = |round: &&Round| round.death.how != How::ByItself;
    while done.iter().filter(is_kill).count() < rounds as usize {
        assert!(
            done.len() < STARTS_MAX,
            "it leaves by itself again and again"
        );
        if client.waiting() < WAITING_MAX {
            (0..=aims.chance.below(3)).for_each(|_| client.want());
        }
        let aim = aims.next();
        let (death, answered) = live_and_die(desk, client, aim, &mut aims.chance);
        uas.catch_up();
        // What is logged from now on is of another life.
        let death = Death {
            over: Instant::now(),
            ..death
        };
        if let Aim::Point(point, ..) = aim
            && death.how != How::AtPoint(point)
        {
            aims.missed.push(point);
        }
        let ready = ready(&death, answered, log.first_invite(desk.sip, death.spawned));
        done.push(Round {
            death,
            answered: answered.map(|at| at - death.spawned),
            ready,
        });
    }
    done
}

/// Also when the first promise was acknowledged.
fn live_and_die(
    desk: &mut Desk,
    client: &mut Client,
    aim: Aim,
    chance: &mut Entropy,
) -> (Death, Option<Instant>) {
    let run = desk.start(Some(aim));
    thread::scope(|scope| {
        let (teller, ready) = channel();
        let killer = scope.spawn(move || run.kill_at(aim, &teller));
        let answered = ask_all(client, &ready, chance);
        let death = killer.join();
        let death = death.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (death, answered)
    })
}

/// Somebody was claimed who was not called where it was killed at just that point.
fn ready(death: &Death, answered: Option<Instant>, invited: Option<Instant>) -> Option<Duration> {
    let at_claim = death.how == How::AtPoint(Failpoint::AttemptCommitted);
    let claimed = invited.or(at_claim.then_some(death.over))?;
    Some(answered?.max(claimed) - death.spawned)
}

/// Until all are acknowledged, or nobody is there to ask; when the first was.
fn ask_all(
    client: &mut Client,
    ready: &Receiver<SocketAddr>,
    chance: &mut Entropy,
) -> Option<Instant> {
    let api = ready.recv().ok()?;
    let mut first = None;
    while client.waiting() > 0 {
        first = first.or(client.ask(api));
        let gap = Duration::from_millis(chance.below(100).into());
        if ready.recv_timeout(gap) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
    }
    first
}

/// When the next kill comes: at each point in turn, and now and then at any moment.
struct Aims {
    chance: Entropy,
    turn: usize,
    /// Points that were not reached when they should have been.
    missed: Vec<Failpoint>,
}

impl Aims {
    fn new(seed: u64) -> Self {
        let mut chance = Entropy::from_number(seed);
        Self {
            turn: chance.below(5) as usize,
            chance,
            missed: Vec::new(),
        }
    }

    fn next(&mut self) -> Aim {
        self.turn += 1;
        let planned = Failpoint::ALL.get(self.turn % (Failpoint::ALL.len() + 1));
        match planned.copied().or_else(|| self.missed.pop()) {
            Some(point) => Aim::Point(point, 1 + self.chance.below(2), POINT_WITHIN),
            None => Aim::Moment(self.any_moment()),
        }
    }

    /// Every fourth while it is still starting.
    fn any_moment(&mut self) -> Duration {
        let most = if self.chance.below(4) == 0 { 60 } else { 8_000 };
        Duration::from_millis(self.chance.below(most).into())
    }
}
