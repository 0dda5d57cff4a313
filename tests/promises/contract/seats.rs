//! Which seats may call whom, and how often.

use super::*;

/// By any of these seats.
fn claim_by(seats: &[&str], at: Timestamp) -> Order {
    Order::Claim(Claimer {
        desk: "a".parse().unwrap(),
        seats: seats.iter().map(|seat| seat.parse().unwrap()).collect(),
        live: None,
        until: at + SignedDuration::from_secs(30),
    })
}

/// Whom these seats are to call then, and which of them.
fn dialled(
    book: &mut dyn Store,
    rules: &Rules,
    seats: &[&str],
    at: Timestamp,
) -> Option<(CallbackId, String)> {
    let turn = book.take(&claim_by(seats, at), rules, at).unwrap();
    let (id, attempt) = turn.attempts.first()?;
    Some((*id, attempt.seat.to_string()))
}

pub(super) fn own_seat(book: &mut dyn Store) {
    let expert = Promise {
        seat: Some("rep2".parse().unwrap()),
        ..promise(1, Kind::Expert)
    };
    take(book, note(1, expert), utc());
    take(book, note(2, promise(2, Kind::Rep)), utc());
    let mut claimed = |at| {
        let turn = take(book, claim("a", at), at);
        (turn.rows.first().map(|row| row.id), turn.next)
    };
    assert_eq!(claimed(utc()).0, Some(id(2)));
    // His claim lapses, and then any seat may call.
    assert_eq!(claimed(after(40)), (None, Some(after(120))));
    assert_eq!(claimed(after(120)).0, Some(id(1)));
}

pub(super) fn several_seats(book: &mut dyn Store) {
    for (n, seat) in [(1, "rep3"), (2, "rep2"), (3, "rep9")] {
        let own = Promise {
            seat: Some(seat.parse().unwrap()),
            ..promise(n, Kind::Expert)
        };
        take(book, note(n, own), utc());
    }
    let seats = ["rep1", "rep2", "rep3"];
    let mut next = |at| dialled(book, &rules(), &seats, at);
    assert_eq!(next(utc()), Some((id(1), "rep3".to_owned())));
    assert_eq!(next(utc()), Some((id(2), "rep2".to_owned())));
    assert_eq!(next(after(119)), None);
    assert_eq!(next(after(120)), Some((id(3), "rep1".to_owned())));
}

/// Those of a desk where these seats are the experts.
fn experts(seats: &[&str]) -> Rules {
    let seats = seats.iter().map(|seat| seat.parse().unwrap()).collect();
    Rules {
        owners: BTreeMap::from([(Kind::Expert, seats)]),
        ..rules()
    }
}

pub(super) fn owned_by_experts(book: &mut dyn Store) {
    let (ours, theirs) = (experts(&["rep2", "rep3"]), experts(&[]));
    for n in 1..=4 {
        let noted = note(n, promise(n, Kind::Expert));
        book.take(&noted, &ours, utc()).unwrap();
    }
    book.take(&note(5, promise(5, Kind::Complaint)), &ours, utc())
        .unwrap();
    // A desk without an expert, and a seat of ours that is none, have what is anybody's.
    assert_eq!(dialled(book, &theirs, &["rep9"], utc()).unwrap().0, id(5));
    assert_eq!(dialled(book, &ours, &["rep1"], utc()), None);
    let next = |book: &mut dyn Store, rules, seats: &[&str], at| {
        dialled(book, rules, seats, at).map(|(_, seat)| seat)
    };
    let (all, expert) = (["rep1", "rep2"], Some("rep2".to_owned()));
    assert_eq!(next(book, &ours, &all, utc()), expert);
    // Who was assigned may call as well.
    let assigned = wish(2, Wish::Assign(Some("rep9".parse().unwrap())));
    book.take(&assigned, &theirs, utc()).unwrap();
    let own = Some((id(2), "rep9".to_owned()));
    assert_eq!(dialled(book, &theirs, &["rep9"], utc()), own);
    assert_eq!(next(book, &theirs, &["rep9"], after(119)), None);
    let any = Some("rep9".to_owned());
    assert_eq!(next(book, &theirs, &["rep9"], after(120)), any);
    // An expert that is free is asked before the others then, too.
    assert_eq!(next(book, &ours, &all, after(120)), expert);
}

/// So many attempts a day that reach for one number.
fn capped(attempts: u32) -> Rules {
    Rules {
        attempts_a_day: Some(attempts),
        ..rules()
    }
}

/// Midnight, which is when the next day's attempts may begin.
fn tomorrow() -> Timestamp {
    "2026-05-05T00:00:00Z".parse().unwrap()
}

pub(super) fn cap_a_day(book: &mut dyn Store) {
    let rules = capped(2);
    // Of two promises, and what did not reach for him does not count.
    let outcomes = [Outcome::RepDeclined, Outcome::Busy, Outcome::Joined];
    take(book, note(1, promise(1, Kind::Rep)), utc());
    for (n, outcome) in (0..).zip(outcomes) {
        let at = after(n * 1_000);
        let turn = book.take(&claim("a", at), &rules, at).unwrap();
        let claim = turn.rows[0].claim().expect("it is dialled");
        take(book, end(claim, outcome), at);
    }
    take(book, note(2, promise(1, Kind::LineFault)), after(4_000));
    let turn = book.take(&claim("a", after(4_000)), &rules, after(4_000));
    let turn = turn.unwrap();
    assert!(turn.attempts.is_empty());
    let next: Vec<_> = turn.rows.iter().map(|row| (row.id, row.next)).collect();
    assert_eq!(next, [(id(2), tomorrow())]);
    let at = tomorrow();
    let (dialled, _) = dialled(book, &rules, &["rep1"], at).expect("a new day");
    assert_eq!(dialled, id(2));
}

pub(super) fn cap_of_one(book: &mut dyn Store) {
    let rules = capped(1);
    take(book, note(1, promise(1, Kind::LineFault)), utc());
    let (_, held) = claimed(book, "a", utc());
    take(book, end(held, Outcome::Busy), after(1));
    take(book, note(2, promise(2, Kind::Rep)), after(130));
    let mut claimed = |seconds| {
        let at = after(seconds);
        let turn = book.take(&claim("a", at), &rules, at).unwrap();
        let dialled = turn.attempts.first().map(|(id, _)| *id);
        (turn.rows.first().map(|row| row.id), dialled)
    };
    // The stronger kind has its turn, and is put off.
    assert_eq!(claimed(130), (Some(id(1)), None));
    assert_eq!(claimed(130), (Some(id(2)), Some(id(2))));
    assert_eq!(claimed(130), (None, None));
}

pub(super) fn never_called(book: &mut dyn Store) {
    for n in 1..=2 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    // On the list only since.
    let rules = Rules {
        never: [rules().whose(&number(1))].into(),
        ..rules()
    };
    let turn = book.take(&claim("a", utc()), &rules, utc()).unwrap();
    assert_eq!(
        (news(&turn), turn.attempts.len()),
        (vec![News::Cancelled], 0)
    );
    let state = row(book, 1).state;
    let State::Cancelled {
        why: CancelledBecause::Asked { reason },
    } = &state
    else {
        panic!("{state:?}")
    };
    assert_eq!(reason, "do-not-call");
    let next = dialled(book, &rules, &["rep1"], utc());
    assert_eq!(next, Some((id(2), "rep1".to_owned())));
}
