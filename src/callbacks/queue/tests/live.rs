//! Calls that are up, and desks that share a book.

use super::*;

/// With the caller of all promises here.
fn talk(utc: Timestamp) -> LiveCall {
    let samples = promise(Kind::Rep, utc);
    LiveCall {
        call: CallId::new(77, [0; 10]),
        number: Some(samples.number),
        answered: Some(utc),
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

/// A rep dials the caller of all promises here.
fn dials(desk: &mut Desk) -> CallId {
    let call = LiveCall {
        answered: None,
        ..talk(desk.utc)
    };
    desk.give(Input::DialsByHand(call.clone()));
    call.call
}

#[test]
fn who_is_dialled_by_hand_is_not_dialled_while_it_rings_nor_after_the_talk() {
    for mut desk in [Desk::with_seat(NOON), Desk::sharing(NOON)] {
        desk.seats(&[]);
        let owed = desk.note(Kind::LineFault, 0);
        let call = dials(&mut desk);
        desk.seats(&["rep1"]);
        desk.pass(120);
        assert_eq!((desk.dialled(), desk.others_dial()), (vec![], 0));
        let answered = talk(desk.utc);
        let number = answered.number.clone().unwrap();
        desk.give(Input::CallLive(answered));
        desk.give(Input::CallerJoined { number });
        assert_eq!(desk.state(owed), State::Done);
        desk.give(Input::CallOver { call });
        desk.pass(HOUR);
        assert_eq!((desk.dialled(), desk.others_dial()), (vec![], 0));
    }
}

#[test]
fn who_did_not_answer_by_hand_is_owed_what_he_was() {
    for mut desk in [Desk::with_seat(NOON), Desk::sharing(NOON)] {
        desk.seats(&[]);
        let owed = desk.note(Kind::LineFault, 0);
        let call = dials(&mut desk);
        desk.seats(&["rep1"]);
        desk.give(Input::CallOver { call });
        assert_eq!(desk.dialled(), [(owed, 1)]);
        assert_eq!(desk.get(owed).failures, 0);
    }
}

#[test]
fn a_number_that_is_taken_is_not_kept_by_who_wanted_to_dial_it() {
    let mut desk = Desk::sharing(NOON);
    let owed = desk.note(Kind::LineFault, 0);
    assert_eq!(desk.dialled(), [(owed, 1)]);
    let wanted = dials(&mut desk);
    desk.pass(11);
    let is_told = |action: &Action| matches!(action, Action::Ask { order: Order::Live(live), .. } if live.calls.iter().any(|call| call.call == wanted));
    assert!(!desk.actions.iter().any(is_told));
}
