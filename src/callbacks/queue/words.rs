use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::callbacks::{
    Attempt, Callback, CallbackId, LiveCall, Order, Outcome, Promise, SipCause, Told, Turn, Wish,
};
use crate::words::{CallId, Moment, PhoneNumber, Pii, SeatId};

/// What happened to the promises.
#[derive(Clone, Debug)]
pub enum Input {
    /// The desk works, and the book is open.
    Started,
    /// Somebody was promised a callback; a retry of the same call and reason changes nothing.
    Promised {
        id: CallbackId,
        promise: Promise,
    },
    /// The seats that could take a callback this moment; told anew on every change.
    SeatsReady {
        seats: BTreeSet<SeatId>,
        /// Since when the live caller waits who has one of them otherwise; none where nobody live waits.
        live: Option<Moment>,
    },
    /// What an [`Action::Ask`] came to; nothing where the book could not be written.
    Answered {
        ticket: Ticket,
        turn: Option<Turn>,
    },
    /// How an [`Action::Dial`] ended; also the answer to [`Action::HangUp`].
    Ended {
        id: CallbackId,
        attempt: u32,
        outcome: Outcome,
        cause: Option<SipCause>,
        /// Where caller and rep are joined: the call, which goes on.
        live: Option<LiveCall>,
    },
    /// A call was answered; not that of an attempt, which is told of with its end.
    CallLive(LiveCall),
    /// A rep wants to dial a number himself; what an [`Action::Ask`] for it comes to says whether he may.
    DialsByHand(LiveCall),
    /// It has ended, in this life or the last.
    CallOver {
        call: CallId,
    },
    /// The caller rang in by himself and speaks to a rep: his promises are kept (D26).
    CallerJoined {
        number: Pii<PhoneNumber>,
    },
    /// All that is kept of a number is to be deleted: what is promised to it is cancelled first.
    NumberDeleted {
        number: Pii<PhoneNumber>,
        by: String,
    },
    /// A rep or the API asks; unknown and settled rows stay as they are. Not done, and not tried again, where the book
    /// cannot be written.
    Wished {
        id: CallbackId,
        wish: Wish,
        by: String,
    },
    /// Another desk wrote into the book.
    Stirred,
    /// What could not be written can be.
    Recovered,
    Tick,
}

/// Pairs an order with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// What the desk does for the queue.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Have the book carry it out, in the order given, and answer with [`Input::Answered`].
    Ask {
        ticket: Ticket,
        order: Order,
        /// By the book's time.
        at: Timestamp,
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
    Tell(Told),
    /// A call that died with the last run: its caller is owed a callback (D29). Once that is noted the call is over.
    Died(LiveCall),
    Alarm(Alarm),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Three fifths of its time are over, and nobody has reached for the customer yet.
    Near {
        id: CallbackId,
    },
    /// Its time is over, and nobody has.
    Overdue {
        id: CallbackId,
    },
    GivenUp {
        id: CallbackId,
    },
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
            Self::Near { .. } => "callback-near",
            Self::Overdue { .. } => "callback-overdue",
            Self::GivenUp { .. } => "callback-given-up",
            Self::QueueFull => "callbacks-full",
            Self::ClockJumped { .. } => "clock-jumped",
        }
    }
}

/// Why the queue wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A row is due or late.
    Book,
    /// A claim was not answered in time: no live caller waits for it any longer.
    Claim,
    /// Claims are renewed, so that other desks know that we live.
    Renew,
    /// The book could not be written and is tried again.
    AskAgain,
    /// The wall clock may have jumped, which nothing else tells (D1).
    LookAtClock,
}
