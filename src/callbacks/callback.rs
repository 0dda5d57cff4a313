use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::AT_ONCE;
use super::{Attempt, Claim, Claimer, Outcome, Rules};
use crate::words::{CallId, DeskId, Language, PhoneNumber, Pii, SeatId};

/// One callback, for life; sortable by time (UUID version 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallbackId(#[serde(with = "uuid::serde::simple")] Uuid);

impl CallbackId {
    /// Joins Unix milliseconds and 10 random bytes (RFC 9562 5.7).
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }
}

impl fmt::Display for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_simple().fmt(f)
    }
}

impl fmt::Debug for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CallbackId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// Why we phone back, from the weakest to the strongest: a merged row keeps the stronger (D26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A complaint is followed up within days (R59).
    Complaint,
    /// A caller for whom no seat was free.
    Waiting,
    /// The rep promised an answer (R41, R42).
    Rep,
    /// An expert owes the answer (R34).
    Expert,
    /// A supervisor was promised (R35).
    Supervisor,
    /// The call died with us (D29).
    Crash,
    /// One of us could not hear the other (R26): due at once.
    LineFault,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Complaint,
        Self::Waiting,
        Self::Rep,
        Self::Expert,
        Self::Supervisor,
        Self::Crash,
        Self::LineFault,
    ];

    /// Somebody was to find an answer: it is owed when the promise is due.
    pub fn owes_answer(self) -> bool {
        match self {
            Self::Rep | Self::Expert | Self::Supervisor | Self::Complaint => true,
            Self::LineFault | Self::Crash | Self::Waiting => false,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Waiting => "waiting",
            Self::Rep => "rep",
            Self::Expert => "expert",
            Self::Supervisor => "supervisor",
            Self::Crash => "crash",
            Self::LineFault => "line-fault",
        }
    }
}

/// What the caller was told: who is called, when, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    pub kind: Kind,
    pub number: Pii<PhoneNumber>,
    /// The call it was made in; with `reason` the key that makes noting it idempotent (D26).
    pub origin: Option<CallId>,
    /// The same for a promise of no call: the API's client chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub reason: String,
    /// When we dial. Noting it may move it out of the quiet hours.
    pub due: Timestamp,
    /// Whom the caller would rather speak to; after a while of its own any other ready seat will do.
    pub seat: Option<SeatId>,
    pub note: Pii<String>,
    /// Of the call it was made in: its file, below the folder of recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    pub language: Language,
    /// When the caller was last on the line with us: the quiet hours spare what is recent.
    pub made_at: Timestamp,
    /// Since when he waits in the line for a seat, where he keeps his place in it ([`Kind::keeps_place`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Timestamp>,
}

/// Characters of a note and of a reason that are kept; what is longer is cut.
const NOTE_MAX: usize = 2_000;
const REASON_MAX: usize = 200;

impl Promise {
    /// Cuts what a peer wrote down to what we keep.
    pub(super) fn bounded(self) -> Self {
        Self {
            reason: self.reason.chars().take(REASON_MAX).collect(),
            note: Pii::new(self.note.reveal().chars().take(NOTE_MAX).collect()),
            ..self
        }
    }

    /// True when both were asked for in one call for one reason, or with one key.
    pub fn is_retry_of(&self, other: &Self) -> bool {
        let key = self.retry_key();
        key.is_some() && key == other.retry_key()
    }

    /// What a second promise with the same is a retry by: where it comes from, and its name there.
    pub(super) fn retry_key(&self) -> Option<(String, &str)> {
        let of_call = self.origin.map(|call| (call.to_string(), &*self.reason));
        of_call.or_else(|| Some(("key".to_owned(), self.key.as_deref()?)))
    }
}

/// A promise and how far we are with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callback {
    pub id: CallbackId,
    pub promise: Promise,
    pub state: State,
    /// When the next attempt may begin.
    pub next: Timestamp,
    /// Attempts begun; the number of the last one.
    pub attempts: u32,
    /// Attempts that reached for the caller in vain: what the retry schedule counts.
    pub failures: u32,
    /// Goes up with each claim: whoever claimed it before has no say any more.
    #[serde(default)]
    pub fence: u64,
    #[serde(default)]
    pub warned: Warned,
    /// Until then the seat of the promise, or its owners, alone may call; the rules say how long that is.
    #[serde(default)]
    pub own_until: Option<Timestamp>,
    /// How its attempts ended, the first first: what the rep is shown.
    #[serde(default)]
    pub outcomes: Vec<Outcome>,
    /// Wishes that came true; the number of the last one.
    #[serde(default)]
    pub wishes: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    Open,
    Attempting {
        attempt: Attempt,
        /// Of the desk that dials. A row of the first schema has none.
        #[serde(default)]
        lease: Option<Lease>,
        /// Withdrawn meanwhile: what the callback becomes once the attempt is hung up.
        #[serde(default)]
        then: Option<Box<Self>>,
    },
    /// We crashed in an attempt and cannot tell whether the caller was reached: the rep decides.
    Uncertain {
        attempt: Attempt,
    },
    Done,
    GivenUp {
        why: Outcome,
    },
    Cancelled {
        why: CancelledBecause,
    },
}

impl State {
    /// The word of the API, the exports and the column.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Attempting { .. } => "attempting",
            Self::Uncertain { .. } => "uncertain",
            Self::Done => "done",
            Self::GivenUp { .. } => "given-up",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// A claim on a promise: it is over when its time is, unless the desk renews it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub desk: DeskId,
    pub until: Timestamp,
}

/// What was said about a promise for which nobody has reached for the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warned {
    #[default]
    Nothing,
    /// That three fifths of its time are over.
    Near,
    Overdue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum CancelledBecause {
    Asked { reason: String },
    Merged { into: CallbackId },
}

/// Some desk with a free seat takes up what is due within so long, for each looks at the book every second: that is not late.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(3);

impl Callback {
    pub fn new(id: CallbackId, promise: Promise) -> Self {
        Self {
            id,
            next: promise.due,
            promise,
            state: State::Open,
            attempts: 0,
            failures: 0,
            fence: 0,
            warned: Warned::Nothing,
            own_until: None,
            outcomes: Vec::new(),
            wishes: 0,
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// True once nothing will happen to it any more.
    pub fn is_settled(&self) -> bool {
        match self.state {
            State::Done | State::GivenUp { .. } | State::Cancelled { .. } => true,
            State::Open | State::Attempting { .. } | State::Uncertain { .. } => false,
        }
    }

    /// The one in flight.
    pub fn attempt(&self) -> Option<&Attempt> {
        let State::Attempting { attempt, .. } = &self.state else {
            return None;
        };
        Some(attempt)
    }

    /// Whether this claim is the last one, and its attempt is in flight.
    pub(super) fn is_held_by(&self, claim: Claim) -> bool {
        self.claim() == Some(claim)
    }

    /// Whether it is in flight, or nobody knows how it ended because the desk was taken for dead: it was not.
    pub(super) fn asks_for_the_end_of(&self, claim: Claim) -> bool {
        let number = self.begun().map(|attempt| attempt.number);
        (self.id, self.fence) == (claim.id, claim.fence) && number == Some(claim.attempt)
    }

    /// The attempt in flight, or the one whose end is not known.
    pub(super) fn begun(&self) -> Option<&Attempt> {
        match &self.state {
            State::Attempting { attempt, .. } | State::Uncertain { attempt } => Some(attempt),
            State::Open | State::Done | State::GivenUp { .. } | State::Cancelled { .. } => None,
        }
    }

    /// The claim of whoever dials it; a row of the first schema has none.
    pub(super) fn lease(&self) -> Option<&Lease> {
        let State::Attempting { lease, .. } = &self.state else {
            return None;
        };
        lease.as_ref()
    }

    /// Whether the attempt in flight is this desk's.
    pub(super) fn is_held_at(&self, desk: &DeskId) -> bool {
        let State::Attempting { lease, .. } = &self.state else {
            return false;
        };
        // A row of the first schema, where there was but one desk.
        lease.as_ref().is_none_or(|lease| lease.desk == *desk)
    }

    /// What the desk needs that began the attempt which is in flight.
    pub fn claim(&self) -> Option<Claim> {
        let attempt = self.attempt()?.number;
        Some(Claim {
            id: self.id,
            attempt,
            fence: self.fence,
        })
    }

    /// What it is, or will be once the attempt in flight is hung up.
    pub(super) fn becomes(&self) -> &State {
        if let State::Attempting {
            then: Some(then), ..
        } = &self.state
        {
            return then;
        }
        &self.state
    }

    /// Whether the attempt in flight is to be hung up.
    pub fn is_withdrawn(&self) -> bool {
        matches!(self.state, State::Attempting { then: Some(_), .. })
    }

    /// That is what it becomes once its attempt has ended.
    pub(super) fn withdraw(&mut self, state: State) {
        if let State::Attempting { then, .. } = &mut self.state {
            *then = Some(Box::new(state));
        }
    }

    /// When whoever dials it counts as dead.
    pub fn lapses(&self) -> Option<Timestamp> {
        match &self.state {
            State::Attempting { lease, .. } => {
                Some(lease.as_ref().map_or(Timestamp::MIN, |lease| lease.until))
            }
            State::Open
            | State::Uncertain { .. }
            | State::Done
            | State::GivenUp { .. }
            | State::Cancelled { .. } => None,
        }
    }

    /// When somebody is to be warned of it next, and by what.
    pub fn warns(&self) -> Option<(Timestamp, Warned)> {
        self.warnings().next()
    }

    /// The gravest that is to be said of it by then.
    pub(super) fn warning_at(&self, at: Timestamp) -> Option<Warned> {
        let due = self.warnings().take_while(|(when, _)| *when <= at);
        due.last().map(|(_, warned)| warned)
    }

    /// What is still to be said: at three fifths of its time, and at its end (I4).
    fn warnings(&self) -> impl Iterator<Item = (Timestamp, Warned)> {
        let Promise { made_at, due, .. } = self.promise;
        let near = near(made_at, due).map(|at| (at, Warned::Near));
        let overdue = due.saturating_add(TAKEN_UP_WITHIN).unwrap_or(due);
        let all = near.into_iter().chain([(overdue, Warned::Overdue)]);
        all.filter(|(_, warned)| self.may_be_untried() && *warned > self.warned)
    }

    /// Whether nobody reaches for the customer, or is known to have: an attempt that no rep took, or that the trunk failed,
    /// was none for him.
    fn may_be_untried(&self) -> bool {
        match self.state {
            State::Open => self.failures == 0,
            State::Uncertain { .. } => true,
            State::Attempting { .. }
            | State::Done
            | State::GivenUp { .. }
            | State::Cancelled { .. } => false,
        }
    }

    /// Whether its time is over by then, and nobody was told.
    pub(super) fn is_overdue_in_silence(&self, at: Timestamp) -> bool {
        let due = self.promise.due;
        let overdue = due.saturating_add(TAKEN_UP_WITHIN).unwrap_or(due);
        self.warns().is_some() && overdue <= at
    }

    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        self.is_open() && self.next <= at
    }

    /// Whether it is due, its own seat or an owner is among them or any other may call by then, and it is before the live
    /// caller.
    pub(super) fn is_claimable_by(&self, claimer: &Claimer, rules: &Rules, at: Timestamp) -> bool {
        let has_seat = claimer.seat_for(self, rules, at).is_some();
        self.is_due(at) && has_seat && self.comes_before(claimer.live)
    }

    /// Whether its desk is dead by then, or somebody is to be warned.
    pub(super) fn is_late(&self, at: Timestamp) -> bool {
        let warned = self.warns().map(|(when, _)| when);
        [self.lapses(), warned]
            .into_iter()
            .flatten()
            .any(|when| when <= at)
    }

    /// When it next is due, or late.
    pub(super) fn stirs_after(&self, at: Timestamp) -> Option<Timestamp> {
        let times = [self.due_after(at), self.late_after(at)];
        times.into_iter().flatten().min()
    }

    /// When it next is due, for its own seat or for any.
    fn due_after(&self, at: Timestamp) -> Option<Timestamp> {
        let times = [Some(self.next), self.own_until].into_iter().flatten();
        times.filter(|when| self.is_open() && *when > at).min()
    }

    /// When its desk counts as dead, or somebody is to be warned.
    pub(super) fn late_after(&self, at: Timestamp) -> Option<Timestamp> {
        let warned = self.warns().map(|(when, _)| when);
        let times = [self.lapses(), warned].into_iter().flatten();
        times.filter(|when| *when > at).min()
    }

    /// The row that keeps this promise instead.
    pub fn merged_into(&self) -> Option<CallbackId> {
        let State::Cancelled {
            why: CancelledBecause::Merged { into },
        } = &self.state
        else {
            return None;
        };
        Some(*into)
    }

    /// Of an attempt that was taken for lost the end may become known after all.
    pub(super) fn outcome_is(&mut self, attempt: u32, outcome: Outcome) {
        let before = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.outcomes.truncate(before);
        self.outcomes.push(outcome);
    }

    /// Takes over what `other`, a younger row for the same number, promised (D26).
    pub(super) fn absorb(&mut self, other: &Promise) {
        let mine = &mut self.promise;
        mine.kind = mine.kind.max(other.kind);
        mine.due = mine.due.min(other.due);
        mine.made_at = mine.made_at.max(other.made_at);
        mine.place = [mine.place, other.place].into_iter().flatten().min();
        mine.language = other.language;
        mine.seat = other.seat.clone().or(mine.seat.take());
        mine.recording = other.recording.clone().or(mine.recording.take());
        mine.note = joined(&mine.note, &other.note);
        self.next = self.next.min(other.due);
    }
}

/// Three fifths on the way; who is phoned at once is near from the beginning, and nobody is warned of that.
fn near(made_at: Timestamp, due: Timestamp) -> Option<Timestamp> {
    let time = due.duration_since(made_at);
    let is_at_once = time <= AT_ONCE.try_into().unwrap_or_default();
    (!is_at_once).then(|| made_at.saturating_add(time * 3 / 5).unwrap_or(due))
}

fn joined(older: &Pii<String>, newer: &Pii<String>) -> Pii<String> {
    let notes = [older, newer].map(|note| note.reveal().as_str());
    let all: Vec<&str> = notes.into_iter().filter(|note| !note.is_empty()).collect();
    Pii::new(all.join("\n").chars().take(NOTE_MAX).collect())
}
