//! Programs of the queue of promises, with what must hold after each step. Nothing here knows tests or files: `fuzz/`
//! uses it as it is.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thirdring::callbacks::{
    Action, CallbackId, Input, Kind, Memory, Order, Outcome, Promise, Queue, Rules, Ticket, Wish,
};
use thirdring::words::{Country, DeskId, Language, Moment, PhoneNumber, Pii};

/// Whoever is phoned is one of these: programs meet them again.
const NUMBERS: [&str; 3] = ["13800138000", "01062345678", "13900139000"];
const OUTCOMES: [Outcome; 8] = [
    Outcome::Joined,
    Outcome::RepDeclined,
    Outcome::RepAbsent,
    Outcome::Busy,
    Outcome::NoAnswer,
    Outcome::Failed,
    Outcome::Abandoned,
    Outcome::Withdrawn,
];

/// The desk as the queue sees it, and what it has let the desk do.
struct Desk {
    queue: Queue,
    now: Moment,
    utc: Timestamp,
    ids: u64,
    book: Memory,
    /// Orders without an answer, in their order.
    asked: VecDeque<(Ticket, Order, Timestamp)>,
    /// Who is being phoned, by number.
    phoned: BTreeMap<String, (CallbackId, u32)>,
}

impl Desk {
    fn open() -> Self {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let rules = Rules::standard(Country::Cn, zone);
        Self {
            book: Memory::new(rules.clone()),
            queue: Queue::new(DeskId::alone(), rules, None),
            now: Moment::ZERO + Duration::from_secs(1),
            utc: Timestamp::from_second(1_777_867_200).expect("a time"),
            ids: 0,
            asked: VecDeque::new(),
            phoned: BTreeMap::new(),
        }
    }

    fn give(&mut self, input: Input) {
        for action in self.queue.handle(input, self.now, self.utc) {
            self.obey(action);
        }
    }

    /// No call before its row is on disk, unless the promise never got there; and never two for one number at once
    /// (D24, D25).
    fn obey(&mut self, action: Action) {
        match action {
            Action::Ask { ticket, order, at } => self.asked.push_back((ticket, order, at)),
            Action::Dial { callback, attempt } => {
                let this = (callback.id, attempt.number);
                let in_memory = self.book.get(callback.id).is_none();
                let saved = self
                    .book
                    .attempts(callback.id)
                    .any(|known| *known == attempt);
                assert!(saved || in_memory, "{this:?} is not on disk");
                let number = callback.promise.number.reveal().as_str().to_owned();
                let other = self.phoned.insert(number, this);
                assert_eq!(other, None, "phoned twice at once");
            }
            Action::HangUp { .. } | Action::Tell(_) | Action::Died(_) | Action::Alarm(_) => {}
        }
    }

    fn step(&mut self, kind: u8, with: u8) {
        let nth = |length: usize| usize::from(with) % length.max(1);
        match kind % 9 {
            0 => self.promise(with),
            1 => {
                let seats = (0..with % 3).map(|n| format!("rep{n}").parse().expect("an id"));
                let seats = seats.collect();
                // Now and then a live caller waits, too.
                let live = with
                    .is_multiple_of(5)
                    .then(|| self.now - Duration::from_secs(u64::from(with)));
                self.give(Input::SeatsReady { seats, live });
            }
            2 => self.answer(with < 200),
            3 => self.end(nth(self.phoned.len()), OUTCOMES[nth(OUTCOMES.len())]),
            4 => self.wish(with),
            5 => {
                let number = PhoneNumber::parse(NUMBERS[nth(3)]).expect("a number");
                let number = Pii::new(number);
                self.give(Input::CallerJoined { number });
            }
            6 => self.pass(Duration::from_secs(u64::from(with) * 10), 0),
            7 => self.pass(Duration::from_secs(1), i64::from(with.cast_signed()) * 60),
            _ => self.give(Input::Tick),
        }
    }

    /// The disk answers the first that waits.
    fn answer(&mut self, is_saved: bool) {
        let Some((ticket, order, at)) = self.asked.pop_front() else {
            return;
        };
        let turn = is_saved.then(|| self.book.take(&order, at));
        self.give(Input::Answered { ticket, turn });
    }

    fn promise(&mut self, with: u8) {
        self.ids += 1;
        let kind = Kind::ALL[usize::from(with) % Kind::ALL.len()];
        let number = PhoneNumber::parse(NUMBERS[usize::from(with) % 3]).expect("a number");
        let promise = Promise {
            kind,
            number: Pii::new(number),
            origin: None,
            key: None,
            reason: kind.as_str().to_owned(),
            due: self.utc + SignedDuration::from_secs(i64::from(with) * 5),
            seat: None,
            note: Pii::new(String::new()),
            recording: None,
            language: Language::ZhCn,
            made_at: self.utc,
            place: kind.keeps_place().then_some(self.utc),
        };
        let id = CallbackId::new(self.ids, [7; 10]);
        self.give(Input::Promised { id, promise });
    }

    fn end(&mut self, nth: usize, outcome: Outcome) {
        let Some(number) = self.phoned.keys().nth(nth).cloned() else {
            return;
        };
        if let Some((id, attempt)) = self.phoned.remove(&number) {
            self.give(Input::Ended {
                id,
                attempt,
                outcome,
                cause: None,
                live: None,
            });
        }
    }

    fn wish(&mut self, with: u8) {
        let wish = match with % 4 {
            0 => Wish::Done,
            1 => Wish::Snooze(self.utc + SignedDuration::from_secs(i64::from(with))),
            2 => Wish::Redial,
            _ => Wish::Cancel {
                reason: "asked".to_owned(),
            },
        };
        let ids: Vec<_> = self.book.rows().map(|callback| callback.id).collect();
        if let Some(id) = ids.get(usize::from(with >> 2) % ids.len().max(1)) {
            self.give(Input::Wished {
                id: *id,
                wish,
                by: "Lina".to_owned(),
            });
        }
    }

    /// Time passes; the wall clock may jump, too.
    fn pass(&mut self, time: Duration, jump_s: i64) {
        self.now += time;
        let passed = SignedDuration::try_from(time).expect("it is short");
        self.utc += passed + SignedDuration::from_secs(jump_s);
        self.give(Input::Tick);
    }
}

/// Two bytes a step: what, and with what.
pub(crate) fn queue(bytes: &[u8]) {
    let mut desk = Desk::open();
    for step in bytes.chunks_exact(2) {
        desk.step(step[0], step[1]);
        assert!(usize::try_from(desk.ids).is_ok_and(|ids| desk.book.rows().count() <= ids));
    }
}
