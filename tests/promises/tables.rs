//! The tables on the server: laid once, never brought back.

use std::thread;

use thirdring::callbacks::Kind;
use thirdring::callbacks::store::{OpenError, Store};

use super::book::{claimed, id, note, promise, row, take, utc};
use super::server::Server;

#[test]
fn desks_that_start_at_once_lay_the_tables_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("fresh");
    let url = database.url();
    thread::scope(|scope| {
        for n in 0..6 {
            let url = &url;
            scope.spawn(move || {
                let desk = format!("desk{n}").parse().unwrap();
                let opened = thirdring::callbacks::store::Postgres::open(
                    url,
                    desk,
                    thirdring::desk::clock::now,
                );
                opened.unwrap();
            });
        }
    });
    let version = "SELECT value FROM thirdring.meta WHERE name = 'schema_version'";
    assert_eq!(database.say(version), "5");
}

#[test]
fn the_tables_of_a_later_version_are_refused_and_left_as_they_are() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("later");
    drop(database.desk("a"));
    database.say("UPDATE thirdring.meta SET value = 99");
    let refused = database.try_desk("a").unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::NewerServer {
                found: 99,
                known: 5,
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(database.say("SELECT value FROM thirdring.meta"), "99");
}

/// Its promises have no places, and are dialled as they were.
#[test]
fn the_tables_of_the_first_version_are_brought_to_this_one() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("first");
    let mut book = database.desk("a");
    take(&mut book, note(1, promise(1, Kind::Waiting)), utc());
    drop(book);
    database.say("DROP TABLE thirdring.wish");
    // With its index.
    database.say("ALTER TABLE thirdring.callback DROP COLUMN place_ms");
    database.say("ALTER TABLE thirdring.live_call DROP COLUMN whose, DROP COLUMN lapses_ms");
    database.say(
        "CREATE INDEX callback_due ON thirdring.callback (kind DESC, next_ms, id) WHERE state = 'open'",
    );
    database.say("UPDATE thirdring.meta SET value = 1 WHERE name = 'schema_version'");
    let mut book = database.desk("a");
    let version = "SELECT value FROM thirdring.meta WHERE name = 'schema_version'";
    assert_eq!(database.say(version), "5");
    let seldom_tidied =
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'thirdring'::regnamespace
        AND 'autovacuum_vacuum_threshold=50000' = ANY(reloptions)";
    assert_eq!(database.say(seldom_tidied), "4");
    assert_eq!(row(&mut book, 1).promise.place, None);
    assert_eq!(claimed(&mut book, "a", utc()).0, id(1));
}

#[test]
fn two_agents_of_one_name_are_refused() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("names");
    let first = database.desk("a");
    let refused = database.try_desk("a").unwrap_err();
    assert!(matches!(refused, OpenError::DeskTaken(_)), "{refused}");
    let other = database.desk("b");
    drop((first, other));
}

#[test]
fn what_is_no_server_is_refused_without_its_password() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("wrong");
    let url = database
        .url()
        .reveal()
        .replace("dbname=wrong", "dbname=none password=open-sesame");
    let open = |url: &str| {
        let url = thirdring::words::Pii::new(url.to_owned());
        let desk = "a".parse().unwrap();
        thirdring::callbacks::store::Postgres::open(&url, desk, thirdring::desk::clock::now)
    };
    let refused = open(&url).unwrap_err();
    assert!(matches!(refused, OpenError::Server { .. }), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("sesame"));
    let refused = open("open-sesame").unwrap_err();
    assert!(matches!(refused, OpenError::Url(_)), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("sesame"));
}

/// Another desk that writes the same rows sees them as its own clock has it.
#[test]
fn a_desk_with_a_wrong_clock_keeps_the_books_time() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("clocks");
    let (mut slow, mut right) = (database.living_desk("slow"), database.living_desk("right"));
    let an_hour_ago = utc() - jiff::SignedDuration::from_hours(1);
    take(&mut right, note(1, promise(1, Kind::Rep)), utc());
    take(&mut slow, super::book::look("slow"), an_hour_ago);
    let seen = row(&mut slow, 1).promise.due;
    let off = seen.duration_since(an_hour_ago).abs();
    assert!(off < jiff::SignedDuration::from_secs(10), "{off:?}");
    assert_eq!(right.callback(id(1)).unwrap().unwrap().promise.due, utc());
}
