use crate::words::{Command, Moment, Party, PromptId};

use super::grid::Grid;
use super::speech::Manner;
use super::transferring::{self, Request};
use super::{
    Board, CALLER, Input, LegNews, Notice, PhraseNews, PromiseKind, Refusal, State, Timer, always,
    asking, talking, waiting,
};

/// The caller hears phrases and the bed; the rep is unheard (R18-R22).
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) grid: Grid,
    cause: Cause,
}

/// Why the rep is unheard, and so what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// He asked, and comes back by his word.
    Asked,
    /// It began as a mute, and ends with it (D7).
    Muted,
    /// He has no headset.
    Away,
}

/// Whether the caller has just been asked by a phrase: then "one moment" is not said again (D12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    JustNow,
    Before,
}

/// The consent is in the log; from here on the rep is unheard.
pub(super) fn enter(board: &mut Board, asked: Asked, now: Moment) -> State {
    State::Holding(begin(board, asked, Cause::Asked, now))
}

/// The same with other words than "one moment"; the consent is there, or its absence is in the log.
pub(super) fn enter_saying(board: &mut Board, words: &PromptId, now: Moment) -> State {
    board.timers.begin_state();
    board.keep_company(words, Manner::FIRM, now);
    State::Holding(on_grid(board, Cause::Asked, now))
}

/// The rep has been unheard already; the missing consent is in the log.
pub(super) fn enter_muted(board: &mut Board, now: Moment) -> State {
    State::Holding(begin(board, Asked::Before, Cause::Muted, now))
}

/// The rep cannot be heard, and nobody could be asked: never silence for the caller.
pub(super) fn enter_away(board: &mut Board, now: Moment) -> State {
    State::Holding(begin(board, Asked::Before, Cause::Away, now))
}

fn begin(board: &mut Board, asked: Asked, cause: Cause, now: Moment) -> Holding {
    board.timers.begin_state();
    let policy = board.policy();
    if asked == Asked::Before {
        board.keep_company(&policy.hold.say, Manner::FIRM, now);
    }
    on_grid(board, cause, now)
}

fn on_grid(board: &mut Board, cause: Cause, now: Moment) -> Holding {
    let policy = board.policy();
    let offer_after = match cause {
        Cause::Asked | Cause::Muted => policy.hold.offer_after.get(),
        Cause::Away => policy.waiting.offer_after.get(),
    };
    let grid = Grid::begin(board, offer_after, now);
    Holding { grid, cause }
}

impl Holding {
    pub(super) fn handle(mut self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::TimedOut(Timer::Grid) => self.grid_point(board, now),
            Input::Phrase(_, PhraseNews::Ended { .. }) => {
                self.grid.phrase_ended(board, now);
                State::Holding(self)
            }
            Input::Command(command) => self.command(command, board, now),
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                always::rep_lost(board, Manner::FIRM, now)
            }
            Input::Leg(Party::Rep, LegNews::Back | LegNews::Moved) if self.cause == Cause::Away => {
                self.rep_returns(board, now)
            }
            // He is held already; with his own phone's hold the rep comes back by that alone (D23).
            Input::Leg(Party::Rep, LegNews::Holds) => {
                board.rep.may_hold = true;
                State::Holding(self)
            }
            Input::Leg(Party::Rep, LegNews::Resumes) => self.rep_returns(board, now),
            Input::PhoneTransfer { target, mode } => {
                let request = Request::by_phone(target, mode);
                transferring::request(board, request, asking::Back::Holding(self), now)
            }
            Input::Leg(Party::Caller, LegNews::Holds) => {
                board.hush(CALLER);
                board.timers.disarm(Timer::Grid);
                State::Holding(self)
            }
            Input::Leg(Party::Caller, LegNews::Resumes) => self.caller_resumes(board, now),
            Input::Voice {
                party: Party::Caller,
                speaking: true,
                ..
            } => {
                board.tell(Notice::CallerSpeaksOnHold);
                State::Holding(self)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Holding(self),
            input => board.unexpected(input, State::Holding(self)),
        }
    }

    fn command(mut self, command: Command, board: &mut Board, now: Moment) -> State {
        match command {
            // As soon as he has a headset he is back.
            Command::Return if board.rep.away => {
                board.refuse(Refusal::HeadsetMissing);
                self.cause = Cause::Away;
                State::Holding(self)
            }
            Command::Return if board.rep.is_deaf() => {
                board.refuse(Refusal::PhoneOnHold);
                State::Holding(self)
            }
            Command::Return => self.rep_returns(board, now),
            Command::Transfer {
                target,
                mode,
                agreed,
            } => {
                let request = Request::by_desk(target, mode, agreed);
                transferring::request(board, request, asking::Back::Holding(self), now)
            }
            // Nobody is left on hold: the rep says goodbye himself, or forces it with a reason.
            Command::Hangup { .. } => {
                board.refuse(Refusal::FarewellRequired);
                State::Holding(self)
            }
            command => board.unexpected(Input::Command(command), State::Holding(self)),
        }
    }

    /// The phrase is cut, the rep is heard, the caller is thanked (R21; D14).
    pub(super) fn rep_returns(self, board: &mut Board, now: Moment) -> State {
        board.hush(CALLER);
        board.rep.muted = false;
        let sorry = board.policy().hold.on_return.clone();
        board.keep_company(&sorry, Manner::FIRM, now);
        talking::enter(board, talking::Opening::Over, now)
    }

    pub(super) fn unmuted(mut self, board: &mut Board, now: Moment) -> State {
        match self.cause {
            Cause::Muted if board.rep.away => {
                self.cause = Cause::Away;
                State::Holding(self)
            }
            Cause::Muted if !board.rep.is_deaf() => self.rep_returns(board, now),
            Cause::Asked | Cause::Muted | Cause::Away => State::Holding(self),
        }
    }

    /// Back on the grid after an offer that was not taken (D4).
    pub(super) fn resume(mut self, board: &mut Board, now: Moment) -> State {
        board.timers.begin_state();
        self.grid.offer_again(board.policy().hold.offer_again.get());
        self.grid.step(board, now);
        State::Holding(self)
    }

    /// Their own hold is over and ours is not: we apologise, the grid begins anew (D13).
    fn caller_resumes(mut self, board: &mut Board, now: Moment) -> State {
        let policy = board.policy();
        board.say(&policy.hold.on_return, Manner::FIRM, now);
        self.grid = Grid::begin(board, policy.hold.offer_after.get(), now);
        State::Holding(self)
    }

    /// Two minutes without a headset: any seat may have the caller, and he is offered a callback (D6).
    fn rep_given_up(self, board: &mut Board, now: Moment) -> State {
        board.hang_up(Party::Rep);
        board.call_seat();
        waiting::go_on(self.grid, board, now)
    }

    fn grid_point(mut self, board: &mut Board, now: Moment) -> State {
        let policy = board.policy();
        if self.cause == Cause::Away && self.grid.offer_is_due() {
            return self.rep_given_up(board, now);
        }
        if self.grid.offer_is_due() {
            let kind = PromiseKind::Rep;
            return asking::offer(
                board,
                &policy.hold.offer,
                kind,
                asking::Back::Holding(self),
                now,
            );
        }
        let point = self.grid.point();
        board.say(&policy.hold.still, Manner::on_grid(point), now);
        self.grid.said(board, now);
        State::Holding(self)
    }
}
