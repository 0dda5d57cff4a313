use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Kind, Promise};
use crate::words::{Sentence, read_from_text};

/// The hours in which nobody is phoned (D26).
#[derive(Clone, Debug)]
pub struct QuietHours {
    pub every_day: QuietDay,
    /// Weekdays that are otherwise.
    pub on: BTreeMap<DayOfWeek, QuietDay>,
    /// Days on which nobody is phoned at all.
    pub holidays: BTreeSet<Date>,
    /// Kinds that are phoned at any hour.
    pub exempt: BTreeSet<Kind>,
    /// Kinds that are phoned at any hour where the caller expects us: he rang us less than `recent` ago.
    pub exempt_recent: BTreeSet<Kind>,
    pub recent: Duration,
    pub zone: TimeZone,
}

/// When nobody is phoned on one day, as an admin writes it: `"21:00-08:00"`, `"12:00-14:00"`, `"all"`, `"none"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum QuietDay {
    All,
    None,
    /// Later than `to` it is the day's beginning and its end.
    Between {
        from: Time,
        to: Time,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayOfWeek {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// When somebody is phoned whose promise was moved, as he is told it (D24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedTo {
    LaterToday,
    TomorrowMorning,
    /// All days before it are quiet.
    NextWorkingDay,
    /// On a day that nothing is said of.
    Later,
}

/// Whoever keeps everybody quiet for longer has made a mistake: then we phone.
const QUIET_DAYS_MAX: usize = 60;

const NOON: Time = Time::constant(12, 0, 0, 0);

impl QuietHours {
    /// D26: 21:00-08:00; line faults excepted, and promises to callers of the last 30 minutes.
    pub fn standard(zone: TimeZone) -> Self {
        Self {
            every_day: QuietDay::standard(),
            on: BTreeMap::new(),
            holidays: BTreeSet::new(),
            exempt: BTreeSet::from([Kind::LineFault]),
            exempt_recent: BTreeSet::from([Kind::Rep, Kind::Crash]),
            recent: Duration::from_secs(30 * 60),
            zone,
        }
    }

    /// When `promise` may be dialled, if not `at` that time.
    pub(super) fn moved(&self, promise: &Promise, at: Timestamp) -> Option<Timestamp> {
        if self.spares(promise, at) {
            return None;
        }
        self.end_after(at)
    }

    /// How whoever is on the line `at` that time is told when he is phoned: his day and ours are those of our zone.
    pub(super) fn said_of(&self, due: Timestamp, at: Timestamp) -> MovedTo {
        let local = |at: Timestamp| at.to_zoned(self.zone.clone()).datetime();
        let (today, due) = (local(at).date(), local(due));
        let mut days = today.series(1.day()).skip(1).take(QUIET_DAYS_MAX);
        let tomorrow = today.tomorrow().ok();
        let first_open = days.find(|day| self.on_day(*day) != QuietDay::All);
        if due.date() <= today {
            MovedTo::LaterToday
        } else if tomorrow == Some(due.date()) && due.time() < NOON {
            MovedTo::TomorrowMorning
        } else if first_open == Some(due.date()) {
            MovedTo::NextWorkingDay
        } else {
            MovedTo::Later
        }
    }

    fn spares(&self, promise: &Promise, at: Timestamp) -> bool {
        let since = at.duration_since(promise.made_at);
        let is_recent = since <= self.recent.try_into().unwrap_or_default();
        self.exempt.contains(&promise.kind)
            || (is_recent && self.exempt_recent.contains(&promise.kind))
    }

    /// The end of the quiet hours that `at` falls into.
    fn end_after(&self, at: Timestamp) -> Option<Timestamp> {
        let now = at.to_zoned(self.zone.clone()).datetime();
        let mut end = now;
        // Two spans a day: its beginning and its end.
        for _ in 0..2 * QUIET_DAYS_MAX {
            let Some(next) = self.on_day(end.date()).end_after(end) else {
                break;
            };
            end = next;
        }
        if end == now {
            return None;
        }
        let zoned = end.to_zoned(self.zone.clone());
        zoned.ok().map(|end| end.timestamp())
    }

    fn on_day(&self, day: Date) -> QuietDay {
        if self.holidays.contains(&day) {
            return QuietDay::All;
        }
        let named = self.on.get(&DayOfWeek::of(day.weekday()));
        named.copied().unwrap_or(self.every_day)
    }
}

impl QuietDay {
    /// D26.
    pub const fn standard() -> Self {
        Self::Between {
            from: Time::constant(21, 0, 0, 0),
            to: Time::constant(8, 0, 0, 0),
        }
    }

    /// When it is over on this day; the next day's midnight where it lasts until then.
    fn end_after(self, at: DateTime) -> Option<DateTime> {
        let (day, time) = (at.date(), at.time());
        let midnight = || Some(day.tomorrow().ok()?.to_datetime(Time::midnight()));
        match self {
            Self::None => None,
            Self::All => midnight(),
            Self::Between { from, to } if from <= to => {
                (from <= time && time < to).then(|| day.to_datetime(to))
            }
            Self::Between { to, .. } if time < to => Some(day.to_datetime(to)),
            Self::Between { from, .. } => midnight().filter(|_| from <= time),
        }
    }
}

impl FromStr for QuietDay {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let between = |text: &str| {
            let (from, to) = text.split_once('-')?;
            let (from, to) = (time(from)?, time(to)?);
            (from != to).then_some(Self::Between { from, to })
        };
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            text => {
                between(text).ok_or_else(|| Sentence::of("value.quiet-hours").with("found", text))
            }
        }
    }
}

impl fmt::Display for QuietDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Between { from, to } => {
                write!(f, "{}-{}", from.strftime("%H:%M"), to.strftime("%H:%M"))
            }
        }
    }
}

read_from_text!(QuietDay);

impl DayOfWeek {
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    fn of(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callbacks::rules::samples::promise;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn quiet() -> QuietHours {
        QuietHours::standard(TimeZone::fixed(jiff::tz::offset(8)))
    }

    #[test]
    fn a_late_promise_waits_for_eight_in_the_morning() {
        let promise = promise(Kind::Expert, utc("2026-05-04T01:00:00Z"));
        let moved = |at| quiet().moved(&promise, utc(at));
        assert_eq!(moved("2026-05-04T12:59:59Z"), None);
        let morning = Some(utc("2026-05-05T00:00:00Z"));
        assert_eq!(moved("2026-05-04T13:00:00Z"), morning);
        assert_eq!(moved("2026-05-04T23:59:59Z"), morning);
        assert_eq!(moved("2026-05-05T00:00:00Z"), None);
    }

    #[test]
    fn a_line_fault_and_a_recent_caller_are_phoned_at_night() {
        let night = utc("2026-05-04T14:00:00Z");
        let late = utc("2026-05-04T14:31:00Z");
        assert_eq!(quiet().moved(&promise(Kind::LineFault, night), late), None);
        assert_eq!(quiet().moved(&promise(Kind::Rep, night), night), None);
        assert!(quiet().moved(&promise(Kind::Rep, night), late).is_some());
        assert!(
            quiet()
                .moved(&promise(Kind::Waiting, night), night)
                .is_some()
        );
    }

    #[test]
    fn a_weekend_that_is_quiet_ends_on_monday_morning() {
        let day = |text: &str| text.parse::<QuietDay>().unwrap();
        let mut quiet = quiet();
        quiet.on = BTreeMap::from([
            (DayOfWeek::Sat, day("12:00-10:00")),
            (DayOfWeek::Sun, QuietDay::All),
        ]);
        let promise = promise(Kind::Expert, utc("2026-05-04T01:00:00Z"));
        let moved = |at| quiet.moved(&promise, utc(at));
        // Friday evening: on Saturday it is quiet until ten.
        assert_eq!(
            moved("2026-05-08T13:30:00Z"),
            Some(utc("2026-05-09T02:00:00Z"))
        );
        assert_eq!(moved("2026-05-09T03:00:00Z"), None);
        assert_eq!(
            moved("2026-05-09T04:00:00Z"),
            Some(utc("2026-05-11T00:00:00Z"))
        );
    }

    /// Eight in the morning is where the clocks on the wall say so, on the nights in which they are set, too.
    #[test]
    fn quiet_hours_end_by_the_clocks_of_the_zone_when_they_are_set() {
        let quiet = QuietHours::standard(TimeZone::get("Europe/Berlin").unwrap());
        let promise = promise(Kind::Expert, utc("2026-01-01T12:00:00Z"));
        let moved = |at| quiet.moved(&promise, utc(at));
        // On 29 March they go from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
        for (evening, night, morning) in [
            (
                "2026-03-28T20:00:00Z",
                "2026-03-29T01:30:00Z",
                "2026-03-29T06:00:00Z",
            ),
            (
                "2026-10-24T19:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T07:00:00Z",
            ),
        ] {
            assert_eq!(moved(evening), Some(utc(morning)));
            assert_eq!(moved(night), Some(utc(morning)));
            assert_eq!(moved(morning), None);
        }
        // 20:59 is before the quiet hours of the summer's last evening, and of the winter's.
        assert_eq!(moved("2026-10-24T18:59:59Z"), None);
        assert_eq!(moved("2026-03-28T19:59:59Z"), None);
    }

    /// A span whose end is skipped ends when the clocks have gone on; one whose end comes twice ends the first time.
    #[test]
    fn quiet_hours_that_end_in_the_hour_that_is_set_end_once() {
        let mut quiet = QuietHours::standard(TimeZone::get("Europe/Berlin").unwrap());
        quiet.every_day = "22:00-02:30".parse().unwrap();
        let promise = promise(Kind::Expert, utc("2026-01-01T12:00:00Z"));
        let moved = |at| quiet.moved(&promise, utc(at));
        assert_eq!(
            moved("2026-03-29T00:30:00Z"),
            Some(utc("2026-03-29T01:30:00Z"))
        );
        assert_eq!(
            moved("2026-10-24T23:30:00Z"),
            Some(utc("2026-10-25T00:30:00Z"))
        );
    }

    #[test]
    fn nobody_is_phoned_on_a_holiday_but_about_a_line_fault() {
        let mut quiet = quiet();
        quiet.holidays = BTreeSet::from(["2026-05-04".parse().unwrap()]);
        let noon = utc("2026-05-04T04:00:00Z");
        let moved = |kind| quiet.moved(&promise(kind, utc("2026-05-01T04:00:00Z")), noon);
        assert_eq!(moved(Kind::Rep), Some(utc("2026-05-05T00:00:00Z")));
        assert_eq!(moved(Kind::LineFault), None);
    }

    #[test]
    fn what_is_moved_is_told_by_the_day_that_it_is_moved_to() {
        let mut quiet = quiet();
        quiet.on = BTreeMap::from([
            (DayOfWeek::Sat, QuietDay::All),
            (DayOfWeek::Sun, QuietDay::All),
        ]);
        quiet.holidays = BTreeSet::from(["2026-05-06".parse().unwrap()]);
        let said = |at: &str, due: &str| quiet.said_of(utc(due), utc(at));
        for (at, due, told) in [
            // In the small hours of Tuesday, to the same morning.
            (
                "2026-05-05T03:00+08",
                "2026-05-05T08:00+08",
                MovedTo::LaterToday,
            ),
            (
                "2026-05-05T12:30+08",
                "2026-05-05T14:00+08",
                MovedTo::LaterToday,
            ),
            (
                "2026-05-04T22:00+08",
                "2026-05-05T08:00+08",
                MovedTo::TomorrowMorning,
            ),
            // Sunday night: tomorrow is nearer than the next working day.
            (
                "2026-05-10T22:00+08",
                "2026-05-11T08:00+08",
                MovedTo::TomorrowMorning,
            ),
            (
                "2026-05-04T22:00+08",
                "2026-05-05T14:00+08",
                MovedTo::NextWorkingDay,
            ),
            // Over a weekend, and over a holiday in the week: it is more than a day, or two dates on.
            (
                "2026-05-08T22:00+08",
                "2026-05-11T08:00+08",
                MovedTo::NextWorkingDay,
            ),
            (
                "2026-05-05T21:30+08",
                "2026-05-07T08:00+08",
                MovedTo::NextWorkingDay,
            ),
            // Asked for on a Saturday, two days after a Thursday: on Friday we would be there.
            ("2026-05-07T10:00+08", "2026-05-11T08:00+08", MovedTo::Later),
        ] {
            assert_eq!(said(at, due), told, "{at} to {due}");
        }
    }

    #[test]
    fn hours_read_as_they_print() {
        for text in ["21:00-08:00", "12:30-14:00", "all", "none"] {
            assert_eq!(text.parse::<QuietDay>().unwrap().to_string(), text);
        }
        for text in ["", "21-8", "21:00", "24:00-08:00", "08:00-08:00", "All"] {
            assert!(text.parse::<QuietDay>().is_err(), "{text}");
        }
    }
}
