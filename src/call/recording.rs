//! Who is recorded hears so first: notice, then greeting, so that the open question is last (D32).

use crate::words::{Command, EndedBy, Moment, Party};

use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, LegNews, Notice, PhraseNews, PromiseKind, Recording, Refusal,
    State, always, farewell, fetching, greeting, talking,
};

/// The notice is being said and is heard out; the rep hears caller and notice, unheard.
#[derive(Debug)]
pub(super) struct Noticing {
    then: Then,
}

/// What follows the notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Greeting,
    /// The rep has cut in: the greeting is his.
    NoGreeting,
    /// Our call, which the rep is on already.
    Talking,
    /// Why we call back.
    Opening(PromiseKind),
}

/// Whether the call is being recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Recorded {
    #[default]
    No,
    /// Once the notice was heard.
    Due,
    Running,
    Paused,
}

impl Recorded {
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Self::No | Self::Due => None,
            Self::Running => Some("running"),
            Self::Paused => Some("paused"),
        }
    }
}

/// The notice where the call is to be recorded, and then what was to come; else that at once.
pub(super) fn notice_first(board: &mut Board, then: Then, now: Moment) -> State {
    if board.manners.recorded != Recorded::Due {
        return then.begin(board, now);
    }
    board.timers.begin_state();
    let notice = board.policy().recording.notice.clone();
    board.say(&notice, then.manner(), now);
    State::Noticing(Noticing { then })
}

impl Noticing {
    pub(super) fn handle(self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Ended { whole }) => {
                begin(board, whole);
                self.then.begin(board, now)
            }
            Input::Command(Command::Answer)
                if board.rep.leg.is_up() && self.then == Then::Greeting =>
            {
                let then = Then::NoGreeting;
                State::Noticing(Self { then })
            }
            Input::Command(Command::Hangup { .. }) => {
                board.hush(CALLER);
                farewell::close(board, EndedBy::Rep, now)
            }
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                self.rep_gone(board)
            }
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Noticing(self),
            input => board.unexpected(input, State::Noticing(self)),
        }
    }

    /// A caller gets another seat at once; whom we called hears the notice first, which he is owed.
    fn rep_gone(self, board: &mut Board) -> State {
        if matches!(self.then, Then::Greeting | Then::NoGreeting) {
            board.call_seat();
        }
        State::Noticing(self)
    }
}

/// Nobody is recorded who has not heard all of the notice.
fn begin(board: &mut Board, heard_whole: bool) {
    if heard_whole && board.manners.recorded == Recorded::Due {
        board.manners.recorded = Recorded::Running;
        board.act(Action::Record(Recording::Begin));
    } else {
        board.manners.recorded = Recorded::No;
        board.tell(Notice::NotRecorded);
    }
}

impl Then {
    /// Never cut by a voice; whom we called is let finish his "hello" first (D14).
    fn manner(self) -> Manner {
        match self {
            Self::Greeting | Self::NoGreeting => Manner::FIRM,
            Self::Talking | Self::Opening(_) => Manner::POLITE,
        }
    }

    fn begin(self, board: &mut Board, now: Moment) -> State {
        match self {
            Self::Greeting => greeting::enter(board, now),
            Self::NoGreeting => greeting::greeted(board, now),
            Self::Opening(kind) => fetching::speak(board, kind, now),
            Self::Talking if board.rep.leg.is_up() => {
                talking::enter(board, talking::Opening::Watched, now)
            }
            Self::Talking => always::rep_lost(board, Manner::POLITE, now),
        }
    }
}

/// The rep's word, while a card number is told.
pub(super) fn pause(board: &mut Board, paused: bool) {
    let (recorded, recording) = match (board.manners.recorded, paused) {
        (Recorded::No | Recorded::Due, _) => return board.refuse(Refusal::NotRecorded),
        (Recorded::Running, true) => (Recorded::Paused, Recording::Pause),
        (Recorded::Paused, false) => (Recorded::Running, Recording::Resume),
        (Recorded::Running, false) | (Recorded::Paused, true) => return,
    };
    board.manners.recorded = recorded;
    board.act(Action::Record(recording));
}
