//! What reps wish of promises.

use super::*;

#[test]
fn wishes_cancel_finish_and_snooze_whatever_is_open() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 30);
    let wish = Wish::Snooze(desk.utc + SignedDuration::from_secs(90));
    desk.give(Input::Wished {
        id,
        wish,
        by: "Lina".to_owned(),
    });
    desk.pass(89);
    assert!(desk.dialled().is_empty());
    let reason = "asked by the caller".to_owned();
    let wish = Wish::Cancel { reason };
    desk.give(Input::Wished {
        id,
        wish,
        by: "Lina".to_owned(),
    });
    let wish = Wish::Done;
    desk.give(Input::Wished {
        id,
        wish,
        by: "Lina".to_owned(),
    });
    desk.pass(600);
    assert!(desk.dialled().is_empty());
    assert_eq!(
        desk.news(),
        ["noted", "snoozed", "near", "overdue", "cancelled"]
    );
}

fn cancel() -> Wish {
    let reason = "asked by the caller".to_owned();
    Wish::Cancel { reason }
}

#[test]
fn a_wish_that_is_repeated_finds_it_done_and_is_told_once() {
    let mut desk = Desk::at(NOON);
    let until = desk.utc + SignedDuration::from_secs(600);
    let seat: SeatId = "rep2".parse().unwrap();
    for (wish, news) in [
        (Wish::Snooze(until), "snoozed"),
        (Wish::Assign(Some(seat)), "assigned"),
        (Wish::Assign(None), "assigned"),
        (Wish::Redial, "redialled"),
        (cancel(), "cancelled"),
        (Wish::Done, "done"),
    ] {
        desk = Desk::at(NOON);
        let mut asked = promise(Kind::Rep, desk.utc + SignedDuration::from_secs(300));
        asked.seat = Some("rep1".parse().unwrap());
        let id = desk.promised(asked);
        for _ in 0..2 {
            assert!(wished(&mut desk, id, wish.clone()), "{wish:?}");
        }
        assert_eq!(desk.news(), ["noted", news], "{wish:?}");
        let by_whom = desk.actions.iter().filter_map(|action| {
            let Action::Tell(told) = action else {
                return None;
            };
            told.by.as_deref()
        });
        assert_eq!(by_whom.collect::<Vec<_>>(), ["Lina"], "{wish:?}");
    }
}

#[test]
fn what_is_over_cannot_be_wished_otherwise() {
    let mut desk = Desk::at(NOON);
    let id = desk.note(Kind::Rep, 300);
    assert!(wished(&mut desk, id, cancel()));
    let until = desk.utc;
    for wish in [
        Wish::Done,
        Wish::Redial,
        Wish::Snooze(until),
        Wish::Assign(None),
    ] {
        assert!(!wished(&mut desk, id, wish.clone()), "{wish:?}");
    }
    assert_eq!(desk.news(), ["noted", "cancelled"]);
}

#[test]
fn a_callback_that_is_cancelled_while_it_is_dialled_is_hung_up_and_stays_cancelled() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 0);
    let until = desk.utc + SignedDuration::from_secs(600);
    assert!(!wished(&mut desk, id, Wish::Snooze(until)));
    assert!(wished(&mut desk, id, Wish::Redial));
    assert!(wished(&mut desk, id, cancel()));
    assert!(!wished(&mut desk, id, Wish::Done));
    assert!(desk.actions.contains(&Action::HangUp { id, attempt: 1 }));
    desk.ends(id, Outcome::Withdrawn);
    assert!(cancel().has_come_true(desk.get(id)));
}

#[test]
fn a_wish_for_a_promise_that_went_into_another_changes_that_one() {
    let mut desk = Desk::at(NOON);
    let older = desk.note(Kind::Rep, 300);
    let younger = desk.note(Kind::Expert, 300);
    wished(&mut desk, younger, Wish::Done);
    assert_eq!(desk.state(older), State::Done);
}

#[test]
fn a_wish_that_could_not_be_written_is_not_done_later() {
    let mut desk = Desk::at(NOON);
    let id = desk.note(Kind::Rep, 300);
    desk.works = false;
    assert!(!wished(&mut desk, id, cancel()));
    desk.works = true;
    desk.pass(60);
    assert_eq!(desk.state(id), State::Open);
}

#[test]
fn a_callback_that_is_assigned_to_nobody_is_made_by_any_seat() {
    let mut desk = Desk::at(NOON);
    let mut asked = promise(Kind::Complaint, desk.utc);
    asked.seat = Some("rep2".parse().unwrap());
    let id = desk.promised(asked);
    desk.seats(&["rep1"]);
    assert!(desk.dialled().is_empty());
    assert!(wished(&mut desk, id, Wish::Assign(None)));
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn a_promise_is_put_off_a_hundred_times_and_can_be_settled_then() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 300);
    for minutes in 1..=100 {
        let until = desk.utc + SignedDuration::from_hours(24) + SignedDuration::from_mins(minutes);
        assert!(wished(&mut desk, id, Wish::Snooze(until)));
    }
    let next = desk.get(id).next;
    let later = Wish::Snooze(next + SignedDuration::from_mins(1));
    wished(&mut desk, id, later);
    assert!(desk.news().contains(&"too-many-wishes"));
    assert_eq!(desk.get(id).next, next);
    assert_eq!(desk.book.wishes(id).count(), 100);
    assert!(wished(&mut desk, id, cancel()));
    assert_eq!(desk.book.wishes(id).count(), 101);
}
