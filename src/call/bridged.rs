use std::time::Duration;

use crate::words::{Because, Command, EndedBy, Moment, Party};

use super::speech::Manner;
use super::{
    Action, Board, CALLER, Handoff, Input, LegNews, Notice, State, Timer, always, farewell,
};

/// An exchange that took the call says so within this, once the target's leg to us is over; else
/// the caller is alone in a silent line.
const SAID_WITHIN: Duration = Duration::from_secs(4);

/// Caller and target are joined; the rep is released (R33; D22).
#[derive(Debug)]
pub(super) struct Bridged {
    target: String,
    carrier: Carrier,
}

/// Who carries the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Us,
    /// The exchange is asked to; our BYE waits for its word.
    Asked,
    /// As `Asked`, and the target's leg to us is over: replaced, or he hung up.
    AskedAlone,
}

pub(super) fn enter(board: &mut Board, target: String) -> State {
    board.timers.begin_state();
    board.hush(CALLER);
    board.hang_up(Party::Rep);
    let terms = board.terms.targets.get(&target);
    let carrier = match terms.map(|terms| terms.handoff) {
        Some(Handoff::Refer) => {
            let target = target.clone();
            board.act(Action::HandOff { target });
            Carrier::Asked
        }
        Some(Handoff::Bridge) | None => Carrier::Us,
    };
    State::Bridged(Bridged { target, carrier })
}

impl Bridged {
    pub(super) fn name(&self) -> &'static str {
        match self.carrier {
            Carrier::Us | Carrier::Asked => "bridged",
            Carrier::AskedAlone => "handing-off",
        }
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(CALLER, news @ (LegNews::HandedOff | LegNews::NotHandedOff)) => {
                self.exchange_says(news, board, now)
            }
            Input::Leg(Party::Target, news) if news == LegNews::HungUp || always::is_loss(news) => {
                self.target_gone(news, board, now)
            }
            Input::TimedOut(Timer::HandedOff) => always::rep_lost(board, Manner::POLITE, now),
            Input::Command(Command::Hangup { .. }) => farewell::close(board, EndedBy::Rep, now),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Bridged(self),
            input => board.unexpected(input, State::Bridged(self)),
        }
    }

    fn exchange_says(self, news: LegNews, board: &mut Board, now: Moment) -> State {
        match (self.carrier, news) {
            (Carrier::Us, _) => State::Bridged(self),
            (_, LegNews::HandedOff) => board.end(EndedBy::Rep, Because::HandedOff),
            (Carrier::Asked, _) => {
                board.tell(Notice::NotHandedOff);
                let carrier = Carrier::Us;
                State::Bridged(Self { carrier, ..self })
            }
            (Carrier::AskedAlone, _) => always::rep_lost(board, Manner::POLITE, now),
        }
    }

    /// An exchange that takes the call over ends the target's leg before it says so.
    fn target_gone(self, news: LegNews, board: &mut Board, now: Moment) -> State {
        match (self.carrier, news) {
            (Carrier::Asked | Carrier::AskedAlone, _) => {
                board.timers.arm(Timer::HandedOff, now + SAID_WITHIN);
                let carrier = Carrier::AskedAlone;
                State::Bridged(Self { carrier, ..self })
            }
            (Carrier::Us, LegNews::HungUp) => farewell::close(board, EndedBy::Target, now),
            // Whoever had taken him is gone: somebody else does.
            (Carrier::Us, _) => always::rep_lost(board, Manner::POLITE, now),
        }
    }
}
