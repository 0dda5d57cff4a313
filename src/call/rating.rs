use crate::words::{Because, EndedBy, Ending, Key, Moment, Party, PromptId};

use super::speech::Manner;
use super::{Action, Board, CALLER, Input, PhraseNews, State, Timer, farewell};

/// The rep's leg has ended, the caller's lives on to rate the call (R56; D28).
#[derive(Debug)]
pub(super) struct Rating {
    by: EndedBy,
    heard: Heard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// The thanks and the request are being said.
    Asking,
    Menu,
    MenuAgain,
}

/// Not after an abuse warning, a line fault, an open promise or a failed transfer (D28).
pub(super) fn is_wanted(board: &Board) -> bool {
    let manners = &board.manners;
    let faulted = manners.line_faulted || board.caller.is_dead();
    let spoilt = manners.unratable || manners.transfer_failed || board.promises.made;
    board.terms.policy.rating.on && manners.joined && !faulted && !spoilt
}

pub(super) fn enter(board: &mut Board, by: EndedBy, now: Moment) -> State {
    board.timers.begin_state();
    board.hush(CALLER);
    let ask = board.policy().rating.ask.clone();
    board.say(&ask, Manner::POLITE, now);
    State::Rating(Rating {
        by,
        heard: Heard::Asking,
    })
}

impl Rating {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Ended { .. }) => self.go_on(board, now),
            Input::TimedOut(Timer::Rating) => self.not_rated_yet(board, now),
            Input::Key(Party::Caller, key) if self.heard != Heard::Asking => {
                self.key(key, board, now)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Rating(self),
            input => board.unexpected(input, State::Rating(self)),
        }
    }

    fn go_on(self, board: &mut Board, now: Moment) -> State {
        match self.heard {
            Heard::Asking => self.say_menu(Heard::Menu, board, now),
            Heard::Menu | Heard::MenuAgain => {
                board
                    .timers
                    .arm(Timer::Rating, now + board.terms.policy.rating.wait.get());
                State::Rating(self)
            }
        }
    }

    fn say_menu(self, heard: Heard, board: &mut Board, now: Moment) -> State {
        let menu = board.policy().rating.menu.clone();
        board.say(&menu, Manner::YIELDING, now);
        State::Rating(Self { heard, ..self })
    }

    fn not_rated_yet(self, board: &mut Board, now: Moment) -> State {
        match self.heard {
            Heard::Asking | Heard::Menu => self.say_menu(Heard::MenuAgain, board, now),
            Heard::MenuAgain => {
                let unrated = board.policy().rating.unrated.clone();
                self.leave(board, unrated, now)
            }
        }
    }

    fn key(self, key: Key, board: &mut Board, now: Moment) -> State {
        let rating = &board.policy().rating;
        if !rating.keys.contains(key.as_char()) {
            return State::Rating(self);
        }
        board.hush(CALLER);
        board.act(Action::Rated(key));
        self.leave(board, rating.thanks.clone(), now)
    }

    fn leave(self, board: &mut Board, words: PromptId, now: Moment) -> State {
        let ending = Ending {
            by: self.by,
            because: Because::Closed,
        };
        farewell::enter(board, [words].into(), ending, now)
    }
}
