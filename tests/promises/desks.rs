//! Many desks at one book.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use thirdring::callbacks::store::{Postgres, Store};
use thirdring::callbacks::{CallbackId, Kind, News, Order, Outcome, Promise, Wish};
use thirdring::desk::clock;

use super::book::{
    after, claim, claim_before, end, id, look, news, note, number, promise, promise_in, row, take,
    utc, wish,
};
use super::server::{Database, Server};

const DESKS: u64 = 6;

fn name(desk: u64) -> String {
    format!("desk{desk}")
}

fn desks(database: &Database<'_>) -> Vec<(String, Postgres)> {
    let names = (0..DESKS).map(name);
    names
        .map(|name| (name.clone(), database.desk(&name)))
        .collect()
}

/// Each on a thread of its own; what they came to.
fn at_once<T: Send>(
    desks: Vec<(String, Postgres)>,
    work: impl Fn(&str, &mut dyn Store) -> T + Sync,
) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let all: Vec<_> = desks
            .into_iter()
            .map(|(name, mut book)| scope.spawn(move || work(&name, &mut book)))
            .collect();
        all.into_iter().map(|desk| desk.join().unwrap()).collect()
    })
}

/// What one desk has dialled once nothing is due any more.
fn dial_all(desk: &str, book: &mut dyn Store) -> Vec<CallbackId> {
    let mut dialled = Vec::new();
    // Others may have all that is due in their hands for a moment.
    let mut in_vain = 0;
    while in_vain < 50 {
        let turn = take(book, claim(desk, after(5)), after(5));
        let Some(row) = turn.rows.first() else {
            in_vain += 1;
            continue;
        };
        dialled.push(row.id);
        take(book, end(row.claim().unwrap(), Outcome::Joined), after(5));
    }
    dialled
}

#[test]
fn desks_that_claim_at_once_dial_each_promise_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("claims");
    let mut book = database.desk("first");
    let promises = 60;
    for n in 0..promises {
        take(&mut book, note(n, promise(n, Kind::Rep)), utc());
    }
    let dialled: Vec<CallbackId> = at_once(desks(&database), dial_all)
        .into_iter()
        .flatten()
        .collect();
    let each: BTreeSet<CallbackId> = dialled.iter().copied().collect();
    assert_eq!(dialled.len(), each.len(), "none is dialled twice");
    assert_eq!(each, (0..promises).map(id).collect());
    let begun = database.say("SELECT count(*), count(DISTINCT sip_call_id) FROM thirdring.attempt");
    assert_eq!(begun, "60|60");
}

/// Everybody does everything with three callers: no deadlock, and never two in flight for one of them.
#[test]
fn desks_that_quarrel_over_a_few_callers_neither_fail_nor_dial_one_twice() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("quarrel");
    let quarrel = |desk: &str, book: &mut dyn Store| {
        let own: u64 = desk.trim_start_matches("desk").parse().unwrap();
        let mut dialled = 0;
        for round in 0..30 {
            let n = own * 1_000 + round;
            let kind = Kind::ALL[usize::try_from(n % 6).unwrap()];
            take(book, note(n, promise(n % 3, kind)), utc());
            let turn = take(book, claim(desk, after(5)), after(5));
            take(book, look(desk), after(6));
            if round % 7 == 0 {
                let number = number(n % 3);
                let at = after(5);
                take(book, Order::Joined { number, at }, at);
            }
            if let Some(claim) = turn.rows.first().and_then(|row| row.claim()) {
                dialled += 1;
                let renew = Order::Renew {
                    claims: vec![claim],
                    until: after(60),
                };
                take(book, renew, after(6));
                take(book, end(claim, Outcome::Busy), after(7));
            }
        }
        dialled
    };
    let dialled: u64 = at_once(desks(&database), quarrel).into_iter().sum();
    // The unique index would have failed an order that put two in flight.
    let attempts = "SELECT count(*), count(outcome) FROM thirdring.attempt";
    assert_eq!(database.say(attempts), format!("{dialled}|{dialled}"));
    assert!(dialled > 0);
}

#[test]
fn desks_that_note_the_same_promise_at_once_keep_it_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("retries");
    let kept = at_once(desks(&database), |desk, book| {
        let own: u64 = desk.trim_start_matches("desk").parse().unwrap();
        // The caller's number as each desk has it differs: only the key is the same.
        let told = (0..20).map(|call| {
            let order = note(
                call * 100 + own,
                promise_in(call, call * 10 + own, Kind::Rep),
            );
            take(book, order, utc()).told[0].id
        });
        told.collect::<Vec<CallbackId>>()
    });
    assert!(kept.windows(2).all(|two| two[0] == two[1]), "{kept:?}");
    assert_eq!(
        database.say("SELECT count(*) FROM thirdring.callback"),
        "20"
    );
}

/// Each compares it with its own live callers.
#[test]
fn desks_have_one_line_of_promised_callers() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("line");
    let (mut ours, mut other) = (database.desk("ours"), database.desk("other"));
    let waits = Promise {
        place: Some(after(-60)),
        ..promise(1, Kind::Waiting)
    };
    take(&mut other, note(1, waits), utc());
    let place = |book: &mut dyn Store| take(book, Order::Peek, utc()).place;
    assert_eq!(place(&mut ours), Some(after(-60)));
    let claimed = |book: &mut dyn Store, desk: &str, live| {
        let turn = take(book, claim_before(desk, utc(), Some(after(live))), utc());
        turn.rows.len()
    };
    assert_eq!(claimed(&mut ours, "ours", -61), 0);
    assert_eq!(claimed(&mut other, "other", -59), 1);
    // What is in one desk's hands holds no seat back at another.
    assert_eq!(place(&mut ours), None);
    assert_eq!(claimed(&mut ours, "ours", -59), 0);
}

#[test]
fn a_late_promise_is_told_by_one_of_the_desks_that_look() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("late");
    let mut book = database.desk("first");
    for n in 0..20 {
        take(&mut book, note(n, promise(n, Kind::Rep)), utc());
    }
    let told = at_once(desks(&database), |desk, book| {
        let looks = (0..10).flat_map(|_| news(&take(book, look(desk), after(5))));
        looks.collect::<Vec<News>>()
    });
    assert_eq!(told.concat(), [News::Overdue; 20]);
}

#[test]
fn a_desk_is_told_what_others_write_and_not_what_it_writes_itself() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("stirred");
    let (mut ours, mut other) = (database.desk("ours"), database.desk("other"));
    let (tell, told) = channel();
    ours.listen(move || tell.send(()).unwrap()).unwrap();
    let limit = Duration::from_secs(20);
    // Only once it listens is anything told: until then somebody writes.
    let mut n = 0;
    while told.recv_timeout(Duration::from_millis(100)).is_err() {
        n += 1;
        assert!(n < 200, "it was never told");
        take(&mut other, note(n, promise(n, Kind::Rep)), utc());
    }
    // What was on its way is told by then; a claim of the others is nothing to be told of.
    while told.recv_timeout(Duration::from_millis(500)).is_ok() {}
    take(&mut other, claim("other", after(5)), after(5));
    take(&mut ours, wish(1, Wish::Done), utc());
    assert!(told.recv_timeout(Duration::from_millis(500)).is_err());
    let begun = clock::now();
    for n in 1_000..1_010 {
        take(&mut other, note(n, promise(n, Kind::Rep)), utc());
    }
    let took = clock::now().since(begun);
    told.recv_timeout(limit).unwrap();
    assert!(row(&mut ours, 1_009).is_open());
    let mut times = 1;
    while told.recv_timeout(Duration::from_millis(500)).is_ok() {
        times += 1;
    }
    // Within 50 ms at most twice: what comes together is told together.
    let most = 2 + took.as_millis() / 50;
    assert!(times <= most, "{times} in {took:?}");
    drop(ours);
}
