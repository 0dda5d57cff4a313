mod line;
mod live;
mod warned;
mod wishes;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::callbacks::rules::samples::promise;
use crate::callbacks::{
    Callback, CancelledBecause, Claimer, Kind, News, Outcome, Promise, State, Wish,
};
use crate::words::{CallId, Country, PhoneNumber, Pii, SeatId};

const NOON: &str = "2026-05-04T04:00:00Z";
const NIGHT: &str = "2026-05-04T15:00:00Z";

/// A desk in virtual time whose book answers at once.
struct Desk {
    queue: Queue,
    book: Memory,
    now: Moment,
    utc: Timestamp,
    ids: u64,
    /// Whether the book can be written.
    works: bool,
    actions: Vec<Action>,
}

impl Desk {
    fn at(utc: &str) -> Self {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let rules = Rules::standard(Country::Cn, zone);
        let mut desk = Self {
            book: Memory::new(rules.clone()),
            queue: Queue::new(DeskId::alone(), rules, None),
            now: Moment::ZERO + Duration::from_secs(86_400),
            utc: utc.parse().unwrap(),
            ids: 0,
            works: true,
            actions: Vec::new(),
        };
        desk.give(Input::Started);
        desk
    }

    /// A desk whose book others have, too.
    fn sharing(utc: &str) -> Self {
        let mut desk = Self::at(utc);
        let (name, rules) = ("desk1".parse().unwrap(), desk.queue.rules.clone());
        desk.queue = Queue::new(name, rules, Some(Duration::from_secs(1)));
        desk.give(Input::Started);
        desk.seats(&["rep1"]);
        desk
    }

    /// What another desk that has a seat free is to dial now.
    fn others_dial(&mut self) -> usize {
        let claimer = Claimer {
            desk: "desk2".parse().unwrap(),
            seats: BTreeSet::from(["rep2".parse().unwrap()]),
            until: self.utc + SignedDuration::from_secs(30),
            live: None,
        };
        let turn = self.book.take(&Order::Claim(claimer), self.utc);
        turn.attempts.len()
    }

    /// The process dies, and another one begins with the same book.
    fn killed(&mut self) {
        let rules = self.queue.rules.clone();
        self.queue = Queue::new(DeskId::alone(), rules, None);
        self.give(Input::Started);
    }

    fn with_seat(utc: &str) -> Self {
        let mut desk = Self::at(utc);
        desk.seats(&["rep1"]);
        desk
    }

    fn give(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for action in self.queue.handle(input, self.now, self.utc) {
                if let Action::Ask { ticket, order, at } = &action {
                    let (ticket, works) = (*ticket, self.works);
                    let turn = works.then(|| self.book.take(order, *at));
                    inputs.insert(0, Input::Answered { ticket, turn });
                }
                self.actions.push(action);
            }
        }
    }

    fn seats(&mut self, names: &[&str]) {
        let seats = names.iter().map(|name| name.parse().unwrap()).collect();
        let live = None;
        self.give(Input::SeatsReady { seats, live });
    }

    fn promised(&mut self, promise: Promise) -> CallbackId {
        self.ids += 1;
        let id = CallbackId::new(self.ids, [7; 10]);
        self.give(Input::Promised { id, promise });
        id
    }

    fn note(&mut self, kind: Kind, in_s: i64) -> CallbackId {
        let mut promise = promise(kind, self.utc);
        promise.due = self.utc + SignedDuration::from_secs(in_s);
        promise.origin = Some(CallId::new(self.ids, [0; 10]));
        self.promised(promise)
    }

    /// Passes the time, stopping where the queue asks for it.
    fn pass(&mut self, secs: u64) {
        let end = self.now + Duration::from_secs(secs);
        while let Some((at, _)) = self.queue.timeout().filter(|(at, _)| *at <= end) {
            self.wait_until(at.max(self.now));
            self.give(Input::Tick);
        }
        self.wait_until(end);
        self.give(Input::Tick);
    }

    fn wait_until(&mut self, at: Moment) {
        self.utc += SignedDuration::try_from(self.now.until(at)).unwrap();
        self.now = at;
    }

    /// They talk.
    fn joins(&mut self, id: CallbackId, live: LiveCall) {
        let attempt = self.get(id).attempts;
        self.give(Input::Ended {
            id,
            attempt,
            outcome: Outcome::Joined,
            cause: None,
            live: Some(live),
        });
        self.seats(&["rep2"]);
    }

    fn ends(&mut self, id: CallbackId, outcome: Outcome) {
        let attempt = self.get(id).attempts;
        self.give(Input::Ended {
            id,
            attempt,
            outcome,
            cause: None,
            live: None,
        });
        self.seats(&["rep1"]);
    }

    fn dialled(&self) -> Vec<(CallbackId, u32)> {
        let dials = self.actions.iter().filter_map(|action| {
            let Action::Dial { callback, attempt } = action else {
                return None;
            };
            Some((callback.id, attempt.number))
        });
        dials.collect()
    }

    fn news(&self) -> Vec<&'static str> {
        let news = self.actions.iter().filter_map(|action| {
            let Action::Tell(told) = action else {
                return None;
            };
            Some(told.news.as_str())
        });
        news.collect()
    }

    fn alarms(&self) -> Vec<&'static str> {
        let alarms = self.actions.iter().filter_map(|action| {
            let Action::Alarm(alarm) = action else {
                return None;
            };
            Some(alarm.as_str())
        });
        alarms.collect()
    }

    fn get(&self, id: CallbackId) -> &Callback {
        self.book
            .get(id)
            .or_else(|| self.queue.unsaved().get(id))
            .unwrap()
    }

    fn state(&self, id: CallbackId) -> State {
        self.get(id).state.clone()
    }

    fn unsettled(&self) -> usize {
        self.book.rows().filter(|row| !row.is_settled()).count()
    }
}

/// What is wished, and whether it came true.
fn wished(desk: &mut Desk, id: CallbackId, wish: Wish) -> bool {
    let by = "Lina".to_owned();
    desk.give(Input::Wished {
        id,
        wish: wish.clone(),
        by,
    });
    wish.has_come_true(desk.get(id))
}

#[test]
fn a_promise_is_dialled_when_due_after_its_attempt_is_committed() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 300);
    assert_eq!(desk.news(), ["noted"]);
    desk.pass(299);
    assert!(desk.dialled().is_empty());
    desk.pass(1);
    assert_eq!(desk.dialled(), [(id, 1)]);
    let begun: Vec<u32> = desk
        .book
        .attempts(id)
        .map(|attempt| attempt.number)
        .collect();
    assert_eq!(begun, [1]);
    desk.ends(id, Outcome::Joined);
    assert_eq!(desk.state(id), State::Done);
}

#[test]
fn a_busy_caller_is_tried_after_2_and_10_minutes_and_then_given_up() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 0);
    for (wait, outcome) in [(119, Outcome::Busy), (599, Outcome::NoAnswer)] {
        let before = desk.dialled().len();
        desk.ends(id, outcome);
        desk.pass(wait);
        assert_eq!(desk.dialled().len(), before);
        desk.pass(1);
        assert_eq!(desk.dialled().len(), before + 1);
    }
    desk.ends(id, Outcome::Refused);
    let why = Outcome::Refused;
    assert_eq!(desk.state(id), State::GivenUp { why });
    assert_eq!(desk.alarms(), ["callback-given-up"]);
}

#[test]
fn a_rep_who_declines_is_left_alone_for_a_minute_and_costs_the_caller_no_try() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 0);
    desk.ends(id, Outcome::RepDeclined);
    desk.pass(59);
    assert_eq!(desk.dialled().len(), 1);
    desk.pass(1);
    assert_eq!(desk.dialled(), [(id, 1), (id, 2)]);
    assert_eq!(desk.get(id).failures, 0);
}

#[test]
fn a_trunk_that_fails_rests_and_costs_the_caller_no_try() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 0);
    desk.ends(id, Outcome::Failed);
    desk.pass(599);
    assert_eq!(desk.dialled().len(), 1);
    desk.pass(1);
    assert_eq!(desk.dialled(), [(id, 1), (id, 2)]);
    assert_eq!(desk.get(id).failures, 0);
}

#[test]
fn the_same_call_and_reason_are_noted_once() {
    let mut desk = Desk::at(NOON);
    let mut asked = promise(Kind::Rep, desk.utc);
    asked.origin = Some(CallId::new(1, [0; 10]));
    let first = desk.promised(asked.clone());
    desk.promised(asked);
    assert_eq!(desk.news(), ["noted", "noted"]);
    let ids: Vec<_> = desk.book.rows().map(|callback| callback.id).collect();
    assert_eq!(ids, [first]);
}

#[test]
fn promises_to_one_number_merge_into_the_earliest_and_strongest() {
    let mut desk = Desk::at(NOON);
    let older = desk.note(Kind::Rep, 300);
    let younger = desk.note(Kind::LineFault, 60);
    let why = CancelledBecause::Merged { into: older };
    assert_eq!(desk.state(younger), State::Cancelled { why });
    let kept = desk.get(older);
    assert_eq!(kept.promise.kind, Kind::LineFault);
    assert_eq!(kept.next, desk.utc + SignedDuration::from_secs(60));
    assert_eq!(desk.unsettled(), 1);
}

#[test]
fn a_caller_is_one_however_his_number_is_written() {
    let mut desk = Desk::at(NOON);
    let older = desk.note(Kind::Rep, 300);
    let written = |text| Pii::new(PhoneNumber::parse(text).unwrap());
    let mut asked = promise(Kind::LineFault, desk.utc);
    asked.number = written("+86 138 0013 8000");
    let younger = desk.promised(asked);
    let why = CancelledBecause::Merged { into: older };
    assert_eq!(desk.state(younger), State::Cancelled { why });
    let number = written("008613800138000");
    desk.give(Input::CallerJoined { number });
    assert_eq!(desk.state(older), State::Done);
}

#[test]
fn what_is_promised_during_an_attempt_waits_for_its_end() {
    let mut desk = Desk::at(NOON);
    desk.seats(&["rep1", "rep2"]);
    let first = desk.note(Kind::LineFault, 0);
    let second = desk.note(Kind::LineFault, 0);
    assert_eq!(desk.dialled(), [(first, 1)]);
    desk.ends(first, Outcome::Joined);
    assert_eq!(desk.dialled(), [(first, 1), (second, 1)]);
}

#[test]
fn a_caller_who_rings_in_withdraws_his_promise_and_its_attempt() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 0);
    let number = desk.get(id).promise.number.clone();
    desk.give(Input::CallerJoined { number });
    let hang_up = Action::HangUp { id, attempt: 1 };
    assert!(desk.actions.contains(&hang_up));
    desk.ends(id, Outcome::Abandoned);
    assert_eq!(desk.state(id), State::Done);
    desk.pass(3_600);
    assert_eq!(desk.dialled().len(), 1);
}

#[test]
fn quiet_hours_move_a_promise_and_say_so() {
    let mut desk = Desk::with_seat(NIGHT);
    let expert = desk.note(Kind::Expert, 300);
    let due = "2026-05-05T00:00:00Z".parse().unwrap();
    let noted = News::Noted { due, moved: true };
    assert!(desk.actions.iter().any(
        |action| matches!(action, Action::Tell(told) if told.id == expert && told.news == noted)
    ));
    desk.pass(8 * 3_600);
    assert!(desk.dialled().is_empty());
    desk.pass(3_600);
    assert_eq!(desk.dialled(), [(expert, 1)]);
}

#[test]
fn an_attempt_without_an_outcome_is_redialled_by_kind_or_asks() {
    for (kind, dialled) in [(Kind::LineFault, 2), (Kind::Rep, 1)] {
        let mut desk = Desk::with_seat(NOON);
        let id = desk.note(kind, 0);
        desk.killed();
        desk.seats(&["rep1"]);
        assert_eq!(desk.dialled().len(), dialled, "{kind:?}");
        assert_eq!(
            desk.news().last(),
            Some(&["uncertain", "attempted"][dialled - 1])
        );
        if kind == Kind::Rep {
            let wish = Wish::Redial;
            desk.give(Input::Wished {
                id,
                wish,
                by: "Lina".to_owned(),
            });
            assert_eq!(desk.dialled(), [(id, 1), (id, 2)]);
        }
    }
}

#[test]
fn a_full_disk_promises_nothing_but_the_call_is_made() {
    let mut desk = Desk::with_seat(NOON);
    desk.works = false;
    let id = desk.note(Kind::Rep, 30);
    assert_eq!(desk.news(), ["not-noted"]);
    desk.pass(30);
    assert_eq!(desk.dialled(), [(id, 1)]);
    desk.ends(id, Outcome::Joined);
    assert_eq!(desk.book.rows().count(), 0);
    desk.works = true;
    desk.pass(10);
    assert_eq!(desk.book.rows().count(), 1);
}

#[test]
fn a_promise_on_disk_is_not_dialled_before_its_attempt_is() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Rep, 30);
    desk.works = false;
    desk.pass(35);
    assert!(desk.dialled().is_empty());
    desk.works = true;
    desk.pass(10);
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn an_emergency_number_is_never_phoned_back() {
    let mut desk = Desk::with_seat(NOON);
    let mut asked = promise(Kind::Rep, desk.utc);
    asked.number = Pii::new(PhoneNumber::parse("0110").unwrap());
    desk.promised(asked);
    assert_eq!(desk.news(), ["emergency-number"]);
    assert_eq!(desk.unsettled(), 0);
}

#[test]
fn a_key_of_the_client_is_noted_once_and_for_one_promise_only() {
    let mut desk = Desk::at(NOON);
    let mut asked = promise(Kind::Rep, desk.utc);
    asked.key = Some("8e03".to_owned());
    let first = desk.promised(asked.clone());
    assert!(wished(&mut desk, first, Wish::Done));
    desk.promised(asked.clone());
    asked.reason = "another".to_owned();
    desk.promised(asked);
    assert_eq!(desk.news(), ["noted", "done", "noted", "key-reused"]);
    let ids: Vec<_> = desk.book.rows().map(|callback| callback.id).collect();
    assert_eq!(ids, [first]);
}

#[test]
fn the_seat_that_owes_the_answer_alone_calls_for_a_while_and_then_any() {
    let mut desk = Desk::at(NOON);
    let mut asked = promise(Kind::Expert, desk.utc);
    asked.seat = Some("rep2".parse().unwrap());
    let expert = desk.promised(asked);
    let mut other = promise(Kind::Rep, desk.utc);
    other.number = Pii::new(PhoneNumber::parse("13900139000").unwrap());
    let other = desk.promised(other);
    desk.seats(&["rep1"]);
    // What waits for its own seat stands in nobody's way.
    assert_eq!(desk.dialled(), [(other, 1)]);
    desk.ends(other, Outcome::Joined);
    desk.pass(119);
    assert_eq!(desk.dialled().len(), 1);
    desk.pass(1);
    assert_eq!(desk.dialled(), [(other, 1), (expert, 1)]);
}

#[test]
fn a_complaint_is_tried_again_after_hours() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::Complaint, 0);
    desk.ends(id, Outcome::NoAnswer);
    desk.pass(2 * 3_600 - 1);
    assert_eq!(desk.dialled().len(), 1);
    desk.pass(1);
    assert_eq!(desk.dialled().len(), 2);
    assert_eq!(desk.get(id).outcomes, [Outcome::NoAnswer]);
}

#[test]
fn one_number_is_called_so_often_a_day_and_on_the_next_again() {
    let mut desk = Desk::at(NOON);
    let mut rules = desk.queue.rules.clone();
    rules.attempts_a_day = Some(2);
    desk.book.obey(rules);
    desk.seats(&["rep1"]);
    let first = desk.note(Kind::LineFault, 0);
    // What no rep took did not ring at the caller's.
    desk.ends(first, Outcome::RepDeclined);
    desk.pass(60);
    desk.ends(first, Outcome::Busy);
    desk.pass(120);
    desk.ends(first, Outcome::Joined);
    let second = desk.note(Kind::LineFault, 0);
    desk.pass(11 * 3_600);
    assert_eq!(desk.dialled(), [(first, 1), (first, 2), (first, 3)]);
    desk.pass(3_600);
    assert_eq!(desk.dialled().last(), Some(&(second, 1)));
}

#[test]
fn who_is_not_to_be_called_is_promised_nothing() {
    let mut desk = Desk::with_seat(NOON);
    let open = desk.note(Kind::Rep, 30);
    let number = PhoneNumber::parse("13800138000").unwrap();
    let mut rules = desk.queue.rules.clone();
    rules.never.insert(rules.whose(&Pii::new(number)));
    desk.queue = Queue::new(DeskId::alone(), rules.clone(), None);
    desk.book.obey(rules);
    desk.give(Input::Started);
    desk.seats(&["rep1"]);
    desk.note(Kind::Rep, 30);
    desk.pass(30);
    assert!(desk.dialled().is_empty());
    assert!(matches!(desk.state(open), State::Cancelled { .. }));
    assert_eq!(desk.news(), ["noted", "do-not-call", "near", "cancelled"]);
}

#[test]
fn the_preferred_seat_is_asked_first() {
    let mut desk = Desk::at(NOON);
    let mut asked = promise(Kind::Rep, desk.utc);
    asked.seat = Some("rep2".parse().unwrap());
    desk.promised(asked);
    desk.seats(&["rep1", "rep2"]);
    let seats: BTreeSet<_> = desk.queue.seats.clone();
    assert_eq!(seats, BTreeSet::from(["rep1".parse().unwrap()]));
}

#[test]
fn a_retry_after_a_full_disk_is_noted_once_there_is_room() {
    let mut desk = Desk::at(NOON);
    let mut asked = promise(Kind::Rep, desk.utc);
    asked.origin = Some(CallId::new(1, [0; 10]));
    desk.works = false;
    desk.promised(asked.clone());
    desk.works = true;
    desk.promised(asked);
    assert_eq!(desk.news(), ["not-noted", "noted"]);
    assert_eq!(desk.book.rows().count(), 1);
}

#[test]
fn a_crash_in_an_attempt_takes_over_what_was_promised_meanwhile() {
    let mut desk = Desk::with_seat(NOON);
    let first = desk.note(Kind::LineFault, 0);
    let second = desk.note(Kind::Rep, 0);
    desk.killed();
    let why = CancelledBecause::Merged { into: first };
    assert_eq!(desk.state(second), State::Cancelled { why });
}

#[test]
fn the_log_never_shows_a_number() {
    let mut desk = Desk::with_seat(NOON);
    desk.note(Kind::LineFault, 0);
    let shown = format!("{:?} {:?}", desk.actions, desk.queue);
    assert!(!shown.contains("13800138000"));
}
