use crate::words::{Because, Command, EndedBy, Ending, Moment, Party};

use super::grid::Grid;
use super::speech::Manner;
use super::{
    Board, CALLER, Input, LegNews, Outcome, PhraseNews, State, Timer, always, farewell, talking,
};

/// Whom we called knows why, and his rep's phone rings: never silence for longer than the grid, and not for long (R20;
/// D25).
#[derive(Debug)]
pub(super) struct Connecting {
    grid: Grid,
    /// He has heard more than the first phrase: whoever comes says sorry (R21).
    waited: bool,
}

pub(super) fn enter(board: &mut Board, now: Moment) -> State {
    board.timers.begin_state();
    if board.rep.leg.is_absent() {
        board.call_seat();
    }
    let callback = &board.policy().callback;
    board.keep_company(&callback.connecting, Manner::POLITE, now);
    board
        .timers
        .arm(Timer::RepComes, now + callback.rep_within.get());
    let grid = Grid::begin(board, None, now);
    let waited = false;
    State::Connecting(Connecting { grid, waited })
}

impl Connecting {
    pub(super) fn handle(mut self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Rep, LegNews::PickedUp) => self.rep_comes(board, now),
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                board.call_seat();
                State::Connecting(self)
            }
            Input::TimedOut(Timer::RepComes) => nobody_comes(board, now),
            Input::TimedOut(Timer::Grid) => {
                let still = board.policy().hold.still.clone();
                board.say(&still, Manner::on_grid(self.grid.point()), now);
                self.waited = true;
                self.grid.said(board, now);
                State::Connecting(self)
            }
            Input::Phrase(_, PhraseNews::Ended { .. }) => {
                self.grid.phrase_ended(board, now);
                State::Connecting(self)
            }
            Input::Leg(Party::Caller, LegNews::Holds) => {
                board.hush(CALLER);
                board.timers.disarm(Timer::Grid);
                State::Connecting(self)
            }
            Input::Leg(Party::Caller, LegNews::Resumes) => {
                self.grid = Grid::begin(board, None, now);
                State::Connecting(self)
            }
            Input::Command(Command::Hangup { .. }) => {
                board.hush(CALLER);
                farewell::close(board, EndedBy::Rep, now)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Connecting(self),
            input => board.unexpected(input, State::Connecting(self)),
        }
    }

    fn rep_comes(self, board: &mut Board, now: Moment) -> State {
        board.hush(CALLER);
        if self.waited {
            let sorry = board.policy().hold.on_return.clone();
            board.keep_company(&sorry, Manner::POLITE, now);
        }
        talking::enter(board, talking::Opening::Watched, now)
    }
}

/// The promise goes on: he is called again by its schedule.
fn nobody_comes(board: &mut Board, now: Moment) -> State {
    board.settle_attempt(Outcome::NoRep);
    board.hang_up(Party::Rep);
    board.hush(CALLER);
    let callback = &board.policy().callback;
    let words = [callback.no_rep.clone(), callback.farewell.clone()];
    let ending = Ending {
        by: EndedBy::Agent,
        because: Because::NoRep,
    };
    farewell::enter(board, words.into(), ending, now)
}
