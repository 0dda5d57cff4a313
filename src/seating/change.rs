use std::time::Duration;

use super::{Choice, State};
use crate::words::{CallId, Moment, SeatId};

/// A seat stands otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub seat: SeatId,
    pub by: By,
    pub from: State,
    pub to: Standing,
    pub at: Moment,
    /// How long it stood as `from`; zero while it still does.
    pub lasted: Duration,
}

/// Who made a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Rep,
    Agent,
    /// A call came, or went.
    Call,
}

impl By {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rep => "rep",
            Self::Agent => "agent",
            Self::Call => "call",
        }
    }
}

/// How a seat stands, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// What the rep chose last: while he has a call what he will be after it.
    pub choice: Choice,
    /// That it rings for, talks for or wraps up.
    pub call: Option<CallId>,
    /// When the wrap-up ends by itself.
    pub until: Option<Moment>,
    /// The wrap-up does not end before a note is written.
    pub note_owed: bool,
}

impl Change {
    pub(super) fn new(seat: &SeatId, by: By, from: State, to: Standing, at: Moment) -> Self {
        Self {
            seat: seat.clone(),
            by,
            from,
            to,
            at,
            lasted: Duration::ZERO,
        }
    }
}
