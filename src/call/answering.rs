use crate::words::{Moment, Party};

use super::legs::Leg;
use super::recording::Then;
use super::{Action, Board, Input, LegNews, State, always, recording};

/// Our 200 is on its way; the greeting waits for their ACK, so that its first syllable is heard.
#[derive(Debug)]
pub(super) struct Answering;

pub(super) fn enter(board: &mut Board) -> State {
    board.timers.begin_state();
    // From here on a loss is a leg to hang up, acknowledged or not.
    board.caller.leg = Leg::Called;
    board.act(Action::Answer);
    State::Answering(Answering)
}

impl Answering {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Caller, LegNews::Acked) => {
                recording::notice_first(board, Then::Greeting, now)
            }
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                board.call_seat();
                State::Answering(self)
            }
            Input::Leg(..) | Input::Voice { .. } | Input::Line(..) => State::Answering(self),
            input => board.unexpected(input, State::Answering(self)),
        }
    }
}
