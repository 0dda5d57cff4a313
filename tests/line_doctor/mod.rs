//! The line doctor against generated calls, in virtual time: which verdict it finds, when, and what it finds in calls
//! in which nothing is wrong.
//!
//! The speech is our prompts', Debian's asterisk-core-sounds-en-wav's and espeak-ng's; the music is ours and
//! asterisk-moh-opsound-wav's. THIRDRING_DRAW=FILE draws the matrix; THIRDRING_SET=1 hears other calls by other speakers,
//! which nothing was adjusted to.

mod asking;
mod faults;
mod healthy;
mod keys;
mod matrix;
mod sounds;
mod speakers;
mod watched;

use std::env;
use std::thread;

use thirdring::media::hearing::Verdict;
use thirdring::voices::Detector;

use self::faults::{VERDICTS, Variant, case};
use self::matrix::Matrix;
use crate::peers::missing::{Need, can_run};

/// Calls of each verdict, and healthy ones of five minutes: 384, and four hours.
const CALLS: usize = 32;
const HEALTHY: usize = 48;

const THREADS: usize = 2;

#[test]
fn the_right_verdict_is_found_in_time() {
    if !can_run(&[Need::Sounds]) {
        return;
    }
    let cases: Vec<(Verdict, Variant)> = VERDICTS
        .iter()
        .flat_map(|verdict| Variant::all(CALLS).map(|variant| (*verdict, variant)))
        .collect();
    let found = in_parallel(&cases, |(verdict, variant), detector| {
        let case = case(*verdict, *variant);
        let told = case.call.watch(detector);
        (watched::at(&told, case.by), case.by, told)
    });
    let mut matrix = Matrix::default();
    for ((verdict, variant), (found, by, told)) in cases.iter().zip(found) {
        if !matrix.add(*verdict, found) {
            let who = variant.speaker().name;
            println!("{verdict:?} {variant:?} ({who}): {found:?} at {by:?} of {told:?}");
        }
    }
    println!("{matrix}");
    if let Some(path) = env::var_os("THIRDRING_DRAW") {
        std::fs::write(path, matrix.drawn()).unwrap();
    }
    assert!(matrix.right_share() >= 0.97, "{:.3}", matrix.right_share());
}

#[test]
fn healthy_calls_hardly_raise_an_alarm() {
    if !can_run(&[Need::Sounds]) {
        return;
    }
    let calls: Vec<usize> = (0..HEALTHY).collect();
    let told = in_parallel(&calls, |number, detector| {
        healthy::call(*number).watch(detector)
    });
    let mut alarms = 0;
    for (number, told) in calls.iter().zip(told) {
        for alarm in told.iter().filter(|told| healthy::is_alarm(told)) {
            let oddity = healthy::ODDITIES[number % healthy::ODDITIES.len()];
            println!("call {number} ({oddity:?}): {:?} at {:?}", alarm.0, alarm.1);
            alarms += 1;
        }
    }
    let hours = HEALTHY as f32 * healthy::SECONDS / 3_600.0;
    println!("{alarms} false alarms in {hours:.1} h of healthy calls");
    assert!(alarms <= 2);
}

/// Does the work for each, in order, on two threads with a detector of human voices each.
fn in_parallel<T: Sync, R: Send>(of: &[T], work: impl Fn(&T, &mut Detector) -> R + Sync) -> Vec<R> {
    let work = &work;
    let some = |part: usize| {
        let mut detector = Detector::new().unwrap();
        let mine = of.iter().skip(part).step_by(THREADS);
        mine.map(|one| work(one, &mut detector)).collect::<Vec<R>>()
    };
    let mut parts: Vec<_> = thread::scope(|scope| {
        let some = &some;
        let threads: Vec<_> = (0..THREADS)
            .map(|part| scope.spawn(move || some(part)))
            .collect();
        let done = threads
            .into_iter()
            .map(|thread| thread.join().unwrap().into_iter());
        done.collect()
    });
    (0..of.len())
        .filter_map(|n| parts[n % THREADS].next())
        .collect()
}
