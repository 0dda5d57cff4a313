//! The checker: desks are killed by their PID, again and again, and every promise they acknowledged is looked for.
//!
//! An office is a book of promises with its desks; many work side by side. Clients ask by the API and repeat what was not
//! answered; customers answer, are busy, ring on or say nothing. The judge reads what went over the wire and what the
//! API shows at the end, and nothing of what the desks think.

// The desks live in real time.
#![expect(
    clippy::disallowed_methods,
    reason = "real processes are killed in real time"
)]

mod client;
mod desk;
mod figures;
mod office;
mod plan;
#[cfg(feature = "postgres")]
mod servers;
mod single;
mod uas;
mod verdict;
mod wire;

use std::env;
use std::thread;
use std::time::Duration;

use thirdring::failpoint::Failpoint;

use self::figures::Figures;
use self::office::{Office, Report};

/// Of which customers, moments and numbers follow; `THIRDRING_SEED` is another one.
const SEED: u64 = 6;
/// Kills of the test command; `THIRDRING_ROUNDS` are others.
const ROUNDS: u32 = 100;
/// They mostly wait: so many side by side leave room on two cores.
const OFFICES: u32 = 10;
/// Of a hundred kills, so many at each point at least.
const HITS_OF_HUNDRED: usize = 15;
const READY_WITHIN: Duration = Duration::from_secs(1);
/// How often the end of the kills is looked for.
const A_LOOK: Duration = Duration::from_millis(500);

fn of_environment<T: std::str::FromStr>(name: &str, default: T) -> T {
    let value = env::var(name).ok();
    value.map_or(default, |value| value.parse().ok().expect("a number"))
}

/// All offices at once; until the last kill something is done to them, too.
fn work(mut offices: Vec<Office>, rounds: u32, mut meanwhile: impl FnMut()) -> Vec<Report> {
    let looker = &thread::current();
    thread::scope(|scope| {
        let kill = |office: &mut Office| {
            office.kill(rounds);
            looker.unpark();
        };
        let killing = offices.iter_mut();
        let killing: Vec<_> = killing
            .map(|office| scope.spawn(move || kill(office)))
            .collect();
        while !killing.iter().all(|office| office.is_finished()) {
            meanwhile();
        }
        killing
            .into_iter()
            .for_each(|office| office.join().unwrap());
    });
    let ending = offices.into_iter();
    let ending: Vec<_> = ending
        .map(|office| thread::spawn(move || office.end()))
        .collect();
    let reports = ending.into_iter().map(|office| office.join());
    reports
        .collect::<Result<_, _>>()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn judge(reports: &[Report]) -> Figures {
    let figures = Figures::of(reports);
    println!("{figures}");
    let verdict = &figures.verdict;
    verdict.assert_kept();
    assert!(verdict.uncertain <= figures.kills(), "uncertain");
    for point in Failpoint::ALL {
        let least = figures.kills() * HITS_OF_HUNDRED / 100;
        assert!(figures.hits(point) >= least, "{point:?}");
    }
    figures
}

#[test]
fn no_promise_is_lost_or_kept_twice_whenever_the_desk_is_killed() {
    let seed = of_environment("THIRDRING_SEED", SEED);
    let rounds = of_environment("THIRDRING_ROUNDS", ROUNDS).div_ceil(OFFICES);
    println!("seed {seed}");
    // One of them has two reps: a kill leaves as many uncertain as there are calls, and those may not be more than kills.
    let reps = |n: u32| if n == 1 { 2 } else { 1 };
    let offices = (1..=OFFICES).map(|n| Office::open(n, seed, reps(n), &[String::new()]));
    let figures = judge(&work(offices.collect(), rounds, || {
        thread::park_timeout(A_LOOK)
    }));
    assert_eq!(figures.by_themselves, 0);
    assert!(figures.ready(95) <= READY_WITHIN, "ready again");
}
