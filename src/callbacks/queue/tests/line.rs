//! Who keeps his place, between the live callers.

use super::*;
use crate::callbacks::{Claimer, Order};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Desk {
    /// A caller of his own was promised a call after he had waited for so long; it is due at once.
    fn waits(&mut self, caller: u8, waited: u64) -> CallbackId {
        let mut asked = promise(Kind::Waiting, self.utc);
        asked.number = Pii::new(PhoneNumber::parse(&format!("1380013800{caller}")).unwrap());
        asked.place = Some(self.utc - seconds(waited));
        self.promised(asked)
    }

    /// This seat is free, and a live caller has waited for so long.
    fn seat_before(&mut self, waited: u64) {
        let seats = BTreeSet::from(["rep1".parse().unwrap()]);
        let live = Some(self.now - seconds(waited));
        self.give(Input::SeatsReady { seats, live });
    }

    /// For how long the one has waited for whom a seat is kept.
    fn kept(&self) -> Option<u64> {
        let place = self.queue.place();
        place.map(|place| self.now.since(place - Duration::from_millis(1)).as_secs())
    }
}

#[test]
fn who_was_first_in_the_line_is_dialled_before_a_live_caller_and_who_was_not_after_him() {
    let mut desk = Desk::at(NOON);
    let second = desk.waits(2, 20);
    let first = desk.waits(1, 60);
    assert_eq!(desk.kept(), Some(60));
    desk.seat_before(30);
    assert_eq!(desk.dialled(), [(first, 1)]);
    assert_eq!(desk.kept(), Some(20));
    desk.seat_before(30);
    assert_eq!(desk.dialled().len(), 1);
    assert_eq!(desk.kept(), None, "the seat is for who is live");
    desk.seats(&[]);
    assert_eq!(desk.kept(), Some(20));
    desk.seat_before(10);
    assert_eq!(desk.dialled(), [(first, 1), (second, 1)]);
    assert_eq!(desk.kept(), None);
}

#[test]
fn a_promise_without_a_place_is_dialled_when_nobody_live_waits() {
    let mut desk = Desk::at(NOON);
    let id = desk.note(Kind::Supervisor, 0);
    desk.seat_before(0);
    assert_eq!((desk.dialled().len(), desk.kept()), (0, None));
    desk.seats(&["rep1"]);
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn a_place_holds_no_seat_back_until_it_is_due_and_while_it_waits_for_another_try() {
    let mut desk = Desk::at(NOON);
    let id = desk.waits(1, 60);
    let until = desk.utc + SignedDuration::from_secs(90);
    assert!(wished(&mut desk, id, Wish::Snooze(until)));
    desk.pass(89);
    assert_eq!(desk.kept(), None);
    desk.pass(1);
    assert_eq!(desk.kept(), Some(150));
    desk.seat_before(0);
    desk.give(Input::Ended {
        id,
        attempt: 1,
        outcome: Outcome::Busy,
        cause: None,
        live: None,
    });
    desk.seats(&[]);
    desk.pass(119);
    assert_eq!(desk.kept(), None);
    desk.pass(1);
    assert_eq!(desk.kept(), Some(270));
}

#[test]
fn a_place_is_not_dialled_in_the_quiet_hours_and_holds_no_seat_back() {
    let mut desk = Desk::at("2026-05-04T12:59:00Z");
    desk.waits(1, 60);
    assert_eq!(desk.kept(), Some(60));
    desk.pass(120);
    // The book finds out when somebody could be dialled.
    desk.seat_before(0);
    assert_eq!((desk.dialled().len(), desk.kept()), (0, None));
    desk.seats(&[]);
    assert_eq!(desk.kept(), None);
    desk.pass(11 * 3_600);
    assert!(desk.kept().is_some());
}

#[test]
fn a_place_outlives_a_crash() {
    let mut desk = Desk::at(NOON);
    let id = desk.waits(1, 60);
    desk.pass(10);
    desk.killed();
    assert_eq!(desk.kept(), Some(70));
    desk.seat_before(69);
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn a_clock_that_was_set_back_puts_nobody_before_others() {
    let mut desk = Desk::at(NOON);
    desk.note(Kind::Complaint, 3_600);
    desk.utc -= SignedDuration::from_hours(1);
    desk.give(Input::Tick);
    desk.waits(1, 60);
    assert_eq!(desk.kept(), Some(60));
}

#[test]
fn a_claim_that_another_desk_was_faster_with_leaves_the_seat_to_the_live_caller() {
    let mut desk = Desk::at(NOON);
    let lost = desk.waits(1, 60);
    desk.waits(2, 20);
    let claimer = Claimer {
        desk: "other".parse().unwrap(),
        seats: BTreeSet::from(["rep9".parse().unwrap()]),
        live: None,
        until: desk.utc + SignedDuration::from_secs(30),
    };
    let turn = desk.book.take(&Order::Claim(claimer), desk.utc);
    assert_eq!(turn.rows[0].id, lost);
    desk.seat_before(30);
    assert_eq!((desk.dialled().len(), desk.kept()), (0, None));
    // And the next one in the line has his turn.
    desk.seats(&[]);
    assert_eq!(desk.kept(), Some(20));
}

#[test]
fn a_book_that_takes_its_time_keeps_no_live_caller_waiting() {
    let mut desk = Desk::at(NOON);
    let id = desk.waits(1, 60);
    let seats = BTreeSet::from(["rep1".parse().unwrap()]);
    let live = Some(desk.now - seconds(30));
    let asked = desk
        .queue
        .handle(Input::SeatsReady { seats, live }, desk.now, desk.utc);
    let [Action::Ask { ticket, order, at }] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(desk.kept(), Some(60));
    let (late, why) = desk.queue.timeout().unwrap();
    assert_eq!(why, Timer::Claim);
    desk.wait_until(late);
    desk.queue.handle(Input::Tick, desk.now, desk.utc);
    assert_eq!(desk.kept(), None);
    // It has him all the same.
    let turn = Some(desk.book.take(order, *at));
    let ticket = *ticket;
    desk.give(Input::Answered { ticket, turn });
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn a_book_that_fails_holds_no_seat_back_until_it_is_well() {
    let mut desk = Desk::at(NOON);
    let id = desk.waits(1, 60);
    desk.works = false;
    desk.seat_before(30);
    assert_eq!((desk.dialled().len(), desk.kept()), (0, None));
    desk.seats(&[]);
    assert_eq!(desk.kept(), None);
    desk.works = true;
    desk.pass(10);
    assert_eq!(desk.kept(), Some(70));
    desk.seat_before(30);
    assert_eq!(desk.dialled(), [(id, 1)]);
}
