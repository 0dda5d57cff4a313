//! What every state treats alike, before and instead of the state.

use crate::words::{Because, Command, EndedBy, Moment, Party, PromptId};

use super::legs::Leg;
use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, LegNews, Line, Notice, Outcome, PhraseNews, PromiseKind,
    Promised, Refusal, State, Ticket, Timer, Utterance, farewell, promising, talking, waiting,
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
    let Some(input) = note(input, &state, board, now) else {
        return state;
    };
    match input {
        Input::Leg(Party::Caller, news) => caller_news(state, news, board, now),
        Input::Command(command) => self::command(state, command, board, now),
        Input::Line(Party::Caller, line) => line_news(state, line, board, now),
        Input::TimedOut(Timer::MediaLost) if !state.is_leaving() => {
            promising::media_lost(board, now)
        }
        Input::TimedOut(Timer::RepRings) => seat_does_not_answer(state, board),
        Input::ShutDown => shut_down(state, board, now),
        input => state.handle(input, board, now),
    }
}

/// Writes down what the input says about legs and phrases; `None` when that was all of it.
fn note(input: Input, state: &State, board: &mut Board, now: Moment) -> Option<Input> {
    match input {
        Input::Leg(party, news) if is_stray(party, news, board) => {
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

/// News of a leg that is not ours any more: a 200 that crossed our CANCEL.
fn is_stray(party: Party, news: LegNews, board: &mut Board) -> bool {
    matches!(news, LegNews::PickedUp | LegNews::Acked) && board.leg(party).is_absent()
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
        LegNews::Ringing if party == Party::Rep => {
            let until = now + board.terms.policy.waiting.rep_rings_for.get();
            board.timers.arm_once(Timer::RepRings, until);
            board.rep.none_ready = false;
        }
        LegNews::NoSeat => board.rep.none_ready = true,
        LegNews::Holds | LegNews::Resumes if party == CALLER => {
            board.caller.on_hold = news == LegNews::Holds;
        }
        // Never acknowledged, the dialog is there all the same, and ends with a BYE (RFC 3261 13.3.1.4).
        LegNews::NeverAcked => {}
        LegNews::Cancelled
        | LegNews::Refused(_)
        | LegNews::NoAnswer
        | LegNews::HungUp
        | LegNews::Lost => *board.leg(party) = Leg::Absent,
        LegNews::Ringing | LegNews::Holds | LegNews::Resumes => {}
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
    let waited = board
        .promises
        .to_say
        .take_if(|(waiting, _)| *waiting == ticket);
    if let Some((_, phrase)) = waited
        && noted
        && may_say(state, board)
    {
        board.say(&phrase, Manner::FIRM, now);
    }
    None
}

fn caller_news(state: State, news: LegNews, board: &mut Board, now: Moment) -> State {
    match news {
        LegNews::HungUp => board.end(EndedBy::Caller, Because::HungUp),
        LegNews::Cancelled => board.end(EndedBy::Caller, Because::Cancelled),
        LegNews::NeverAcked => board.end(EndedBy::Agent, Because::NeverAcknowledged),
        LegNews::Lost => caller_lost(&state, board),
        LegNews::Refused(_) | LegNews::NoAnswer if !matches!(state, State::Dialling(_)) => {
            caller_lost(&state, board)
        }
        LegNews::Holds => {
            board.timers.disarm(Timer::MediaLost);
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
        } if !matches!(state, State::Ringing(_)) => {
            return board.end(EndedBy::Rep, Because::Forced);
        }
        Command::Mute { on } => return mute(state, on, board, now),
        Command::CannotHear if board.caller.leg.is_up() && !state.is_leaving() => {
            return promising::cannot_hear(board, now);
        }
        Command::Say { phrase } if may_say(&state, board) => {
            say(phrase, board, now);
        }
        Command::Promise { due, reason } => {
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

/// One of the rep's own phrases; one that promises waits for its row (D24).
fn say(phrase: PromptId, board: &mut Board, now: Moment) {
    match board.terms.promising.get(&phrase).copied() {
        Some(_) if board.number.is_none() => board.refuse(Refusal::NumberUnknown),
        Some(kind) => {
            let ticket = board.promise(kind, phrase.as_str(), None);
            board.promises.to_say = Some((ticket, phrase));
        }
        None => {
            board.manners.unratable |= board.policy().rating.never_after.contains(&phrase);
            board.say(&phrase, Manner::FIRM, now);
        }
    }
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
    if state.is_leaving() || !board.watches_caller() {
        return state;
    }
    match line {
        Line::TheyDoNotReceive => return promising::cannot_hear(board, now),
        Line::Fine => {
            board.timers.disarm(Timer::MediaLost);
            board.tell(Notice::LineFine);
        }
        // Packets of silence are packets: the line is not lost (D16).
        Line::DigitalSilence => {
            board.timers.disarm(Timer::MediaLost);
            board.tell(Notice::LineSilent);
        }
        Line::NoMedia => board.tell(Notice::LineNoMedia),
        Line::MediaStopped => board.tell(Notice::LineStopped),
    }
    board.watch_media(now);
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
