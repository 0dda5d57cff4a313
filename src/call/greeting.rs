use crate::words::{Command, EndedBy, Moment, Party};

use super::speech::Manner;
use super::{Board, CALLER, Input, LegNews, PhraseNews, State, always, farewell, talking, waiting};

/// The greeting is being said; the rep hears caller and greeting, unheard (R2; D5).
#[derive(Debug)]
pub(super) struct Greeting;

pub(super) fn enter(board: &mut Board, now: Moment) -> State {
    board.timers.begin_state();
    let greeting = board.policy().answer.say.clone();
    board.say(&greeting, Manner::GREETING, now);
    State::Greeting(Greeting)
}

impl Greeting {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Ended { .. }) => greeted(board, now),
            // The rep cuts in.
            Input::Command(Command::Answer) if board.rep.leg.is_up() => {
                board.cut_short();
                State::Greeting(self)
            }
            Input::Command(Command::Hangup { .. }) => {
                board.hush(CALLER);
                farewell::close(board, EndedBy::Rep, now)
            }
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                board.call_seat();
                State::Greeting(self)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Greeting(self),
            input => board.unexpected(input, State::Greeting(self)),
        }
    }
}

/// The rep where he is there, else company.
pub(super) fn greeted(board: &mut Board, now: Moment) -> State {
    if board.rep.leg.is_up() {
        talking::enter(board, talking::Opening::Watched, now)
    } else {
        waiting::enter(board, Manner::POLITE, now)
    }
}
