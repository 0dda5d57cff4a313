//! Numbers that reps dial themselves.

use thirdring::callbacks::store::Store;
use thirdring::callbacks::{Kind, LiveCall, Order, State, Turn};

use super::{
    after, call_over, claim, claimed, live_call, note, number, promise, row, take, up, utc,
};

/// A rep at this desk wants to dial this caller; nobody has answered yet.
fn dials(book: &mut dyn Store, desk: &str, (call, caller): (u64, u64), second: i64) -> Turn {
    let call = rings(call, caller);
    let order = Order::DialByHand(up(desk, call, after(second)));
    take(book, order, after(second))
}

fn rings(call: u64, caller: u64) -> LiveCall {
    LiveCall {
        answered: None,
        ..live_call(call, caller)
    }
}

pub(super) fn keeps_the_number(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    let turn = dials(book, "a", (1, 1), 0);
    assert!(!turn.is_taken);
    assert_eq!(turn.rows, [row(book, 1)], "he is shown what is promised");
    assert_eq!((turn.attempts, turn.told), (vec![], vec![]));
    // Told again, as an answer that was lost is.
    assert!(!dials(book, "a", (1, 1), 1).is_taken);
    for desk in ["a", "b"] {
        assert!(take(book, claim(desk, after(2)), after(2)).rows.is_empty());
        assert!(dials(book, desk, (2, 1), 2).is_taken);
    }
    assert!(!dials(book, "b", (3, 2), 2).is_taken, "another number");
    // He did not answer: the promise is as it was, and waits for nobody.
    take(book, call_over(1), after(3));
    assert_eq!(
        (row(book, 1).state, row(book, 1).attempts),
        (State::Open, 0)
    );
    claimed(book, "b", after(4));
}

pub(super) fn leaves_alone_who_is_dialled(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    let (_, held) = claimed(book, "a", utc());
    let turn = dials(book, "b", (1, 1), 1);
    assert!(turn.is_taken);
    assert_eq!(row(book, 1).claim(), Some(held));
    // Nothing was kept of it: once the attempt has lapsed nobody has the number.
    let look = super::look("b");
    take(book, look, after(31));
    assert!(!dials(book, "b", (2, 1), 31).is_taken);
}

pub(super) fn that_is_answered_keeps_the_promise(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    dials(book, "a", (1, 1), 0);
    take(
        book,
        Order::Live(up("a", live_call(1, 1), after(5))),
        after(5),
    );
    let at = after(6);
    let joined = Order::Joined {
        number: number(1),
        at,
    };
    take(book, joined, at);
    assert_eq!(row(book, 1).state, State::Done);
    take(book, call_over(1), after(7));
    assert!(take(book, claim("b", after(8)), after(8)).rows.is_empty());
}

pub(super) fn that_dies_unanswered_owes_nothing(book: &mut dyn Store) {
    dials(book, "a", (1, 1), 0);
    let desk = "a".parse().unwrap();
    let died = take(book, Order::Restart { desk }, after(1)).died;
    assert_eq!(died, [rings(1, 1)]);
    assert_eq!(rings(1, 1).promise(after(1)), None);
    assert!(!dials(book, "b", (2, 1), 1).is_taken);
}
