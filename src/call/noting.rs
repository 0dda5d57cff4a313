//! What an input says about legs, voices and promises, written on the board for every state.

use crate::words::{Moment, Party};

use super::board::ToSay;
use super::legs::Leg;
use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, LegNews, Notice, Promised, State, Ticket, Timer, commands,
    promising, repair,
};

/// Writes down what the input says about legs and phrases; `None` when that was all of it.
pub(super) fn note(input: Input, state: &State, board: &mut Board, now: Moment) -> Option<Input> {
    match input {
        Input::Leg(party, news) if is_stray(state, party, news, board) => {
            hang_up_stray(party, news, board);
            None
        }
        Input::Leg(party, news) => {
            note_leg(party, news, board, now);
            Some(Input::Leg(party, news))
        }
        // Early media is for the rep's ear only (D25).
        Input::Voice { .. } | Input::Key(CALLER, _) if matches!(state, State::Dialling(_)) => None,
        Input::Voice {
            party: CALLER,
            speaking,
            ..
        } if board.caller.is_nobody() => {
            board.caller.sounds = speaking;
            None
        }
        Input::Voice {
            party,
            speaking,
            since,
        } => {
            note_voice(party, speaking, since, board, now);
            Some(Input::Voice {
                party,
                speaking,
                since,
            })
        }
        Input::Key(Party::Caller, key) => {
            board.caller.life_since.get_or_insert(now);
            board.caller.vouched = true;
            Some(Input::Key(Party::Caller, key))
        }
        Input::Promised(ticket, promised) => promise_noted(ticket, promised, state, board, now),
        Input::TimedOut(Timer::FirstLife) => {
            board.caller.life_since.get_or_insert(now);
            Some(input).filter(|_| state.minds_life())
        }
        Input::TimedOut(Timer::GiveWay) => {
            board.cut_short();
            None
        }
        Input::TimedOut(Timer::Pause) => {
            board.say_pending(now);
            None
        }
        other => Some(other),
    }
}

/// News of a leg that is not ours any more, as a 200 that crossed our CANCEL; and no news at all.
fn is_stray(state: &State, party: Party, news: LegNews, board: &mut Board) -> bool {
    match news {
        LegNews::PickedUp => board.leg(party).is_absent(),
        LegNews::Acked => !matches!(state, State::Answering(_)),
        // Nobody says farewell to a rep or a target: their end is told when it comes.
        LegNews::Expiring => party != CALLER || !board.caller.leg.is_up(),
        LegNews::Holds if party == CALLER => board.caller.on_hold,
        LegNews::Moved => party != Party::Rep || !board.rep.leg.is_up(),
        LegNews::Away => party != Party::Rep || board.rep.away || !board.rep.leg.is_up(),
        LegNews::Back => party != Party::Rep || !board.rep.away,
        LegNews::Resumes if party == CALLER => !board.caller.on_hold,
        LegNews::Holds if party == Party::Rep => !board.rep.leg.is_up() || board.rep.on_hold,
        LegNews::Resumes if party == Party::Rep => !board.rep.is_deaf(),
        _ => false,
    }
}

fn hang_up_stray(party: Party, news: LegNews, board: &mut Board) {
    board.unexpected += 1;
    if news == LegNews::PickedUp {
        board.act(Action::HangUp(party));
    }
}

fn note_leg(party: Party, news: LegNews, board: &mut Board, now: Moment) {
    match news {
        LegNews::PickedUp | LegNews::Acked => *board.leg(party) = Leg::Up,
        LegNews::Ringing if party == Party::Rep && board.rep.leg == Leg::Called => {
            let until = now + board.terms.policy.waiting.rep_rings_for.get();
            board.timers.arm_once(Timer::RepRings, until);
            board.rep.none_ready = false;
        }
        LegNews::NoSeat => board.rep.none_ready = true,
        LegNews::Moved => board.rep_moved(),
        LegNews::Away | LegNews::Back => board.rep.away = news == LegNews::Away,
        LegNews::Holds | LegNews::Resumes if party == CALLER => {
            board.caller.on_hold = news == LegNews::Holds;
        }
        LegNews::Holds | LegNews::Resumes if party == Party::Rep => {
            board.rep.on_hold = news == LegNews::Holds;
            board.rep.may_hold = false;
        }
        // Never acknowledged, the dialog is there all the same, and ends with a BYE (RFC 3261 13.3.1.4).
        LegNews::NeverAcked => {}
        LegNews::Cancelled
        | LegNews::AnsweredElsewhere
        | LegNews::Refused(_)
        | LegNews::NoAnswer
        | LegNews::HungUp
        | LegNews::Lost => *board.leg(party) = Leg::Absent,
        LegNews::Ringing
        | LegNews::Kept
        | LegNews::Holds
        | LegNews::Resumes
        | LegNews::Expiring
        | LegNews::HandedOff
        | LegNews::NotHandedOff => {}
    }
    if party == Party::Rep && news != LegNews::Ringing {
        board.timers.disarm(Timer::RepRings);
    }
    if board.leg(party).is_absent() {
        repair::forget_leg(party, board);
    }
}

fn note_voice(party: Party, speaking: bool, since: Moment, board: &mut Board, now: Moment) {
    match party {
        Party::Rep => board.rep.heard |= speaking,
        Party::Target => {}
        Party::Caller => {
            (board.caller.speaking, board.caller.sounds) = (speaking, speaking);
            if speaking {
                caller_speaks(since, board, now);
            } else {
                board.timers.disarm(Timer::FirstLife);
                board.timers.disarm(Timer::GiveWay);
                board.say_pending(now);
            }
        }
    }
}

/// 200 ms are a sign of life (D15); 300 ms stop a phrase that gives way (D14).
fn caller_speaks(since: Moment, board: &mut Board, now: Moment) {
    let policy = board.policy();
    if !board.caller.is_alive() {
        let at = since + policy.line_fault.first_life.get();
        board.timers.arm(Timer::FirstLife, at.max(now));
    }
    if board
        .speech
        .playing(CALLER)
        .is_some_and(|playing| playing.gives_way)
    {
        let at = since + policy.speaking.gives_way_after.get();
        board.timers.arm(Timer::GiveWay, at.max(now));
    }
}

/// A row is committed, or is not. What waited for it is said now; a state that waits hears of it.
fn promise_noted(
    ticket: Ticket,
    promised: Promised,
    state: &State,
    board: &mut Board,
    now: Moment,
) -> Option<Input> {
    let noted = promised != Promised::NotNoted;
    board.promises.made |= noted;
    if let State::Promising(promising) = state
        && promising.waits_for(ticket)
    {
        return Some(Input::Promised(ticket, promised));
    }
    board.tell(if noted {
        Notice::PromiseNoted
    } else {
        Notice::PromiseNotNoted
    });
    let waited = board
        .promises
        .to_say
        .take_if(|(waiting, _)| *waiting == ticket);
    if let Some((_, to_say)) = waited
        && noted
        && commands::may_say(state, board)
    {
        let phrase = match to_say {
            ToSay::Phrase(phrase) => phrase,
            ToSay::When => promising::promise_words(board, promised).clone(),
        };
        board.say(&phrase, Manner::FIRM, now);
    }
    None
}
