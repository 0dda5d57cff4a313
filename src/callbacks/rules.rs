use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Callback, Kind, MovedTo, Promise, QuietHours, Refusal};
use crate::dialling::Numbering;
use crate::words::{Country, PhoneNumber, Pii, SeatId};

/// How promises are kept: the policy's values.
#[derive(Clone, Debug)]
pub struct Rules {
    /// A kind that is not named has the standard's.
    pub kinds: BTreeMap<Kind, KindRules>,
    /// Kinds that are owed by whoever has a skill, and the seats of this desk that have it: for a while they alone call.
    pub owners: BTreeMap<Kind, BTreeSet<SeatId>>,
    /// `None`: phoned at any hour.
    pub quiet_hours: Option<QuietHours>,
    /// Kinds dialled again by themselves when we crashed in an attempt; the others ask the rep.
    pub redial_after_crash: BTreeSet<Kind>,
    /// Nobody phones these back, as all ways to write them are compared.
    pub never: BTreeSet<PhoneNumber>,
    /// Attempts a day that reach for one number; the next ones wait for the next day. `None`: as many as there are.
    pub attempts_a_day: Option<u32>,
    /// Where days begin and end.
    pub zone: TimeZone,
    /// Which numbers are one caller's, and which are emergency numbers (D26, D34).
    pub numbering: Numbering,
}

/// How promises of one kind are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRules {
    /// How long after it was made a promise is due, where nobody says when.
    pub due: Duration,
    /// Waits after the first, second ... failure; the failure after the last wait gives up.
    pub retry_after: Vec<Duration>,
    /// How long a rep who declined, or was not there, is left alone.
    pub snooze: Duration,
    /// How long the seat of the promise, or its owners, alone may call, from when the next attempt may begin.
    pub own_seat_for: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A line fault is phoned back at once: once its own farewell is over (R26).
pub(super) const AT_ONCE: Duration = Duration::from_secs(15);

impl KindRules {
    /// A rep's or an expert's promise is due in five minutes (R41), attempts are at 0, 2 and 10 minutes (D25); of
    /// complaints the standard says only that they are followed up (R59).
    pub fn standard(kind: Kind) -> Self {
        let due = match kind {
            Kind::LineFault | Kind::Crash | Kind::Waiting => AT_ONCE,
            Kind::Rep | Kind::Expert | Kind::Supervisor => 5 * MINUTE,
            Kind::Complaint => 2 * DAY,
        };
        let retry_after = match kind {
            Kind::Complaint => vec![2 * HOUR, DAY],
            Kind::LineFault
            | Kind::Crash
            | Kind::Waiting
            | Kind::Rep
            | Kind::Expert
            | Kind::Supervisor => vec![2 * MINUTE, 10 * MINUTE],
        };
        let own_seat_for = match kind {
            Kind::Expert | Kind::Supervisor => 2 * MINUTE,
            Kind::Complaint => 4 * HOUR,
            Kind::LineFault | Kind::Crash | Kind::Waiting | Kind::Rep => Duration::ZERO,
        };
        Self {
            due,
            retry_after,
            snooze: MINUTE,
            own_seat_for,
        }
    }
}

impl Rules {
    /// D25 and D26.
    pub fn standard(country: Country, zone: TimeZone) -> Self {
        let kinds = Kind::ALL.map(|kind| (kind, KindRules::standard(kind)));
        Self {
            kinds: BTreeMap::from(kinds),
            owners: BTreeMap::new(),
            quiet_hours: Some(QuietHours::standard(zone.clone())),
            redial_after_crash: BTreeSet::from([Kind::LineFault, Kind::Crash]),
            never: BTreeSet::new(),
            attempts_a_day: None,
            zone,
            numbering: Numbering::new(country, None, None),
        }
    }

    pub fn of(&self, kind: Kind) -> KindRules {
        let named = self.kinds.get(&kind).cloned();
        named.unwrap_or_else(|| KindRules::standard(kind))
    }

    /// Whether seats with a skill owe it, here or at another desk.
    pub fn is_owned(&self, kind: Kind) -> bool {
        self.owners.contains_key(&kind)
    }

    /// Kinds that one of these seats owes.
    pub(super) fn owed_by(&self, seats: &BTreeSet<SeatId>) -> Vec<Kind> {
        let owners = self.owners.iter();
        let theirs = owners.filter(|(_, owners)| !owners.is_disjoint(seats));
        theirs.map(|(kind, _)| *kind).collect()
    }

    /// The number as all ways to write it are compared (D26).
    pub fn whose(&self, number: &Pii<PhoneNumber>) -> PhoneNumber {
        self.numbering.canonical(number.reveal())
    }

    /// Why nobody is promised a call to this number.
    pub fn refuses(&self, number: &Pii<PhoneNumber>) -> Option<Refusal> {
        if self.numbering.is_emergency(number.reveal()) {
            return Some(Refusal::EmergencyNumber);
        }
        self.is_never_called(number).then_some(Refusal::DoNotCall)
    }

    pub(super) fn is_never_called(&self, number: &Pii<PhoneNumber>) -> bool {
        !self.never.is_empty() && self.never.contains(&self.whose(number))
    }

    /// The day that this time falls into: its beginning, and that of the next.
    pub(super) fn day_of(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let begins = at.to_zoned(self.zone.clone()).start_of_day().ok()?;
        let ends = begins.tomorrow().ok()?;
        Some((begins.timestamp(), ends.timestamp()))
    }

    /// `at`, or the end of the quiet hours it falls into.
    pub(super) fn dial_time(&self, promise: &Promise, at: Timestamp) -> Timestamp {
        let quiet = self.quiet_hours.as_ref();
        quiet
            .and_then(|quiet| quiet.moved(promise, at))
            .unwrap_or(at)
    }

    /// How whoever is on the line `at` that time is told of a promise that the quiet hours moved (D24).
    pub fn said_of(&self, due: Timestamp, at: Timestamp) -> MovedTo {
        let quiet = self.quiet_hours.as_ref();
        quiet.map_or(MovedTo::Later, |quiet| quiet.said_of(due, at))
    }

    /// The row, and until when its own seat, or its owners, alone may call: a while from when it is next dialled.
    pub(super) fn reserved(&self, row: Callback) -> Callback {
        if !row.is_open() {
            return row;
        }
        let kind = row.promise.kind;
        let own_for = self.of(kind).own_seat_for;
        let is_somebodys = row.promise.seat.is_some() || self.is_owned(kind);
        let has_own = is_somebodys && !own_for.is_zero();
        let until = || row.next.saturating_add(own_for).unwrap_or(Timestamp::MAX);
        Callback {
            own_until: has_own.then(until),
            ..row
        }
    }

    /// Dialled again by itself, but not for ever: a crash in each attempt ends with the rep.
    pub(super) fn redials_after_crash(&self, callback: &Callback) -> bool {
        let kind = callback.promise.kind;
        let tries_left = usize::try_from(callback.failures)
            .is_ok_and(|failures| failures <= self.of(kind).retry_after.len());
        tries_left && self.redial_after_crash.contains(&kind)
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::words::Language;

    pub(in crate::callbacks) fn promise(kind: Kind, due: Timestamp) -> Promise {
        Promise {
            kind,
            number: Pii::new(PhoneNumber::parse("13800138000").unwrap()),
            origin: None,
            key: None,
            reason: kind.as_str().to_owned(),
            due,
            seat: None,
            note: Pii::new(String::new()),
            recording: None,
            language: Language::ZhCn,
            made_at: due,
            place: None,
        }
    }
}
