use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Attempt, Callback, CallbackId, Kind, Outcome, Promise};
use crate::words::{CallId, DeskId, PhoneNumber, Pii, SeatId};

/// What a desk asks of the book: done wholly or not at all, and on disk once it is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Somebody was promised a callback; a retry of the same call and reason changes nothing (D26).
    Note { id: CallbackId, promise: Promise },
    /// One that is due, for a seat that is free: its attempt is begun.
    Claim(Claimer),
    /// The desk is alive and its attempts are in flight.
    Renew {
        claims: Vec<Claim>,
        until: Timestamp,
    },
    /// An attempt is over. From a desk that lost its claim it changes nothing.
    End { claim: Claim, outcome: Outcome },
    /// The caller rang in by himself and speaks to a rep: his promises are kept (D26).
    Joined { number: Pii<PhoneNumber> },
    /// A rep or the API asks; settled rows stay as they are.
    Wish { id: CallbackId, wish: Wish },
    /// What is late by now: promises that nobody kept, and claims that were not renewed. A desk knows of its own.
    Look { desk: DeskId },
    /// The desk begins anew: what it had claimed is in nobody's hands.
    Restart { desk: DeskId },
    /// What was kept in memory while nothing could be written; rows that are known stay as they are.
    Restore {
        rows: Vec<Callback>,
        attempts: Vec<(CallbackId, Attempt)>,
    },
}

/// Who could dial now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimer {
    pub desk: DeskId,
    /// At least one.
    pub seats: BTreeSet<SeatId>,
    /// Others take the claim for dead from then on, unless it is renewed.
    pub until: Timestamp,
}

impl Claimer {
    /// The seat that the caller would rather speak to, or any other: none where the wished one alone may call.
    pub(super) fn seat_for(&self, row: &Callback) -> Option<SeatId> {
        let wished = row
            .promise
            .seat
            .as_ref()
            .filter(|seat| self.seats.contains(*seat));
        wished.or_else(|| self.seats.first()).cloned()
    }
}

/// The right to act on an attempt, while nobody claimed the promise after us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub id: CallbackId,
    pub attempt: u32,
    pub fence: u64,
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
    /// This seat is to make the call.
    Assign(SeatId),
}

/// What came of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// As they stand now, each once: those that changed, and those that were asked about.
    pub rows: Vec<Callback>,
    /// Begun or ended by it.
    pub attempts: Vec<(CallbackId, Attempt)>,
    pub told: Vec<Told>,
    /// When the next row is due or late, as far as the book knows.
    pub next: Option<Timestamp>,
    /// How many are not settled, where it was counted.
    pub unsettled: Option<usize>,
}

impl Turn {
    /// What another page of it came to.
    pub(super) fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.attempts.extend(other.attempts);
        self.told.extend(other.told);
    }
}

/// For the timeline, the call that waits for the answer, and the rep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: CallbackId,
    pub origin: Option<CallId>,
    pub kind: Kind,
    pub news: News,
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
    /// A desk died in its attempt; a rep has to say whether to dial again.
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
    Assigned,
    /// Three fifths of its time are over, and nobody has tried.
    Near,
    /// Its time is over, and nobody has tried.
    Overdue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// D34: never a callback target.
    EmergencyNumber,
    TooMany,
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
            Self::Assigned => "assigned",
            Self::Near => "near",
            Self::Overdue => "overdue",
        }
    }
}
