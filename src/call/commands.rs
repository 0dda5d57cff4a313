//! What the rep may ask for in any state.

use crate::words::{Because, Command, EndedBy, Moment, PromptId};

use super::board::ToSay;
use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, Outcome, Particulars, PromiseKind, Refusal, State, Timer,
    machine, promising, recording, talking,
};

/// Does it, refuses it, or leaves it to the state.
pub(super) fn obey(state: State, command: Command, board: &mut Board, now: Moment) -> State {
    match command {
        Command::Note { text } => board.act(Action::Note(text)),
        Command::Language { to } => board.language = to,
        Command::Dtmf { digits } if board.caller.leg.is_up() => {
            board.act(Action::SendKeys(CALLER, digits.keys().to_vec()));
        }
        Command::Hangup {
            force: true,
            reason: None,
        } => board.refuse(Refusal::ReasonRequired),
        // What rings is refused by its state: there is no dialog to end yet.
        Command::Hangup {
            force: true,
            reason: Some(_),
        } if !matches!(state, State::Ringing(_)) => {
            return board.end(EndedBy::Rep, Because::Forced);
        }
        Command::Mute { on } => return mute(state, on, board, now),
        Command::Recording { paused } => recording::pause(board, paused),
        Command::Move { seat } if may_move(&state, board) => {
            let until = now + board.policy().waiting.rep_rings_for.get();
            board.timers.arm(Timer::Moving, until);
            board.act(Action::Move(seat));
        }
        Command::CannotHear if board.caller.leg.is_up() && !state.is_leaving() => {
            return promising::cannot_hear(board, now);
        }
        Command::Machine if machine::may_be_one(&state, board) => {
            return machine::found(Outcome::Machine, false, board, now);
        }
        Command::Say { phrase } if may_say(&state, board) => {
            say(phrase, board, now);
        }
        Command::Promise {
            due,
            reason,
            kind,
            note,
            // The desk, which has the clock, has made a due time of it.
            within_min: _,
        } => {
            let particulars = Particulars { due, note };
            promise(kind.into(), &reason, particulars, board);
        }
        command => return state.handle(Input::Command(command), board, now),
    }
    state
}

/// The rep's own phrases: where nothing of the standard's is being said.
pub(super) fn may_say(state: &State, board: &Board) -> bool {
    matches!(state, State::Talking(_)) && board.caller.leg.is_up()
}

/// With a rep on the call who talks, or holds.
fn may_move(state: &State, board: &Board) -> bool {
    matches!(state, State::Talking(_) | State::Holding(_)) && board.rep.leg.is_up()
}

/// One of the rep's own phrases; one that promises waits for its row (D24).
fn say(phrase: PromptId, board: &mut Board, now: Moment) {
    match board.terms.promising.get(&phrase).copied() {
        Some(_) if board.number.is_none() => board.refuse(Refusal::NumberUnknown),
        Some(kind) => {
            let ticket = board.promise(kind, phrase.as_str(), Particulars::default());
            board.promises.to_say = Some((ticket, ToSay::Phrase(phrase)));
        }
        None => {
            board
                .told
                .suggested
                .take_if(|suggested| *suggested == phrase);
            board.manners.unratable |= board.policy().rating.never_after.contains(&phrase);
            board.say(&phrase, Manner::FIRM, now);
        }
    }
}

/// The rep promises; once it is noted the caller hears when he is called back (D24).
fn promise(kind: PromiseKind, reason: &str, particulars: Particulars, board: &mut Board) {
    if board.number.is_none() {
        return board.refuse(Refusal::NumberUnknown);
    }
    let ticket = board.promise(kind, reason, particulars);
    board.promises.to_say = Some((ticket, ToSay::When));
}

/// A mute is the rep's microphone, until it lasts (D7).
fn mute(state: State, on: bool, board: &mut Board, now: Moment) -> State {
    if std::mem::replace(&mut board.rep.muted, on) == on {
        return state;
    }
    match state {
        State::Talking(talking) => {
            talking::watch_mute(board, now);
            State::Talking(talking)
        }
        State::Holding(holding) if !on => holding.unmuted(board, now),
        state => state,
    }
}
