//! We call: the rep first or a seat kept for him, then the number, then the opening words (D25).

use crate::words::{Because, Command, EndedBy, Moment, Party};

use super::reached::{Unanswered, came_of};
use super::recording::Then;
use super::speech::Manner;
use super::{
    Action, Board, Callee, First, Input, LegNews, Outcome, PhraseNews, PromiseKind, State, Timer,
    always, connecting, farewell, machine, recording, talking,
};

/// The rep's phone rings, or a seat is being kept; nobody else is disturbed before.
#[derive(Debug)]
pub(super) struct FetchingRep {
    kind: Option<PromiseKind>,
}

/// The rep hears it ring at the other end.
#[derive(Debug)]
pub(super) struct Dialling {
    kind: Option<PromiseKind>,
}

/// They answered: a voice, then why we call; then the rep is heard.
#[derive(Debug)]
pub(super) struct Opening {
    kind: PromiseKind,
    /// The opening words are being said.
    begun: bool,
}

pub(super) fn enter(board: &mut Board, kind: Option<PromiseKind>, now: Moment) -> State {
    board.promises.keeps = kind;
    board.promises.attempt_open = true;
    match (kind, board.terms.first) {
        (Some(_), First::Customer) => board.act(Action::KeepSeat),
        (Some(_), First::Agent) | (None, _) => ring_rep(board, now),
    }
    State::FetchingRep(FetchingRep { kind })
}

fn ring_rep(board: &mut Board, now: Moment) {
    board.call_seat();
    board.timers.arm(
        Timer::RepRings,
        now + board.terms.policy.callback.rep_within.get(),
    );
}

impl FetchingRep {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Rep, LegNews::PickedUp | LegNews::Kept) => {
                dial(board, self.kind, now)
            }
            Input::Leg(Party::Rep, LegNews::Refused(_) | LegNews::HungUp) => {
                without_rep(board, Outcome::RepDeclined, Because::Refused)
            }
            Input::Leg(Party::Rep, LegNews::NoAnswer | LegNews::Lost | LegNews::NoSeat) => {
                without_rep(board, Outcome::RepAbsent, Because::NoAnswer)
            }
            Input::Command(Command::Hangup { .. }) => {
                without_rep(board, Outcome::RepDeclined, Because::Refused)
            }
            Input::Leg(..) | Input::Voice { .. } | Input::Line(..) => State::FetchingRep(self),
            input => board.unexpected(input, State::FetchingRep(self)),
        }
    }
}

fn without_rep(board: &mut Board, outcome: Outcome, because: Because) -> State {
    board.settle_attempt(outcome);
    board.end(EndedBy::Rep, because)
}

fn dial(board: &mut Board, kind: Option<PromiseKind>, now: Moment) -> State {
    board.timers.begin_state();
    board.caller.leg = super::legs::Leg::Called;
    board.act(Action::Call(Party::Caller, Callee::Customer));
    board.timers.arm(
        Timer::CustomerRings,
        now + board.terms.policy.callback.rings_for.get(),
    );
    State::Dialling(Dialling { kind })
}

impl Dialling {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Caller, LegNews::PickedUp) => match self.kind {
                Some(kind) => open(board, kind, now),
                None => talk(board, now),
            },
            Input::Leg(Party::Caller, LegNews::Refused(refused)) => {
                not_reached(board, Unanswered::Refused(refused))
            }
            Input::Leg(Party::Caller, LegNews::NoAnswer) => {
                not_reached(board, Unanswered::NoResponse)
            }
            Input::TimedOut(Timer::CustomerRings) => not_reached(board, Unanswered::RangOn),
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                without_rep(board, Outcome::RepDeclined, Because::HungUp)
            }
            Input::Leg(Party::Rep, LegNews::Away) => {
                without_rep(board, Outcome::RepAbsent, Because::NoAnswer)
            }
            Input::Command(Command::Hangup { .. }) => {
                without_rep(board, Outcome::RepDeclined, Because::HungUp)
            }
            Input::Leg(..) | Input::Voice { .. } | Input::Line(..) => State::Dialling(self),
            input => board.unexpected(input, State::Dialling(self)),
        }
    }
}

fn not_reached(board: &mut Board, end: Unanswered) -> State {
    board.settle_attempt(came_of(end, board.caller.early));
    match end {
        Unanswered::Refused(_) => board.end(EndedBy::Caller, Because::Refused),
        Unanswered::NoResponse | Unanswered::RangOn => board.end(EndedBy::Agent, Because::NoAnswer),
    }
}

/// The rep dialled by himself: nobody need say why.
fn talk(board: &mut Board, now: Moment) -> State {
    machine::doubt(board, now);
    recording::notice_first(board, Then::Talking, now)
}

fn open(board: &mut Board, kind: PromiseKind, now: Moment) -> State {
    board.timers.begin_state();
    if board.rep.leg.is_absent() {
        ring_rep(board, now);
    }
    machine::doubt(board, now);
    board.timers.arm(
        Timer::CustomerVoice,
        now + board.terms.policy.callback.voice_within.get(),
    );
    State::Opening(Opening { kind, begun: false })
}

impl Opening {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::TimedOut(Timer::FirstLife | Timer::CustomerVoice) if !self.begun => {
                recording::notice_first(board, Then::Opening(self.kind), now)
            }
            Input::Phrase(_, PhraseNews::Ended { .. }) => {
                match (board.rep.leg.is_up(), board.terms.first) {
                    (true, _) => talking::enter(board, talking::Opening::Watched, now),
                    (false, First::Agent) => always::rep_lost(board, Manner::POLITE, now),
                    (false, First::Customer) => connecting::enter(board, now),
                }
            }
            Input::Command(Command::Hangup { .. }) => farewell::close(board, EndedBy::Rep, now),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..)
            | Input::TimedOut(Timer::FirstLife | Timer::CustomerVoice) => State::Opening(self),
            input => board.unexpected(input, State::Opening(self)),
        }
    }
}

/// First why the last call broke off, or what was agreed (R43).
pub(super) fn speak(board: &mut Board, kind: PromiseKind, now: Moment) -> State {
    board.timers.disarm(Timer::CustomerVoice);
    let callback = &board.policy().callback;
    let words = if kind.is_fault() {
        &callback.open_fault
    } else {
        &callback.open_promise
    };
    board.say(words, Manner::POLITE, now);
    State::Opening(Opening { kind, begun: true })
}
