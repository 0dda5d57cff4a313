use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::words::Moment;

/// Failures within `WINDOW` that bar a source (hardening 7).
const FAILURES: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// How long a source is barred first ...
const PAUSE: Duration = Duration::from_secs(60);
/// ... and, doubled each time, at most.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// After so long without a failure a source is forgotten.
const CALM: Duration = Duration::from_secs(60 * 60);
/// The sources remembered; the one that failed longest ago makes room.
const SOURCES_MAX: usize = 1024;

/// Bars sources that guess passwords: the source, never the account, so that nobody can lock a
/// rep out from elsewhere.
#[derive(Debug, Default)]
pub(super) struct Guard(BTreeMap<IpAddr, Failures>);

#[derive(Debug, Default)]
struct Failures {
    /// `FAILURES` at most.
    recent: VecDeque<Moment>,
    last: Moment,
    pause: Duration,
    barred_until: Moment,
}

impl Guard {
    /// How long `source` is still barred; none when it is not.
    pub(super) fn barred(&self, source: IpAddr, now: Moment) -> Option<Duration> {
        let failures = self.0.get(&network(source))?;
        let left = now.until(failures.barred_until);
        (!left.is_zero()).then_some(left)
    }

    pub(super) fn failed(&mut self, source: IpAddr, now: Moment) {
        let source = network(source);
        if !self.0.contains_key(&source) {
            self.make_room(now);
        }
        self.0.entry(source).or_default().add(now);
    }

    fn make_room(&mut self, now: Moment) {
        self.0.retain(|_, failures| !failures.is_over(now));
        while self.0.len() >= SOURCES_MAX {
            let oldest = self.0.iter().min_by_key(|(_, failures)| failures.last);
            let Some(source) = oldest.map(|(source, _)| *source) else {
                return;
            };
            self.0.remove(&source);
        }
    }
}

impl Failures {
    fn add(&mut self, now: Moment) {
        self.recent.retain(|at| now.since(*at) < WINDOW);
        self.recent.push_back(now);
        self.last = now;
        if self.recent.len() < FAILURES {
            return;
        }
        self.recent.clear();
        self.pause = self.pause.saturating_mul(2).clamp(PAUSE, PAUSE_MAX);
        self.barred_until = now + self.pause;
    }

    fn is_over(&self, now: Moment) -> bool {
        now.since(self.last.max(self.barred_until)) >= CALM
    }
}

/// Who owns one IPv6 address mostly owns its /64.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Moment {
        Moment::ZERO + Duration::from_secs(seconds + 10_000)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fails(guard: &mut Guard, source: &str, times: usize, now: Moment) {
        for _ in 0..times {
            guard.failed(ip(source), now);
        }
    }

    #[test]
    fn five_failures_in_a_minute_bar_a_source_and_nobody_else() {
        let mut guard = Guard::default();
        fails(&mut guard, "192.0.2.1", 4, at(0));
        assert_eq!(guard.barred(ip("192.0.2.1"), at(0)), None);
        fails(&mut guard, "192.0.2.1", 1, at(59));
        assert_eq!(guard.barred(ip("192.0.2.1"), at(60)), Some(SECOND * 59));
        assert_eq!(guard.barred(ip("192.0.2.1"), at(119)), None);
        assert_eq!(guard.barred(ip("192.0.2.2"), at(60)), None);
    }

    #[test]
    fn slow_failures_bar_nobody() {
        let mut guard = Guard::default();
        for minute in 0..100 {
            fails(&mut guard, "192.0.2.1", 4, at(minute * 60));
            assert_eq!(guard.barred(ip("192.0.2.1"), at(minute * 60)), None);
        }
    }

    #[test]
    fn the_pause_doubles_up_to_an_hour_and_is_forgotten_in_calm() {
        let mut guard = Guard::default();
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            fails(&mut guard, "192.0.2.1", 5, now);
            let pause = guard.barred(ip("192.0.2.1"), now).unwrap();
            pauses.push(pause.as_secs());
            now += pause;
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600]);
        now += CALM;
        fails(&mut guard, "192.0.2.2", 1, now);
        fails(&mut guard, "192.0.2.1", 5, now);
        assert_eq!(guard.barred(ip("192.0.2.1"), now), Some(PAUSE));
    }

    #[test]
    fn neighbours_in_a_64_are_one_source() {
        let mut guard = Guard::default();
        fails(&mut guard, "2001:db8::1", 3, at(0));
        fails(&mut guard, "2001:db8::2", 2, at(0));
        assert!(guard.barred(ip("2001:db8::3"), at(1)).is_some());
        assert_eq!(guard.barred(ip("2001:db8:0:1::3"), at(1)), None);
    }

    #[test]
    fn a_full_table_forgets_the_oldest_source() {
        let mut guard = Guard::default();
        for n in 0..=SOURCES_MAX {
            let source = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            for _ in 0..5 {
                guard.failed(source, at(0) + Duration::from_millis(n as u64));
            }
        }
        assert_eq!(guard.0.len(), SOURCES_MAX);
        assert_eq!(guard.barred(ip("0.0.0.0"), at(1)), None);
        assert!(guard.barred(ip("0.0.0.1"), at(1)).is_some());
    }
}
