//! Days by chance: reps choose, the PBX takes, refuses, is silent, and lines come and go.

use std::time::Duration;

use proptest::prelude::*;

use super::code::Feature;
use super::extension::CALL_LASTS;
use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    Stands(usize, State),
    /// The PBX does this with the call of a seat, where it has one.
    Pbx(usize, Manner),
    HungUp(usize),
    Passes(Duration),
    Line {
        is_open: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum Manner {
    Takes,
    Refuses(u16),
    /// The leg is over without an answer; whether the PBX has taken the code all the same.
    Silent {
        took: bool,
    },
}

/// A seat as the PBX has it in truth.
#[derive(Debug, Default)]
struct Truth {
    on: BTreeSet<Feature>,
    call: Option<Ringing>,
}

#[derive(Debug)]
struct Ringing {
    code: Code,
    since: Moment,
    answered: bool,
}

impl Truth {
    fn take(&mut self, code: Code) {
        match code.turns_on() {
            true => self.on.insert(code.feature()),
            false => self.on.remove(&code.feature()),
        };
    }
}

struct Day {
    towards: TowardsPbx,
    seats: Vec<(SeatId, Truth)>,
    now: Moment,
    is_open: bool,
}

const SEATS: usize = 6;

impl Day {
    fn begin() -> Self {
        let mut towards = TowardsPbx::default();
        let seats: Vec<_> = (0..SEATS)
            .map(|n| (format!("rep{n}").parse().unwrap(), Truth::default()))
            .collect();
        for (seat, _) in &seats {
            towards.add(SeatId::clone(seat), Code::ALL.into(), Moment::ZERO);
        }
        Self {
            towards,
            seats,
            now: Moment::ZERO,
            is_open: true,
        }
    }

    fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Stands(n, state) => self.towards.stands(&self.seats[n].0, state, self.now),
            Turn::Pbx(n, manner) => self.pbx(n, manner),
            Turn::HungUp(n) => self.hung_up(n),
            Turn::Passes(time) => self.pass(time),
            Turn::Line { is_open } => self.is_open = is_open,
        }
        self.act();
    }

    fn pbx(&mut self, n: usize, manner: Manner) {
        let (seat, truth) = &mut self.seats[n];
        let Some(call) = truth.call.as_mut().filter(|call| !call.answered) else {
            return;
        };
        let code = call.code;
        let news = match manner {
            Manner::Takes => {
                call.answered = true;
                truth.take(code);
                News::Answered
            }
            Manner::Refuses(status) => {
                truth.call = None;
                News::Failed(Failure::Refused(status))
            }
            Manner::Silent { took } => {
                truth.call = None;
                if took {
                    truth.take(code);
                }
                News::Failed(Failure::NoAnswer)
            }
        };
        self.towards.heard(seat, news, self.now);
    }

    fn hung_up(&mut self, n: usize) {
        let (seat, truth) = &mut self.seats[n];
        if truth.call.take_if(|call| call.answered).is_some() {
            self.towards.heard(seat, News::HungUp, self.now);
        }
    }

    /// Time goes from one wake-up to the next.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.towards.timeout().filter(|at| *at <= until) {
            let before = self.now;
            self.now = self.now.max(at);
            self.act();
            let again = self.towards.timeout();
            assert!(
                again != Some(at) || self.now > before,
                "it wakes for nothing"
            );
        }
        self.now = until;
    }

    fn act(&mut self) {
        let is_open = self.is_open;
        while let Some(action) = self.towards.poll(|_| is_open, self.now) {
            self.follow(action);
        }
        let calls = self.seats.iter().filter(|(_, it)| it.call.is_some());
        assert!(calls.count() <= CALLS_AT_ONCE);
    }

    fn follow(&mut self, action: Action) {
        let (now, is_open) = (self.now, self.is_open);
        match action {
            Action::Dial(seat, code) => {
                let truth = self.truth(&seat);
                assert!(truth.call.is_none(), "two at once");
                assert!(is_open);
                truth.call = Some(Ringing {
                    code,
                    since: now,
                    answered: false,
                });
            }
            Action::HangUp(seat) => {
                let call = self.truth(&seat).call.take().expect("there is a call");
                assert!(call.answered && now == call.since + CALL_LASTS);
            }
            Action::TakeBack(seat, told) => {
                let call = self.truth(&seat).call.as_ref().expect("there is a call");
                assert!(!call.answered && now == call.since + CALL_LASTS);
                assert_eq!(told.code, call.code);
            }
        }
    }

    fn truth(&mut self, seat: &SeatId) -> &mut Truth {
        let found = self.seats.iter_mut().find(|(id, _)| id == seat);
        &mut found.expect("it was added").1
    }

    /// From now on the PBX takes everything.
    fn calm_down(&mut self) {
        self.is_open = true;
        for _ in 0..100 {
            self.act();
            for n in 0..SEATS {
                self.pbx(n, Manner::Takes);
                self.hung_up(n);
            }
            self.pass(Duration::from_secs(1));
        }
    }
}

fn state() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        3 => Just(Manner::Takes),
        2 => prop::sample::select(vec![404, 408, 486, 500, 503, 603]).prop_map(Manner::Refuses),
        1 => any::<bool>().prop_map(|took| Manner::Silent { took }),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    let seat = 0..SEATS;
    prop_oneof![
        3 => (seat.clone(), state()).prop_map(|(seat, state)| Turn::Stands(seat, state)),
        3 => (seat.clone(), manner()).prop_map(|(seat, manner)| Turn::Pbx(seat, manner)),
        2 => seat.prop_map(Turn::HungUp),
        2 => (0..15_000u64).prop_map(|ms| Turn::Passes(Duration::from_millis(ms))),
        1 => any::<bool>().prop_map(|is_open| Turn::Line { is_open }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_one_call_at_a_time_ends_in_the_last_wish(
        turns in prop::collection::vec(turn(), 0..200),
        last in prop::collection::vec(0..3usize, SEATS),
    ) {
        let mut day = Day::begin();
        turns.into_iter().for_each(|turn| day.turn(turn));
        let wishes = [
            (State::Available, State::Busy, None),
            (State::OnBreak, State::Available, Some(Feature::Pause)),
            (State::Busy, State::Available, Some(Feature::DoNotDisturb)),
        ];
        for (n, last) in last.iter().enumerate() {
            // Another wish before it: what was given up may be tried again.
            let (state, before, _) = wishes[*last];
            day.turn(Turn::Stands(n, before));
            day.turn(Turn::Stands(n, state));
        }
        day.calm_down();
        for (last, (seat, truth)) in last.iter().zip(&day.seats) {
            let (.., on) = wishes[*last];
            prop_assert_eq!(&truth.on, &on.into_iter().collect(), "{}", seat);
            prop_assert!(truth.call.is_none());
        }
        prop_assert_eq!(day.towards.timeout(), None, "it is at rest");
        prop_assert!(day.towards.restless.is_empty());
    }
}
