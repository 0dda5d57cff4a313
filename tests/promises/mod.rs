//! The books that promises are in: one contract for all of them, and what only a server can do wrong.

mod alike;
mod book;
mod contract;
#[cfg(feature = "postgres")]
mod desks;
#[cfg(feature = "postgres")]
mod names;
#[cfg(feature = "postgres")]
mod outage;
mod outbox;
#[cfg(feature = "postgres")]
mod round_trips;
#[cfg(feature = "postgres")]
pub(crate) mod server;
#[cfg(feature = "postgres")]
mod tables;

use thirdring::callbacks::store::{Sqlite, Store};

use self::book::{InMemory, rules, utc};
use self::contract::{CASES, too_many};
use crate::peers::scratch::Scratch;

/// Each case in a book of its own.
fn keeps_the_contract(open: impl Fn(usize) -> Box<dyn Store>) {
    for (number, (name, case)) in CASES.iter().enumerate() {
        eprintln!("{name}");
        case(&mut *open(number));
    }
}

#[test]
fn memory_keeps_the_contract() {
    keeps_the_contract(|_| Box::new(InMemory::default()));
}

#[test]
fn sqlite_keeps_the_contract() {
    let scratch = Scratch::new("promises");
    let open = |number: usize| {
        let path = scratch.path(&format!("{number}.sqlite"));
        Sqlite::open(&path, &rules(), utc()).unwrap().0
    };
    keeps_the_contract(|number| Box::new(open(number)));
    too_many(&mut open(CASES.len()));
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_keeps_the_contract() {
    let Some(server) = server::Server::start() else {
        return;
    };
    let open = |number: usize| server.database(&format!("contract_{number}")).desk("a");
    keeps_the_contract(|number| Box::new(open(number)));
    too_many(&mut open(CASES.len()));
}
