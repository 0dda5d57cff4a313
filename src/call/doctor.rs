//! What the verdicts about the lines lead to: told, suggested, said, mended (R7, R11, R26-R28; D6, D15-D18).

use std::collections::BTreeMap;

use crate::policy::Suggest;
use crate::words::{Moment, Party, PromptId};

use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, Line, Notice, RepairNews, State, Timer, promising, repair,
};

/// What was told about the lines: nothing twice within `again_after`, and each end once.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// When each verdict was told last.
    last: BTreeMap<(Party, Line), Moment>,
    /// Told, and its end not yet.
    standing: BTreeMap<Party, Line>,
    /// Too soon to be told again; later, if it still stands.
    put_off: BTreeMap<Party, Line>,
    /// The phrase that the caller's line suggests to the rep.
    pub(super) suggested: Option<PromptId>,
}

/// A verdict, in the middle of a call.
pub(super) fn hear(
    state: State,
    party: Party,
    line: Line,
    board: &mut Board,
    now: Moment,
) -> State {
    match party {
        Party::Caller => of_caller(state, line, board, now),
        Party::Rep | Party::Target => of_colleague(state, party, line, board, now),
    }
}

fn of_caller(state: State, line: Line, board: &mut Board, now: Moment) -> State {
    let before = board.caller.line.replace(line);
    mind_voice(before, board, now);
    if state.is_leaving() || !board.watches_caller() {
        return state;
    }
    mind_packets(line, board, now);
    let fresh = tell(CALLER, line, board, now);
    advise(&state, line, fresh, board, now);
    if line.is_hurt() {
        return match repair::begin(CALLER, line, board, now) {
            true => state,
            false => not_mended(state, CALLER, line, board, now),
        };
    }
    if !line.keeps_hurting() {
        repair::seems_fine(CALLER, board, now);
    }
    let state = state.handle(Input::Line(CALLER, line), board, now);
    match before {
        Some(Line::SilentCaller) if line.has_voice() => life(state, board, now),
        _ => state,
    }
}

/// A human voice is heard after all (D15).
fn life(state: State, board: &mut Board, now: Moment) -> State {
    board.caller.life_since.get_or_insert(now);
    match state.minds_life() {
        true => state.handle(Input::TimedOut(Timer::FirstLife), board, now),
        false => state,
    }
}

/// What sounded like a voice is none, or is one again.
fn mind_voice(before: Option<Line>, board: &mut Board, now: Moment) {
    let was_nobody = before.is_some_and(Line::is_nobody);
    match (was_nobody, board.caller.is_nobody()) {
        (false, true) => {
            board.caller.speaking = false;
            board.timers.disarm(Timer::FirstLife);
            board.timers.disarm(Timer::GiveWay);
            board.say_pending(now);
        }
        (true, false) => board.caller.speaking = board.caller.sounds,
        _ => {}
    }
    if !board.caller.vouched {
        doubt_life(board, now);
    }
}

/// What seemed to be his first word was none (D15). Music may follow a word of his: then it is older.
fn doubt_life(board: &mut Board, now: Moment) {
    let music = board.terms.policy.line.after.music_or_tone.get();
    let doubted = match board.caller.line {
        Some(Line::SilentCaller) => true,
        Some(Line::MusicOrTone) => {
            let since = board.caller.life_since;
            since.is_some_and(|since| now < since + music.saturating_mul(2))
        }
        _ => false,
    };
    if doubted {
        board.caller.life_since = None;
    }
}

/// No packet for long is the end of a call; packets of silence are packets (D16).
fn mind_packets(line: Line, board: &mut Board, now: Moment) {
    if !line.keeps_hurting() {
        board.timers.disarm(Timer::MediaLost);
    }
    board.watch_media(now);
}

/// Of the rep and the target: what a person can do something about is told, who hears nothing is mended.
fn of_colleague(state: State, party: Party, line: Line, board: &mut Board, now: Moment) -> State {
    let watched = board.terms.watches_line && board.leg(party).is_up();
    if state.is_leaving() || !watched {
        return state;
    }
    // Their phones suppress silence while they listen: that nothing comes of them is no news.
    if line.is_about_sound() {
        tell(party, line, board, now);
    }
    match line {
        Line::TheyDoNotReceive => {
            repair::begin(party, line, board, now);
            state
        }
        _ => {
            repair::seems_fine(party, board, now);
            state
        }
    }
}

/// Our new offer was taken, or was not.
pub(super) fn hear_of_repair(
    state: State,
    party: Party,
    news: RepairNews,
    board: &mut Board,
    now: Moment,
) -> State {
    if state.is_leaving() {
        return state;
    }
    match repair::hear(party, news, board, now) {
        Some(fault) => not_mended(state, party, fault, board, now),
        None => state,
    }
}

/// The wait after a new offer is over.
pub(super) fn repair_timed_out(
    state: State,
    party: Party,
    board: &mut Board,
    now: Moment,
) -> State {
    if state.is_leaving() {
        return state;
    }
    match repair::timed_out(party, board, now) {
        Some(fault) => not_mended(state, party, fault, board, now),
        None => state,
    }
}

/// Nothing is left to try: the phrases (D16, D17). A rep or target is told; he is no worse off than before.
fn not_mended(state: State, party: Party, fault: Line, board: &mut Board, now: Moment) -> State {
    match (party, fault) {
        (Party::Caller, Line::TheyDoNotReceive) => promising::cannot_hear(board, now),
        (Party::Caller, fault) => state.handle(Input::Line(CALLER, fault), board, now),
        (Party::Rep | Party::Target, _) => state,
    }
}

/// Tells it, unless it was told lately; true if it was told.
fn tell(party: Party, line: Line, board: &mut Board, now: Moment) -> bool {
    board.told.put_off.remove(&party);
    board.timers.disarm(Timer::TellAgain(party));
    if line == Line::Fine {
        if board.told.standing.remove(&party).is_some() {
            board.tell(Notice::Line(party, line));
        }
        return false;
    }
    let again_after = board.terms.policy.line.again_after.get();
    let again_at = board
        .told
        .last
        .get(&(party, line))
        .map(|last| *last + again_after);
    match again_at {
        Some(at) if now < at => {
            board.told.put_off.insert(party, line);
            board.timers.arm(Timer::TellAgain(party), at);
            false
        }
        Some(_) | None => {
            board.told.last.insert((party, line), now);
            board.told.standing.insert(party, line);
            board.tell(Notice::Line(party, line));
            true
        }
    }
}

/// It still stands, and may be told again.
pub(super) fn tell_again(state: &State, party: Party, board: &mut Board, now: Moment) {
    let watched = party != CALLER || board.watches_caller();
    if let Some(line) = board.told.put_off.remove(&party)
        && watched
        && !state.is_leaving()
    {
        let fresh = tell(party, line, board, now);
        if party == CALLER {
            advise(state, line, fresh, board, now);
        }
    }
}

/// What could be said about it: suggested to the rep; said by us where nobody is on the call (D18).
fn advise(state: &State, line: Line, fresh: bool, board: &mut Board, now: Moment) {
    let policy = board.policy();
    let phrase = phrase_for(line, &policy.line.suggest);
    board.told.suggested = phrase.cloned();
    let Some(phrase) = phrase.filter(|_| fresh) else {
        return;
    };
    match state {
        State::Waiting(waiting) if waiting.has_time(now) && !board.is_saying(CALLER) => {
            board.say(phrase, Manner::POLITE, now);
        }
        State::Talking(_) if !board.unclear_lately(phrase, now) => {
            board.act(Action::Suggest(phrase.clone()));
        }
        _ => {}
    }
}

/// What asks the caller for what would help.
fn phrase_for(line: Line, suggest: &Suggest) -> Option<&PromptId> {
    match line {
        Line::TooQuiet => Some(&suggest.too_quiet),
        Line::TooLoud => Some(&suggest.too_loud),
        Line::Clipped => Some(&suggest.clipped),
        Line::LineNoise => Some(&suggest.line_noise),
        Line::Echo => Some(&suggest.echo),
        Line::TheyDoNotReceive
        | Line::NoMedia
        | Line::MediaStopped
        | Line::MediaLate
        | Line::DigitalSilence
        | Line::SilentCaller
        | Line::MusicOrTone
        | Line::Fine => None,
    }
}
