use std::time::Duration;

use crate::words::Moment;

/// Why we believe that they do not receive us (D17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The highest sequence number in their reports stands still while we send.
    FrozenReports,
    /// Their reports have no block about us while we send (RFC 3550 6.4.1).
    MissingBlock,
    /// Reports had come, and three intervals passed without one.
    MissedReports,
    /// What they hear of us is silence, by their extended reports, while we speak (RFC 3611 4.7.4).
    HeardAsSilence,
    /// Their host says that nobody listens on the RTP port (ICMP).
    Unreachable,
}

/// Between two reports that accuse us of silence we must have sent this many packets: 1 s.
const SENT_BETWEEN_MIN: u32 = 50;

/// Reports without our block in a row.
const MISSING_BLOCKS: u8 = 2;

/// RFC 3550 6.2: the least interval is 5 s.
const INTERVAL_MIN: Duration = Duration::from_secs(5);
const INTERVAL_MAX: Duration = Duration::from_secs(60);
const MISSED_INTERVALS: u32 = 3;

/// Extended reports that tell of silence in a row; before each we must have spoken for so many frames, 1 s.
const SILENT_REPORTS: u8 = 2;
const SPOKEN_MIN: u32 = 50;

/// What they hear is silence below it, dBm0: speech is at -15 to -20 (RFC 3611 4.7.4), the noise of G.711 near -65.
const SILENCE_DBM0: i8 = -60;

/// ICMP errors count when three came over 2 s, and lapse when none came for 5 s.
const UNREACHABLE_MIN: u32 = 3;
const UNREACHABLE_OVER: Duration = Duration::from_secs(2);
const UNREACHABLE_LAPSES: Duration = Duration::from_secs(5);

/// Judges from their RTCP and from ICMP whether they receive us. Who never sent RTCP is unknown, never at fault.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneWay {
    reports: Option<Reports>,
    levels: Levels,
    unreachable: Option<Unreachable>,
}

/// What their reports say of our stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeardOfUs {
    /// The highest sequence number that they have; none where no block is about us.
    pub highest: Option<u32>,
    /// The level of the speech that they hear, dBm0, where they tell it.
    pub signal_dbm0: Option<i8>,
}

/// How loud they say we are.
#[derive(Clone, Copy, Debug, Default)]
struct Levels {
    /// Frames in which we spoke since their last word about it.
    spoken: u32,
    silent: u8,
    /// When they told of a level last.
    told: Option<Moment>,
}

#[derive(Clone, Copy, Debug)]
struct Reports {
    last: Moment,
    interval: Duration,
    highest: Option<u32>,
    /// Our packet count when the last report came.
    sent: u32,
    frozen: bool,
    missing: u8,
}

#[derive(Clone, Copy, Debug)]
struct Unreachable {
    first: Moment,
    last: Moment,
    count: u32,
}

impl OneWay {
    /// One of their reports, and how many packets we sent so far.
    pub fn report(&mut self, reception: HeardOfUs, sent: u32, now: Moment) {
        let highest = reception.highest;
        if let Some(dbm0) = reception.signal_dbm0 {
            self.levels.hear(dbm0, now);
        }
        let fresh = Reports {
            last: now,
            interval: INTERVAL_MIN,
            highest,
            sent,
            frozen: false,
            missing: u8::from(highest.is_none() && sent >= SENT_BETWEEN_MIN),
        };
        match &mut self.reports {
            Some(reports) => reports.hear(highest, sent, now),
            None => self.reports = Some(fresh),
        }
    }

    /// We speak in the frame that is sent.
    pub fn note_speech(&mut self) {
        self.levels.spoken = self.levels.spoken.saturating_add(1);
    }

    /// Our RTP came back as unreachable.
    pub fn unreachable(&mut self, now: Moment) {
        match &mut self.unreachable {
            Some(icmp) if now.since(icmp.last) < UNREACHABLE_LAPSES => {
                icmp.last = now;
                icmp.count = icmp.count.saturating_add(1);
            }
            Some(_) | None => {
                self.unreachable = Some(Unreachable {
                    first: now,
                    last: now,
                    count: 1,
                })
            }
        }
    }

    /// They left the RTCP, so no further reports are due.
    pub fn goodbye(&mut self) {
        self.reports = None;
        self.levels = Levels::default();
    }

    /// While they hold us or we do not send, nothing is judged; afterwards everything starts anew.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    pub fn evidence(&self, now: Moment) -> Option<Evidence> {
        let by_icmp = self.unreachable.filter(|icmp| icmp.counts(now));
        match self.reports {
            _ if by_icmp.is_some() => Some(Evidence::Unreachable),
            Some(reports) if reports.frozen => Some(Evidence::FrozenReports),
            Some(reports) if reports.missing >= MISSING_BLOCKS => Some(Evidence::MissingBlock),
            Some(reports) if now.since(reports.last) >= reports.interval * MISSED_INTERVALS => {
                Some(Evidence::MissedReports)
            }
            Some(reports) if self.levels.are_silent(reports.interval, now) => {
                Some(Evidence::HeardAsSilence)
            }
            Some(_) | None => None,
        }
    }
}

impl Reports {
    fn hear(&mut self, highest: Option<u32>, sent: u32, now: Moment) {
        let enough_sent = sent.wrapping_sub(self.sent) >= SENT_BETWEEN_MIN;
        self.interval = self.interval.max(now.since(self.last)).min(INTERVAL_MAX);
        self.last = now;
        match highest {
            Some(_) if highest != self.highest => {
                (self.frozen, self.missing) = (false, 0);
                (self.highest, self.sent) = (highest, sent);
            }
            Some(_) if enough_sent => {
                (self.frozen, self.missing) = (true, 0);
                self.sent = sent;
            }
            None if enough_sent => {
                self.missing = self.missing.saturating_add(1);
                self.sent = sent;
            }
            Some(_) | None => {}
        }
    }
}

impl Levels {
    /// A report that tells a level proves something once we spoke for long enough.
    fn hear(&mut self, signal_dbm0: i8, now: Moment) {
        self.told = Some(now);
        if signal_dbm0 > SILENCE_DBM0 {
            *self = Self::default();
        } else if self.spoken >= SPOKEN_MIN {
            self.silent = self.silent.saturating_add(1);
            self.spoken = 0;
        }
    }
}

impl Levels {
    /// Who tells of levels no more accuses nobody any more.
    fn are_silent(&self, interval: Duration, now: Moment) -> bool {
        let is_fresh = |told| now.since(told) < interval * MISSED_INTERVALS;
        self.silent >= SILENT_REPORTS && self.told.is_some_and(is_fresh)
    }
}

impl Unreachable {
    fn counts(self, now: Moment) -> bool {
        self.count >= UNREACHABLE_MIN
            && self.last.since(self.first) >= UNREACHABLE_OVER
            && now.since(self.last) < UNREACHABLE_LAPSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_nanos(seconds * 1_000_000_000)
    }

    fn of(highest: Option<u32>) -> HeardOfUs {
        HeardOfUs {
            highest,
            signal_dbm0: None,
        }
    }

    /// Reports every 5 s of levels, while we speak for so many frames in between.
    fn after_levels(levels: &[Option<i8>], spoken: u32) -> Option<Evidence> {
        let mut line = OneWay::default();
        let mut now = at(0);
        for (n, signal_dbm0) in (1..).zip(levels) {
            now = at(5 * n);
            (0..spoken).for_each(|_| line.note_speech());
            let sent = 250 * n as u32;
            let highest = Some(sent);
            line.report(
                HeardOfUs {
                    highest,
                    signal_dbm0: *signal_dbm0,
                },
                sent,
                now,
            );
        }
        line.evidence(now)
    }

    #[test]
    fn two_reports_of_silence_while_we_speak_are_evidence() {
        let silence = Some(Evidence::HeardAsSilence);
        assert_eq!(after_levels(&[Some(-90)], 250), None);
        assert_eq!(after_levels(&[Some(-90), Some(-127)], 250), silence);
        assert_eq!(
            after_levels(&[Some(-20), Some(-90), Some(-90)], 60),
            silence
        );
        assert_eq!(after_levels(&[Some(-90), Some(-90), Some(-20)], 60), None);
    }

    #[test]
    fn a_level_that_is_not_known_or_of_our_own_silence_proves_nothing() {
        assert_eq!(after_levels(&[None; 6], 250), None);
        assert_eq!(after_levels(&[Some(-90); 6], 8), None);
        assert_eq!(after_levels(&[Some(0); 6], 250), None);
    }

    #[test]
    fn who_tells_of_levels_no_more_accuses_nobody_any_more() {
        let silence = Some(Evidence::HeardAsSilence);
        let then = |plain: usize| [vec![Some(-90); 2], vec![None; plain]].concat();
        assert_eq!(after_levels(&then(2), 250), silence);
        assert_eq!(after_levels(&then(3), 250), None);
    }

    /// Reports every 5 s, while we send 250 packets in between.
    fn after(highest: &[Option<u32>]) -> (OneWay, Moment) {
        let mut line = OneWay::default();
        let mut now = at(0);
        for (n, highest) in (1..).zip(highest) {
            now = at(5 * n);
            line.report(of(*highest), 250 * n as u32, now);
        }
        (line, now)
    }

    #[test]
    fn reports_that_move_are_healthy() {
        let (line, now) = after(&[Some(250), Some(500), Some(749)]);
        assert_eq!(line.evidence(now), None);
    }

    #[test]
    fn the_same_number_twice_is_frozen_and_moves_again_when_it_heals() {
        let (mut line, now) = after(&[Some(250), Some(250)]);
        assert_eq!(line.evidence(now), Some(Evidence::FrozenReports));
        line.report(of(Some(700)), 750, at(15));
        assert_eq!(line.evidence(at(15)), None);
    }

    #[test]
    fn two_reports_without_our_block_are_evidence() {
        assert_eq!(after(&[Some(250), None]).0.evidence(at(10)), None);
        let (line, now) = after(&[Some(250), None, None]);
        assert_eq!(line.evidence(now), Some(Evidence::MissingBlock));
        let (line, now) = after(&[None, None]);
        assert_eq!(line.evidence(now), Some(Evidence::MissingBlock));
    }

    #[test]
    fn reports_close_together_prove_nothing() {
        let mut line = OneWay::default();
        line.report(of(Some(9)), 10, at(1));
        line.report(of(Some(9)), 30, at(1));
        line.report(of(None), 40, at(2));
        assert_eq!(line.evidence(at(2)), None);
    }

    #[test]
    fn three_missed_intervals_count_only_after_reports_had_come() {
        assert_eq!(OneWay::default().evidence(at(300)), None);
        let (mut line, _) = after(&[Some(250), Some(500)]);
        assert_eq!(line.evidence(at(24)), None);
        assert_eq!(line.evidence(at(25)), Some(Evidence::MissedReports));
        line.goodbye();
        assert_eq!(line.evidence(at(60)), None);
    }

    #[test]
    fn icmp_counts_from_three_over_two_seconds_and_lapses() {
        let mut line = OneWay::default();
        for now in [0, 1] {
            line.unreachable(at(now));
            line.unreachable(at(now));
        }
        assert_eq!(line.evidence(at(1)), None);
        line.unreachable(at(2));
        assert_eq!(line.evidence(at(2)), Some(Evidence::Unreachable));
        assert_eq!(line.evidence(at(7)), None);
    }
}
