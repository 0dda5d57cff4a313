use crate::words::{Because, Command, EndedBy, Ending, Moment, Party, PromptId};

use super::speech::Manner;
use super::{
    Board, CALLER, Input, LegNews, Line, PhraseNews, State, Timer, always, farewell, talking,
};

/// The caller has shown no life since the greeting: asked twice at least, then left politely (R23-R25; D15).
#[derive(Debug)]
pub(super) struct Laddering {
    step: usize,
}

pub(super) fn enter(board: &mut Board, now: Moment) -> State {
    climb(board, 0, now)
}

fn climb(board: &mut Board, step: usize, now: Moment) -> State {
    board.timers.begin_state();
    match words(board, step) {
        Some(phrase) => {
            board.say(&phrase, Manner::YIELDING, now);
            State::Laddering(Laddering { step })
        }
        None => {
            let goodbye = board.policy().line_fault.opening_farewell.clone();
            let ending = Ending {
                by: EndedBy::Agent,
                because: Because::SilentCaller,
            };
            farewell::enter(board, [goodbye].into(), ending, now)
        }
    }
}

/// "You are connected" where not a packet came; else "please go ahead".
fn words(board: &Board, step: usize) -> Option<PromptId> {
    let fault = &board.terms.policy.line_fault;
    let no_media = step == 0 && board.caller.line == Some(Line::NoMedia);
    let step = fault.opening.get(step)?;
    Some(if no_media {
        fault.no_media.clone()
    } else {
        step.say.clone()
    })
}

impl Laddering {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Ended { .. }) => {
                let wait = board.terms.policy.line_fault.opening.get(self.step);
                let wait = wait.map(|step| step.wait.get()).unwrap_or_default();
                board.timers.arm(Timer::LadderPause, now + wait);
                State::Laddering(self)
            }
            Input::TimedOut(Timer::LadderPause) => climb(board, self.step + 1, now),
            Input::TimedOut(Timer::FirstLife)
            | Input::Key(Party::Caller, _)
            | Input::Command(Command::Return | Command::Answer)
            | Input::Leg(Party::Caller, LegNews::Holds) => found(board, now),
            Input::Command(Command::Hangup { .. }) => farewell::close(board, EndedBy::Rep, now),
            Input::Command(command @ (Command::Hold { .. } | Command::Transfer { .. })) => {
                let state = found(board, now);
                state.handle(Input::Command(command), board, now)
            }
            Input::Line(CALLER, Line::MusicOrTone) => somebody_elses(board, now),
            // The ladder is the agent's: it goes on without the rep.
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Laddering(self),
            input => board.unexpected(input, State::Laddering(self)),
        }
    }
}

/// He is there, or the rep vouches for it.
fn found(board: &mut Board, now: Moment) -> State {
    leave(talking::Opening::Over, board, now)
}

/// Music is asked nothing; the rep hears it, and nobody has been found yet.
fn somebody_elses(board: &mut Board, now: Moment) -> State {
    leave(talking::Opening::Watched, board, now)
}

fn leave(opening: talking::Opening, board: &mut Board, now: Moment) -> State {
    board.hush(CALLER);
    if board.rep.leg.is_absent() {
        return always::rep_lost(board, Manner::POLITE, now);
    }
    talking::enter(board, opening, now)
}
