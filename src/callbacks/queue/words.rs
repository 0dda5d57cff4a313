use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::callbacks::{Attempt, Callback, CallbackId, Kind, Outcome, Promise};
use crate::words::{CallId, PhoneNumber, Pii, SeatId};

/// What happened to the promises.
#[derive(Clone, Debug)]
pub enum Input {
    /// The rows found at the start.
    Loaded(Vec<Callback>),
    /// Somebody was promised a callback; a retry of the same call and reason changes nothing.
    Promised {
        id: CallbackId,
        promise: Promise,
    },
    /// The seats that could take a callback this moment; told anew on every change.
    SeatsReady(BTreeSet<SeatId>),
    /// How an [`Action::Commit`] ended.
    Committed {
        ticket: Ticket,
        commit: Commit,
    },
    /// How an [`Action::Dial`] ended; also the answer to [`Action::HangUp`].
    Ended {
        id: CallbackId,
        attempt: u32,
        outcome: Outcome,
    },
    /// The caller rang in by himself and speaks to a rep: his promises are kept (D26).
    CallerJoined {
        number: Pii<PhoneNumber>,
    },
    /// A rep or the API asks; unknown and settled rows stay as they are.
    Wished {
        id: CallbackId,
        wish: Wish,
    },
    Tick,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    Cancel {
        reason: String,
    },
    Done,
    Snooze(Duration),
    /// Dial at once, also where we cannot tell whether the caller was reached before.
    Redial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Saved,
    NotSaved,
}

/// Pairs a commit with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// What the desk does for the queue.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write all of it in one transaction, in the order given, and answer with [`Input::Committed`].
    Commit {
        ticket: Ticket,
        rows: Vec<Callback>,
        attempt: Option<(CallbackId, Attempt)>,
    },
    /// The attempt is on disk: call the rep, then the caller.
    Dial {
        callback: Box<Callback>,
        attempt: Attempt,
    },
    HangUp {
        id: CallbackId,
        attempt: u32,
    },
    /// For the timeline, the call that waits for the answer, and the rep.
    Tell {
        id: CallbackId,
        origin: Option<CallId>,
        kind: Kind,
        news: News,
    },
    Alarm(Alarm),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// On disk: it may be spoken, with this due time; `moved` out of the quiet hours (D26).
    Noted {
        due: Timestamp,
        moved: bool,
    },
    /// Kept in memory only: nothing may be promised (D24).
    NotNoted,
    Refused(Refusal),
    Attempted {
        attempt: u32,
    },
    AttemptEnded {
        attempt: u32,
        outcome: Outcome,
    },
    /// We crashed in its attempt; a rep has to say whether to dial again.
    Uncertain,
    /// The caller rang in by himself.
    Withdrawn,
    Done,
    GivenUp {
        why: Outcome,
    },
    Cancelled,
    /// Dialled after this long; zero: now.
    Snoozed {
        wait: Duration,
    },
}

impl News {
    /// The timeline's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noted { .. } => "noted",
            Self::NotNoted => "not-noted",
            Self::Refused(Refusal::EmergencyNumber) => "emergency-number",
            Self::Refused(Refusal::TooMany) => "too-many",
            Self::Attempted { .. } => "attempted",
            Self::AttemptEnded { outcome, .. } => outcome.as_str(),
            Self::Uncertain => "uncertain",
            Self::Withdrawn => "withdrawn",
            Self::Done => "done",
            Self::GivenUp { .. } => "given-up",
            Self::Cancelled => "cancelled",
            Self::Snoozed { .. } => "snoozed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// D34: never a callback target.
    EmergencyNumber,
    TooMany,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Due, and nobody has tried yet.
    Overdue {
        id: CallbackId,
    },
    GivenUp {
        id: CallbackId,
    },
    /// A commit failed; it is tried again.
    StoreFailed,
    QueueFull,
    /// The wall clock moved against the steady one, by this many seconds (D1).
    ClockJumped {
        by_s: i64,
    },
}

impl Alarm {
    /// The timeline's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Overdue { .. } => "callback-overdue",
            Self::GivenUp { .. } => "callback-given-up",
            Self::StoreFailed => "store-failed",
            Self::QueueFull => "callbacks-full",
            Self::ClockJumped { .. } => "clock-jumped",
        }
    }
}

/// Why the queue wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// An attempt is due and a seat is ready.
    Due,
    Overdue,
    /// A commit failed and is tried again.
    SaveAgain,
    /// The wall clock may have jumped, which nothing else tells (D1).
    LookAtClock,
}
