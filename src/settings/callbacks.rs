//! `[callbacks]`: when promises are due, how often they are tried, when and whom nobody phones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::check::{Fault, fault};
use super::places::Step;
use super::store::StoreKind;
use crate::callbacks::{DayOfWeek, Kind, KindRules, QuietDay, QuietHours, Rules};
use crate::words::{PhoneNumber, Pii, SeatId, Sentence, Wait, read_from_text};

/// A kind that a table does not name has the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Callbacks {
    /// Kinds dialled again by themselves after a crash in an attempt.
    pub redial_after_crash: BTreeSet<Kind>,
    /// Nobody phones these back.
    pub never: Vec<Pii<PhoneNumber>>,
    /// 0: no cap.
    pub attempts_a_day: u32,
    /// How long promises are kept that are over; "0s": for ever.
    pub keep: Wait,
    pub machine: Machine,
    pub first: First,
    pub due: BTreeMap<Kind, Wait>,
    pub retry_after: BTreeMap<Kind, Vec<Wait>>,
    pub snooze: BTreeMap<Kind, Wait>,
    pub own_seat_for: BTreeMap<Kind, Wait>,
    /// A kind that is not named is owed by the seat that promised.
    pub skills: BTreeMap<Kind, String>,
    pub quiet_hours: QuietTable,
}

/// What is done where an answering machine takes the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Machine {
    #[default]
    HangUp,
    /// The policy's phrase, after its beep.
    Message,
}

/// Whom a callback rings first (D25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum First {
    #[default]
    Agent,
    Customer,
}

/// `[callbacks.quiet_hours]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuietTable {
    pub every_day: QuietDay,
    pub on: BTreeMap<DayOfWeek, QuietDay>,
    pub holidays: BTreeSet<Holiday>,
    pub exempt: BTreeSet<Kind>,
    pub exempt_recent: BTreeSet<Kind>,
    pub recent: Wait,
}

/// A day on which nobody is phoned: `"2026-10-01"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Holiday(Date);

/// Twice what one promise has.
const ATTEMPTS_A_DAY: u32 = 6;
/// As long as somebody may ask what became of his call.
const KEEP: Duration = Duration::from_secs(90 * 24 * 3_600);
/// The retries of a promise, and what is asked about it, take days.
const KEEP_MIN: Wait = Wait::new(Duration::from_secs(24 * 3_600));
/// Numbers, and holidays, that are listed.
const LISTED_MAX: usize = 10_000;
/// Waits after failures, of one kind.
const RETRIES_MAX: usize = 20;
/// A rep who did not pick up is not rung again at once.
const SNOOZE_MIN: Wait = Wait::new(Duration::from_secs(1));

impl Default for Callbacks {
    fn default() -> Self {
        let kinds = Kind::ALL.map(|kind| (kind, KindRules::standard(kind)));
        let of = |value: fn(&KindRules) -> Wait| {
            BTreeMap::from(kinds.clone().map(|(kind, rules)| (kind, value(&rules))))
        };
        let retries =
            |rules: &KindRules| rules.retry_after.iter().copied().map(Wait::new).collect();
        Self {
            redial_after_crash: BTreeSet::from([Kind::LineFault, Kind::Crash]),
            never: Vec::new(),
            attempts_a_day: ATTEMPTS_A_DAY,
            keep: Wait::new(KEEP),
            machine: Machine::default(),
            first: First::default(),
            due: of(|rules| Wait::new(rules.due)),
            retry_after: BTreeMap::from(kinds.clone().map(|(kind, rules)| (kind, retries(&rules)))),
            snooze: of(|rules| Wait::new(rules.snooze)),
            own_seat_for: of(|rules| Wait::new(rules.own_seat_for)),
            skills: BTreeMap::new(),
            quiet_hours: QuietTable::default(),
        }
    }
}

impl Default for QuietTable {
    fn default() -> Self {
        Self {
            every_day: QuietDay::standard(),
            on: BTreeMap::new(),
            holidays: BTreeSet::new(),
            exempt: BTreeSet::from([Kind::LineFault]),
            exempt_recent: BTreeSet::from([Kind::Rep, Kind::Crash]),
            recent: Wait::new(Duration::from_secs(30 * 60)),
        }
    }
}

impl Settings {
    /// How promises are kept.
    pub fn callback_rules(&self) -> Rules {
        let (callbacks, numbering) = (&self.callbacks, self.numbering());
        let never = callbacks.never.iter();
        Rules {
            kinds: BTreeMap::from(Kind::ALL.map(|kind| (kind, callbacks.of(kind)))),
            owners: self.owners(),
            quiet_hours: Some(self.quiet_hours()),
            redial_after_crash: callbacks.redial_after_crash.clone(),
            never: never
                .map(|number| numbering.canonical(number.reveal()))
                .collect(),
            attempts_a_day: Some(callbacks.attempts_a_day).filter(|most| *most > 0),
            zone: self.timezone.time_zone(),
            numbering,
        }
    }

    fn owners(&self) -> BTreeMap<Kind, BTreeSet<SeatId>> {
        let with = |skill| {
            let seats = self.seat.iter();
            let able = seats.filter(|seat| seat.skills.contains(skill));
            able.map(|seat| seat.id.clone()).collect()
        };
        let skills = self.callbacks.skills.iter();
        let owners = skills.map(|(kind, skill)| (*kind, with(skill)));
        // Nobody waits for seats that nobody has; where the book is shared another desk may have them.
        let is_shared = self.store.kind == StoreKind::Postgres;
        owners
            .filter(|(_, seats): &(Kind, BTreeSet<SeatId>)| is_shared || !seats.is_empty())
            .collect()
    }

    /// Skills that promises are owed by, and that no seat has where no other desk has the book.
    pub(super) fn skills_of_nobody(&self) -> Vec<&str> {
        let owners = self.owners();
        let is_alone = self.store.kind == StoreKind::Sqlite;
        let skills = self.callbacks.skills.iter();
        let unowned = skills.filter(|(kind, _)| is_alone && !owners.contains_key(kind));
        unowned.map(|(_, skill)| skill.as_str()).collect()
    }

    fn quiet_hours(&self) -> QuietHours {
        let quiet = &self.callbacks.quiet_hours;
        QuietHours {
            every_day: quiet.every_day,
            on: quiet.on.clone(),
            holidays: quiet.holidays.iter().map(|day| day.0).collect(),
            exempt: quiet.exempt.clone(),
            exempt_recent: quiet.exempt_recent.clone(),
            recent: quiet.recent.get(),
            zone: self.timezone.time_zone(),
        }
    }
}

impl Callbacks {
    /// How long what is over is kept; none: for ever.
    pub fn kept(&self) -> Option<Duration> {
        Some(self.keep.get()).filter(|keep| !keep.is_zero())
    }

    fn of(&self, kind: Kind) -> KindRules {
        let standard = KindRules::standard(kind);
        let wait = |table: &BTreeMap<Kind, Wait>| table.get(&kind).copied().map(Wait::get);
        let retries = self.retry_after.get(&kind);
        let retries = retries.map(|waits| waits.iter().copied().map(Wait::get).collect());
        KindRules {
            due: wait(&self.due).unwrap_or(standard.due),
            retry_after: retries.unwrap_or(standard.retry_after),
            snooze: wait(&self.snooze).unwrap_or(standard.snooze),
            own_seat_for: wait(&self.own_seat_for).unwrap_or(standard.own_seat_for),
        }
    }
}

impl FromStr for Holiday {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let date = text.parse::<Date>().ok();
        date.filter(|date| date.to_string() == text)
            .map(Self)
            .ok_or_else(|| Sentence::of("value.date").with("found", text))
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

read_from_text!(Holiday);

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let callbacks = &settings.callbacks;
    let mut faults = lists(callbacks);
    faults.extend(kept(callbacks));
    faults.extend(retries(callbacks));
    faults.extend(snoozes(callbacks));
    faults.extend(quiet(&callbacks.quiet_hours));
    faults
}

fn lists(callbacks: &Callbacks) -> Vec<Fault> {
    let never = [Step::Key("callbacks"), Step::Key("never")];
    let holidays = [
        Step::Key("callbacks"),
        Step::Key("quiet_hours"),
        Step::Key("holidays"),
    ];
    let lists: [(&[Step], usize); 2] = [
        (&never, callbacks.never.len()),
        (&holidays, callbacks.quiet_hours.holidays.len()),
    ];
    let too_long = lists.into_iter().filter(|(_, count)| *count > LISTED_MAX);
    let fault = |(place, _): (&[Step], usize)| {
        fault(
            place,
            Sentence::of("settings.callbacks-list"),
            Sentence::of("settings.right.callbacks-list").with("most", LISTED_MAX),
        )
    };
    too_long.map(fault).collect()
}

fn kept(callbacks: &Callbacks) -> Option<Fault> {
    let keep = callbacks.keep;
    let forever = keep == Wait::default();
    (!forever && keep < KEEP_MIN).then(|| {
        fault(
            &[Step::Key("callbacks"), Step::Key("keep")],
            Sentence::of("settings.callbacks-keep").with("keep", keep),
            Sentence::of("settings.right.callbacks-keep").with("least", KEEP_MIN),
        )
    })
}

fn retries(callbacks: &Callbacks) -> impl Iterator<Item = Fault> {
    let tables = callbacks.retry_after.iter();
    let many = tables.filter(|(_, waits)| waits.len() > RETRIES_MAX);
    many.map(|(kind, _)| {
        fault(
            &place("retry_after", *kind),
            Sentence::of("settings.many-retries").with("kind", kind.as_str()),
            Sentence::of("settings.right.many-retries").with("most", RETRIES_MAX),
        )
    })
}

fn snoozes(callbacks: &Callbacks) -> impl Iterator<Item = Fault> {
    let tables = callbacks.snooze.iter();
    let short = tables.filter(|(_, wait)| **wait < SNOOZE_MIN);
    short.map(|(kind, _)| {
        fault(
            &place("snooze", *kind),
            Sentence::of("settings.short-snooze").with("kind", kind.as_str()),
            Sentence::of("settings.right.short-snooze").with("least", SNOOZE_MIN),
        )
    })
}

/// A week without an hour to phone anybody in.
fn quiet(quiet: &QuietTable) -> Option<Fault> {
    let on = |day| quiet.on.get(&day).copied().unwrap_or(quiet.every_day);
    let is_always = DayOfWeek::ALL
        .into_iter()
        .all(|day| on(day) == QuietDay::All);
    is_always.then(|| {
        fault(
            &[
                Step::Key("callbacks"),
                Step::Key("quiet_hours"),
                Step::Key("every_day"),
            ],
            Sentence::of("settings.always-quiet"),
            Sentence::of("settings.right.always-quiet"),
        )
    })
}

fn place(table: &'static str, kind: Kind) -> [Step; 3] {
    [
        Step::Key("callbacks"),
        Step::Key(table),
        Step::Key(kind.as_str()),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn settings(text: &str) -> Settings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_no_table_names_is_the_standards() {
        let rules = settings("callbacks.due.complaint = \"1d\"").callback_rules();
        let day = Duration::from_secs(24 * 3_600);
        assert_eq!(rules.of(Kind::Complaint).due, day);
        assert_eq!(rules.of(Kind::Rep), KindRules::standard(Kind::Rep));
    }

    #[test]
    fn the_numbers_nobody_calls_are_compared_however_they_are_written() {
        let rules = settings("callbacks.never = [\"+86 138-0013-8000\"]").callback_rules();
        let number = PhoneNumber::parse("13800138000").unwrap();
        assert!(rules.never.contains(&rules.whose(&Pii::new(number))));
    }

    #[test]
    fn a_week_has_an_hour_to_phone_in() {
        let fault = |text| !faults(&settings(text)).is_empty();
        assert!(fault("callbacks.quiet_hours.every_day = \"all\""));
        assert!(!fault(
            "[callbacks.quiet_hours]\nevery_day = \"all\"\non = { mon = \"none\" }"
        ));
        assert!(fault("callbacks.snooze.rep = \"0s\""));
    }
}
