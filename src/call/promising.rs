//! A row before a promise (D24): the call waits for its commit, then says what may be said.

use std::collections::VecDeque;
use std::time::Duration;

use crate::words::{Because, EndedBy, Ending, Moment, PromptId};

use super::{
    Board, CALLER, Input, Particulars, PromiseKind, Promised, State, Ticket, Timer, farewell,
    taking_number,
};

/// A disk that takes longer counts as one that failed: the caller is not kept waiting for it.
const NOTED_WITHIN: Duration = Duration::from_secs(2);

/// The callback's row is being committed; the farewell depends on it.
#[derive(Debug)]
pub(super) struct Promising {
    ticket: Ticket,
    occasion: Occasion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// They do not hear us (R26, D17).
    CannotHear,
    /// Their audio did not come back (D16).
    MediaLost,
    /// The same, and they have heard so: they were asked for their number.
    MediaLostTold,
    /// The caller took our offer (R41).
    Offered,
    /// The agent is being stopped (D29).
    ShutDown,
    /// Nobody refreshes the session (D27).
    SessionOver,
}

/// They do not hear us: the number is noted, they are told and phoned back.
pub(super) fn cannot_hear(board: &mut Board, now: Moment) -> State {
    board.manners.line_faulted = true;
    enter(board, Occasion::CannotHear, PromiseKind::LineFault, now)
}

pub(super) fn media_lost(board: &mut Board, now: Moment) -> State {
    board.manners.line_faulted = true;
    enter(board, Occasion::MediaLost, PromiseKind::LineFault, now)
}

pub(super) fn as_offered(board: &mut Board, kind: PromiseKind, now: Moment) -> State {
    enter(board, Occasion::Offered, kind, now)
}

pub(super) fn shut_down(board: &mut Board, now: Moment) -> State {
    enter(board, Occasion::ShutDown, PromiseKind::Crash, now)
}

pub(super) fn session_over(board: &mut Board, now: Moment) -> State {
    board.manners.line_faulted = true;
    enter(board, Occasion::SessionOver, PromiseKind::Crash, now)
}

pub(super) fn enter(
    board: &mut Board,
    occasion: Occasion,
    kind: PromiseKind,
    now: Moment,
) -> State {
    board.timers.disarm(Timer::MediaLost);
    board.stop_calling();
    board.hush(CALLER);
    if board.number.is_none() {
        return without_number(board, occasion, kind, now);
    }
    let ticket = board.promise(kind, occasion.reason(), Particulars::default());
    wait(board, ticket, occasion, now)
}

/// Who hears us, and will for a while, is asked for it.
fn without_number(board: &mut Board, occasion: Occasion, kind: PromiseKind, now: Moment) -> State {
    match occasion {
        Occasion::Offered => taking_number::before_parting(board, occasion, kind, None, now),
        Occasion::MediaLost => {
            let lost = board.policy().line_fault.lost.clone();
            let told = Occasion::MediaLostTold;
            taking_number::before_parting(board, told, kind, Some(lost), now)
        }
        Occasion::CannotHear
        | Occasion::MediaLostTold
        | Occasion::ShutDown
        | Occasion::SessionOver => depart(board, occasion, Promised::NotNoted, now),
    }
}

/// For the row that was asked for.
pub(super) fn wait(board: &mut Board, ticket: Ticket, occasion: Occasion, now: Moment) -> State {
    board.timers.begin_state();
    board.timers.arm(Timer::Noted, now + NOTED_WITHIN);
    State::Promising(Promising { ticket, occasion })
}

impl Promising {
    pub(super) fn waits_for(&self, ticket: Ticket) -> bool {
        self.ticket == ticket
    }

    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Promised(_, promised) => depart(board, self.occasion, promised, now),
            Input::TimedOut(Timer::Noted) => depart(board, self.occasion, Promised::NotNoted, now),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Promising(self),
            input => board.unexpected(input, State::Promising(self)),
        }
    }
}

pub(super) fn depart(
    board: &mut Board,
    occasion: Occasion,
    promised: Promised,
    now: Moment,
) -> State {
    let words = occasion.words(board, promised);
    let ending = Ending {
        by: EndedBy::Agent,
        because: occasion.because(promised),
    };
    farewell::enter(board, words, ending, now)
}

impl Occasion {
    fn reason(self) -> &'static str {
        match self {
            Self::CannotHear => "the caller cannot hear us",
            Self::MediaLost | Self::MediaLostTold => "the caller's audio was lost",
            Self::Offered => "offered while waiting",
            Self::ShutDown => "the agent was stopped",
            Self::SessionOver => "the session was not refreshed",
        }
    }

    fn because(self, promised: Promised) -> Because {
        match self {
            Self::CannotHear => Because::CallerCannotHear,
            Self::MediaLost | Self::MediaLostTold => Because::MediaLost,
            Self::Offered if promised == Promised::NotNoted => Because::CallbackNotNoted,
            Self::Offered => Because::CallbackPromised,
            Self::ShutDown => Because::ShuttingDown,
            Self::SessionOver => Because::SessionOver,
        }
    }

    /// What may be said now: no phrase promises what is not noted.
    fn words(self, board: &Board, promised: Promised) -> VecDeque<PromptId> {
        let policy = &board.terms.policy;
        let (fault, callback) = (&policy.line_fault, &policy.callback);
        let noted = promised != Promised::NotNoted;
        let words = match self {
            Self::CannotHear if noted => vec![&fault.cannot_hear, &fault.farewell],
            Self::MediaLost => vec![&fault.lost, &fault.farewell],
            Self::Offered | Self::MediaLostTold if noted => {
                vec![promise_words(board, promised), &callback.farewell]
            }
            Self::Offered | Self::MediaLostTold if board.number.is_none() => {
                vec![&policy.number.missing, &callback.farewell]
            }
            Self::ShutDown | Self::SessionOver if noted => {
                vec![&policy.speaking.shut_down, &callback.farewell]
            }
            Self::CannotHear
            | Self::MediaLostTold
            | Self::Offered
            | Self::ShutDown
            | Self::SessionOver => vec![&fault.farewell],
        };
        words.into_iter().cloned().collect()
    }
}

/// The words follow the due time (D24).
pub(super) fn promise_words(board: &Board, promised: Promised) -> &PromptId {
    let callback = &board.terms.policy.callback;
    match promised {
        Promised::WithinFiveMinutes => &callback.promise,
        Promised::Soon | Promised::NotNoted => &callback.promise_soon,
        Promised::LaterToday => &callback.promise_today,
        Promised::Tomorrow => &callback.promise_tomorrow,
        Promised::NextWorkingDay => &callback.promise_working_day,
    }
}
