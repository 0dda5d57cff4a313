mod line;

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

/// With the caller of all promises here.
fn talk(utc: Timestamp) -> LiveCall {
    let samples = promise(Kind::Rep, utc);
    LiveCall {
        call: CallId::new(77, [0; 10]),
        number: Some(samples.number),
        answered: utc,
        began: None,
        seat: None,
        language: samples.language,
    }
}

const HOUR: u64 = 3_600;

#[test]
fn what_is_promised_in_a_talk_of_an_hour_waits_for_its_end_and_costs_no_attempt() {
    for mut desk in [Desk::with_seat(NOON), Desk::sharing(NOON)] {
        let first = desk.note(Kind::LineFault, 0);
        let call = talk(desk.utc);
        desk.joins(first, call.clone());
        assert_eq!(desk.state(first), State::Done);
        let second = desk.note(Kind::LineFault, 0);
        desk.pass(HOUR);
        assert_eq!(desk.dialled(), [(first, 1)]);
        assert_eq!(desk.others_dial(), 0);
        assert_eq!(desk.get(second).attempts, 0);
        desk.give(Input::CallOver { call: call.call });
        assert_eq!(desk.dialled(), [(first, 1), (second, 1)]);
    }
}

#[test]
fn an_attempt_that_rings_for_a_minute_is_renewed_every_ten_seconds_and_stays_ours() {
    let mut desk = Desk::sharing(NOON);
    let id = desk.note(Kind::LineFault, 0);
    assert_eq!(desk.dialled(), [(id, 1)]);
    let begun = desk.now;
    let mut renewed = Vec::new();
    for _ in 0..60 {
        let known = desk.actions.len();
        desk.pass(1);
        assert_eq!(desk.others_dial(), 0);
        let look = Order::Look {
            desk: "desk2".parse().unwrap(),
            held: Vec::new(),
        };
        let told = desk.book.take(&look, desk.utc).told;
        assert!(told.iter().all(|told| told.news != News::Uncertain));
        let is_renewal = |action: &&Action| matches!(action, Action::Ask { order: Order::Renew { claims, .. }, .. } if claims.len() == 1);
        let count = desk.actions[known..].iter().filter(is_renewal).count();
        renewed.extend(std::iter::repeat_n(begun.until(desk.now).as_secs(), count));
    }
    assert_eq!(renewed, [10, 20, 30, 40, 50, 60]);
    let hung_up = |action: &Action| matches!(action, Action::HangUp { .. });
    assert!(!desk.actions.iter().any(hung_up));
    assert_eq!(desk.dialled(), [(id, 1)]);
    desk.ends(id, Outcome::Busy);
    assert_eq!(desk.get(id).outcomes, [Outcome::Busy]);
}

#[test]
fn who_rang_in_is_dialled_by_nobody_until_his_desk_has_been_silent_for_thirty_seconds() {
    let mut desk = Desk::sharing(NOON);
    desk.seats(&[]);
    desk.note(Kind::LineFault, 0);
    desk.give(Input::CallLive(talk(desk.utc)));
    desk.pass(HOUR);
    assert_eq!(desk.others_dial(), 0);
    // It does not even look at its timers any more.
    desk.wait_until(desk.now + Duration::from_secs(19));
    assert_eq!(desk.others_dial(), 0);
    desk.wait_until(desk.now + Duration::from_secs(11));
    assert_eq!(desk.others_dial(), 1);
}

/// What docs/admin.md says of a desk that fell silent: its caller may be rung while he talks, once a lease is over.
#[test]
fn a_talk_at_a_desk_that_is_cut_off_keeps_its_number_for_a_lease_and_again_once_the_desk_is_back() {
    let mut desk = Desk::sharing(NOON);
    desk.seats(&[]);
    let id = desk.note(Kind::LineFault, 0);
    let call = talk(desk.utc);
    desk.give(Input::CallLive(call.clone()));
    desk.works = false;
    desk.pass(29);
    assert_eq!(desk.others_dial(), 0);
    desk.pass(2);
    assert_eq!(desk.others_dial(), 1);
    let busy = Order::End {
        claim: desk.get(id).claim().unwrap(),
        outcome: Outcome::Busy,
        cause: None,
        live: None,
    };
    desk.book.take(&busy, desk.utc);
    desk.pass(4);
    desk.works = true;
    // He is to be tried again after two minutes, and talks on.
    desk.pass(150);
    assert_eq!(desk.others_dial(), 0);
    desk.give(Input::CallOver { call: call.call });
    assert_eq!(desk.others_dial(), 1);
}

#[test]
fn a_call_that_died_with_its_desk_is_told_of_at_each_start_until_it_is_over() {
    let mut desk = Desk::sharing(NOON);
    let call = talk(desk.utc);
    let died = Action::Died(call.clone());
    desk.give(Input::CallLive(call.clone()));
    // One that is up has not died.
    desk.give(Input::Started);
    assert!(!desk.actions.contains(&died));
    for _ in 0..2 {
        desk.actions.clear();
        desk.queue = Desk::sharing(NOON).queue;
        desk.give(Input::Started);
        assert!(desk.actions.contains(&died));
    }
    desk.give(Input::CallOver { call: call.call });
    desk.actions.clear();
    desk.queue = Desk::sharing(NOON).queue;
    desk.give(Input::Started);
    assert!(!desk.actions.contains(&died));
}

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
fn a_call_that_was_over_before_the_disk_was_back_keeps_nobody_from_being_dialled() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 30);
    desk.works = false;
    let call = talk(desk.utc);
    desk.give(Input::CallLive(call.clone()));
    desk.works = true;
    desk.give(Input::CallOver { call: call.call });
    desk.pass(30);
    assert_eq!(desk.dialled(), [(id, 1)]);
}

#[test]
fn a_desk_that_begins_anew_dials_whom_its_dead_calls_were_with() {
    let mut desk = Desk::with_seat(NOON);
    let id = desk.note(Kind::LineFault, 30);
    desk.give(Input::CallLive(talk(desk.utc)));
    desk.killed();
    desk.seats(&["rep1"]);
    desk.pass(30);
    assert_eq!(desk.dialled(), [(id, 1)]);
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

/// The notice was lost, or nobody listens for it.
#[test]
fn what_another_desk_noted_is_dialled_within_a_second_though_nobody_says_so() {
    let mut desk = Desk::sharing(NOON);
    let id = CallbackId::new(9, [0; 10]);
    let promise = promise(Kind::Rep, desk.utc);
    desk.book.take(&Order::Note { id, promise }, desk.utc);
    desk.give(Input::Tick);
    assert!(desk.dialled().is_empty());
    desk.pass(1);
    assert_eq!(desk.dialled(), [(id, 1)]);
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
