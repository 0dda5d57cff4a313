//! Who is told that a promise is late, and when (I4).

use super::*;

/// Nobody reached the book to look at it.
#[test]
fn a_promise_that_is_dialled_too_late_is_told_to_be_overdue() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 600);
    desk.pass(590);
    desk.works = false;
    desk.pass(300);
    assert_eq!(desk.dialled(), []);
    desk.works = true;
    desk.pass(10);
    assert_eq!(desk.dialled(), [(id, 1)]);
    assert!(desk.actions.contains(&Action::Alarm(Alarm::Overdue { id })));
}

#[test]
fn no_seat_no_dialling_but_an_alarm_once_it_is_overdue() {
    let mut desk = Desk::at(NOON);
    let id = desk.note(Kind::Rep, 300);
    desk.pass(179);
    assert!(desk.alarms().is_empty());
    desk.pass(1);
    assert_eq!(desk.alarms(), ["callback-near"]);
    desk.pass(122);
    assert_eq!(desk.alarms(), ["callback-near"]);
    desk.pass(600);
    assert_eq!(desk.alarms(), ["callback-near", "callback-overdue"]);
    desk.seats(&["rep1"]);
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn a_promise_of_seconds_is_near_too_but_not_one_that_is_phoned_at_once() {
    let mut desk = Desk::at(NOON);
    desk.note(Kind::Rep, 20);
    desk.pass(11);
    assert!(desk.alarms().is_empty());
    desk.pass(1);
    assert_eq!(desk.alarms(), ["callback-near"]);
    desk.pass(11);
    assert_eq!(desk.alarms(), ["callback-near", "callback-overdue"]);
    let mut desk = Desk::at(NOON);
    desk.note(Kind::LineFault, 15);
    desk.pass(60);
    assert_eq!(desk.alarms(), ["callback-overdue"]);
}

#[test]
fn a_promise_that_nobody_reached_for_by_its_time_is_overdue_however_often_a_rep_declined() {
    for outcome in [Outcome::RepDeclined, Outcome::RepAbsent, Outcome::Failed] {
        let mut desk = Desk::with_seat(NOON);
        let id = desk.note(Kind::Rep, 0);
        assert_eq!(desk.dialled(), [(id, 1)]);
        desk.pass(2);
        desk.ends(id, outcome);
        assert!(desk.alarms().is_empty(), "{outcome:?}");
        desk.pass(1);
        assert_eq!(desk.alarms(), ["callback-overdue"], "{outcome:?}");
        // Told once, however long it goes on.
        desk.pass(600);
        desk.ends(id, outcome);
        desk.pass(3_600);
        assert_eq!(desk.alarms(), ["callback-overdue"], "{outcome:?}");
    }
}

#[test]
fn a_promise_whose_rep_declines_until_it_is_due_is_overdue() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 300);
    desk.pass(60);
    desk.give(Input::Wished {
        id,
        wish: Wish::Redial,
        by: "Lina".to_owned(),
    });
    while desk.utc < desk.get(id).promise.due {
        desk.ends(id, Outcome::RepDeclined);
        desk.pass(60);
    }
    // One is in flight at the due time, and the rep declines that, too.
    assert_eq!(desk.alarms(), ["callback-near"]);
    desk.pass(3);
    desk.ends(id, Outcome::RepDeclined);
    assert_eq!(desk.alarms(), ["callback-near", "callback-overdue"]);
}

#[test]
fn who_was_busy_is_not_overdue_he_was_called() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 300);
    desk.pass(300);
    desk.ends(id, Outcome::Busy);
    desk.pass(100);
    assert_eq!(desk.alarms(), ["callback-near"]);
}

#[test]
fn an_uncertain_promise_that_nobody_decides_is_overdue() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 0);
    desk.killed();
    assert!(matches!(desk.state(id), State::Uncertain { .. }));
    desk.pass(3);
    assert_eq!(desk.alarms(), ["callback-overdue"]);
}

#[test]
fn what_is_overdue_when_it_is_looked_at_is_not_told_to_be_near_before() {
    let mut desk = Desk::at(NOON);
    desk.works = false;
    desk.note(Kind::Rep, 300);
    desk.wait_until(desk.now + Duration::from_secs(600));
    desk.works = true;
    desk.give(Input::Tick);
    assert_eq!(desk.alarms().last(), Some(&"callback-overdue"));
    assert!(!desk.alarms().contains(&"callback-near"));
}

#[test]
fn a_clock_set_back_makes_no_promise_late() {
    // By a clock that is set forward it is late already.
    for (by, alarms) in [
        (-3_600, ["clock-jumped", "callback-near"]),
        (3_600, ["clock-jumped", "callback-overdue"]),
    ] {
        let mut desk = Desk::with_seat(NOON);
        let id = desk.note(Kind::Rep, 300);
        desk.utc += SignedDuration::from_secs(by);
        desk.pass(300);
        assert_eq!(desk.alarms(), alarms);
        assert_eq!(desk.dialled(), [(id, 1)]);
    }
}

#[test]
fn a_clock_set_forward_is_noticed_while_nothing_happens() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 3_600 + 120);
    desk.utc += SignedDuration::from_hours(1);
    let (at, why) = desk.queue.timeout().unwrap();
    assert_eq!(why, Timer::LookAtClock);
    desk.wait_until(at);
    desk.give(Input::Tick);
    assert_eq!(desk.alarms(), ["clock-jumped", "callback-near"]);
    desk.pass(120);
    assert_eq!(desk.dialled(), [(id, 1)]);
}
