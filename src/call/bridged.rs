use crate::words::{Command, EndedBy, Moment, Party};

use super::{Board, CALLER, Input, LegNews, State, common};

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
                common::close(board, EndedBy::Target, now)
            }
            // Whoever had taken him is gone: somebody else does.
            Input::Leg(Party::Target, news) if common::is_loss(news) => {
                common::rep_lost(board, now)
            }
            Input::Command(Command::Hangup { .. }) => common::close(board, EndedBy::Rep, now),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Bridged(self),
            input => board.unexpected(input, State::Bridged(self)),
        }
    }
}
