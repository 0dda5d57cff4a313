//! All PCs of a hotline at once.
#![expect(clippy::print_stdout, reason = "the spread is worth reading")]

use super::*;

/// How many begin in each of so many seconds.
fn by_second(moments: &[Duration], seconds: usize) -> Vec<usize> {
    let mut counts = vec![0; seconds];
    for moment in moments {
        counts[usize::try_from(moment.as_secs()).unwrap()] += 1;
    }
    counts
}

/// 08:55: every PC of the house is switched on in the same second, behind one NAT.
#[test]
fn two_hundred_pcs_do_not_register_in_one_second() {
    const PCS: u64 = 200;
    let (mut starts, mut refreshes) = (Vec::new(), Vec::new());
    for seed in 0..PCS {
        let account = Account {
            start_jitter: SECOND * 30,
            ..samples::account()
        };
        let mut trial = Trial::new(account);
        let (switched_on, dice) = (trial.now, Entropy::from_number(seed));
        trial.machine = Registration::new(trial.machine.account, hop("192.0.2.1:5060"), dice);
        trial.begin();
        trial.wait();
        starts.push(switched_on.until(trial.now));
        trial.answer(200, &[("Expires", "600")]);
        trial.wait();
        refreshes.push(switched_on.until(trial.now));
    }
    let first = by_second(&starts, 31);
    println!("200 PCs switched on at once, REGISTERs in each second after it:\n  {first:?}");
    let minutes: Vec<_> = refreshes.iter().map(|at| *at / 60).collect();
    let later = by_second(&minutes, 11);
    println!("their first refreshes of 600 s, in each minute:\n  {later:?}");
    assert_eq!(first.iter().sum::<usize>(), 200);
    assert!(first.iter().all(|count| *count <= 20), "{first:?}");
    assert!(later[..5].iter().all(|count| *count == 0) && later.iter().all(|it| *it <= 60));
}
