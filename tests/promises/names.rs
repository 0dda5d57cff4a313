//! Who works under a desk's name, where the server still believes in a connection that is gone.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use thirdring::callbacks::Kind;
use thirdring::callbacks::store::{OpenError, Postgres};
use thirdring::desk::clock;
use thirdring::words::Pii;

use super::book::{id, note, promise, row, take, utc};
use super::server::{Database, Server};
use crate::peers::scratch::Scratch;

/// A way to the server on which nobody tells it that a desk has gone: as where the network was cut before.
fn silent_way(at: &Path, server: &Path) {
    let listener = UnixListener::bind(at).unwrap();
    let server = server.to_owned();
    thread::spawn(move || {
        // They are kept as long as the test lives.
        let mut ways = Vec::new();
        for desk in listener.incoming().map_while(Result::ok) {
            let way = UnixStream::connect(&server).unwrap();
            pass_on(desk.try_clone().unwrap(), way.try_clone().unwrap());
            pass_on(way.try_clone().unwrap(), desk);
            ways.push(way);
        }
    });
}

/// What comes; not that nothing comes any more.
fn pass_on(mut from: UnixStream, mut to: UnixStream) {
    thread::spawn(move || {
        let mut bytes = [0; 16_384];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if to.write_all(&bytes[..length]).is_err() {
                return;
            }
        }
    });
}

fn open(state: &Scratch, url: &Pii<String>) -> Result<Postgres, OpenError> {
    let desk = "a".parse().unwrap();
    Postgres::open_in(&state.path(""), url, desk, clock::now).map(|(store, _)| store)
}

/// How many connections have a desk's name.
fn named(database: &Database<'_>) -> String {
    database
        .say("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1953002091")
}

#[test]
fn a_desk_has_its_name_back_from_its_own_dead_connection_and_nobody_else_has() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("back");
    let (ours, others, ways) = (
        Scratch::new("ours"),
        Scratch::new("others"),
        Scratch::new("ways"),
    );
    let way = ways.path(".s.PGSQL.5432");
    silent_way(&way, &server.socket());
    let folder = format!("host={}", server.folder().display());
    let by_way = format!("host={}", way.parent().unwrap().display());
    let by_way = Pii::new(database.url().reveal().replace(&folder, &by_way));

    let mut first = open(&ours, &by_way).unwrap();
    take(&mut first, note(1, promise(1, Kind::Rep)), utc());
    let refused = open(&others, &database.url()).unwrap_err();
    assert!(matches!(refused, OpenError::DeskTaken(_)), "{refused}");
    // Killed: the server does not hear of it.
    drop(first);
    assert_eq!(named(&database), "1");
    let refused = open(&others, &database.url()).unwrap_err();
    assert!(matches!(refused, OpenError::DeskTaken(_)), "{refused}");

    let mut again = open(&ours, &database.url()).unwrap();
    assert!(row(&mut again, 1).is_open());
    assert_eq!(named(&database), "1");
    // What was noted of an earlier connection ends no later one.
    let note = ours.path("database-session.json");
    let stale = std::fs::read(&note).unwrap();
    drop(again);
    let living = open(&ours, &database.url()).unwrap();
    std::fs::write(&note, stale).unwrap();
    let refused = open(&ours, &database.url()).unwrap_err();
    assert!(matches!(refused, OpenError::DeskTaken(_)), "{refused}");
    drop(living);
    // Nor does a note that nobody can read.
    std::fs::write(&note, "{").unwrap();
    assert_eq!(id(1), row(&mut open(&ours, &database.url()).unwrap(), 1).id);
}
