//! What is promised while the server is not reached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use thirdring::callbacks::store::{Forgotten, Kept, Outbox, Sqlite, Store, StoreError};
use thirdring::callbacks::{
    Attempt, Callback, CallbackId, Kind, News, Order, Rules, State, Turn, Wish, Wished,
};
use thirdring::words::PhoneNumber;

use super::book::{
    InMemory, after, claim, id, news, note, number, promise_in, row, rules, take, utc, wish,
};
use crate::peers::scratch::Scratch;

/// A server that is there, or not.
#[derive(Debug, Default)]
struct Far {
    book: InMemory,
    is_cut: Arc<AtomicBool>,
}

impl Far {
    fn reached(&mut self) -> Result<&mut InMemory, StoreError> {
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(StoreError::Unreachable("cut".to_owned()));
        }
        Ok(&mut self.book)
    }
}

impl Store for Far {
    fn take(&mut self, order: &Order, rules: &Rules, at: Timestamp) -> Result<Turn, StoreError> {
        self.reached()?.take(order, rules, at)
    }

    fn callbacks(&mut self) -> Result<Vec<Callback>, StoreError> {
        self.reached()?.callbacks()
    }

    fn callback(&mut self, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        self.reached()?.callback(id)
    }

    fn attempts(&mut self, id: CallbackId) -> Result<Vec<Attempt>, StoreError> {
        self.reached()?.attempts(id)
    }

    fn wishes(&mut self, id: CallbackId) -> Result<Vec<Wished>, StoreError> {
        self.reached()?.wishes(id)
    }

    fn history(&mut self, after: Option<CallbackId>) -> Result<Vec<Kept>, StoreError> {
        self.reached()?.history(after)
    }

    fn forget(&mut self, whose: &PhoneNumber) -> Result<Forgotten, StoreError> {
        self.reached()?.forget(whose)
    }

    fn expire(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.reached()?.expire(before)
    }
}

#[test]
fn what_was_promised_without_the_server_is_delivered_once() {
    let scratch = Scratch::new("outbox");
    let path = scratch.path("outbox.sqlite");
    let far = Far::default();
    let is_cut = Arc::clone(&far.is_cut);
    let file = Sqlite::open(&path, &rules(), utc()).unwrap().0;
    let mut book = Outbox::new(far, file).unwrap();
    take(&mut book, note(1, promise_in(1, 1, Kind::Rep)), utc());

    is_cut.store(true, Ordering::Relaxed);
    for n in 2..=4 {
        let turn = take(&mut book, note(n, promise_in(n, n, Kind::Rep)), after(1));
        assert!(matches!(news(&turn)[..], [News::Noted { .. }]));
        // A retry says the same.
        let again = take(&mut book, note(9, promise_in(n, n, Kind::Rep)), after(2));
        assert_eq!(again.told[0].id, id(n));
    }
    // Nobody dials what the others do not know of, and who rang in is not called back.
    assert!(
        book.take(&claim("a", after(3)), &rules(), after(3))
            .is_err()
    );
    // Nor is it lost who wished something of what waits in the file.
    let snoozed = wish(2, Wish::Snooze(after(300)));
    assert!(book.take(&snoozed, &rules(), after(3)).is_err());
    let joined = Order::Joined {
        number: number(4),
        at: after(3),
    };
    assert!(book.take(&joined, &rules(), after(3)).is_err());

    is_cut.store(false, Ordering::Relaxed);
    let turn = take(&mut book, claim("a", after(4)), after(4));
    assert_eq!(turn.rows.len(), 1);
    assert!(row(&mut book, 2).is_open());
    assert!(row(&mut book, 3).is_open());
    let wished = book.wishes(id(2)).unwrap();
    let by: Vec<_> = wished
        .iter()
        .map(|wished| (&*wished.by, wished.at))
        .collect();
    assert_eq!(by, [("Lina", after(3))]);
    assert_eq!(row(&mut book, 4).state, State::Done);
    let again = take(&mut book, note(9, promise_in(3, 3, Kind::Rep)), after(5));
    assert_eq!(again.told[0].id, id(3));
    assert_eq!(book.callbacks().unwrap().len(), 4);
}

#[test]
fn what_waits_in_the_file_is_delivered_after_a_crash() {
    let scratch = Scratch::new("outbox");
    let path = scratch.path("outbox.sqlite");
    let open = || Sqlite::open(&path, &rules(), utc()).unwrap().0;
    let far = Far::default();
    far.is_cut.store(true, Ordering::Relaxed);
    let mut book = Outbox::new(far, open()).unwrap();
    take(&mut book, note(1, promise_in(1, 1, Kind::Rep)), utc());
    drop(book);
    let mut book = Outbox::new(Far::default(), open()).unwrap();
    take(&mut book, note(2, promise_in(2, 2, Kind::Rep)), after(1));
    assert!(row(&mut book, 1).is_open());
    drop(book);
    let mut book = Outbox::new(Far::default(), open()).unwrap();
    take(&mut book, note(3, promise_in(3, 3, Kind::Rep)), after(2));
    assert_eq!(
        book.callback(id(1)).unwrap(),
        None,
        "it is not delivered twice"
    );
}
