//! What every book does alike, as a desk sees it.

mod by_hand;
mod line;
mod live_calls;
mod seats;
mod wished;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use thirdring::callbacks::store::{Forgotten, Store};
use thirdring::callbacks::{
    Attempt, Callback, CallbackId, CancelledBecause, Claimer, Kind, LiveCall, News, OPEN_MAX,
    Order, Outcome, Promise, Refusal, Rules, SipCause, State, Turn, Wish, Wished,
};
use thirdring::words::{PhoneNumber, Pii};

use super::book::{
    after, call_over, claim, claim_before, claimed, end, id, joined, live_call, look, news, note,
    number, promise, promise_in, row, rules, take, up, utc, wish,
};

type Case = (&'static str, fn(&mut dyn Store));

pub(super) const CASES: [Case; 41] = [
    ("a retry changes nothing", retry),
    ("what one caller is promised is one row", merge),
    ("orders taken together are taken in turn", together),
    ("each row is claimed once", claim_once),
    ("the strongest kind is claimed first", strongest_first),
    ("the line comes first, by place", line::line),
    (
        "who cannot be dialled yet has no place",
        line::line_of_those_who_can_be_dialled,
    ),
    ("a claim that is not renewed lapses", lapse),
    ("a claim whose answer was lost lapses", lost_answer),
    ("a renewed claim does not lapse", renewal),
    ("who lost his claim has no say", fence),
    ("an end that comes late is taken in", late_end),
    (
        "who rings in himself is withdrawn in flight",
        withdraw_in_flight,
    ),
    ("a late promise is told once", told_once),
    (
        "who was not reached for is told of",
        told_if_not_reached_for,
    ),
    ("who may have been reached is uncertain", uncertain),
    ("a desk that starts anew lets go of its own", restart),
    ("what was in memory is restored once", restore),
    ("every state is read back as it was written", every_state),
    ("wishes come true once", wished::wishes),
    ("who wished what is kept", wished::who_wished),
    (
        "what was wished goes with its promise",
        wished::wishes_go_too,
    ),
    ("a live call may be told twice", live_calls::live_calls),
    ("who is on the line is not dialled", live_calls::on_the_line),
    (
        "a talk keeps the number that was dialled",
        live_calls::talk_goes_on,
    ),
    (
        "calls that died keep nobody from being dialled",
        live_calls::calls_that_died,
    ),
    (
        "calls that died are told of until they are over",
        live_calls::calls_owed,
    ),
    ("what is settled is forgotten by number", forget),
    ("what is over for long is deleted", expire),
    ("all that is kept is told in parts", history),
    (
        "what waits for its own seat stands in nobody's way",
        seats::own_seat,
    ),
    (
        "each of several free seats may be the wished one",
        seats::several_seats,
    ),
    (
        "what an expert owes is an expert's for a while",
        seats::owned_by_experts,
    ),
    ("attempts of a day are counted by number", seats::cap_a_day),
    (
        "whose attempts of the day are used up stands in nobody's way",
        seats::cap_of_one,
    ),
    (
        "who is never called is cancelled, not dialled",
        seats::never_called,
    ),
    (
        "what was promised after a talk is still owed",
        promised_since,
    ),
    (
        "who is dialled by hand is dialled by nobody else",
        by_hand::keeps_the_number,
    ),
    (
        "who is dialled is not dialled by hand",
        by_hand::leaves_alone_who_is_dialled,
    ),
    (
        "a talk with who was dialled by hand keeps the promise",
        by_hand::that_is_answered_keeps_the_promise,
    ),
    (
        "a call by hand that dies unanswered owes nothing",
        by_hand::that_dies_unanswered_owes_nothing,
    ),
];

fn forget(book: &mut dyn Store) {
    for n in 1..=3 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    let (_, held) = claimed(book, "a", utc());
    take(book, end(held, Outcome::Busy), after(1));
    let (in_flight, _) = claimed(book, "a", after(1));
    assert_eq!(in_flight, id(2));
    let withdraw = |caller| Order::Withdraw {
        number: number(caller),
        by: "Lina".to_owned(),
    };
    let turn = take(book, withdraw(1), after(2));
    assert_eq!(news(&turn), [News::Cancelled]);
    assert_eq!(turn.told[0].by.as_deref(), Some("Lina"));
    assert!(take(book, withdraw(2), after(2)).rows[0].is_withdrawn());

    let whose = |caller| rules().whose(&number(caller));
    let all = |callbacks, attempts, left| Forgotten {
        callbacks,
        attempts,
        left,
    };
    assert_eq!(book.forget(&whose(1)).unwrap(), all(1, 1, 0));
    assert_eq!(book.forget(&whose(2)).unwrap(), all(0, 0, 1));
    assert_eq!(book.forget(&whose(9)).unwrap(), all(0, 0, 0));
    assert_eq!(book.callback(id(1)).unwrap(), None);
    assert!(book.attempts(id(1)).unwrap().is_empty());
    assert!(row(book, 3).is_open());
}

fn expire(book: &mut dyn Store) {
    for n in 1..=2 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    let (_, held) = claimed(book, "a", utc());
    take(book, end(held, Outcome::Joined), after(60));
    assert_eq!(book.expire(after(60)).unwrap(), 0);
    assert_eq!(book.expire(after(61)).unwrap(), 1);
    assert_eq!(book.callback(id(1)).unwrap(), None);
    assert!(book.attempts(id(1)).unwrap().is_empty());
    // However old it is: it is not over.
    assert_eq!(book.expire(after(1_000_000)).unwrap(), 0);
    assert!(row(book, 2).is_open());
}

fn history(book: &mut dyn Store) {
    for n in 1..=2 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    let (_, held) = claimed(book, "a", utc());
    take(book, end(held, Outcome::Busy), after(9));
    let kept = book.history(None).unwrap();
    let ids: Vec<_> = kept.iter().map(|kept| kept.callback.id).collect();
    assert_eq!(ids, [id(1), id(2)]);
    let [attempt] = &kept[0].attempts[..] else {
        panic!("{kept:?}")
    };
    let cause = attempt.end.as_ref().and_then(|end| end.cause.clone());
    let busy = SipCause::new(486, "Busy Here").and_q850(Some(17));
    assert_eq!(cause, Some(busy));
    assert_eq!(book.history(Some(id(1))).unwrap(), kept[1..]);
    assert!(book.history(Some(id(2))).unwrap().is_empty());
}

fn retry(book: &mut dyn Store) {
    let first = take(book, note(1, promise_in(1, 1, Kind::Rep)), utc());
    assert_eq!(first.unsettled, Some(1));
    let again = take(book, note(2, promise_in(1, 1, Kind::Rep)), after(1));
    assert_eq!(again.told[0].id, id(1));
    assert_eq!(news(&first), news(&again));
    // The same key again, too.
    take(book, note(1, promise_in(1, 1, Kind::Rep)), after(2));
    assert_eq!(book.callbacks().unwrap().len(), 1);
}

fn merge(book: &mut dyn Store) {
    take(book, note(1, promise_in(1, 1, Kind::Rep)), utc());
    let abroad = PhoneNumber::parse(&format!("+86{}", number(1).reveal().as_str())).unwrap();
    let as_from_abroad = Promise {
        number: Pii::new(abroad),
        ..promise_in(2, 1, Kind::LineFault)
    };
    let turn = take(book, note(2, as_from_abroad), after(1));
    assert_eq!(turn.told[0].id, id(1));
    assert_eq!(turn.unsettled, Some(1));
    assert_eq!(row(book, 1).promise.kind, Kind::LineFault);
    assert_eq!(row(book, 2).merged_into(), Some(id(1)));
    // A retry of the one that was merged tells of the one that keeps it.
    let retried = take(book, note(3, promise_in(2, 1, Kind::LineFault)), after(2));
    assert_eq!(retried.told[0].id, id(1));
}

fn together(book: &mut dyn Store) {
    let orders = [
        note(1, promise_in(1, 1, Kind::Rep)),
        note(2, promise_in(1, 1, Kind::Rep)),
        claim("a", utc()),
        note(3, promise(2, Kind::Rep)),
        claim("b", utc()),
    ];
    let turns = book.take_all(&orders.map(|order| (order, utc())), &rules());
    let [first, again, one, second, other] =
        &turns.into_iter().map(Result::unwrap).collect::<Vec<_>>()[..]
    else {
        panic!("an answer each")
    };
    assert_eq!(again.told[0].id, id(1));
    assert_eq!(news(first), news(again));
    let counted = [first, again, second].map(|turn| turn.unsettled);
    assert_eq!(counted, [Some(1), Some(1), Some(2)]);
    assert_eq!([one.rows[0].id, other.rows[0].id], [id(1), id(3)]);
    assert_eq!(book.callbacks().unwrap().len(), 2);
}

fn claim_once(book: &mut dyn Store) {
    for n in 1..=3 {
        take(book, note(n, promise(n, Kind::Rep)), utc());
    }
    let mut got: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|desk| claimed(book, desk, utc()).0)
        .collect();
    got.sort();
    assert_eq!(got, [id(1), id(2), id(3)]);
    assert!(take(book, claim("a", utc()), utc()).rows.is_empty());
    // A second promise to a caller who is dialled waits for the end of the first.
    take(book, note(4, promise(1, Kind::LineFault)), after(1));
    assert!(take(book, claim("a", after(1)), after(1)).rows.is_empty());
}

fn strongest_first(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Waiting)), utc());
    take(book, note(2, promise(2, Kind::LineFault)), utc());
    let later = Promise {
        due: after(60),
        ..promise(3, Kind::LineFault)
    };
    let turn = take(book, note(3, later), utc());
    assert_eq!(turn.next, Some(after(3)), "what is due is not taken up");
    assert_eq!(claimed(book, "a", utc()).0, id(2));
    assert_eq!(claimed(book, "a", utc()).0, id(1));
    assert!(take(book, claim("a", after(59)), after(59)).rows.is_empty());
    assert_eq!(claimed(book, "a", after(60)).0, id(3));
}

fn lapse(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    take(book, note(2, promise(2, Kind::LineFault)), utc());
    claimed(book, "a", utc());
    claimed(book, "a", utc());
    assert!(take(book, look("b"), after(29)).told.is_empty());
    let turn = take(book, look("b"), after(31));
    // A rep decides about his own, whose time is over; a line fault is dialled again by itself.
    let told = [News::Uncertain, News::Overdue, News::Uncertain];
    assert_eq!(news(&turn), told);
    assert!(matches!(row(book, 1).state, State::Uncertain { .. }));
    assert!(row(book, 2).is_open());
    let attempts = book.attempts(id(1)).unwrap();
    assert_eq!(attempts[0].end.as_ref().unwrap().outcome, Outcome::Unknown);
}

/// The desk that made it does not know: it is the only one, and renews nothing.
fn lost_answer(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    claimed(book, "a", utc());
    assert!(take(book, look("a"), after(29)).told.is_empty());
    let turn = take(book, look("a"), after(31));
    assert_eq!(news(&turn), [News::Uncertain, News::Overdue]);
}

fn renewal(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    let (_, held) = claimed(book, "a", utc());
    let renew = Order::Renew {
        claims: vec![held],
        until: after(50),
    };
    let turn = take(book, renew, after(20));
    assert_eq!(turn.rows[0].lapses(), Some(after(50)));
    assert!(take(book, look("b"), after(40)).told.is_empty());
    assert_eq!(row(book, 1).claim(), Some(held));
}

fn fence(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::LineFault)), utc());
    let (_, lost) = claimed(book, "a", utc());
    take(book, look("b"), after(31));
    let (_, held) = claimed(book, "b", after(31));
    assert!(held.fence > lost.fence);
    let turn = take(book, end(lost, Outcome::Joined), after(32));
    assert!(turn.told.is_empty(), "{turn:?}");
    let renew = Order::Renew {
        claims: vec![lost],
        until: after(90),
    };
    // The desk that lost it sees whose it is.
    assert_eq!(take(book, renew, after(33)).rows[0].claim(), Some(held));
    assert_eq!(row(book, 1).lapses(), Some(after(61)));
    take(book, end(held, Outcome::Joined), after(34));
    assert_eq!(row(book, 1).state, State::Done);
    // Told again, as an answer that was lost is.
    assert!(
        take(book, end(held, Outcome::Joined), after(35))
            .told
            .is_empty()
    );
}

fn late_end(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    let (_, held) = claimed(book, "a", utc());
    take(book, look("b"), after(31));
    take(book, end(held, Outcome::Joined), after(40));
    assert_eq!(row(book, 1).state, State::Done);
    let attempts = book.attempts(id(1)).unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].end.as_ref().unwrap().outcome, Outcome::Joined);
}

fn withdraw_in_flight(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    let (_, held) = claimed(book, "a", utc());
    let turn = take(book, rang_in(1, after(1)), after(1));
    assert_eq!(news(&turn), [News::Withdrawn]);
    assert!(turn.rows[0].is_withdrawn());
    let turn = take(book, end(held, Outcome::Withdrawn), after(2));
    assert_eq!(turn.unsettled, Some(0));
    assert_eq!(row(book, 1).state, State::Done);
}

/// He speaks to a rep from that time on.
fn rang_in(caller: u64, at: Timestamp) -> Order {
    Order::Joined {
        number: number(caller),
        at,
    }
}

fn promised_since(book: &mut dyn Store) {
    let later = Promise {
        made_at: after(2),
        ..promise(1, Kind::Rep)
    };
    take(book, note(1, later), after(2));
    take(book, note(2, promise(2, Kind::Rep)), utc());
    // The book was not reached when they spoke.
    assert_eq!(take(book, rang_in(1, after(1)), after(5)).told, []);
    assert!(row(book, 1).is_open());
    let turn = take(book, rang_in(2, after(1)), after(5));
    assert_eq!(news(&turn), [News::Withdrawn]);
    let turn = take(book, rang_in(1, after(6)), after(6));
    assert_eq!(news(&turn), [News::Withdrawn]);
}

fn told_once(book: &mut dyn Store) {
    let long = Promise {
        due: after(300),
        ..promise(1, Kind::Rep)
    };
    take(book, note(1, long), utc());
    assert!(take(book, look("a"), after(179)).told.is_empty());
    assert_eq!(news(&take(book, look("a"), after(180))), [News::Near]);
    assert!(take(book, look("b"), after(181)).told.is_empty());
    // Whoever has a seat free is given three seconds.
    assert!(take(book, look("b"), after(302)).told.is_empty());
    assert_eq!(news(&take(book, look("b"), after(303))), [News::Overdue]);
    assert!(take(book, look("a"), after(304)).told.is_empty());
}

/// A rep who declined has not tried the customer's phone; a customer who was busy was tried.
fn told_if_not_reached_for(book: &mut dyn Store) {
    for (n, outcome, told) in [
        (1, Outcome::RepDeclined, &[News::Overdue][..]),
        (2, Outcome::Failed, &[News::Overdue]),
        (3, Outcome::Busy, &[]),
    ] {
        let made = after(i64::try_from(n).unwrap() * 100);
        let due = Promise {
            due: made,
            made_at: made,
            ..promise(n, Kind::Rep)
        };
        take(book, note(n, due), made);
        let (_, held) = claimed(book, "a", made);
        take(
            book,
            end(held, outcome),
            made + SignedDuration::from_secs(1),
        );
        let late = made + SignedDuration::from_secs(3);
        assert_eq!(news(&take(book, look("b"), late)), told, "{outcome:?}");
        assert!(take(book, look("a"), late).told.is_empty(), "{outcome:?}");
        take(book, wish(n, Wish::Done), late);
    }
}

/// It is found, and told to be overdue, until somebody decides.
fn uncertain(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    take(book, note(2, promise(2, Kind::Rep)), utc());
    assert!(book.uncertain().unwrap().is_empty());
    let (lost, _) = claimed(book, "a", utc());
    let desk = "a".parse().unwrap();
    take(book, Order::Restart { desk }, after(1));
    let found = |book: &mut dyn Store| -> Vec<CallbackId> {
        let rows = book.uncertain().unwrap();
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(found(book), [lost]);
    let told = take(book, look("b"), after(3)).told;
    assert!(
        told.iter()
            .any(|told| (told.id, told.news) == (lost, News::Overdue))
    );
    take(book, wish(1, Wish::Redial), after(4));
    assert!(found(book).is_empty());
}

fn restart(book: &mut dyn Store) {
    take(book, note(1, promise(1, Kind::Rep)), utc());
    take(book, note(2, promise(2, Kind::Rep)), utc());
    let (ours, _) = claimed(book, "a", utc());
    let (others, _) = claimed(book, "b", utc());
    let desk = "a".parse().unwrap();
    let turn = take(book, Order::Restart { desk }, after(1));
    assert_eq!(news(&turn), [News::Uncertain]);
    assert_eq!(turn.told[0].id, ours);
    assert!(book.callback(others).unwrap().unwrap().attempt().is_some());
}

fn restore(book: &mut dyn Store) {
    take(book, note(1, promise_in(1, 1, Kind::Rep)), utc());
    let retried = Callback::new(id(2), promise_in(1, 1, Kind::Rep));
    let known = Callback {
        failures: 7,
        attempts: 1,
        ..Callback::new(id(1), promise_in(1, 1, Kind::Rep))
    };
    let fresh = Callback {
        attempts: 1,
        ..Callback::new(id(3), promise(3, Kind::Rep))
    };
    let its_second = Callback::new(id(4), promise(3, Kind::Crash));
    let attempt = |n| Attempt::new(id(n), 1, "rep1".parse().unwrap(), utc());
    let tried = |n| (id(n), attempt(n).ended(Outcome::Busy, utc()));
    let order = Order::Restore {
        rows: vec![known, retried, fresh, its_second],
        attempts: vec![tried(1), tried(3)],
        wishes: Vec::new(),
    };
    take(book, order.clone(), after(1));
    let turn = take(book, order, after(2));
    assert!(turn.rows.is_empty(), "{turn:?}");
    assert_eq!((row(book, 1).failures, row(book, 1).attempts), (7, 1));
    assert_eq!(row(book, 2).merged_into(), Some(id(1)));
    assert_eq!(book.attempts(id(1)).unwrap(), [tried(1).1]);
    assert_eq!(book.attempts(id(3)).unwrap(), [tried(3).1]);
    assert_eq!(row(book, 3).promise.kind, Kind::Crash);
    assert_eq!(row(book, 4).merged_into(), Some(id(3)));
}

/// For books that find a caller's rows without a look at all of them.
pub(super) fn too_many(book: &mut dyn Store) {
    let most = u64::try_from(OPEN_MAX).unwrap();
    let rows = (1..most).map(|n| Callback::new(id(n), promise(n, Kind::Rep)));
    let order = Order::Restore {
        rows: rows.collect(),
        attempts: Vec::new(),
        wishes: Vec::new(),
    };
    take(book, order, utc());
    let last = take(book, note(most, promise(most, Kind::Rep)), utc());
    assert_eq!(last.unsettled, Some(OPEN_MAX));
    let more = take(book, note(most + 1, promise(most + 1, Kind::Rep)), utc());
    assert_eq!(news(&more), [News::Refused(Refusal::TooMany)]);
    // A settled one makes room.
    take(book, wish(1, Wish::Done), utc());
    let turn = take(book, note(most + 1, promise(most + 1, Kind::Rep)), utc());
    assert!(matches!(news(&turn)[..], [News::Noted { .. }]));
}

fn every_state(book: &mut dyn Store) {
    let attempt = Attempt::new(id(0), 1, "rep1".parse().unwrap(), utc());
    let ended = attempt.clone().ended(Outcome::Unknown, utc());
    let reason = "asked".to_owned();
    let states = [
        State::Open,
        State::Attempting {
            attempt,
            lease: None,
            then: Some(Box::new(State::Done)),
        },
        State::Uncertain { attempt: ended },
        State::Done,
        State::GivenUp { why: Outcome::Busy },
        State::Cancelled {
            why: CancelledBecause::Asked { reason },
        },
        State::Cancelled {
            why: CancelledBecause::Merged { into: id(1) },
        },
    ];
    let rows: Vec<Callback> = (0..)
        .zip(states)
        .map(|(n, state)| Callback {
            state,
            ..Callback::new(id(n), promise(n, Kind::Rep))
        })
        .collect();
    let order = Order::Restore {
        rows: rows.clone(),
        attempts: Vec::new(),
        wishes: Vec::new(),
    };
    take(book, order, utc());
    assert_eq!(book.callbacks().unwrap(), rows);
}
