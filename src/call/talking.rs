use crate::policy::AskedBy;
use crate::words::{Command, ConsentFor, EndedBy, Moment, Party};

use super::speech::Manner;
use super::transferring::{self, Request};
use super::{
    Action, Board, CALLER, ConsentBy, Input, LegNews, Line, Notice, Outcome, Refusal, State, Timer,
    always, asking, farewell, holding, ladder, own_phone,
};

/// Caller and rep talk.
#[derive(Debug)]
pub(super) struct Talking;

/// Whether the caller has yet to show that he is there (D15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Watched,
    Over,
}

pub(super) fn enter(board: &mut Board, opening: Opening, now: Moment) -> State {
    board.timers.begin_state();
    // A tick is for what follows in this talk.
    board.manners.consented = None;
    match opening {
        Opening::Watched => watch_opening(board, now),
        Opening::Over => {
            board.caller.vouched = true;
            join(board);
        }
    }
    if board.caller.is_alive() || !board.terms.watches_line {
        join(board);
    }
    if board.rep.away {
        return hold_away(board, now);
    }
    if board.rep.is_deaf() {
        return own_phone::hold(board, now);
    }
    watch_rep(board, now);
    watch_mute(board, now);
    State::Talking(Talking)
}

/// A microphone that stays closed is a hold (D7).
pub(super) fn watch_mute(board: &mut Board, now: Moment) {
    board.timers.disarm(Timer::MutedWarning);
    board.timers.disarm(Timer::Muted);
    if board.rep.muted {
        let hold = &board.policy().hold;
        let warning = now + hold.muted_warning.get();
        board.timers.arm(Timer::MutedWarning, warning);
        board.timers.arm(Timer::Muted, now + hold.muted_for.get());
    }
}

/// Caller and rep are together: a line that stays silent keeps no promise (D25, D26).
pub(super) fn join(board: &mut Board) {
    if !std::mem::replace(&mut board.manners.joined, true) {
        board.act(Action::Joined);
        if !board.promises.doubtful {
            board.settle_attempt(Outcome::Joined);
        }
    }
}

/// Nobody asks music whether it is there.
fn watch_opening(board: &mut Board, now: Moment) {
    let caller = &board.caller;
    let is_silent = !caller.is_alive() && !caller.on_hold && caller.line != Some(Line::MusicOrTone);
    if board.terms.watches_line && is_silent {
        let opening_after = board.terms.policy.line_fault.opening_after.get();
        board.timers.arm_once(Timer::Opening, now + opening_after);
    }
}

/// In the opening of a call the verdict says whether there is anybody to talk to (D15).
fn mind_opening(line: Line, board: &mut Board, now: Moment) {
    match line {
        Line::MusicOrTone => board.timers.disarm(Timer::Opening),
        _ if !board.caller.vouched => watch_opening(board, now),
        _ => {}
    }
    // What he should have answered was no voice.
    if !board.caller.is_alive() {
        board.timers.disarm(Timer::RepSilent);
        board.timers.disarm(Timer::RepAbsent);
    }
}

/// The rep should answer the caller's first words (D6).
fn watch_rep(board: &mut Board, now: Moment) {
    let Some(spoke) = board.caller.life_since else {
        return;
    };
    if board.rep.heard || !board.terms.watches_line {
        return;
    }
    let waiting = &board.policy().waiting;
    let from = spoke.max(now);
    let silent_for = waiting.rep_silent_for.get();
    board.timers.arm(Timer::RepSilent, from + silent_for);
    if let Some(absent_after) = waiting.rep_absent_after.get() {
        board.timers.arm(Timer::RepAbsent, from + absent_after);
    }
}

impl Talking {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Command(command) => self.command(command, board, now),
            Input::Leg(Party::Rep, LegNews::HungUp) => {
                join(board);
                farewell::close(board, EndedBy::Rep, now)
            }
            Input::Leg(Party::Rep, news) if always::is_loss(news) => {
                always::rep_lost(board, Manner::POLITE, now)
            }
            Input::Leg(Party::Rep, LegNews::Away) => hold_away(board, now),
            Input::Leg(Party::Rep, LegNews::Holds) => own_phone::hold(board, now),
            Input::PhoneTransfer { target, mode } => {
                join(board);
                let request = Request::by_phone(target, mode);
                transferring::request(board, request, asking::Back::Talking, now)
            }
            Input::TimedOut(timer) => self.timer(timer, board, now),
            Input::Key(Party::Caller, _) => {
                board.timers.disarm(Timer::Opening);
                join(board);
                State::Talking(self)
            }
            Input::Voice {
                party: Party::Rep,
                speaking: true,
                ..
            } => {
                board.timers.disarm(Timer::RepSilent);
                board.timers.disarm(Timer::RepAbsent);
                State::Talking(self)
            }
            Input::Line(CALLER, Line::MediaStopped) => {
                self.unclear(board, now);
                State::Talking(self)
            }
            Input::Line(CALLER, line) => {
                mind_opening(line, board, now);
                State::Talking(self)
            }
            Input::Leg(Party::Caller, LegNews::Holds) => {
                board.timers.disarm(Timer::Opening);
                State::Talking(self)
            }
            Input::Leg(Party::Caller, LegNews::Resumes) => {
                watch_opening(board, now);
                State::Talking(self)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Talking(self),
            input => board.unexpected(input, State::Talking(self)),
        }
    }

    fn command(self, command: Command, board: &mut Board, now: Moment) -> State {
        // Who goes on with the call has found somebody there.
        if matches!(
            command,
            Command::Hold { .. } | Command::Transfer { .. } | Command::Hangup { .. }
        ) {
            join(board);
        }
        match command {
            Command::Hold { reason, agreed } => hold(board, reason, agreed, now),
            Command::Transfer {
                target,
                mode,
                agreed,
            } => {
                let request = Request::by_desk(target, mode, agreed);
                transferring::request(board, request, asking::Back::Talking, now)
            }
            Command::Hangup { .. } => farewell::close(board, EndedBy::Rep, now),
            Command::ClosingSaid => {
                board.manners.closing_said = true;
                State::Talking(self)
            }
            Command::Consent { to, agreed } => {
                board.manners.consented = agreed.then_some(to);
                State::Talking(self)
            }
            // The rep has the word already: what is being said to the caller ends.
            Command::Return | Command::Answer => {
                board.caller.vouched = true;
                board.hush(CALLER);
                State::Talking(self)
            }
            command => board.unexpected(Input::Command(command), State::Talking(self)),
        }
    }

    fn timer(self, timer: Timer, board: &mut Board, now: Moment) -> State {
        match timer {
            Timer::Opening if !board.is_saying(CALLER) => ladder::enter(board, now),
            // A phrase of ours is in the way: they are given their three seconds after it.
            Timer::Opening => {
                watch_opening(board, now);
                State::Talking(self)
            }
            Timer::FirstLife => {
                board.timers.disarm(Timer::Opening);
                join(board);
                watch_rep(board, now);
                State::Talking(self)
            }
            Timer::RepSilent => {
                board.tell(Notice::YouAreNotHeard);
                State::Talking(self)
            }
            Timer::MutedWarning => {
                board.tell(Notice::StillMuted);
                State::Talking(self)
            }
            Timer::Muted => hold_muted(board, now),
            Timer::RepAbsent => {
                board.act(Action::SeatAbsent);
                board.hang_up(Party::Rep);
                always::rep_lost(board, Manner::POLITE, now)
            }
            timer => board.unexpected(Input::TimedOut(timer), State::Talking(self)),
        }
    }

    /// Their audio stopped in mid-call: asked for at most every ten seconds (D16).
    fn unclear(&self, board: &mut Board, now: Moment) {
        let unclear = &board.policy().line_fault.unclear;
        if !board.unclear_lately(unclear, now) && !board.is_saying(CALLER) {
            board.say(unclear, Manner::POLITE, now);
        }
    }
}

fn hold(board: &mut Board, reason: Option<String>, agreed: bool, now: Moment) -> State {
    if board.rep_vouches(ConsentFor::Hold, agreed) {
        return holding::enter(board, holding::Asked::Before, now);
    }
    let policy = board.policy();
    match policy.hold.asked_by {
        AskedBy::Rep => {
            board.refuse(Refusal::ConsentRequired);
            State::Talking(Talking)
        }
        AskedBy::Agent => asking::to_hold(board, policy.hold.question(reason.as_deref()), now),
    }
}

/// The microphone was muted for five seconds: the caller is held, and the consent is missing (D7).
fn hold_muted(board: &mut Board, now: Moment) -> State {
    board.consent(ConsentFor::Hold, false, ConsentBy::Muted);
    board.tell(Notice::MutedIsHold);
    holding::enter_muted(board, now)
}

/// His headset is gone: nobody can ask, and the caller is not left in silence.
fn hold_away(board: &mut Board, now: Moment) -> State {
    board.consent(ConsentFor::Hold, false, ConsentBy::Headset);
    board.tell(Notice::HeadsetGone);
    holding::enter_away(board, now)
}
