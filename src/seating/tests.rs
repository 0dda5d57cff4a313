use std::time::Duration;

use super::*;

fn seat(name: &str) -> SeatId {
    name.parse().unwrap()
}

fn call(n: u8) -> CallId {
    CallId::new(u64::from(n), [n; 10])
}

fn at(seconds: u64) -> Moment {
    Moment::ZERO + Duration::from_secs(seconds)
}

fn wanted(n: u8) -> Wanted {
    Wanted {
        call: call(n),
        seat: None,
        skill: None,
        rings: Rings::AsTheRulesSay,
    }
}

fn seats_under(rules: Rules, names: &[&str]) -> Seating {
    let mut seating = Seating::new(rules);
    for name in names {
        seating.add(seat(name), NewSeat::default(), at(0));
    }
    seating
}

fn two_seats() -> Seating {
    seats_under(Rules::default(), &["a", "b"])
}

fn ringing(ring: Ring) -> Rules {
    Rules {
        ring,
        ..Rules::default()
    }
}

fn wrapping_up(lasts: u64, note: Note) -> Rules {
    Rules {
        wrap_up: WrapUpRules {
            lasts: Duration::from_secs(lasts),
            extend_by: Duration::from_secs(30),
            extensions: 1,
            note,
        },
        break_reasons: vec!["lunch".to_owned()],
        ..Rules::default()
    }
}

fn lunch() -> Choice {
    Choice::OnBreak {
        reason: "lunch".to_owned(),
    }
}

/// Rings, is picked up, and ends.
fn talk(seating: &mut Seating, n: u8, from: u64, until: u64) -> SeatId {
    let id = seating.seek(wanted(n), at(from)).remove(0);
    seating.pick_up(call(n), &id, at(from));
    seating.forget(call(n), at(until));
    id
}

fn state(seating: &Seating, name: &str) -> State {
    seating.get(&seat(name)).unwrap().state()
}

/// `seat from>to by`, for each change there was.
fn changes(seating: &mut Seating) -> Vec<String> {
    let told = |it: Change| format!("{} {}>{} {}", it.seat, it.from, it.to.state, it.by.as_str());
    std::iter::from_fn(|| seating.poll_change().map(told)).collect()
}

// --- who is rung

#[test]
fn a_seat_takes_one_call_at_a_time() {
    let mut seating = two_seats();
    assert_eq!(seating.seek(wanted(1), at(0)), [seat("a")]);
    let wished = Wanted {
        seat: Some(seat("a")),
        ..wanted(2)
    };
    assert_eq!(seating.seek(wished, at(0)), [seat("b")]);
    assert_eq!(seating.seek(wanted(3), at(0)), []);
    seating.forget(call(1), at(1));
    let given = Given {
        call: call(3),
        seats: vec![seat("a")],
    };
    assert_eq!(seating.serve(at(1)), [given]);
}

#[test]
fn the_seat_without_a_call_for_longest_is_rung() {
    let mut seating = two_seats();
    assert_eq!(talk(&mut seating, 1, 0, 60), seat("a"));
    assert_eq!(talk(&mut seating, 2, 61, 62), seat("b"));
    assert_eq!(talk(&mut seating, 3, 63, 64), seat("a"));
    // Who was rung in vain has been idle all the same.
    seating.seek(wanted(4), at(65));
    seating.forget(call(4), at(66));
    assert_eq!(seating.seek(wanted(5), at(67)), [seat("b")]);
}

#[test]
fn seats_are_rung_in_turn_where_so_set() {
    let mut seating = seats_under(ringing(Ring::RoundRobin), &["a", "b", "c"]);
    let turns: Vec<SeatId> = (1..5).map(|n| talk(&mut seating, n, 0, 0)).collect();
    assert_eq!(turns, ["a", "b", "c", "a"].map(seat));
    seating.choose(&seat("b"), Choice::Busy, at(1)).unwrap();
    assert_eq!(talk(&mut seating, 5, 1, 1), seat("c"));
}

#[test]
fn a_seat_that_refused_a_call_is_never_rung_again_for_it() {
    let mut seating = two_seats();
    seating.seek(wanted(1), at(0));
    assert!(!seating.decline(call(1), &seat("a"), Declined::Refused, at(1)));
    assert_eq!(seating.seek(wanted(1), at(1)), [seat("b")]);
    assert!(!seating.decline(call(1), &seat("b"), Declined::Refused, at(2)));
    assert_eq!(seating.seek(wanted(1), at(2)), []);
    seating
        .choose(&seat("a"), Choice::Available, at(3))
        .unwrap();
    assert_eq!(seating.serve(at(3)), []);
    assert_eq!(seating.seek(wanted(2), at(3)), [seat("a")]);
}

#[test]
fn a_caller_who_is_declined_keeps_his_place() {
    let mut seating = seats_under(Rules::default(), &["a"]);
    seating.add(
        seat("b"),
        NewSeat {
            choice: Choice::Busy,
            ..NewSeat::default()
        },
        at(0),
    );
    seating.seek(wanted(1), at(0));
    assert_eq!(seating.seek(wanted(2), at(1)), []);
    seating.decline(call(1), &seat("a"), Declined::Refused, at(2));
    assert_eq!(seating.seek(wanted(1), at(2)), []);
    seating
        .choose(&seat("b"), Choice::Available, at(3))
        .unwrap();
    let calls: Vec<CallId> = seating.serve(at(3)).into_iter().map(|it| it.call).collect();
    assert_eq!(calls, [call(1), call(2)]);
}

#[test]
fn those_with_the_skill_come_first_and_the_others_where_they_may() {
    for (skill_only, next) in [(false, vec![seat("a")]), (true, vec![])] {
        let rules = Rules {
            skill_only,
            ..Rules::default()
        };
        let mut seating = seats_under(rules, &["a"]);
        let able = NewSeat {
            skills: ["billing".to_owned()].into(),
            ..NewSeat::default()
        };
        seating.add(seat("b"), able, at(5));
        let billing = |n| Wanted {
            skill: Some("billing".to_owned()),
            ..wanted(n)
        };
        assert_eq!(seating.seek(billing(1), at(9)), [seat("b")]);
        assert_eq!(seating.seek(billing(2), at(9)), next);
    }
}

// --- the line

/// Open to a callback before whoever waits since then.
fn opened(names: &[&str], live: Option<u64>) -> Openings {
    Openings {
        seats: names.iter().map(|name| seat(name)).collect(),
        live: live.map(at),
    }
}

/// The calls that got a seat.
fn served(seating: &mut Seating, now: u64) -> Vec<CallId> {
    let given = seating.serve(at(now)).into_iter();
    given.map(|given| given.call).collect()
}

#[test]
fn callbacks_wait_for_live_callers() {
    let mut seating = two_seats();
    assert_eq!(seating.openings(at(0)), opened(&["a", "b"], None));
    seating.seek(wanted(1), at(0));
    seating.seek(wanted(2), at(0));
    seating.seek(wanted(3), at(0));
    seating.decline(call(1), &seat("a"), Declined::Refused, at(1));
    assert_eq!(seating.openings(at(1)), opened(&[], None));
    seating.forget(call(3), at(1));
    assert_eq!(seating.openings(at(1)), opened(&["a"], None));
}

#[test]
fn a_promised_caller_who_was_first_has_the_seat_before_a_live_one_who_came_later() {
    let mut seating = seats_under(Rules::default(), &["a"]);
    seating.seek(wanted(1), at(0));
    seating.seek(wanted(2), at(20));
    assert!(seating.keep_place(Some(at(10))));
    seating.forget(call(1), at(30));
    assert_eq!(served(&mut seating, 30), []);
    assert_eq!(seating.openings(at(30)), opened(&["a"], Some(20)));
    // The book had him, and nobody else after him.
    let his = Wanted {
        seat: Some(seat("a")),
        rings: Rings::One,
        ..wanted(3)
    };
    assert_eq!(seating.seek(his, at(30)), [seat("a")]);
    assert!(seating.keep_place(None));
    seating.forget(call(3), at(40));
    assert_eq!(served(&mut seating, 40), [call(2)]);
}

#[test]
fn a_live_caller_who_was_first_has_the_seat_before_a_promised_one() {
    let mut seating = seats_under(Rules::default(), &["a"]);
    seating.seek(wanted(1), at(0));
    seating.seek(wanted(2), at(5));
    seating.keep_place(Some(at(10)));
    assert_eq!(seating.openings(at(20)), opened(&[], None));
    seating.forget(call(1), at(30));
    assert_eq!(served(&mut seating, 30), [call(2)]);
    assert_eq!(seating.openings(at(30)), opened(&[], None));
    seating.forget(call(2), at(40));
    assert_eq!(seating.openings(at(40)), opened(&["a"], None));
}

#[test]
fn a_seat_is_kept_from_who_calls_just_now_and_given_back_when_nobody_was_there_for_it() {
    let mut seating = seats_under(Rules::default(), &["a"]);
    seating.keep_place(Some(at(10)));
    assert_eq!(seating.seek(wanted(1), at(20)), []);
    assert_eq!(seating.openings(at(20)), opened(&["a"], Some(20)));
    assert!(seating.keep_place(None) && !seating.keep_place(None));
    assert_eq!(served(&mut seating, 20), [call(1)]);
}

#[test]
fn who_can_be_served_by_no_free_seat_keeps_nobody_from_it() {
    let rules = Rules {
        skill_only: true,
        ..Rules::default()
    };
    let mut seating = seats_under(rules, &["a"]);
    let billing = Wanted {
        skill: Some("billing".to_owned()),
        ..wanted(1)
    };
    assert_eq!(seating.seek(billing, at(0)), []);
    seating.keep_place(Some(at(10)));
    assert_eq!(seating.openings(at(20)), opened(&["a"], Some(20)));
    seating.seek(wanted(2), at(15));
    assert_eq!(seating.openings(at(20)), opened(&["a"], Some(15)));
    // Promises without a place wait for everybody.
    seating.keep_place(None);
    seating.serve(at(20));
    seating.forget(call(2), at(30));
    assert_eq!(seating.openings(at(30)), opened(&[], None));
}

#[test]
fn a_seat_that_would_join_the_ringing_is_for_the_promised_one_first() {
    let mut seating = seats_under(ringing(Ring::All), &["a", "b"]);
    seating.choose(&seat("b"), Choice::Busy, at(0)).unwrap();
    assert_eq!(seating.seek(wanted(1), at(0)), [seat("a")]);
    seating.keep_place(Some(at(5)));
    seating
        .choose(&seat("b"), Choice::Available, at(9))
        .unwrap();
    assert_eq!(served(&mut seating, 9), []);
    assert_eq!(seating.openings(at(9)), opened(&["b"], None));
    seating.keep_place(None);
    assert_eq!(served(&mut seating, 9), [call(1)]);
}

#[test]
fn a_caller_keeps_his_place_when_he_loses_his_rep() {
    let mut seating = seats_under(Rules::default(), &["a"]);
    seating.seek(wanted(1), at(7));
    seating.pick_up(call(1), &seat("a"), at(8));
    seating.set_fault(&seat("a"), Fault::NotRegistered, true, at(60));
    seating.let_go(call(1), at(60));
    seating.seek(wanted(1), at(60));
    assert_eq!(seating.place_of(call(1)), Some(at(7)));
    assert_eq!(seating.place_of(call(2)), None);
}

// --- all at once

#[test]
fn all_free_seats_ring_and_the_first_to_pick_up_has_the_call() {
    let mut seating = seats_under(ringing(Ring::All), &["a", "b", "c"]);
    assert_eq!(seating.seek(wanted(1), at(0)), ["a", "b", "c"].map(seat));
    assert!(seating.decline(call(1), &seat("c"), Declined::Refused, at(1)));
    assert_eq!(seating.serve(at(1)), []);
    assert_eq!(seating.pick_up(call(1), &seat("b"), at(2)), [seat("a")]);
    assert_eq!(state(&seating, "a"), State::Available);
    // The second of two who pick up at the same moment is too late.
    assert_eq!(seating.pick_up(call(1), &seat("a"), at(2)), []);
    assert_eq!(seating.seat_of(call(1)), Some(seat("b")));
    assert!(!seating.has_absent());
}

#[test]
fn a_seat_that_becomes_free_joins_the_ringing_after_those_who_wait() {
    let mut seating = seats_under(ringing(Ring::All), &["a", "b"]);
    seating.choose(&seat("b"), Choice::Busy, at(0)).unwrap();
    assert_eq!(seating.seek(wanted(1), at(0)), [seat("a")]);
    seating
        .choose(&seat("b"), Choice::Available, at(1))
        .unwrap();
    let joined = Given {
        call: call(1),
        seats: vec![seat("b")],
    };
    assert_eq!(seating.serve(at(1)), [joined]);
    assert_eq!(seating.seek(wanted(2), at(2)), []);
    seating.pick_up(call(1), &seat("b"), at(3));
    let next = Given {
        call: call(2),
        seats: vec![seat("a")],
    };
    assert_eq!(seating.serve(at(3)), [next]);
}

#[test]
fn who_has_hardly_been_rung_is_not_absent_with_the_others() {
    let mut seating = seats_under(ringing(Ring::All), &["a", "b"]);
    seating.choose(&seat("b"), Choice::Busy, at(0)).unwrap();
    seating.seek(wanted(1), at(0));
    seating
        .choose(&seat("b"), Choice::Available, at(18))
        .unwrap();
    seating.serve(at(18));
    seating.mark_absent(call(1), at(20));
    seating.let_go(call(1), at(20));
    assert_eq!(state(&seating, "a"), State::Absent);
    assert_eq!(seating.seek(wanted(1), at(20)), [seat("b")]);
}

#[test]
fn a_call_of_ours_rings_one_seat() {
    let mut seating = seats_under(ringing(Ring::All), &["a", "b"]);
    let ours = Wanted {
        rings: Rings::One,
        ..wanted(1)
    };
    assert_eq!(seating.seek(ours, at(0)).len(), 1);
}

// --- what the rep says

#[test]
fn what_is_chosen_on_a_call_comes_after_it_and_its_wrap_up() {
    let mut seating = seats_under(wrapping_up(30, Note::Optional), &["a"]);
    seating.seek(wanted(1), at(0));
    seating.pick_up(call(1), &seat("a"), at(1));
    seating.choose(&seat("a"), lunch(), at(5)).unwrap();
    assert_eq!(state(&seating, "a"), State::InCall);
    seating.forget(call(1), at(10));
    assert_eq!(state(&seating, "a"), State::WrapUp);
    assert_eq!(seating.timeout(), Some(at(40)));
    seating.tick(at(40));
    assert_eq!(state(&seating, "a"), State::OnBreak);
    assert_eq!(
        changes(&mut seating),
        [
            "a available>ringing call",
            "a ringing>in-call rep",
            "a in-call>in-call rep",
            "a in-call>wrap-up call",
            "a wrap-up>on-break agent"
        ]
    );
}

#[test]
fn only_a_talk_is_wrapped_up() {
    let mut seating = seats_under(wrapping_up(30, Note::Required), &["a"]);
    seating.seek(wanted(1), at(0));
    seating.forget(call(1), at(1));
    assert_eq!(state(&seating, "a"), State::Available);
}

#[test]
fn a_wrap_up_is_extended_as_often_as_it_may_and_ended_early() {
    let mut seating = seats_under(wrapping_up(30, Note::Optional), &["a"]);
    let a = seat("a");
    assert_eq!(seating.end_wrap_up(&a, at(0)), Err(Refusal::NotWrappingUp));
    talk(&mut seating, 1, 0, 10);
    seating.extend_wrap_up(&a, at(11)).unwrap();
    assert_eq!(seating.timeout(), Some(at(70)));
    let again = seating.extend_wrap_up(&a, at(12));
    assert_eq!(again, Err(Refusal::NoMoreExtensions));
    seating.end_wrap_up(&a, at(13)).unwrap();
    assert!(seating.has_free());
    assert_eq!(seating.timeout(), None);
}

#[test]
fn a_wrap_up_waits_for_the_note_that_is_owed() {
    let mut seating = seats_under(wrapping_up(30, Note::Required), &["a"]);
    talk(&mut seating, 1, 0, 10);
    let a = seat("a");
    assert_eq!(seating.end_wrap_up(&a, at(11)), Err(Refusal::NoteOwed));
    seating.tick(at(40));
    let standing = seating.get(&a).unwrap().standing();
    assert_eq!((standing.until, standing.note_owed), (None, true));
    assert_eq!(seating.timeout(), None);
    assert!(!seating.noted(call(2), at(50)));
    assert!(seating.noted(call(1), at(50)));
    assert_eq!(state(&seating, "a"), State::Available);
}

#[test]
fn a_note_written_in_the_call_or_in_time_ends_nothing_early() {
    let mut seating = seats_under(wrapping_up(30, Note::Required), &["a"]);
    talk(&mut seating, 1, 0, 10);
    seating.noted(call(1), at(20));
    assert_eq!(seating.timeout(), Some(at(40)));
    seating.tick(at(40));
    let a = seating.seek(wanted(2), at(41)).remove(0);
    seating.pick_up(call(2), &a, at(42));
    seating.noted(call(2), at(43));
    seating.forget(call(2), at(50));
    seating.tick(at(80));
    assert!(seating.has_free());
}

#[test]
fn a_note_may_be_owed_without_any_countdown() {
    let mut seating = seats_under(wrapping_up(0, Note::Required), &["a"]);
    talk(&mut seating, 1, 0, 10);
    assert_eq!(state(&seating, "a"), State::WrapUp);
    seating.noted(call(1), at(99));
    assert!(seating.has_free());
}

#[test]
fn a_break_needs_a_reason_of_the_list() {
    let mut seating = two_seats();
    let refused = seating.choose(&seat("a"), lunch(), at(0));
    assert_eq!(refused, Err(Refusal::UnknownReason));
    let refused = seating.choose(&seat("c"), Choice::Busy, at(0));
    assert_eq!(refused, Err(Refusal::UnknownSeat));
    assert_eq!(changes(&mut seating), [""; 0]);
}

#[test]
fn how_long_a_seat_stood_so_is_told_with_the_change() {
    let mut seating = seats_under(wrapping_up(30, Note::Optional), &["a"]);
    seating.choose(&seat("a"), lunch(), at(60)).unwrap();
    seating
        .choose(&seat("a"), Choice::Offline, at(100))
        .unwrap();
    let told = std::iter::from_fn(|| seating.poll_change());
    let told: Vec<_> = told.map(|it| (it.from, it.lasted.as_secs())).collect();
    assert_eq!(told, [(State::Available, 60), (State::OnBreak, 40)]);
}

// --- what keeps it from calls

#[test]
fn an_absent_rep_is_rung_again_once_he_says_that_he_is_there() {
    let mut seating = two_seats();
    for (n, name) in [(1, "a"), (2, "b")] {
        seating.seek(wanted(n), at(0));
        seating.mark_absent(call(n), at(20));
        seating.let_go(call(n), at(20));
        assert_eq!(state(&seating, name), State::Absent);
    }
    assert!(!seating.is_staffed() && seating.has_absent());
    assert_eq!(seating.seek(wanted(1), at(20)), []);
    seating
        .choose(&seat("b"), Choice::Available, at(30))
        .unwrap();
    // Also for the call that missed him.
    assert_eq!(seating.serve(at(30)).len(), 1);
}

#[test]
fn a_seat_whose_phone_is_gone_is_not_rung_until_it_is_back() {
    let mut seating = two_seats();
    let mut set = |name: &str, is| seating.set_fault(&seat(name), Fault::NotRegistered, is, at(1));
    assert!(set("a", true) && !set("a", true));
    assert!(set("b", true) && !set("c", true));
    assert!(!seating.is_staffed());
    assert_eq!(seating.seek(wanted(1), at(2)), []);
    assert_eq!(state(&seating, "a"), State::NotRegistered);
    assert!(seating.set_fault(&seat("a"), Fault::NotRegistered, false, at(3)));
    assert_eq!(seating.serve(at(3)).len(), 1);
}

#[test]
fn a_rep_who_is_away_stays_away_when_his_phone_comes() {
    let mut seating = two_seats();
    let a = seat("a");
    seating.set_fault(&a, Fault::NotRegistered, true, at(1));
    seating.choose(&a, Choice::Busy, at(2)).unwrap();
    seating.set_fault(&a, Fault::NotRegistered, false, at(3));
    assert_eq!(state(&seating, "a"), State::Busy);
}

#[test]
fn a_headset_has_one_fault_at_a_time() {
    let mut seating = two_seats();
    let a = seat("a");
    assert!(seating.set_device(&a, Some(Fault::NoHeadset), at(1)));
    assert_eq!(state(&seating, "a"), State::NoHeadset);
    assert!(seating.set_device(&a, Some(Fault::DeadMicrophone), at(2)));
    assert_eq!(state(&seating, "a"), State::DeadMicrophone);
    assert!(!seating.set_device(&a, Some(Fault::DeadMicrophone), at(3)));
    assert!(seating.set_device(&a, None, at(4)));
    assert_eq!(state(&seating, "a"), State::Available);
}

// --- the next run

#[test]
fn a_seat_stands_after_a_restart_as_it_did_but_for_its_call() {
    let standing = |state, choice| Standing {
        state,
        choice,
        call: Some(call(1)),
        until: (state == State::WrapUp).then(|| at(50)),
        note_owed: false,
    };
    let cases = [
        (standing(State::Offline, Choice::Offline), State::Offline),
        (standing(State::OnBreak, lunch()), State::OnBreak),
        (standing(State::Absent, Choice::Available), State::Absent),
        (
            standing(State::Ringing, Choice::Available),
            State::Available,
        ),
        (standing(State::InCall, Choice::Available), State::WrapUp),
        (standing(State::WrapUp, Choice::Busy), State::WrapUp),
    ];
    for (last, after) in cases {
        let mut seating = seats_under(wrapping_up(30, Note::Optional), &["a"]);
        let was = last.state;
        seating.recall(&seat("a"), last, at(40));
        assert_eq!(state(&seating, "a"), after, "{was}");
        let told = match was == after {
            true => vec![],
            false => vec![format!("a {was}>{after} agent")],
        };
        assert_eq!(changes(&mut seating), told);
    }
}

#[test]
fn without_a_wrap_up_a_seat_in_a_call_is_what_its_rep_chose() {
    let mut seating = two_seats();
    let last = Standing {
        state: State::InCall,
        choice: Choice::Offline,
        call: Some(call(1)),
        until: None,
        note_owed: false,
    };
    seating.recall(&seat("a"), last, at(40));
    assert_eq!(changes(&mut seating), ["a in-call>offline agent"]);
}
