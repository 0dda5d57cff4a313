//! What the rep may ask for in any state.

use crate::words::{Because, Command, EndedBy, Moment, PromptId};

use super::board::ToSay;
use super::speech::Manner;
use super::taking_number::{self, Vow};
use super::{
    Action, Board, CALLER, Input, Outcome, Particulars, Refusal, State, Timer, machine, promising,
    recording, talking,
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
            return machine::found(state, Outcome::Machine, false, board, now);
        }
        Command::Say { phrase } if may_say(&state, board) => {
            return say(state, phrase, board, now);
        }
        Command::StillLooking if may_say(&state, board) => {
            return still_looking(state, board, now);
        }
        Command::Promise {
            due,
            reason,
            kind,
            note,
            // The desk, which has the clock, has made a due time of it.
            within_min: _,
        } => {
            let vow = Vow {
                kind: kind.into(),
                reason,
                particulars: Particulars {
                    due,
                    note,
                    renews: false,
                },
                to_say: ToSay::When,
            };
            return promise(state, vow, board, now);
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
fn say(state: State, phrase: PromptId, board: &mut Board, now: Moment) -> State {
    if let Some(kind) = board.terms.promising.get(&phrase).copied() {
        let vow = Vow {
            kind,
            reason: phrase.as_str().to_owned(),
            particulars: Particulars::default(),
            to_say: ToSay::Phrase(phrase),
        };
        return promise(state, vow, board, now);
    }
    board
        .told
        .suggested
        .take_if(|suggested| *suggested == phrase);
    board.manners.unratable |= board.policy().rating.never_after.contains(&phrase);
    board.say(&phrase, Manner::FIRM, now);
    state
}

/// The rep promises; once it is noted the caller hears so (D24). Who withholds his number is asked for it first.
fn promise(state: State, vow: Vow, board: &mut Board, now: Moment) -> State {
    if board.number.is_some() {
        let ticket = board.promise(vow.kind, &vow.reason, vow.particulars);
        board.promises.to_say = Some((ticket, vow.to_say));
        return state;
    }
    if may_say(&state, board) {
        return taking_number::for_rep(board, vow, now);
    }
    board.refuse(Refusal::NumberUnknown);
    state
}

/// At its due time the answer is not ready: he hears so, and is promised it anew (R41, R42).
fn still_looking(state: State, board: &mut Board, now: Moment) -> State {
    let Some(kind) = board.promises.keeps else {
        return board.unexpected(Input::Command(Command::StillLooking), state);
    };
    // He is there, by the rep's word: this promise is kept, and does not take the next one with it.
    machine::believe(board);
    talking::join(board);
    board.caller.vouched = true;
    board.timers.disarm(Timer::Opening);
    let phrase = board.policy().callback.still.clone();
    let vow = Vow {
        kind: kind.of_answer(),
        reason: phrase.as_str().to_owned(),
        particulars: Particulars {
            renews: true,
            ..Particulars::default()
        },
        to_say: ToSay::Phrase(phrase),
    };
    promise(state, vow, board, now)
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
