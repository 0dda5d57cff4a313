//! Nobody answers our call but a machine: that keeps no promise, and it may be left a message (D25).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::words::{Because, EndedBy, Moment, Party};

use super::reached::{Sign, came_of_answer};
use super::speech::Manner;
use super::{Board, CALLER, Input, Outcome, PhraseNews, State, Timer};

/// What we do where a machine answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtMachine {
    #[default]
    HangUp,
    /// Our message is said after its beep.
    Message,
}

/// From the answer on: by then a greeting has been heard for what it is, and the rep has had his word.
const DOUBTED_FOR: Duration = Duration::from_secs(12);

/// No greeting is longer; a machine that has not beeped by then records nothing.
const BEEPS_WITHIN: Duration = Duration::from_secs(30);

/// A machine greets, or records our message.
#[derive(Debug)]
pub(super) struct Messaging {
    begun: bool,
}

/// They answered: it is a person once he sounds like one, or nothing speaks against it for long enough.
pub(super) fn doubt(board: &mut Board, now: Moment) {
    // What was heard before was their network.
    board.caller.line = None;
    if board.promises.attempt_open && board.terms.watches_line {
        board.promises.doubtful = true;
        board.timers.arm(Timer::Doubt, now + DOUBTED_FOR);
    }
}

/// It is a person, for all we know.
pub(super) fn believe(board: &mut Board) {
    board.timers.disarm(Timer::Doubt);
    board.promises.doubtful = false;
    if board.manners.joined {
        board.settle_attempt(Outcome::Joined);
    }
}

/// Something was heard of whom we call.
pub(super) fn hear(state: State, sign: Sign, board: &mut Board, now: Moment) -> State {
    match state {
        State::Dialling(_) => {
            board.caller.early.note(sign);
            state
        }
        State::Messaging(messaging) => messaging.handle(Input::Sign(sign), board, now),
        state if state.is_leaving() || !board.promises.attempt_open => state,
        state => match came_of_answer(sign) {
            Some(outcome) => found(state, outcome, sign == Sign::Beep, board, now),
            None => {
                if sign == Sign::Person {
                    believe(board);
                }
                state
            }
        },
    }
}

/// The rep's word, where the attempt is not over yet.
pub(super) fn may_be_one(state: &State, board: &Board) -> bool {
    board.promises.attempt_open && board.caller.leg.is_up() && !state.is_leaving()
}

/// Nobody is there. Nobody is told farewell either (D27). The rep who dialled by himself hears it, and may speak to it.
pub(super) fn found(
    state: State,
    outcome: Outcome,
    beeped: bool,
    board: &mut Board,
    now: Moment,
) -> State {
    board.settle_attempt(outcome);
    if board.promises.keeps.is_none() {
        return state;
    }
    match (outcome, board.terms.at_machine) {
        (Outcome::Machine, AtMachine::Message) => enter(beeped, board, now),
        _ => board.end(EndedBy::Agent, Because::Machine),
    }
}

fn enter(beeped: bool, board: &mut Board, now: Moment) -> State {
    for party in [Party::Rep, Party::Target] {
        board.hang_up(party);
    }
    board.timers.begin_state();
    board.hush(CALLER);
    board.timers.arm(Timer::Beep, now + BEEPS_WITHIN);
    let messaging = Messaging { begun: false };
    match beeped {
        true => messaging.speak(board, now),
        false => State::Messaging(messaging),
    }
}

impl Messaging {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Sign(Sign::Beep) if !self.begun => self.speak(board, now),
            Input::Phrase(_, PhraseNews::Ended { .. }) | Input::TimedOut(Timer::Beep) => {
                board.end(EndedBy::Agent, Because::Machine)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Sign(_)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Messaging(self),
            input => board.unexpected(input, State::Messaging(self)),
        }
    }

    fn speak(self, board: &mut Board, now: Moment) -> State {
        let message = board.policy().callback.message.clone();
        board.timers.arm(Timer::Beep, now + BEEPS_WITHIN);
        board.say(&message, Manner::FIRM, now);
        State::Messaging(Self { begun: true })
    }
}
