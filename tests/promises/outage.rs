//! The server is gone, and comes back.

use std::collections::BTreeSet;

use thirdring::callbacks::store::{OpenError, Outbox, Postgres, Sqlite, Store, StoreError};
use thirdring::callbacks::{CallbackId, Kind, LiveCall, News, Order, State};
use thirdring::desk::clock;

use super::book::{
    after, call_over, claim, claimed, id, live_call, news, note, promise, promise_in, row, rules,
    take, up, utc,
};
use super::server::{Database, Server};
use crate::peers::scratch::Scratch;

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
    let live = |n| live_call(n, n);
    let answered = |n| Order::Live(up("a", live(n), utc()));
    let (mut book, mut other) = (database.desk("a"), database.desk("b"));
    for n in 1..=2 {
        take(&mut book, answered(n), utc());
    }
    take(&mut other, Order::Live(up("b", live(3), utc())), utc());
    take(&mut book, call_over(1), utc());
    drop(book);
    let mut book = database.desk("a");
    assert_eq!(died(&mut book, "a"), [live(2)]);
    // Owed until the promise is on disk.
    take(&mut book, note(1, promise(2, Kind::Crash)), utc());
    take(&mut book, call_over(2), utc());
    assert_eq!(died(&mut book, "a"), []);
    assert_eq!(died(&mut other, "b"), [live(3)]);
}

fn died(book: &mut dyn Store, desk: &str) -> Vec<LiveCall> {
    let desk = desk.parse().unwrap();
    take(book, Order::Restart { desk }, utc()).died
}

/// What the agent keeps its promises in: the server's book, and a file in its folder.
fn agents_book(state: &Scratch, database: &Database<'_>) -> Result<Outbox<Postgres>, OpenError> {
    let desk = "a".parse().unwrap();
    let server = Postgres::open_in(&state.path(""), &database.url(), desk, clock::now)?;
    let file = Sqlite::open(&state.path("outbox.sqlite"), &rules(), utc())?;
    Ok(Outbox::new(server.0.with_time_of_desk(), file.0).unwrap())
}

/// The first answer of a server that is on its way.
fn once_reached(book: &mut dyn Store, order: &Order) -> thirdring::callbacks::Turn {
    loop {
        match book.take(order, &rules(), after(5)) {
            Err(StoreError::Unreachable(_)) => {}
            turn => return turn.unwrap(),
        }
    }
}

#[test]
fn a_desk_that_was_never_there_does_not_start_without_its_server() {
    let Some(server) = Server::start() else {
        return;
    };
    let state = Scratch::new("never");
    let database = server.database("never");
    server.stop();
    let refused = agents_book(&state, &database).unwrap_err();
    assert!(matches!(refused, OpenError::Server { .. }), "{refused}");
    // Nor where it has had the book of another server.
    server.start_again();
    let other = server.database("other");
    drop(agents_book(&state, &other).unwrap());
    server.stop();
    let refused = agents_book(&state, &database).unwrap_err();
    assert!(matches!(refused, OpenError::Server { .. }), "{refused}");
    assert!(agents_book(&state, &other).is_ok());
}

/// It had an attempt in flight and a call that was up when it was killed, and answers another call before it is killed again.
#[test]
fn a_desk_that_is_killed_while_its_server_is_gone_has_lost_nothing_once_it_is_back() {
    let Some(server) = Server::start() else {
        return;
    };
    let state = Scratch::new("killed");
    let database = server.database("killed");
    let mut book = agents_book(&state, &database).unwrap();
    assert_eq!(died(&mut book, "a"), []);
    take(&mut book, note(1, promise(1, Kind::Rep)), utc());
    claimed(&mut book, "a", utc());
    take(
        &mut book,
        Order::Live(up("a", live_call(2, 2), utc())),
        utc(),
    );
    server.stop();
    drop(book);

    let mut book = agents_book(&state, &database).unwrap();
    assert_eq!(died(&mut book, "a"), []);
    assert!(book.is_behind());
    let noted = take(&mut book, note(3, promise_in(3, 3, Kind::Rep)), after(1));
    assert!(matches!(news(&noted)[..], [News::Noted { .. }]));
    let live = Order::Live(up("a", live_call(4, 4), after(1)));
    assert!(book.take(&live, &rules(), after(1)).is_err());
    drop(book);

    let mut book = agents_book(&state, &database).unwrap();
    assert_eq!(died(&mut book, "a"), [live_call(4, 4)], "it is in the file");
    take(&mut book, note(4, promise_in(4, 4, Kind::Crash)), after(2));
    server.start_again();
    // Whatever is asked first, the server hears of the new life before.
    let turn = once_reached(&mut book, &Order::Peek);
    assert_eq!(turn.died, [live_call(2, 2)]);
    assert_eq!(news(&turn), [News::Uncertain]);
    assert!(!book.is_behind());
    assert!(matches!(row(&mut book, 1).state, State::Uncertain { .. }));
    let rows = book.callbacks().unwrap();
    let ids: Vec<CallbackId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids, [id(1), id(3), id(4)]);
    assert_eq!(
        take(&mut book, Order::Peek, after(6)).died,
        [],
        "it is told once"
    );
}

/// Two calls end, and the desk is killed twice before the server hears of anything; a third is cut off by its end.
#[test]
fn a_call_that_ended_while_the_server_was_gone_is_owed_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let state = Scratch::new("ended");
    let database = server.database("ended");
    let mut book = agents_book(&state, &database).unwrap();
    assert_eq!(died(&mut book, "a"), []);
    for n in 1..=3 {
        let live = Order::Live(up("a", live_call(n, n), utc()));
        take(&mut book, live, utc());
    }
    server.stop();
    // Told again and again, as the desk does.
    for n in [1, 2, 1, 2] {
        assert!(book.take(&call_over(n), &rules(), after(1)).is_err());
        let live = Order::Live(up("a", live_call(3, 3), after(1)));
        assert!(book.take(&live, &rules(), after(1)).is_err());
    }
    drop(book);
    let mut book = agents_book(&state, &database).unwrap();
    assert_eq!(died(&mut book, "a"), [live_call(3, 3)]);
    drop(book);

    server.start_again();
    let mut book = agents_book(&state, &database).unwrap();
    // It is told of by the file, by the server, or by both.
    let mut owed = died(&mut book, "a");
    owed.extend(once_reached(&mut book, &Order::Peek).died);
    assert!(!owed.is_empty() && owed.iter().all(|call| *call == live_call(3, 3)));
    assert!(!book.is_behind());
    take(&mut book, call_over(3), after(2));
    drop(book);
    let mut book = agents_book(&state, &database).unwrap();
    assert_eq!(died(&mut book, "a"), [], "the server has heard of all");
}

#[test]
fn a_desk_without_its_server_leaves_alone_what_another_agent_has_under_its_name() {
    let Some(server) = Server::start() else {
        return;
    };
    let (ours, others) = (Scratch::new("ours"), Scratch::new("others"));
    let database = server.database("taken");
    drop(agents_book(&ours, &database).unwrap());
    server.stop();
    let mut book = agents_book(&ours, &database).unwrap();
    assert_eq!(died(&mut book, "a"), []);
    server.start_again();
    let mut other = agents_book(&others, &database).unwrap();
    take(&mut other, note(1, promise(1, Kind::Rep)), utc());
    claimed(&mut other, "a", utc());
    let refused = book.take(&Order::Peek, &rules(), after(1)).unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable(_)), "{refused}");
    assert!(row(&mut other, 1).attempt().is_some());
    drop(other);
    once_reached(&mut book, &Order::Peek);
    assert!(matches!(row(&mut book, 1).state, State::Uncertain { .. }));
}
