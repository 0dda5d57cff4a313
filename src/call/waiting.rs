use std::time::Duration;

use crate::words::{Command, EndedBy, Moment, Party};

use super::grid::Grid;
use super::speech::Manner;
use super::{
    Board, CALLER, Input, LegNews, PhraseNews, PromiseKind, State, Timer, always, asking, farewell,
    talking,
};

/// So long before a point of the grid nothing else is begun: no phrase would be heard whole.
const ROOM: Duration = Duration::from_secs(6);

/// The caller is answered and no rep is on the call: never silence for longer than the grid (D5, D9).
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) grid: Grid,
    busy_said: bool,
    /// He has heard more than the first phrase: whoever comes says sorry (R21).
    waited: bool,
}

/// "One moment" where somebody is being called; where nobody is there, so much at once (D9).
/// Politely to a caller in a talk; one who waits already has a grid to be kept (D14).
pub(super) fn enter(board: &mut Board, manner: Manner, now: Moment) -> State {
    board.hush(CALLER);
    let mut waiting = begin(board, now);
    let policy = board.policy();
    waiting.busy_said = board.rep.none_ready;
    let phrase = if waiting.busy_said {
        &policy.waiting.busy
    } else {
        &policy.hold.say
    };
    board.keep_company(phrase, manner, now);
    State::Waiting(waiting)
}

/// The grid alone, where something else is said first.
pub(super) fn begin(board: &mut Board, now: Moment) -> Waiting {
    board.timers.begin_state();
    let offer_after = board.policy().waiting.offer_after.get();
    Waiting {
        grid: Grid::begin(board, offer_after, now),
        busy_said: false,
        waited: false,
    }
}

/// He has been on a grid already, and its point is due.
pub(super) fn go_on(grid: Grid, board: &mut Board, now: Moment) -> State {
    let waiting = Waiting {
        grid,
        busy_said: true,
        waited: true,
    };
    waiting.grid_point(board, now)
}

impl Waiting {
    pub(super) fn handle(mut self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Rep, LegNews::PickedUp) => self.rep_comes(board, now),
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                board.call_seat();
                State::Waiting(self)
            }
            Input::TimedOut(Timer::Grid) => self.grid_point(board, now),
            Input::Phrase(_, PhraseNews::Ended { .. }) => {
                self.grid.phrase_ended(board, now);
                State::Waiting(self)
            }
            Input::Leg(Party::Caller, LegNews::Holds) => {
                board.hush(CALLER);
                board.timers.disarm(Timer::Grid);
                State::Waiting(self)
            }
            Input::Leg(Party::Caller, LegNews::Resumes) => enter(board, Manner::FIRM, now),
            Input::Command(Command::Hangup { .. }) => {
                board.hush(CALLER);
                farewell::close(board, EndedBy::Rep, now)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Waiting(self),
            input => board.unexpected(input, State::Waiting(self)),
        }
    }

    /// Whether something can be said before the next phrase of the grid.
    pub(super) fn has_time(&self, now: Moment) -> bool {
        self.grid.point() >= now + ROOM
    }

    /// Back on the grid after a question that changed nothing.
    pub(super) fn resume(mut self, board: &mut Board, now: Moment) -> State {
        board.timers.begin_state();
        self.grid.offer_again(board.policy().hold.offer_again.get());
        self.grid.step(board, now);
        State::Waiting(self)
    }

    /// Who has waited is silent for good reason: the ladder belongs to the opening (D15).
    pub(super) fn rep_comes(self, board: &mut Board, now: Moment) -> State {
        board.hush(CALLER);
        if !self.waited {
            return talking::enter(board, talking::Opening::Watched, now);
        }
        let sorry = board.policy().hold.on_return.clone();
        board.keep_company(&sorry, Manner::POLITE, now);
        talking::enter(board, talking::Opening::Over, now)
    }

    fn grid_point(mut self, board: &mut Board, now: Moment) -> State {
        let policy = board.policy();
        self.waited = true;
        if self.grid.offer_is_due() {
            let kind = PromiseKind::Waiting;
            return asking::offer(
                board,
                &policy.waiting.offer,
                kind,
                asking::Back::Waiting(self),
                now,
            );
        }
        let busy = !self.busy_said && self.grid.since_anchor() >= policy.waiting.busy_after.get();
        self.busy_said |= busy;
        let phrase = if busy {
            &policy.waiting.busy
        } else {
            &policy.hold.still
        };
        board.say(phrase, Manner::on_grid(self.grid.point()), now);
        self.grid.said(board, now);
        State::Waiting(self)
    }
}
