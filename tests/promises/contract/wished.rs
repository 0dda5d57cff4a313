//! What was wished of a promise, and by whom.

use super::*;

pub(super) fn wishes(book: &mut dyn Store) {
    for n in 1..=3 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    let cancel = Wish::Cancel {
        reason: "asked".to_owned(),
    };
    let assign = Wish::Assign(Some("rep2".parse().unwrap()));
    let wished = [
        (1, cancel.clone(), vec![News::Cancelled]),
        (1, cancel, Vec::new()),
        (1, Wish::Redial, Vec::new()),
        (2, assign.clone(), vec![News::Assigned]),
        (2, assign, Vec::new()),
        (2, Wish::Done, vec![News::Done]),
        (3, Wish::Snooze(after(600)), vec![News::Snoozed]),
        (9, Wish::Done, Vec::new()),
    ];
    for (n, what, told) in wished {
        assert_eq!(news(&take(book, wish(n, what), utc())), told);
    }
    assert_eq!(row(book, 3).next, after(600));
    assert!(
        take(book, claim("a", after(599)), after(599))
            .rows
            .is_empty()
    );
}

/// Who, when, what, and what else was said; the first first.
fn wished(book: &mut dyn Store, n: u64) -> Vec<(String, Timestamp, &'static str, Option<String>)> {
    let wishes = book.wishes(id(n)).unwrap();
    let numbers: Vec<u32> = wishes.iter().map(|wished| wished.number).collect();
    assert!(
        numbers.iter().copied().eq(1..=wishes.len() as u32),
        "{numbers:?}"
    );
    let shown = |it: Wished| (it.by, it.at, it.wish.as_str(), it.wish.detail());
    wishes.into_iter().map(shown).collect()
}

pub(super) fn who_wished(book: &mut dyn Store) {
    for n in 1..=2 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    let cancel = Wish::Cancel {
        reason: "asked".to_owned(),
    };
    let asked = [
        (
            Wish::Assign(Some("rep2".parse().unwrap())),
            Some("rep2".to_owned()),
        ),
        (Wish::Snooze(after(600)), Some(after(600).to_string())),
        (Wish::Redial, None),
        (cancel, Some("asked".to_owned())),
    ];
    let mut expected = Vec::new();
    for (n, (what, detail)) in (1..).zip(asked) {
        expected.push(("Lina".to_owned(), after(n), what.as_str(), detail));
        let turn = take(book, wish(1, what.clone()), after(n));
        let [(of, first)] = &turn.wishes[..] else {
            panic!("{turn:?}")
        };
        assert_eq!((*of, &first.wish), (id(1), &what));
        // A client that was not answered asks again.
        assert_eq!(take(book, wish(1, what), after(n)).wishes, []);
    }
    // Too late: it was not done.
    assert_eq!(take(book, wish(1, Wish::Done), after(9)).wishes, []);
    assert_eq!(wished(book, 1), expected);
    assert_eq!(wished(book, 2), []);
    assert_eq!(take(book, wish(9, Wish::Done), after(9)).wishes, []);
    let kept = book.history(None).unwrap();
    assert_eq!(kept[0].wishes, book.wishes(id(1)).unwrap());
    assert_eq!(kept[1].wishes, []);
    // What went into another is kept by that, and so is what is wished of it.
    take(book, note(3, promise(2, Kind::Complaint)), after(10));
    take(book, wish(3, Wish::Done), after(11));
    let done = ("Lina".to_owned(), after(11), "done", None);
    assert_eq!((wished(book, 2), wished(book, 3)), (vec![done], vec![]));
}

pub(super) fn wishes_go_too(book: &mut dyn Store) {
    for n in 1..=3 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    take(book, wish(1, Wish::Done), after(1));
    take(book, wish(2, Wish::Done), after(90));
    let withdraw = Order::Withdraw {
        number: number(3),
        by: "Max".to_owned(),
    };
    take(book, withdraw, after(91));
    let why = Some("number-deleted".to_owned());
    let cancelled = ("Max".to_owned(), after(91), "cancel", why);
    assert_eq!(wished(book, 3), [cancelled]);
    assert_eq!(book.expire(after(60)).unwrap(), 1);
    assert_eq!((wished(book, 1).len(), wished(book, 2).len()), (0, 1));
    book.forget(&rules().whose(&number(3))).unwrap();
    assert_eq!((wished(book, 2).len(), wished(book, 3).len()), (1, 0));
}
