use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{Kind, Promise};

/// The hours in which nobody is phoned (D26). `from` later than `to` spans midnight.
#[derive(Clone, Debug)]
pub struct QuietHours {
    pub from: Time,
    pub to: Time,
    pub zone: TimeZone,
    /// A caller who rang us this recently expects us.
    pub recent: Duration,
}

impl QuietHours {
    /// D26: 21:00-08:00, callers of the last 30 minutes excepted.
    pub fn standard(zone: TimeZone) -> Self {
        Self {
            from: Time::constant(21, 0, 0, 0),
            to: Time::constant(8, 0, 0, 0),
            zone,
            recent: Duration::from_secs(30 * 60),
        }
    }

    /// When `promise` may be dialled, if not `at` that time.
    pub(super) fn moved(&self, promise: &Promise, at: Timestamp) -> Option<Timestamp> {
        if self.spares(promise, at) {
            return None;
        }
        self.end_after(at)
    }

    fn spares(&self, promise: &Promise, at: Timestamp) -> bool {
        let recent =
            || at.duration_since(promise.made_at) <= self.recent.try_into().unwrap_or_default();
        match promise.kind {
            Kind::LineFault => true,
            Kind::Rep | Kind::Crash => recent(),
            Kind::Waiting | Kind::Expert | Kind::Supervisor => false,
        }
    }

    /// The end of the quiet hours that `at` falls into.
    fn end_after(&self, at: Timestamp) -> Option<Timestamp> {
        let local = at.to_zoned(self.zone.clone());
        let time = local.time();
        let quiet = if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        };
        if !quiet {
            return None;
        }
        let day = if time < self.to {
            local.date()
        } else {
            local.date().tomorrow().ok()?
        };
        let end = day.to_datetime(self.to).to_zoned(self.zone.clone());
        end.ok().map(|end| end.timestamp())
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
}
