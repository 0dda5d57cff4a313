//! The line of those who wait, and who stands in it.

use super::*;

/// In the line for so many seconds.
fn waits(caller: u64, kind: Kind, seconds: i64) -> Promise {
    Promise {
        place: Some(after(-seconds)),
        ..promise(caller, kind)
    }
}

/// Whom a claim brings while a live caller waits for so many seconds, and the next one's place.
fn claimed_before(
    book: &mut dyn Store,
    live: Option<i64>,
) -> (Option<CallbackId>, Option<Timestamp>) {
    let live = live.map(|seconds| after(-seconds));
    let turn = take(book, claim_before("a", utc(), live), utc());
    (turn.rows.first().map(|row| row.id), turn.place)
}

pub(super) fn line(book: &mut dyn Store) {
    assert_eq!(
        take(book, note(1, promise(1, Kind::Supervisor)), utc()).place,
        None
    );
    take(book, note(2, waits(2, Kind::LineFault, 30)), utc());
    let turn = take(book, note(3, waits(3, Kind::Waiting, 60)), utc());
    assert_eq!(turn.place, Some(after(-60)));
    // Who is merged keeps the longer wait.
    let turn = take(book, note(4, waits(2, Kind::Waiting, 90)), utc());
    assert_eq!(turn.place, Some(after(-90)));
    assert_eq!(take(book, Order::Peek, utc()).place, Some(after(-90)));
    assert_eq!(row(book, 2).promise.place, Some(after(-90)));

    assert_eq!(claimed_before(book, Some(90)), (None, Some(after(-90))));
    let two = (Some(id(2)), Some(after(-60)));
    assert_eq!(claimed_before(book, Some(89)), two);
    assert_eq!(claimed_before(book, Some(60)), (None, Some(after(-60))));
    assert_eq!(claimed_before(book, None), (Some(id(3)), None));
    // Without a place he waits until nobody does.
    assert_eq!(claimed_before(book, Some(0)), (None, None));
    assert_eq!(claimed_before(book, None), (Some(id(1)), None));
}

pub(super) fn line_of_those_who_can_be_dialled(book: &mut dyn Store) {
    let place = |turn: Turn| turn.place;
    let later = Promise {
        due: after(60),
        ..waits(1, Kind::Waiting, 60)
    };
    assert_eq!(place(take(book, note(1, later), utc())), None);
    assert_eq!(place(take(book, look("a"), after(59))), None);
    assert_eq!(place(take(book, look("a"), after(60))), Some(after(-60)));
    let snoozed = wish(1, Wish::Snooze(after(90)));
    assert_eq!(place(take(book, snoozed, after(60))), None);
    assert_eq!(place(take(book, look("a"), after(90))), Some(after(-60)));
    // Busy: two minutes later he is the first again.
    let (_, held) = claimed(book, "a", after(90));
    assert_eq!(place(take(book, Order::Peek, after(91))), None);
    let turn = take(book, end(held, Outcome::Busy), after(100));
    assert_eq!(place(turn), None);
    assert_eq!(place(take(book, look("a"), after(220))), Some(after(-60)));
    // What else he is promised waits for the end of the call that he gets now.
    let (_, held) = claimed(book, "a", after(220));
    let second = take(book, note(2, waits(1, Kind::LineFault, 0)), after(221));
    assert_eq!(place(second), None);
    let turn = take(book, end(held, Outcome::Joined), after(222));
    assert_eq!(place(turn), Some(after(0)));
    assert_eq!(place(take(book, wish(2, Wish::Done), after(223))), None);
    // An expert's own seat may call for two minutes before all others.
    let own = Promise {
        seat: Some("rep2".parse().unwrap()),
        due: after(230),
        ..waits(3, Kind::Expert, 60)
    };
    take(book, note(3, own), after(230));
    assert_eq!(place(take(book, look("a"), after(349))), None);
    assert_eq!(place(take(book, look("a"), after(350))), Some(after(-60)));
}
