use crate::policy::AnswerMode;
use crate::words::{Because, Command, EndedBy, Moment, Party};

use super::{Action, Arrival, Behind, Board, Input, LegNews, State, Timer, answering};

/// The caller hears it ring, the seat is being rung (R1, R4; D2, D5).
#[derive(Debug)]
pub(super) struct Ringing {
    behind: Behind,
}

/// Temporarily unavailable: the PBX goes on (D9).
const NOBODY_READY: u16 = 480;
const BUSY_HERE: u16 = 486;

pub(super) fn enter(board: &mut Board, arrival: Arrival, now: Moment) -> State {
    board.act(Action::Ring);
    board.call_seat();
    let deadline = board.terms.policy.answer.deadline();
    let wait = arrival
        .answer_after
        .map_or(deadline, |wait| wait.min(deadline));
    board.timers.arm(Timer::Answer, now + wait);
    State::Ringing(Ringing {
        behind: arrival.behind,
    })
}

impl Ringing {
    pub(super) fn handle(self, input: Input, board: &mut Board) -> State {
        match input {
            Input::TimedOut(Timer::Answer) | Input::Command(Command::Answer) => {
                answering::enter(board)
            }
            Input::Leg(Party::Rep, LegNews::PickedUp) => match board.terms.policy.answer.mode {
                AnswerMode::Manual => answering::enter(board),
                AnswerMode::Auto => State::Ringing(self),
            },
            Input::Leg(Party::Rep, LegNews::NoSeat) => match self.behind {
                Behind::Queue => refuse(board, NOBODY_READY, EndedBy::Agent, Because::Busy),
                Behind::Direct => State::Ringing(self),
            },
            Input::Leg(
                Party::Rep,
                LegNews::Refused(_) | LegNews::NoAnswer | LegNews::Lost | LegNews::HungUp,
            ) => {
                board.call_seat();
                State::Ringing(self)
            }
            Input::Command(Command::Hangup { .. }) => {
                refuse(board, BUSY_HERE, EndedBy::Rep, Because::Refused)
            }
            Input::Leg(..) | Input::Voice { .. } | Input::Line(..) => State::Ringing(self),
            input => board.unexpected(input, State::Ringing(self)),
        }
    }
}

fn refuse(board: &mut Board, code: u16, by: EndedBy, because: Because) -> State {
    board.act(Action::Refuse(code));
    board.end(by, because)
}
