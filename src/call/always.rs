//! What every state treats alike: what is handled before a state sees it, and instead of it.

use crate::words::{Because, EndedBy, Moment, Party};

use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, LegNews, Notice, Outcome, Particulars, PhraseNews, PromiseKind,
    State, Timer, Utterance, commands, doctor, machine, noting, phone_keys, promising, repair,
    waiting,
};

/// One input, in full. What comes after the end changes nothing: a BYE may cross ours.
pub(super) fn handle(state: State, input: Input, board: &mut Board, now: Moment) -> State {
    if matches!(state, State::Ended) {
        return board.unexpected(input, state);
    }
    if let Input::TimedOut(timer) = input {
        board.timers.disarm(timer);
    }
    if let Input::Phrase(utterance, news) = input {
        return phrase_news(state, utterance, news, board, now);
    }
    let Some(input) = noting::note(input, &state, board, now) else {
        return state;
    };
    match input {
        Input::Leg(Party::Caller, news) => caller_news(state, news, board, now),
        Input::Leg(Party::Rep, LegNews::Away) if state.is_before_talk() => {
            another_seat(state, board)
        }
        Input::Command(command) => commands::obey(state, command, board, now),
        Input::Key(Party::Rep, key) if !board.terms.phone_keys.is_empty() => {
            phone_keys::press(state, key, board, now)
        }
        Input::TimedOut(Timer::NextKey) => {
            phone_keys::give_up(&state, board);
            state
        }
        Input::Line(party, line) => doctor::hear(state, party, line, board, now),
        Input::Repair(party, news) => doctor::hear_of_repair(state, party, news, board, now),
        // In the opening the ladder has the word (D15).
        Input::TimedOut(Timer::MediaLost) if matches!(state, State::Laddering(_)) => state,
        // His keys may come by INFO; who types nothing is soon left.
        Input::TimedOut(Timer::MediaLost) if matches!(state, State::TakingNumber(_)) => state,
        Input::TimedOut(Timer::MediaLost) if !state.is_leaving() => {
            promising::media_lost(board, now)
        }
        Input::TimedOut(Timer::Repair(party)) => doctor::repair_timed_out(state, party, board, now),
        Input::TimedOut(Timer::TellAgain(party)) => {
            doctor::tell_again(&state, party, board, now);
            state
        }
        Input::TimedOut(Timer::Moving) => {
            board.act(Action::StayPut);
            board.tell(Notice::NotMoved);
            state
        }
        Input::Sign(sign) => machine::hear(state, sign, board, now),
        Input::TimedOut(Timer::Doubt) => {
            machine::believe(board);
            state
        }
        Input::TimedOut(Timer::RepRings) => seat_does_not_answer(state, board),
        Input::ShutDown => shut_down(state, board, now),
        input => state.handle(input, board, now),
    }
}

/// News of a phrase that is no longer ours to end are no news.
fn phrase_news(
    state: State,
    utterance: Utterance,
    news: PhraseNews,
    board: &mut Board,
    now: Moment,
) -> State {
    let Some(hearer) = board.speech.hearer(utterance) else {
        return state;
    };
    if matches!(news, PhraseNews::Ended { .. }) {
        board.phrase_ended(hearer);
    }
    match (hearer, state) {
        (Party::Caller, state) => state.handle(Input::Phrase(utterance, news), board, now),
        (Party::Target, State::Transferring(transferring)) => {
            transferring.briefing_news(news, board, now)
        }
        (Party::Target | Party::Rep, state) => state,
    }
}

fn caller_news(state: State, news: LegNews, board: &mut Board, now: Moment) -> State {
    match news {
        LegNews::HungUp => board.end(EndedBy::Caller, Because::HungUp),
        LegNews::Cancelled => board.end(EndedBy::Caller, Because::Cancelled),
        LegNews::AnsweredElsewhere => board.end(EndedBy::Caller, Because::AnsweredElsewhere),
        LegNews::NeverAcked => board.end(EndedBy::Agent, Because::NeverAcknowledged),
        LegNews::Lost => caller_lost(&state, board),
        LegNews::Expiring => session_over(state, board, now),
        LegNews::Refused(_) | LegNews::NoAnswer if !matches!(state, State::Dialling(_)) => {
            caller_lost(&state, board)
        }
        LegNews::Holds => {
            board.timers.disarm(Timer::MediaLost);
            repair::forget_attempt(CALLER, board);
            board.tell(Notice::CallerOnOwnHold);
            state.handle(Input::Leg(CALLER, news), board, now)
        }
        LegNews::Resumes => {
            board.tell(Notice::CallerBack);
            board.watch_media(now);
            state.handle(Input::Leg(CALLER, news), board, now)
        }
        _ => state.handle(Input::Leg(CALLER, news), board, now),
    }
}

/// The dialog is gone on their side, mid-call: they are phoned back (R26).
fn caller_lost(state: &State, board: &mut Board) -> State {
    let with_rep = board.manners.joined || matches!(state, State::Talking(_));
    if with_rep && !state.is_leaving() && board.number.is_some() {
        board.promise(
            PromiseKind::LineFault,
            "dialog lost",
            Particulars::default(),
        );
    }
    board.end(EndedBy::Agent, Because::DialogLost)
}

/// Their line will be taken from us: they hear so while it lasts, and are phoned back (D27).
fn session_over(state: State, board: &mut Board, now: Moment) -> State {
    if state.is_leaving() {
        return state;
    }
    promising::session_over(board, now)
}

/// 20 s of ringing: the seat is absent, another one is called (D5, D6).
fn seat_does_not_answer(state: State, board: &mut Board) -> State {
    board.act(Action::SeatAbsent);
    board.hang_up(Party::Rep);
    if matches!(state, State::FetchingRep(_)) {
        board.settle_attempt(Outcome::RepAbsent);
        return board.end(EndedBy::Agent, Because::NoAnswer);
    }
    board.call_seat();
    state
}

/// He has no headset, and has not been joined yet: he is rung again once he has one.
fn another_seat(state: State, board: &mut Board) -> State {
    board.hang_up(Party::Rep);
    board.call_seat();
    state
}

/// No new calls, and nobody is left without a word (D29).
fn shut_down(state: State, board: &mut Board, now: Moment) -> State {
    if state.is_leaving() {
        return state;
    }
    if board.caller.leg.is_up() {
        return promising::shut_down(board, now);
    }
    if matches!(state, State::Ringing(_)) {
        board.act(Action::Refuse(480));
    }
    board.settle_attempt(Outcome::RepAbsent);
    board.end(EndedBy::Agent, Because::ShuttingDown)
}

/// The rep's leg is gone while the caller needs him: the waiting treatment, another seat (D6).
pub(super) fn rep_lost(board: &mut Board, manner: Manner, now: Moment) -> State {
    board.hang_up(Party::Target);
    board.call_seat();
    waiting::enter(board, manner, now)
}

/// Whether this is news that the rep is gone without having closed.
pub(super) fn is_loss(news: LegNews) -> bool {
    matches!(
        news,
        LegNews::Refused(_) | LegNews::NoAnswer | LegNews::Lost
    )
}
