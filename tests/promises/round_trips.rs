//! How often an order waits for the server: what is asked together goes in one packet.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use thirdring::callbacks::store::{Postgres, Store};
use thirdring::callbacks::{Kind, Order, Outcome};
use thirdring::words::Pii;

use super::book::{
    after, call_over, claim, claimed, end, live_call, look, note, number, promise, take, up, utc,
};
use super::server::Server;
use crate::peers::scratch::Scratch;

/// What it takes, the commit included.
const MOST: u32 = 2;

/// Between desk and server; it counts how often the desk speaks after the server did.
#[derive(Clone, Default)]
struct Turns {
    count: Arc<AtomicU32>,
    server_spoke: Arc<AtomicBool>,
}

impl Turns {
    fn listen(&self, at: &Path, server: &Path) {
        let listener = UnixListener::bind(at).unwrap();
        let (turns, server) = (self.clone(), server.to_owned());
        // Both ends are gone with the test, and these threads with them.
        thread::spawn(move || {
            for desk in listener.incoming().map_while(Result::ok) {
                let server = UnixStream::connect(&server).unwrap();
                turns.carry(desk, server);
            }
        });
    }

    fn carry(&self, desk: UnixStream, server: UnixStream) {
        let (mut from_desk, mut from_server) = (desk, server);
        let mut to_desk = from_desk.try_clone().unwrap();
        let mut to_server = from_server.try_clone().unwrap();
        let turns = self.clone();
        thread::spawn(move || {
            pass(&mut from_desk, &mut to_server, || {
                if turns.server_spoke.swap(false, Ordering::SeqCst) {
                    turns.count.fetch_add(1, Ordering::SeqCst);
                }
            });
        });
        let spoke = Arc::clone(&self.server_spoke);
        thread::spawn(move || {
            pass(&mut from_server, &mut to_desk, || {
                spoke.store(true, Ordering::SeqCst);
            });
        });
    }

    fn taken(&self) -> u32 {
        self.count.swap(0, Ordering::SeqCst)
    }
}

/// What comes is passed on, once it is counted.
fn pass(from: &mut UnixStream, to: &mut UnixStream, counted: impl Fn()) {
    let mut bytes = [0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        counted();
        if to.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}

#[test]
fn an_order_takes_two_round_trips_at_most() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("trips");
    let scratch = Scratch::new("trips");
    let turns = Turns::default();
    let ours = scratch.path(".s.PGSQL.5432");
    turns.listen(&ours, &server.socket());
    let url = format!(
        "host={} user=thirdring dbname=trips",
        ours.parent().unwrap().display()
    );
    drop(database.desk("first"));
    let desk = "a".parse().unwrap();
    let opened = Postgres::open(&Pii::new(url), desk, thirdring::desk::clock::now);
    let mut book = opened.unwrap().0.with_time_of_desk();
    turns.taken();
    let mut counted = Vec::new();
    let mut count = |what: &'static str| counted.push((what, turns.taken()));
    let book: &mut dyn Store = &mut book;

    take(book, note(1, promise(1, Kind::Rep)), utc());
    count("note");
    take(book, note(2, promise(2, Kind::Rep)), utc());
    count("note another");
    let (_, held) = claimed(book, "a", after(1));
    count("claim");
    let renew = Order::Renew {
        claims: vec![held],
        until: after(60),
    };
    take(book, renew, after(2));
    count("renew");
    take(book, end(held, Outcome::Busy), after(3));
    count("end");
    take(book, look("a"), after(4));
    count("look");
    take(book, Order::Peek, after(4));
    count("peek");
    let joined = Order::Joined {
        number: number(2),
        at: after(5),
    };
    take(book, joined, after(5));
    count("joined");
    take(
        book,
        Order::Live(up("a", live_call(1, 2), after(5))),
        after(5),
    );
    count("live");
    take(book, call_over(1), after(6));
    count("call over");
    assert!(take(book, claim("a", after(6)), after(6)).rows.is_empty());
    count("nothing to claim");
    println!("{counted:?}");
    assert!(
        counted.iter().all(|(_, trips)| *trips <= MOST),
        "{counted:?}"
    );
}
