use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thirdring::callbacks::{
    self, Action, Attempt, Callback, CallbackId, Input, Kind, Memory, Order, Outcome, Promise,
    Queue, Sheet, Ticket,
};
use thirdring::seating::{NewSeat, Openings, Rings, Rules, Seating, Wanted};
use thirdring::words::{
    CallId, Country, DeskId, Entropy, Language, Moment, PhoneNumber, Pii, SeatId,
};

const SEATS: usize = 2;
/// From one caller to the next, on the average: at times the line is long.
const BETWEEN_MS: u32 = 22_000;
const TALK_MS: u32 = 40_000;
/// After so long half of them take the offer of a callback, and some leave.
const PATIENCE_MS: u32 = 30_000;
/// At worst the book is slower than live callers wait for it.
const BOOK_MS: u32 = 700;

/// What a claim may hold a live caller up (`CLAIMED_WITHIN` of the queue).
const HELD_UP_MAX: Duration = Duration::from_millis(500);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Comes(u32),
    TiresOfWaiting(CallId),
    HangsUp(CallId),
    RepIsGone(CallbackId, u32),
}

/// How many of each there were.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub(super) live: usize,
    pub(super) called_back: usize,
    /// Called back while somebody live waited who had come later.
    pub(super) before_live: usize,
}

/// A desk's seats, its queue and its book, as the desk joins them.
pub(super) struct Hall {
    seating: Seating,
    queue: Queue,
    book: Memory,
    now: Moment,
    chance: Entropy,
    /// What the wall clock is ahead by, in nanoseconds.
    ahead_ns: i64,
    due: BTreeSet<(Moment, u64, Event)>,
    events: u64,
    /// When the book answers each, in the order in which they were asked.
    orders: VecDeque<(Moment, Ticket, Order, Timestamp)>,
    waiting: BTreeMap<CallId, Moment>,
    /// With the attempt where we called.
    talking: BTreeMap<CallId, Option<(CallbackId, u32)>>,
    held_up_since: Option<Moment>,
    pub(super) served: Served,
}

impl Hall {
    pub(super) fn open(seed: u64) -> Self {
        let mut seating = Seating::new(Rules::default());
        for n in 1..=SEATS {
            let id: SeatId = format!("rep{n}").parse().unwrap();
            seating.add(id, NewSeat::default(), Moment::ZERO);
        }
        let rules = callbacks::Rules {
            quiet_hours: None,
            ..callbacks::Rules::standard(Country::Cn, TimeZone::UTC)
        };
        Self {
            seating,
            queue: Queue::new(DeskId::alone(), rules.clone(), None),
            book: Memory::new(rules),
            now: Moment::ZERO + Duration::from_secs(3_600),
            chance: Entropy::from_number(seed),
            ahead_ns: 0,
            due: BTreeSet::new(),
            events: 0,
            orders: VecDeque::new(),
            waiting: BTreeMap::new(),
            talking: BTreeMap::new(),
            held_up_since: None,
            served: Served::default(),
        }
    }

    /// Until everybody who called is served or gone, and everybody who was promised a call was called.
    pub(super) fn work(&mut self, calls: u32) {
        self.give(Input::Started);
        self.later(0, Event::Comes(calls));
        while let Some(at) = self.next() {
            self.now = self.now.max(at);
            self.happen();
            self.nobody_is_held_up();
        }
        assert!(self.waiting.is_empty() && self.talking.is_empty());
    }

    /// The next event, answer, or wish of the queue; none once all is done.
    fn next(&self) -> Option<Moment> {
        let event = self.due.first().map(|(at, _, _)| *at);
        let answer = self.orders.front().map(|(at, ..)| *at);
        let is_owed = self.book.rows().any(|row| !row.is_settled());
        let timeout = self.queue.timeout().map(|(at, _)| at);
        let times = [event, answer, timeout.filter(|_| is_owed)];
        times.into_iter().flatten().min()
    }

    fn happen(&mut self) {
        self.give(Input::Tick);
        if let Some((_, ticket, order, at)) = self.orders.pop_front_if(|it| it.0 <= self.now) {
            let turn = Some(self.book.take(&order, at));
            self.give(Input::Answered { ticket, turn });
        } else if let Some((_, _, event)) = self.due.first().filter(|it| it.0 <= self.now).cloned()
        {
            self.due.pop_first();
            match event {
                Event::Comes(left) => self.comes(left),
                Event::TiresOfWaiting(call) => self.tires(call),
                Event::HangsUp(call) => self.hangs_up(call),
                Event::RepIsGone(id, attempt) => self.ended(id, attempt, Outcome::RepAbsent),
            }
        }
    }

    fn later(&mut self, milliseconds: u32, event: Event) {
        self.events += 1;
        let at = self.now + Duration::from_millis(u64::from(milliseconds));
        self.due.insert((at, self.events, event));
    }

    fn utc(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
            + SignedDuration::try_from(self.now.since(Moment::ZERO)).unwrap()
            + SignedDuration::from_nanos(self.ahead_ns)
    }

    // Callers

    fn comes(&mut self, left: u32) {
        let call = CallId::new(1, self.chance.bytes());
        let wanted = Wanted {
            call,
            seat: None,
            skill: None,
            rings: Rings::AsTheRulesSay,
        };
        self.waiting.insert(call, self.now);
        let patience = PATIENCE_MS + self.chance.below(PATIENCE_MS);
        self.later(patience, Event::TiresOfWaiting(call));
        let seats = self.seating.seek(wanted, self.now);
        self.has(call, seats);
        self.tell_seats();
        if left > 1 {
            let next = self.chance.below(2 * BETWEEN_MS);
            self.later(next, Event::Comes(left - 1));
        }
    }

    /// Takes the offer of a callback, leaves, or waits on.
    fn tires(&mut self, call: CallId) {
        let Some(since) = self.waiting.get(&call).copied() else {
            return;
        };
        let choice = self.chance.below(4);
        if choice == 3 {
            return self.later(PATIENCE_MS, Event::TiresOfWaiting(call));
        }
        self.waiting.remove(&call);
        if choice < 2 {
            self.is_promised(since);
        }
        self.over(call);
    }

    fn is_promised(&mut self, since: Moment) {
        let utc = self.utc();
        self.events += 1;
        let number = format!("138{:08}", self.events);
        let promise = Promise {
            kind: Kind::Waiting,
            number: Pii::new(PhoneNumber::parse(&number).unwrap()),
            origin: None,
            key: None,
            reason: "offered while waiting".to_owned(),
            due: utc + SignedDuration::from_secs(15),
            seat: None,
            note: Pii::new(String::new()),
            recording: None,
            language: Language::En,
            made_at: utc,
            place: Some(utc - SignedDuration::try_from(self.now.since(since)).unwrap()),
        };
        let id = CallbackId::new(self.events, [0; 10]);
        self.give(Input::Promised { id, promise });
    }

    fn hangs_up(&mut self, call: CallId) {
        let attempt = self.talking.remove(&call).expect("he talked");
        self.over(call);
        if let Some((id, attempt)) = attempt {
            self.ended(id, attempt, Outcome::Joined);
        }
    }

    fn over(&mut self, call: CallId) {
        self.seating.forget(call, self.now);
        self.seats_changed();
    }

    fn ended(&mut self, id: CallbackId, attempt: u32, outcome: Outcome) {
        let cause = None;
        self.give(Input::Ended {
            id,
            attempt,
            outcome,
            cause,
            live: None,
        });
    }

    // As the desk does

    fn give(&mut self, input: Input) {
        // The wall clock runs on while the desk's time stands, and is set right again.
        self.ahead_ns = (self.ahead_ns + 70) % 50_000;
        for action in self.queue.handle(input, self.now, self.utc()) {
            match action {
                Action::Ask { ticket, order, at } => {
                    let wait = Duration::from_millis(u64::from(self.chance.below(BOOK_MS)));
                    let last = self.orders.back().map_or(self.now, |it| it.0);
                    let answered = last.max(self.now + wait);
                    self.orders.push_back((answered, ticket, order, at));
                }
                Action::Dial { callback, attempt } => self.dial(&callback, &attempt),
                Action::HangUp { .. } | Action::Tell(_) | Action::Died(_) | Action::Alarm(_) => {}
            }
        }
        if self.seating.keep_place(self.queue.place()) {
            self.seats_changed();
        }
    }

    fn seats_changed(&mut self) {
        for given in self.seating.serve(self.now) {
            self.has(given.call, given.seats);
        }
        self.tell_seats();
    }

    fn tell_seats(&mut self) {
        let Openings { seats, live } = self.seating.openings(self.now);
        self.give(Input::SeatsReady { seats, live });
    }

    fn dial(&mut self, callback: &Callback, attempt: &Attempt) {
        let place = callback.promise.place.expect("he waited");
        let (now, utc) = (self.now, self.utc());
        let since = |it: &Moment| utc - SignedDuration::try_from(now.since(*it)).unwrap();
        let mut live = self.waiting.values().map(since);
        assert!(live.all(|live| live > place), "a live caller was first");
        let call = CallId::new(2, self.chance.bytes());
        let wanted = Wanted {
            call,
            seat: Some(attempt.seat.clone()),
            skill: None,
            rings: Rings::One,
        };
        let key = (callback.id, attempt.number);
        match self.seating.seek(wanted, self.now).first() {
            Some(seat) => {
                self.served.called_back += 1;
                self.served.before_live += usize::from(!self.waiting.is_empty());
                self.talks(call, &seat.clone(), Some(key));
            }
            // Somebody live was faster than the book.
            None => {
                self.seating.forget(call, self.now);
                self.later(0, Event::RepIsGone(key.0, key.1));
            }
        }
    }

    /// A live caller has his seat, where there is one.
    fn has(&mut self, call: CallId, seats: Vec<SeatId>) {
        let Some(seat) = seats.first() else { return };
        let since = self.waiting.remove(&call).expect("he waited");
        self.nobody_promised_was_first(since);
        self.served.live += 1;
        self.talks(call, seat, None);
    }

    fn talks(&mut self, call: CallId, seat: &SeatId, attempt: Option<(CallbackId, u32)>) {
        self.seating.pick_up(call, seat, self.now);
        self.talking.insert(call, attempt);
        let talk = 1_000 + self.chance.below(2 * TALK_MS);
        self.later(talk, Event::HangsUp(call));
    }

    // What must hold

    /// Once the book has answered all that it was asked.
    fn nobody_promised_was_first(&mut self, since: Moment) {
        if !self.orders.is_empty() {
            return;
        }
        let utc = self.utc();
        let since = utc - SignedDuration::try_from(self.now.since(since)).unwrap();
        let Ok(outlook) = self.book.outlook(utc, utc);
        let first = outlook.place.filter(|place| *place < since);
        assert_eq!(first, None, "a promised caller was first");
    }

    fn nobody_is_held_up(&mut self) {
        let is_held_up = !self.waiting.is_empty() && self.seating.has_free();
        let since = self.held_up_since.unwrap_or(self.now);
        self.held_up_since = is_held_up.then_some(since);
        assert!(!is_held_up || self.now.since(since) < HELD_UP_MAX);
    }
}
