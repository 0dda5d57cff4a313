//! No BYE before the farewell has ended (R29, R57; D27, D28).

use std::collections::VecDeque;
use std::time::Duration;

use crate::words::{Because, EndedBy, Ending, Moment, Party, PromptId};

use super::speech::Manner;
use super::{Board, CALLER, Input, PhraseNews, State, Timer, rating};

/// No phrase is longer; a farewell that has not ended by then is not being played.
const LONGEST_FAREWELL: Duration = Duration::from_secs(30);

/// The rep has closed; the caller may hang up first.
#[derive(Debug)]
pub(super) struct Closing {
    ending: Ending,
}

/// The last words are being said; then the legs end.
#[derive(Debug)]
pub(super) struct Farewell {
    words: VecDeque<PromptId>,
    ending: Ending,
}

/// An ordinary end: a rating where one is wanted, else five seconds, then `closing`.
pub(super) fn close(board: &mut Board, by: EndedBy, now: Moment) -> State {
    board.hang_up(Party::Rep);
    board.hang_up(Party::Target);
    if rating::is_wanted(board) {
        return rating::enter(board, by, now);
    }
    board.timers.begin_state();
    board.hush(CALLER);
    board.timers.arm(
        Timer::CallerFirst,
        now + board.terms.policy.closing.caller_first.get(),
    );
    State::Closing(Closing {
        ending: Ending {
            by,
            because: Because::Closed,
        },
    })
}

impl Closing {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::TimedOut(Timer::CallerFirst) => {
                let said = board.manners.closing_said;
                let closing = board.policy().closing.say.clone();
                let words = if said {
                    VecDeque::new()
                } else {
                    [closing].into()
                };
                enter(board, words, self.ending, now)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Closing(self),
            input => board.unexpected(input, State::Closing(self)),
        }
    }
}

/// Says these phrases one after the other, then ends the call.
pub(super) fn enter(
    board: &mut Board,
    words: VecDeque<PromptId>,
    ending: Ending,
    now: Moment,
) -> State {
    board.timers.begin_state();
    board.stop_calling();
    board.timers.arm(Timer::Overdue, now + LONGEST_FAREWELL);
    Farewell { words, ending }.go_on(board, now)
}

impl Farewell {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Ended { .. }) => self.go_on(board, now),
            Input::TimedOut(Timer::Overdue) => board.end(self.ending.by, self.ending.because),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Farewell(self),
            input => board.unexpected(input, State::Farewell(self)),
        }
    }

    fn go_on(mut self, board: &mut Board, now: Moment) -> State {
        match self.words.pop_front() {
            Some(next) => {
                board.say(&next, Manner::POLITE, now);
                State::Farewell(self)
            }
            None => board.end(self.ending.by, self.ending.because),
        }
    }
}
