use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Attempt, Callback, CallbackId, CancelledBecause, Kind, LiveCall, LiveCalls, Outcome, Promise,
    Rules, SipCause, State, Wished,
};
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
    End {
        claim: Claim,
        outcome: Outcome,
        cause: Option<SipCause>,
        /// Where caller and rep are joined: the call that goes on. It keeps the number from the claim's end on.
        live: Option<LiveCalls>,
    },
    /// These calls were answered and are up: nobody dials their callers meanwhile (I2).
    Live(LiveCalls),
    /// A rep dials the number of this one call himself: nobody else does from now on (I2), unless somebody dials it or
    /// talks to it already. The turn shows what is promised there, and whether it is taken.
    DialByHand(LiveCalls),
    /// It has a record, or a callback: either way nothing is owed for it any more, and its caller may be dialled.
    CallOver { call: CallId },
    /// The caller rang in by himself and speaks to a rep: his promises are kept (D26).
    Joined {
        number: Pii<PhoneNumber>,
        at: Timestamp,
    },
    /// All that is kept of a number is to be deleted: what is promised to it is cancelled first.
    Withdraw {
        number: Pii<PhoneNumber>,
        by: String,
    },
    /// A rep or the API asks; settled rows stay as they are, and the turn shows the row in any case.
    Wish {
        id: CallbackId,
        wish: Wish,
        by: String,
    },
    /// What is late by now: promises that nobody kept, claims that were not renewed, and those of the desk itself that it
    /// knows nothing of, for the answer to its claim was lost.
    Look { desk: DeskId, held: Vec<Claim> },
    /// Only when something is due or late, for a desk whose book others write into.
    Peek,
    /// The desk begins anew: what it had claimed is in nobody's hands, and its calls keep nobody from being dialled. The
    /// turn tells of those calls, at each start until [`Order::CallOver`].
    Restart { desk: DeskId },
    /// What was kept in memory while nothing could be written; what the book knows further stays as it is.
    Restore {
        rows: Vec<Callback>,
        attempts: Vec<(CallbackId, Attempt)>,
        wishes: Vec<(CallbackId, Wished)>,
    },
}

impl Order {
    /// Others come once a call, and from each desk every few seconds: there the count can wait.
    pub(super) fn changes_how_many(&self) -> bool {
        match self {
            Self::Claim(_)
            | Self::Renew { .. }
            | Self::Live(_)
            | Self::DialByHand(_)
            | Self::CallOver { .. }
            | Self::Peek => false,
            Self::Note { .. }
            | Self::End { .. }
            | Self::Joined { .. }
            | Self::Withdraw { .. }
            | Self::Wish { .. }
            | Self::Look { .. }
            | Self::Restart { .. }
            | Self::Restore { .. } => true,
        }
    }
}

/// Who could dial now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimer {
    pub desk: DeskId,
    /// At least one.
    pub seats: BTreeSet<SeatId>,
    /// Since when the live caller waits who would have the seat: only who was in the line before him may be dialled.
    pub live: Option<Timestamp>,
    /// Others take the claim for dead from then on, unless it is renewed.
    pub until: Timestamp,
}

impl Claimer {
    /// The seat that the caller would rather speak to, one that owes such calls, or any other: none while those alone may
    /// call.
    pub(super) fn seat_for(&self, row: &Callback, rules: &Rules, at: Timestamp) -> Option<SeatId> {
        let owners = rules.owners.get(&row.promise.kind);
        let mut own = row.promise.seat.iter().chain(owners.into_iter().flatten());
        let any = || {
            let is_free = row.own_until.is_none_or(|until| until <= at);
            self.seats.first().filter(|_| is_free)
        };
        let own = own.find(|seat| self.seats.contains(*seat));
        own.or_else(any).cloned()
    }
}

/// The right to act on an attempt, while nobody claimed the promise after us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub id: CallbackId,
    pub attempt: u32,
    pub fence: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    Cancel {
        reason: String,
    },
    Done,
    /// Not before then.
    Snooze(Timestamp),
    /// Dial at once, also where we cannot tell whether the caller was reached before.
    Redial,
    /// This seat is to make the call; none: whichever is free.
    Assign(Option<SeatId>),
}

impl Wish {
    /// The API's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Cancel { .. } => "cancel",
            Self::Done => "done",
            Self::Snooze(_) => "snooze",
            Self::Redial => "redial",
            Self::Assign(_) => "assign",
        }
    }

    /// Whether nothing is owed any more once it has come true.
    pub(super) fn settles(&self) -> bool {
        match self {
            Self::Cancel { .. } | Self::Done => true,
            Self::Snooze(_) | Self::Redial | Self::Assign(_) => false,
        }
    }

    /// Why, until when, or to whom.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Cancel { reason } => Some(reason.clone()),
            Self::Snooze(until) => Some(until.to_string()),
            Self::Assign(seat) => seat.as_ref().map(SeatId::to_string),
            Self::Done | Self::Redial => None,
        }
    }

    /// Whether the row is as it was wished, so that a wish that is repeated finds it done.
    pub fn has_come_true(&self, row: &Callback) -> bool {
        let becomes = row.becomes();
        match self {
            Self::Cancel { .. } => matches!(
                becomes,
                State::Cancelled {
                    why: CancelledBecause::Asked { .. }
                }
            ),
            Self::Done => *becomes == State::Done,
            Self::Snooze(_) => row.is_open(),
            Self::Redial => matches!(becomes, State::Open | State::Attempting { .. }),
            Self::Assign(seat) => !row.is_settled() && row.promise.seat == *seat,
        }
    }
}

/// What came of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// As they stand now, each once: those that changed, and those that were asked about.
    pub rows: Vec<Callback>,
    /// Begun or ended by it.
    pub attempts: Vec<(CallbackId, Attempt)>,
    /// That came true by it.
    pub wishes: Vec<(CallbackId, Wished)>,
    pub told: Vec<Told>,
    /// Calls that died with their desk: their callers are owed a callback (D29).
    pub died: Vec<LiveCall>,
    /// Whether the number of [`Order::DialByHand`] is being dialled, or on the line, already.
    pub is_taken: bool,
    /// When the next row is due or late, as far as the book knows.
    pub next: Option<Timestamp>,
    /// Since when the first in the line waits of those whom any seat may dial now.
    pub place: Option<Timestamp>,
    /// How many are not settled, where it was counted.
    pub unsettled: Option<usize>,
}

impl Turn {
    /// What another page of it came to.
    pub(super) fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.attempts.extend(other.attempts);
        self.wishes.extend(other.wishes);
        self.told.extend(other.told);
        self.died.extend(other.died);
        self.is_taken |= other.is_taken;
    }
}

/// For the timeline, the call that waits for the answer, and the rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: CallbackId,
    pub origin: Option<CallId>,
    pub kind: Kind,
    pub news: News,
    /// Who wished it.
    pub by: Option<String>,
}

impl Told {
    /// By itself, or because of a call.
    pub(super) fn of(id: CallbackId, promise: &Promise, news: News) -> Self {
        Self {
            id,
            origin: promise.origin,
            kind: promise.kind,
            news,
            by: None,
        }
    }
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
    Snoozed,
    /// Dialled at once.
    Redialled,
    Assigned,
    /// Three fifths of its time are over, and nobody has reached for the customer.
    Near,
    /// Its time is over, and nobody has.
    Overdue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// D34: never a callback target.
    EmergencyNumber,
    /// Who is on the list does not want to be called.
    DoNotCall,
    /// The client's key is that of another promise.
    KeyReused,
    TooMany,
    /// It was put off, or given away, so often that somebody is to settle it.
    TooManyWishes,
}

impl Refusal {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmergencyNumber => "emergency-number",
            Self::DoNotCall => "do-not-call",
            Self::KeyReused => "key-reused",
            Self::TooMany => "too-many",
            Self::TooManyWishes => "too-many-wishes",
        }
    }
}

impl News {
    /// The timeline's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noted { .. } => "noted",
            Self::NotNoted => "not-noted",
            Self::Refused(why) => why.as_str(),
            Self::Attempted { .. } => "attempted",
            Self::AttemptEnded { outcome, .. } => outcome.as_str(),
            Self::Uncertain => "uncertain",
            Self::Withdrawn => "withdrawn",
            Self::Done => "done",
            Self::GivenUp { .. } => "given-up",
            Self::Cancelled => "cancelled",
            Self::Snoozed => "snoozed",
            Self::Redialled => "redialled",
            Self::Assigned => "assigned",
            Self::Near => "near",
            Self::Overdue => "overdue",
        }
    }
}
