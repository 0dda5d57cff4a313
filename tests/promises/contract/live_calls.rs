//! Who is on the line, and which calls are owed to whom.

use super::*;

pub(super) fn live_calls(book: &mut dyn Store) {
    let withheld = LiveCall {
        number: None,
        ..live_call(1, 1)
    };
    for _ in 0..2 {
        let live = Order::Live(up("a", withheld.clone(), utc()));
        assert_eq!(take(book, live, utc()).rows, []);
    }
    take(book, note(1, promise(1, Kind::Rep)), utc());
    assert_eq!(claimed(book, "a", utc()).0, id(1));
    for _ in 0..2 {
        take(book, call_over(1), utc());
    }
}

pub(super) fn on_the_line(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::LineFault)), utc());
    take(book, note(2, promise(2, Kind::Rep)), utc());
    let as_from_abroad = format!("+86{}", number(1).reveal().as_str());
    let call = LiveCall {
        number: PhoneNumber::parse(&as_from_abroad).ok().map(Pii::new),
        ..live_call(1, 1)
    };
    let live = |at| Order::Live(up("b", call.clone(), at));
    take(book, live(utc()), utc());
    // Whoever is not on the line is dialled, though the other is owed his call more.
    assert_eq!(claimed(book, "a", after(1)).0, id(2));
    for at in [after(1), after(29)] {
        assert_eq!(
            take(book, Order::Peek, at).next,
            Some(after(3)),
            "its warning"
        );
        assert!(take(book, claim("a", at), at).rows.is_empty());
        // No desk dials him: not his own either.
        assert!(take(book, claim("b", at), at).rows.is_empty());
    }
    take(book, live(after(20)), after(20));
    assert!(take(book, claim("a", after(49)), after(49)).rows.is_empty());
    // His desk is dead.
    assert_eq!(claimed(book, "a", after(50)).0, id(1));
}

pub(super) fn talk_goes_on(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    let (_, held) = claimed(book, "a", utc());
    let talk = up("a", live_call(1, 1), after(1));
    take(book, joined(held, talk.clone()), after(1));
    assert_eq!(row(book, 1).state, State::Done);
    // Noted by the rep's key: it waits for the end of the talk.
    let noted = take(book, note(2, promise(1, Kind::Rep)), after(2));
    assert!(matches!(news(&noted)[..], [News::Noted { .. }]));
    assert!(take(book, claim("b", after(3)), after(3)).rows.is_empty());
    // Told again, as an answer that was lost is.
    take(book, joined(held, talk), after(4));
    let over = take(book, call_over(1), after(5));
    assert_eq!(over.told, []);
    assert_eq!(take(book, Order::Peek, after(5)).next, Some(utc()));
    assert_eq!(claimed(book, "b", after(5)).0, id(2));
}

pub(super) fn calls_that_died(book: &mut dyn Store) {
    for n in 1..=2 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    take(book, Order::Live(up("a", live_call(1, 1), utc())), utc());
    take(book, Order::Live(up("b", live_call(2, 2), utc())), utc());
    let desk = "a".parse().unwrap();
    take(book, Order::Restart { desk }, after(1));
    assert_eq!(claimed(book, "c", after(1)).0, id(1));
    assert!(take(book, claim("c", after(1)), after(1)).rows.is_empty());
}

pub(super) fn calls_owed(book: &mut dyn Store) {
    let died = |book: &mut dyn Store| {
        let desk = "a".parse().unwrap();
        take(book, Order::Restart { desk }, after(1)).died
    };
    for n in 1..=2 {
        take(book, Order::Live(up("a", live_call(n, n), utc())), utc());
    }
    take(book, call_over(1), utc());
    assert_eq!(died(book), [live_call(2, 2)]);
    assert_eq!(died(book), [live_call(2, 2)]);
    take(book, call_over(2), after(1));
    assert_eq!(died(book), []);
}
