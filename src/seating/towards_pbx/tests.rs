use std::time::Duration;

use super::extension::{AGAIN_AFTER, CALL_LASTS};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// One seat, and its PBX by hand.
struct Seat {
    id: SeatId,
    towards: TowardsPbx,
    now: Moment,
}

impl Seat {
    fn with(codes: &[Code]) -> Self {
        let id: SeatId = "rep1".parse().unwrap();
        let mut towards = TowardsPbx::default();
        towards.add(id.clone(), codes.iter().copied().collect(), Moment::ZERO);
        Self {
            id,
            towards,
            now: Moment::ZERO,
        }
    }

    /// Its PBX has taken that it is free.
    fn free(codes: &[Code]) -> Self {
        let mut seat = Self::with(codes);
        seat.stands(State::Available);
        while seat.dialled().is_some() {
            seat.takes();
        }
        seat
    }

    fn stands(&mut self, state: State) {
        self.towards.stands(&self.id, state, self.now);
    }

    fn poll(&mut self) -> Option<Action> {
        self.towards.poll(|_| true, self.now)
    }

    fn dialled(&mut self) -> Option<Code> {
        match self.poll() {
            Some(Action::Dial(_, code)) => Some(code),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    fn heard(&mut self, news: News) -> Option<Told> {
        self.towards.heard(&self.id, news, self.now)
    }

    /// The PBX takes the code, and hangs up.
    fn takes(&mut self) {
        let told = self.heard(News::Answered).expect("it was dialled");
        assert_eq!(told.outcome, Ok(()));
        assert_eq!(self.heard(News::HungUp), None);
    }

    /// The PBX refuses; whether it is tried once more.
    fn refuses(&mut self, status: u16) -> bool {
        let failed = self.heard(News::Failed(Failure::Refused(status)));
        failed.expect("it was dialled").again
    }

    /// What is dialled until nothing more is, each code taken.
    fn all_dialled(&mut self) -> Vec<Code> {
        let dialled = std::iter::from_fn(|| {
            let code = self.dialled()?;
            self.takes();
            Some(code)
        });
        dialled.collect()
    }

    /// The next moment at which time alone changes something.
    fn wait(&mut self) -> Duration {
        let at = self.towards.timeout().expect("something is due");
        let waited = self.now.until(at);
        self.now = at;
        waited
    }
}

#[test]
fn at_the_start_the_first_state_is_told_once() {
    let mut seat = Seat::with(&Code::ALL);
    assert_eq!(seat.dialled(), None, "nobody knows yet how it stands");
    seat.stands(State::Available);
    assert_eq!(seat.all_dialled(), [Code::Resume, Code::DndOff]);
    seat.stands(State::Available);
    assert_eq!(seat.all_dialled(), []);
    assert_eq!(seat.towards.timeout(), None);
}

#[test]
fn a_break_pauses_and_the_rest_is_not_disturbed() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::OnBreak);
    assert_eq!(seat.all_dialled(), [Code::Pause]);
    seat.stands(State::Busy);
    // The new one first: between the two nobody is sent calls.
    assert_eq!(seat.all_dialled(), [Code::DndOn, Code::Resume]);
    seat.stands(State::Offline);
    assert_eq!(seat.all_dialled(), []);
    seat.stands(State::Absent);
    assert_eq!(seat.all_dialled(), [Code::Pause, Code::DndOff]);
    seat.stands(State::Available);
    assert_eq!(seat.all_dialled(), [Code::Resume]);
}

#[test]
fn one_pair_of_codes_serves_for_all_that_takes_no_calls() {
    for (on, off) in [(Code::Pause, Code::Resume), (Code::DndOn, Code::DndOff)] {
        let mut seat = Seat::free(&[on, off]);
        seat.stands(State::OnBreak);
        assert_eq!(seat.all_dialled(), [on]);
        seat.stands(State::Busy);
        assert_eq!(seat.all_dialled(), []);
        seat.stands(State::Available);
        assert_eq!(seat.all_dialled(), [off]);
    }
}

#[test]
fn a_call_and_its_wrap_up_are_not_told() {
    let mut seat = Seat::free(&Code::ALL);
    for state in [
        State::Ringing,
        State::InCall,
        State::WrapUp,
        State::Available,
    ] {
        seat.stands(state);
        assert_eq!(seat.dialled(), None, "{state}");
    }
}

#[test]
fn a_headset_that_is_back_at_once_was_never_gone() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::NoHeadset);
    assert_eq!(seat.dialled(), None);
    seat.now += 4 * SECOND;
    seat.stands(State::Available);
    assert_eq!(seat.all_dialled(), []);
    seat.stands(State::NoHeadset);
    assert_eq!(seat.dialled(), None);
    assert_eq!(seat.wait(), 5 * SECOND);
    assert_eq!(seat.all_dialled(), [Code::Pause]);
}

#[test]
fn who_takes_a_break_without_his_headset_is_paused_at_once() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::NoHeadset);
    seat.stands(State::OnBreak);
    assert_eq!(seat.all_dialled(), [Code::Pause]);
}

#[test]
fn the_last_wish_counts_while_a_code_is_under_way() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::OnBreak);
    assert_eq!(seat.dialled(), Some(Code::Pause));
    seat.stands(State::Available);
    assert_eq!(seat.poll(), None, "one at a time");
    seat.stands(State::OnBreak);
    seat.takes();
    assert_eq!(seat.all_dialled(), [], "it is so already");
    seat.stands(State::Available);
    assert_eq!(seat.dialled(), Some(Code::Resume));
    seat.heard(News::Answered);
    seat.stands(State::OnBreak);
    assert_eq!(seat.poll(), None, "its call is not over");
    seat.heard(News::HungUp);
    assert_eq!(seat.all_dialled(), [Code::Pause]);
}

#[test]
fn a_call_is_hung_up_after_five_seconds_and_was_taken() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::OnBreak);
    assert_eq!(seat.dialled(), Some(Code::Pause));
    seat.now += SECOND;
    assert_eq!(
        seat.heard(News::Answered).map(|told| told.outcome),
        Some(Ok(()))
    );
    assert_eq!(seat.wait(), CALL_LASTS - SECOND);
    assert_eq!(seat.poll(), Some(Action::HangUp(seat.id.clone())));
    assert_eq!((seat.poll(), seat.towards.timeout()), (None, None));
}

#[test]
fn a_call_that_nobody_answers_is_taken_back_and_tried_once_more_when_it_is_over() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::OnBreak);
    assert_eq!(seat.dialled(), Some(Code::Pause));
    assert_eq!(seat.wait(), CALL_LASTS);
    let told = |again| Told {
        code: Code::Pause,
        outcome: Err(Failure::NoAnswer),
        again,
    };
    let taken_back = |seat: &Seat, again| Some(Action::TakeBack(seat.id.clone(), told(again)));
    assert_eq!(seat.poll(), taken_back(&seat, true));
    assert_eq!(seat.towards.timeout(), None, "its leg is not over");
    // A silent PBX: no CANCEL before a 1xx, so the leg is over after 32 s.
    seat.now += 27 * SECOND;
    assert_eq!(
        seat.heard(News::Failed(Failure::NoAnswer)),
        None,
        "it was told"
    );
    assert_eq!(seat.dialled(), Some(Code::Pause));
    seat.wait();
    assert_eq!(seat.poll(), taken_back(&seat, false));
    seat.heard(News::Failed(Failure::Refused(487)));
    assert_eq!((seat.poll(), seat.towards.timeout()), (None, None));
}

#[test]
fn a_server_in_trouble_is_asked_once_more_after_ten_seconds() {
    for status in [408, 500, 503, 504] {
        let mut seat = Seat::free(&Code::ALL);
        seat.stands(State::OnBreak);
        assert_eq!(seat.dialled(), Some(Code::Pause));
        assert!(seat.refuses(status), "{status}");
        assert_eq!(seat.dialled(), None);
        assert_eq!(seat.wait(), AGAIN_AFTER);
        assert_eq!(seat.dialled(), Some(Code::Pause));
        assert!(!seat.refuses(status), "{status}");
        assert_eq!((seat.dialled(), seat.towards.timeout()), (None, None));
    }
}

#[test]
fn a_code_that_the_pbx_does_not_know_is_tried_once_for_each_wish() {
    for status in [302, 403, 404, 486, 603] {
        let mut seat = Seat::free(&[Code::Pause, Code::Resume]);
        for _ in 0..2 {
            seat.stands(State::OnBreak);
            assert_eq!(seat.dialled(), Some(Code::Pause));
            assert!(!seat.refuses(status), "{status}");
            assert_eq!((seat.dialled(), seat.towards.timeout()), (None, None));
            seat.stands(State::Available);
            assert_eq!(seat.dialled(), None, "it was never paused");
        }
    }
}

#[test]
fn who_may_be_paused_is_resumed() {
    let mut seat = Seat::free(&[Code::Pause, Code::Resume]);
    seat.stands(State::OnBreak);
    assert_eq!(seat.dialled(), Some(Code::Pause));
    seat.refuses(504);
    seat.stands(State::Available);
    assert_eq!(seat.all_dialled(), [Code::Resume]);
}

#[test]
fn a_pause_that_fails_leaves_do_not_disturb_as_it_is() {
    let mut seat = Seat::free(&Code::ALL);
    seat.stands(State::Busy);
    assert_eq!(seat.all_dialled(), [Code::DndOn]);
    seat.stands(State::OnBreak);
    assert_eq!(seat.dialled(), Some(Code::Pause));
    seat.refuses(404);
    assert_eq!(seat.dialled(), None);
}

#[test]
fn codes_wait_for_a_line_that_cannot_call() {
    let mut seat = Seat::with(&[Code::Pause, Code::Resume]);
    seat.stands(State::Available);
    assert_eq!(seat.towards.poll(|_| false, seat.now), None);
    assert_eq!(seat.towards.timeout(), None, "time alone opens no line");
    assert_eq!(seat.dialled(), Some(Code::Resume));
}

#[test]
fn the_seats_of_a_desk_do_not_all_call_at_once() {
    let mut towards = TowardsPbx::default();
    let seats: Vec<SeatId> = (0..2 * CALLS_AT_ONCE)
        .map(|n| format!("rep{n}").parse().unwrap())
        .collect();
    for seat in &seats {
        towards.add(seat.clone(), Code::ALL.into(), Moment::ZERO);
        towards.stands(seat, State::Busy, Moment::ZERO);
    }
    let mut dial = || towards.poll(|_| true, Moment::ZERO);
    let dialled: Vec<Action> = std::iter::from_fn(&mut dial).collect();
    let first = seats.iter().take(CALLS_AT_ONCE);
    let first = first.map(|seat| Action::Dial(seat.clone(), Code::DndOn));
    assert_eq!(dialled, first.collect::<Vec<_>>());
    towards.heard(&seats[0], News::Answered, Moment::ZERO);
    towards.heard(&seats[0], News::HungUp, Moment::ZERO);
    let next = towards.poll(|_| true, Moment::ZERO);
    assert_eq!(next, Some(Action::Dial(seats[0].clone(), Code::Resume)));
}

#[test]
fn a_seat_without_codes_is_nobodys_affair() {
    let mut towards = TowardsPbx::default();
    let seat: SeatId = "rep1".parse().unwrap();
    towards.stands(&seat, State::Busy, Moment::ZERO);
    assert_eq!(towards.poll(|_| true, Moment::ZERO), None);
    assert_eq!(towards.heard(&seat, News::Answered, Moment::ZERO), None);
}
