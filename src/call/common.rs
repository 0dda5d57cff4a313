//! What every state treats alike, before and instead of the state.

use crate::words::{Because, Command, EndedBy, Moment, Party};

use super::legs::Leg;
use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, LegNews, Line, Notice, Outcome, PhraseNews, PromiseKind,
    Promised, Refusal, State, Ticket, Timer, Utterance, farewell, promising, talking, waiting,
};

/// One input, in full.
pub(super) fn handle(state: State, input: Input, board: &mut Board, now: Moment) -> State {
    if let Input::TimedOut(timer) = input {
        board.timers.disarm(timer);
    }
    if let Input::Phrase(utterance, news) = input {
        return phrase_news(state, utterance, news, board, now);
    }
    let Some(input) = note(input, &state, board, now) else {
        return state;
    };
    match input {
        Input::Leg(Party::Caller, news) => caller_news(state, news, board, now),
        Input::Command(command) => self::command(state, command, board, now),
        Input::Line(Party::Caller, line) if board.caller.leg.is_up() && !state.is_leaving() => {
            line_news(state, line, board, now)
        }
        // In the opening the ladder has the word (D15).
        Input::TimedOut(Timer::MediaLost) if matches!(state, State::Laddering(_)) => state,
        Input::TimedOut(Timer::MediaLost) if !state.is_leaving() => {
            promising::media_lost(board, now)
        }
        Input::TimedOut(Timer::Muted) => muted_for_long(state, board, now),
        Input::TimedOut(Timer::RepRings) => seat_does_not_answer(state, board),
        Input::ShutDown => shut_down(state, board, now),
        input => state.handle(input, board, now),
    }
}

/// Writes down what the input says about legs and phrases; `None` when that was all of it.
fn note(input: Input, state: &State, board: &mut Board, now: Moment) -> Option<Input> {
    match input {
        Input::Leg(party, news) => {
            note_leg(party, news, board, now);
            Some(Input::Leg(party, news))
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
        Input::TimedOut(Timer::MutedWarning) => {
            board.tell(Notice::StillMuted);
            None
        }
        other => Some(other),
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
        board.speech.end(hearer);
    }
    match (hearer, state) {
        (Party::Caller, state) => state.handle(Input::Phrase(utterance, news), board, now),
        (Party::Target, State::Transferring(transferring)) => {
            transferring.briefing_news(news, board, now)
        }
        (Party::Target | Party::Rep, state) => state,
    }
}

fn note_leg(party: Party, news: LegNews, board: &mut Board, now: Moment) {
    match news {
        LegNews::PickedUp | LegNews::Acked => *board.leg(party) = Leg::Up,
        LegNews::Ringing if party == Party::Rep => {
            let until = now + board.terms.policy.waiting.rep_rings_for.get();
            board.timers.arm(Timer::RepRings, until);
        }
        LegNews::Holds | LegNews::Resumes if party == CALLER => {
            board.caller.on_hold = news == LegNews::Holds;
        }
        LegNews::NeverAcked
        | LegNews::Cancelled
        | LegNews::Refused(_)
        | LegNews::NoAnswer
        | LegNews::HungUp
        | LegNews::Lost => *board.leg(party) = Leg::Absent,
        LegNews::Ringing | LegNews::Holds | LegNews::Resumes | LegNews::NoSeat => {}
    }
    if party == Party::Rep && news != LegNews::Ringing {
        board.timers.disarm(Timer::RepRings);
    }
}

fn note_voice(party: Party, speaking: bool, since: Moment, board: &mut Board, now: Moment) {
    match party {
        Party::Rep => board.rep.heard |= speaking,
        Party::Target => {}
        Party::Caller => {
            board.caller.speaking = speaking;
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
    match board.promises.to_say.take() {
        Some((waiting, phrase)) if waiting == ticket && noted => {
            board.say(&phrase, Manner::FIRM, now);
        }
        Some((waiting, phrase)) if waiting != ticket => {
            board.promises.to_say = Some((waiting, phrase));
        }
        Some(_) | None => {}
    }
    None
}

fn caller_news(state: State, news: LegNews, board: &mut Board, now: Moment) -> State {
    match news {
        LegNews::HungUp => board.end(EndedBy::Caller, Because::HungUp),
        LegNews::Cancelled => board.end(EndedBy::Caller, Because::Cancelled),
        LegNews::NeverAcked => board.end(EndedBy::Agent, Because::NeverAcknowledged),
        LegNews::Lost => caller_lost(&state, board),
        LegNews::Holds => {
            board.timers.disarm(Timer::MediaLost);
            board.tell(Notice::CallerOnOwnHold);
            state.handle(Input::Leg(CALLER, news), board, now)
        }
        LegNews::Resumes => {
            board.tell(Notice::CallerBack);
            state.handle(Input::Leg(CALLER, news), board, now)
        }
        _ => state.handle(Input::Leg(CALLER, news), board, now),
    }
}

/// The dialog is gone on their side, mid-call: they are phoned back (R26).
fn caller_lost(state: &State, board: &mut Board) -> State {
    if !state.is_leaving() && board.manners.joined && board.number.is_some() {
        board.promise(PromiseKind::LineFault, "dialog lost", None);
    }
    board.end(EndedBy::Agent, Because::DialogLost)
}

fn command(state: State, command: Command, board: &mut Board, now: Moment) -> State {
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
        } if !matches!(state, State::Ended | State::Ringing(_)) => {
            return board.end(EndedBy::Rep, Because::Forced);
        }
        Command::Mute { on } => return mute(state, on, board, now),
        Command::CannotHear if board.caller.leg.is_up() && !state.is_leaving() => {
            return promising::cannot_hear(board, now);
        }
        Command::Say { phrase } if may_say(&state, board) => {
            match board.terms.promising.get(&phrase).copied() {
                Some(_) if board.number.is_none() => board.refuse(Refusal::NumberUnknown),
                Some(kind) => {
                    let ticket = board.promise(kind, phrase.as_str(), None);
                    board.promises.to_say = Some((ticket, phrase));
                }
                None => board.say(&phrase, Manner::FIRM, now),
            }
        }
        Command::Promise { due, reason } if !matches!(state, State::Ended) => {
            if board.number.is_some() {
                board.promise(PromiseKind::Rep, &reason, due);
            } else {
                board.refuse(Refusal::NumberUnknown);
            }
        }
        command => return state.handle(Input::Command(command), board, now),
    }
    state
}

/// The rep's own phrases: where nothing of the standard's is being said.
fn may_say(state: &State, board: &Board) -> bool {
    matches!(state, State::Talking(_)) && board.caller.leg.is_up()
}

/// A mute is the rep's microphone, until it lasts (D7).
fn mute(state: State, on: bool, board: &mut Board, now: Moment) -> State {
    board.rep.muted = on;
    let hold = &board.policy().hold;
    board.timers.disarm(Timer::MutedWarning);
    board.timers.disarm(Timer::Muted);
    if !on {
        return match state {
            State::Holding(holding) => holding.unmuted(board, now),
            state => state,
        };
    }
    if matches!(state, State::Talking(_)) {
        board
            .timers
            .arm(Timer::MutedWarning, now + hold.muted_warning.get());
        board.timers.arm(Timer::Muted, now + hold.muted_for.get());
    }
    state
}

fn muted_for_long(state: State, board: &mut Board, now: Moment) -> State {
    match state {
        State::Talking(_) => talking::hold_muted(board, now),
        state => state,
    }
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

/// A verdict about the caller's line, in the middle of a call (D16, D17).
fn line_news(state: State, line: Line, board: &mut Board, now: Moment) -> State {
    board.caller.line = Some(line);
    match line {
        Line::TheyDoNotReceive => return promising::cannot_hear(board, now),
        Line::Fine => {
            board.timers.disarm(Timer::MediaLost);
            board.tell(Notice::LineFine);
        }
        Line::DigitalSilence => board.tell(Notice::LineSilent),
        Line::NoMedia | Line::MediaStopped => {
            let after = board.terms.policy.line_fault.lost_after.get();
            board.timers.arm(Timer::MediaLost, now + after);
            let no_media = line == Line::NoMedia;
            board.tell(if no_media {
                Notice::LineNoMedia
            } else {
                Notice::LineStopped
            });
        }
    }
    state.handle(Input::Line(CALLER, line), board, now)
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
pub(super) fn rep_lost(board: &mut Board, now: Moment) -> State {
    board.hang_up(Party::Target);
    board.call_seat();
    waiting::enter(board, now)
}

/// The farewell that fits an ordinary end.
pub(super) fn close(board: &mut Board, by: EndedBy, now: Moment) -> State {
    farewell::close(board, by, now)
}

/// Whether this is news that the rep is gone without having closed.
pub(super) fn is_loss(news: LegNews) -> bool {
    matches!(
        news,
        LegNews::Refused(_) | LegNews::NoAnswer | LegNews::Lost
    )
}
