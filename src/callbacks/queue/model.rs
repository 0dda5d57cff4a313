//! Random programs of a desk, or of two on one book, against what must always hold, in virtual time.

mod by_hand;
mod dues;
mod line;
mod program;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use self::dues::Dues;
use self::line::Line;
use self::program::{Asked, Step, programs};
use super::{Action, Input, Queue, Ticket};
use crate::callbacks::rules::samples::promise;
use crate::callbacks::{
    Attempt, Callback, CallbackId, Kind, LiveCall, LiveCalls, Memory, News, Order, Outcome, Rules,
    State, Turn, Wish,
};
use crate::words::{CallId, Country, DeskId, Language, Moment, PhoneNumber, Pii};

/// Steps of ten minutes in which nothing is to be done.
const QUIET: u32 = 12;

const OUTCOMES: [Outcome; 9] = [
    Outcome::Joined,
    Outcome::RepDeclined,
    Outcome::RepAbsent,
    Outcome::Busy,
    Outcome::NoAnswer,
    Outcome::Refused,
    Outcome::Failed,
    Outcome::Abandoned,
    Outcome::NoRep,
];

/// Nothing is dialled a second time by itself after a crash.
fn rules() -> Rules {
    Rules {
        redial_after_crash: BTreeSet::new(),
        ..Rules::standard(Country::Cn, TimeZone::fixed(jiff::tz::offset(8)))
    }
}

fn began() -> Timestamp {
    "2026-05-04T10:00:00Z".parse().unwrap()
}

fn number(of: u8) -> Pii<PhoneNumber> {
    Pii::new(PhoneNumber::parse(&format!("1380013800{of}")).unwrap())
}

/// A process with its calls, and its orders that the book has not answered yet.
struct Desk {
    queue: Queue,
    seats: u8,
    orders: VecDeque<(Ticket, Order, Timestamp)>,
    in_flight: Vec<(CallbackId, u32, Pii<PhoneNumber>)>,
    line: Line,
}

impl Desk {
    /// One of so many; a desk that has the book for itself dials what is in memory, too.
    fn new(at: usize, of: usize) -> Self {
        let desk: DeskId = format!("desk{at}").parse().unwrap();
        let poll = (of > 1).then_some(Duration::from_secs(1));
        Self {
            queue: Queue::new(desk, rules(), poll),
            seats: 0,
            orders: VecDeque::new(),
            in_flight: Vec::new(),
            line: Line::default(),
        }
    }
}

/// A call that is up.
struct Up {
    desk: usize,
    number: Pii<PhoneNumber>,
    /// By then the book takes its desk for dead; none while it does not know of it.
    lapses: Option<Timestamp>,
}

struct World {
    desks: Vec<Desk>,
    book: Memory,
    up: BTreeMap<CallId, Up>,
    now: Moment,
    utc: Timestamp,
    ids: u64,
    call_ids: BTreeSet<String>,
    acknowledged: BTreeSet<CallbackId>,
    answered: BTreeSet<CallbackId>,
    /// A rep wanted it dialled again: he answers for it where the end of the last call is not known.
    wished: BTreeSet<CallbackId>,
    overdue: BTreeMap<CallbackId, u32>,
    dues: Dues,
    /// What came before what is not told by the wall clock any more.
    clock_was_set: bool,
}

impl World {
    fn new(desks: usize) -> Self {
        let mut world = Self {
            desks: (0..desks).map(|at| Desk::new(at, desks)).collect(),
            book: Memory::new(rules()),
            up: BTreeMap::new(),
            // Whoever is in the line came after the machine was started.
            now: Moment::ZERO + Duration::from_secs(3_600),
            utc: began(),
            ids: 0,
            call_ids: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            answered: BTreeSet::new(),
            wished: BTreeSet::new(),
            overdue: BTreeMap::new(),
            dues: Dues::default(),
            clock_was_set: false,
        };
        for desk in 0..desks {
            world.give(desk, Input::Started);
        }
        world
    }

    fn give(&mut self, desk: usize, input: Input) {
        let actions = self.desks[desk].queue.handle(input, self.now, self.utc);
        for action in actions {
            match action {
                Action::Ask { ticket, order, at } => {
                    self.note_claim(desk, &order);
                    self.desks[desk].orders.push_back((ticket, order, at))
                }
                Action::Dial { callback, attempt } => self.dial(desk, &callback, attempt),
                Action::HangUp { id, attempt } => self.hang_up(desk, id, attempt),
                Action::Tell(told) => self.told(told.id, told.news),
                // Nobody is phoned back here for a call that died.
                Action::Died(_) | Action::Alarm(_) => {}
            }
        }
        self.keep_place(desk);
    }

    fn told(&mut self, id: CallbackId, news: News) {
        if let News::Noted { .. } = news {
            assert!(
                self.book.get(id).is_some(),
                "promised before it was on disk"
            );
            self.acknowledged.insert(id);
        }
        self.is_told_no_sooner(id, news);
        if news == News::Overdue {
            *self.overdue.entry(id).or_default() += 1;
        }
    }

    fn dial(&mut self, desk: usize, callback: &Callback, attempt: Attempt) {
        self.nobody_live_was_first(desk, callback);
        self.is_tried_in_time_or_told_late(callback, &attempt);
        let number = callback.promise.number.clone();
        let mut calls = self.desks.iter().flat_map(|desk| &desk.in_flight);
        assert!(
            !calls.any(|(_, _, other)| *other == number),
            "I2: two calls in flight for one number"
        );
        let was_wished = self.wished.contains(&callback.id);
        assert!(
            was_wished || !self.answered.contains(&callback.id),
            "I3: a second answered call by itself"
        );
        if self.book.get(callback.id).is_some() {
            let known = self
                .book
                .attempts(callback.id)
                .any(|known| *known == attempt);
            assert!(known, "I3: dialled before its attempt was on disk");
            assert!(
                self.call_ids.insert(attempt.sip_call_id),
                "a Call-ID used twice"
            );
        }
        self.desks[desk]
            .in_flight
            .push((callback.id, attempt.number, number));
    }

    fn hang_up(&mut self, desk: usize, id: CallbackId, attempt: u32) {
        let calls = &self.desks[desk].in_flight;
        if let Some(at) = calls
            .iter()
            .position(|(other, number, _)| (*other, *number) == (id, attempt))
        {
            self.end(desk, at, Outcome::Withdrawn);
        }
    }

    fn end(&mut self, desk: usize, at: usize, outcome: Outcome) {
        let (id, attempt, number) = self.desks[desk].in_flight.remove(at);
        let mut live = None;
        if outcome == Outcome::Joined {
            self.answered.insert(id);
            live = Some(self.call_with(desk, number));
        }
        self.give(
            desk,
            Input::Ended {
                id,
                attempt,
                outcome,
                cause: None,
                live,
            },
        );
        self.tell_seats(desk);
    }

    /// From now on they talk.
    fn call_with(&mut self, desk: usize, number: Pii<PhoneNumber>) -> LiveCall {
        self.ids += 1;
        let call = CallId::new(self.ids, [1; 10]);
        let up = Up {
            desk,
            number: number.clone(),
            lapses: None,
        };
        self.up.insert(call, up);
        LiveCall {
            call,
            number: Some(number),
            answered: Some(self.utc),
            began: None,
            seat: None,
            language: Language::ZhCn,
        }
    }

    fn hangs_up(&mut self, which: usize) {
        if let Some(call) = self.up.keys().nth(which).copied()
            && let Some(up) = self.up.remove(&call)
        {
            self.give(up.desk, Input::CallOver { call });
        }
    }

    fn answer(&mut self, desk: usize, orders: usize, works: bool) {
        for _ in 0..orders {
            let Some((ticket, order, at)) = self.desks[desk].orders.pop_front() else {
                return;
            };
            let turn = works.then(|| self.carry_out(&order, at));
            if let Some(turn) = &turn {
                self.claim_keeps_the_line(&order, turn);
            }
            let is_taken = turn.as_ref().is_some_and(|turn| turn.is_taken);
            let is_answered = turn.is_some();
            self.note_answer(desk, &order);
            self.give(desk, Input::Answered { ticket, turn });
            if let Order::DialByHand(live) = &order {
                self.may_dial_by_hand(desk, &live.calls[0], is_taken, is_answered);
            }
        }
    }

    /// Whose call the book knows of is not dialled by any desk.
    fn carry_out(&mut self, order: &Order, at: Timestamp) -> Turn {
        let turn = self.book.take(order, at);
        let begun = turn.rows.iter().filter(|_| !turn.attempts.is_empty());
        for row in begun.filter(|_| matches!(order, Order::Claim(_))) {
            let is_his = |up: &&Up| up.number == row.promise.number;
            let mut lapses = self.up.values().filter(is_his).filter_map(|up| up.lapses);
            assert!(lapses.all(|lapses| lapses <= at), "I2: called in a talk");
        }
        for call in told_live(order).iter().flat_map(|live| &live.calls) {
            if let Some(up) = self.up.get_mut(&call.call) {
                up.lapses = told_live(order).map(|live| live.until);
            }
        }
        turn
    }

    /// Its memory and its calls are gone; another process begins in its place.
    fn kill(&mut self, desk: usize) {
        self.up.retain(|_, up| up.desk != desk);
        self.desks[desk] = Desk::new(desk, self.desks.len());
        self.give(desk, Input::Started);
    }

    /// Stops where a desk asks for it.
    fn pass(&mut self, secs: u64) {
        let end = self.now + Duration::from_secs(secs);
        while let Some((at, desk)) = self.next().filter(|(at, _)| *at <= end) {
            self.wait_until(at.max(self.now));
            self.give(desk, Input::Tick);
        }
        self.wait_until(end);
        for desk in 0..self.desks.len() {
            self.give(desk, Input::Tick);
        }
    }

    fn next(&self) -> Option<(Moment, usize)> {
        let timeouts = self.desks.iter().enumerate();
        timeouts
            .filter_map(|(desk, it)| Some((it.queue.timeout()?.0, desk)))
            .min()
    }

    fn wait_until(&mut self, at: Moment) {
        self.utc += SignedDuration::try_from(self.now.until(at)).unwrap();
        self.now = at;
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Promise { desk, asked } => self.is_promised(desk, asked),
            Step::Seats { desk, seats } => {
                self.desks[desk].seats = seats;
                self.tell_seats(desk);
            }
            Step::Pass(secs) => self.pass(u64::from(secs)),
            Step::Answer {
                desk,
                orders,
                works,
            } => self.answer(desk, usize::from(orders), works),
            Step::End {
                desk,
                which,
                outcome,
            } => {
                if usize::from(which) < self.desks[desk].in_flight.len() {
                    self.end(desk, usize::from(which), OUTCOMES[usize::from(outcome)]);
                }
            }
            Step::Joined { desk, number: of } => {
                let number = number(of);
                self.give(desk, Input::CallerJoined { number });
            }
            Step::RingsIn { desk, number: of } => {
                let call = self.call_with(desk, number(of));
                self.give(desk, Input::CallLive(call));
            }
            Step::DialsByHand { desk, number: of } => self.dials_by_hand(desk, number(of)),
            Step::HangsUp { which } => self.hangs_up(usize::from(which)),
            Step::Wish { desk, which, wish } => self.wishes(desk, usize::from(which), wish),
            Step::Comes { desk } => self.comes(desk),
            Step::Leaves { desk } => self.leaves(desk),
            Step::Kill { desk } => self.kill(desk),
            Step::SetClock(by_s) => self.set_clock(by_s),
        }
        self.check();
    }

    fn is_promised(&mut self, desk: usize, asked: Asked) {
        let mut promise = promise(Kind::ALL[usize::from(asked.kind)], self.utc);
        promise.due += SignedDuration::from_secs(asked.due.into());
        promise.number = number(asked.number);
        promise.origin = Some(CallId::new(u64::from(asked.call), [0; 10]));
        let place = self.utc - SignedDuration::from_secs(asked.waited.into());
        promise.place = promise.kind.keeps_place().then_some(place);
        self.is_asked(&promise);
        self.ids += 1;
        let id = CallbackId::new(self.ids, [0; 10]);
        self.give(desk, Input::Promised { id, promise });
    }

    /// Of the nth in the book, if there are so many.
    fn wishes(&mut self, desk: usize, which: usize, wish: Wish) {
        let Some(id) = self.book.rows().nth(which).map(|callback| callback.id) else {
            return;
        };
        if matches!(wish, Wish::Redial | Wish::Snooze(_)) {
            // Also by the name of one that went into it.
            self.wished.insert(id);
            let mut row = self.book.get(id);
            while let Some(into) = row.and_then(Callback::merged_into) {
                self.wished.insert(into);
                row = self.book.get(into);
            }
        }
        let by = "Lina".to_owned();
        self.give(desk, Input::Wished { id, wish, by });
    }

    /// Desks that share a book go by its server's clock.
    fn set_clock(&mut self, by_s: i64) {
        if self.desks.len() == 1 {
            self.clock_was_set = true;
            self.utc += SignedDuration::from_secs(by_s);
            self.give(0, Input::Tick);
        }
    }

    fn check(&self) {
        (0..self.desks.len()).for_each(|desk| self.no_seat_is_kept_for_nobody(desk));
        let mut keys = BTreeSet::new();
        let of_calls = self.book.rows().filter(|row| row.promise.origin.is_some());
        for callback in of_calls {
            let key = (callback.promise.origin, callback.promise.reason.clone());
            assert!(keys.insert(key), "I5: one call and reason noted twice");
        }
        for id in &self.acknowledged {
            assert!(
                self.book.get(*id).is_some(),
                "I1: an acknowledged row was lost"
            );
        }
        assert!(
            self.overdue.values().all(|times| *times == 1),
            "I4: told to be overdue again and again"
        );
    }

    /// Reps are there, the book works, the callers answer: everything comes to an end.
    fn run_dry(&mut self) {
        for desk in 0..self.desks.len() {
            self.desks[desk].seats = 3;
            self.everybody_leaves(desk);
        }
        let mut quiet = 0;
        for _ in 0..200 {
            // Nor does anything begin anew.
            quiet = if self.is_over() { quiet + 1 } else { 0 };
            if quiet > QUIET {
                return;
            }
            for desk in 0..self.desks.len() {
                self.answer(desk, usize::MAX, true);
                while !self.desks[desk].in_flight.is_empty() {
                    self.end(desk, 0, Outcome::Joined);
                }
                while !self.up.is_empty() {
                    self.hangs_up(0);
                }
                self.answer(desk, usize::MAX, true);
            }
            self.step_on();
        }
    }

    fn is_over(&self) -> bool {
        let is_idle = |desk: &Desk| {
            desk.in_flight.is_empty() && desk.orders.is_empty() && desk.queue.unsaved().is_empty()
        };
        let is_over =
            |row: &Callback| row.is_settled() || matches!(row.state, State::Uncertain { .. });
        self.up.is_empty() && self.desks.iter().all(is_idle) && self.book.rows().all(is_over)
    }

    /// To the next timeout of any desk, but not for ever.
    fn step_on(&mut self) {
        let hour = self.now + Duration::from_secs(3_600);
        let at = self.next().map_or(hour, |(at, _)| {
            at.max(self.now + Duration::from_secs(600)).min(hour)
        });
        self.wait_until(at);
        for desk in 0..self.desks.len() {
            self.give(desk, Input::Tick);
        }
    }
}

/// The calls that an order says are up.
fn told_live(order: &Order) -> Option<&LiveCalls> {
    match order {
        Order::Live(live) => Some(live),
        Order::End { live, .. } => live.as_ref(),
        Order::DialByHand(live) => Some(live),
        Order::Note { .. }
        | Order::Claim(_)
        | Order::Renew { .. }
        | Order::CallOver { .. }
        | Order::Joined { .. }
        | Order::Withdraw { .. }
        | Order::Wish { .. }
        | Order::Look { .. }
        | Order::Peek
        | Order::Restart { .. }
        | Order::Restore { .. } => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn promises_are_kept_once_whatever_happens((desks, steps) in programs()) {
        let mut world = World::new(desks);
        for step in steps {
            world.take(step);
        }
        world.run_dry();
        for desk in &world.desks {
            prop_assert!(desk.queue.unsaved().is_empty(), "{:?}", desk.queue.unsaved());
        }
        for callback in world.book.rows() {
            let uncertain = matches!(callback.state, State::Uncertain { .. });
            prop_assert!(callback.is_settled() || uncertain, "I1: {callback:?}");
        }
    }
}

/// Found by ten thousand programs, once in many runs: a claim is out while callers come at the instant of the promise.
#[test]
fn who_comes_while_a_claim_is_out_was_not_first() {
    let desk = 0;
    let asked = |number, kind| Asked {
        number,
        call: 0,
        kind,
        waited: 0,
        due: 0,
    };
    let answer = |orders| Step::Answer {
        desk,
        orders,
        works: true,
    };
    let (leaves, comes) = (Step::Leaves { desk }, Step::Comes { desk });
    let promise = |number, kind| Step::Promise {
        desk,
        asked: asked(number, kind),
    };
    let mut world = World::new(1);
    for step in [
        Step::Joined { desk, number: 0 },
        leaves.clone(),
        promise(0, 0),
        promise(0, 0),
        Step::DialsByHand { desk, number: 1 },
        leaves,
        Step::Seats { desk, seats: 2 },
        answer(4),
        promise(2, 1),
        answer(3),
        comes.clone(),
        comes,
    ] {
        world.take(step);
    }
    let before = world.desks[desk].in_flight.len();
    world.take(answer(2));
    assert!(world.desks[desk].in_flight.len() > before, "he is dialled");
    world.run_dry();
}
