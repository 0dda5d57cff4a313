//! The server is gone, and comes back.

use std::collections::BTreeSet;

use thirdring::callbacks::store::{Store, StoreError};
use thirdring::callbacks::{CallbackId, Kind, LiveCall};
use thirdring::words::{CallId, Language};

use super::book::{
    after, claim, claimed, id, note, number, promise, promise_in, row, rules, take, utc,
};
use super::server::Server;

#[test]
fn an_order_outlives_a_backend_that_is_killed() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("killed");
    let mut book = database.desk("a");
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'thirdring a'";
    for n in 0..20 {
        take(&mut book, note(n, promise_in(n, n, Kind::Rep)), utc());
        assert_eq!(database.say(kill), "1");
    }
    let mut dialled = BTreeSet::new();
    for second in 5..25 {
        assert!(dialled.insert(claimed(&mut book, "a", after(second)).0));
        assert_eq!(database.say(kill), "1");
    }
    assert_eq!(book.callbacks().unwrap().len(), 20);
}

#[test]
fn what_was_acknowledged_is_there_after_the_server_was_cut_off() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("cut");
    let mut book = database.desk("a");
    let mut acknowledged: Vec<CallbackId> = Vec::new();
    for round in 0..3 {
        for n in 0..10 {
            let n = round * 10 + n;
            take(&mut book, note(n, promise(n, Kind::Rep)), utc());
            acknowledged.push(id(n));
        }
        server.stop();
        let refused = book.take(&claim("a", after(5)), &rules(), after(5));
        let refused = refused.unwrap_err();
        assert!(matches!(refused, StoreError::Unreachable(_)), "{refused}");
        server.start_again();
        for id in &acknowledged {
            assert!(book.callback(*id).unwrap().is_some());
        }
    }
    assert!(row(&mut book, 29).is_open());
}

#[test]
fn a_desk_finds_its_own_calls_after_a_crash_and_nobody_elses() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("crash");
    let live = |n| LiveCall {
        call: CallId::new(n, [0; 10]),
        number: Some(number(n)),
        answered: utc(),
        began: None,
        seat: None,
        language: Language::ZhCn,
    };
    let (mut book, mut other) = (database.desk("a"), database.desk("b"));
    for n in 1..=2 {
        book.call_answered(&live(n)).unwrap();
    }
    other.call_answered(&live(3)).unwrap();
    book.call_ended(live(1).call).unwrap();
    drop(book);
    let mut book = database.desk("a");
    assert_eq!(book.found().unwrap().calls, [live(2)]);
    // Owed until the promise is on disk.
    take(&mut book, note(1, promise(2, Kind::Crash)), utc());
    book.call_ended(live(2).call).unwrap();
    assert!(book.found().unwrap().calls.is_empty());
    assert_eq!(other.found().unwrap().calls, [live(3)]);
}
