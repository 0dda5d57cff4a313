use crate::words::{Command, EndedBy, Moment, Party};

use super::speech::Manner;
use super::{Board, CALLER, Input, LegNews, State, always, farewell};

/// Caller and target are joined; the rep is released (R33; D22).
#[derive(Debug)]
pub(super) struct Bridged {
    target: String,
}

pub(super) fn enter(board: &mut Board, target: String) -> State {
    board.timers.begin_state();
    board.hush(CALLER);
    board.hang_up(Party::Rep);
    State::Bridged(Bridged { target })
}

impl Bridged {
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Target, LegNews::HungUp) => {
                farewell::close(board, EndedBy::Target, now)
            }
            // Whoever had taken him is gone: somebody else does.
            Input::Leg(Party::Target, news) if always::is_loss(news) => {
                always::rep_lost(board, Manner::POLITE, now)
            }
            Input::Command(Command::Hangup { .. }) => farewell::close(board, EndedBy::Rep, now),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Bridged(self),
            input => board.unexpected(input, State::Bridged(self)),
        }
    }
}
