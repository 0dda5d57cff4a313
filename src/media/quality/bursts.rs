use std::time::Duration;

use crate::media::sender::FRAME_TIME;

/// Losses with fewer packets than this between them are one burst (RFC 3611 4.7.2).
const GMIN: u32 = 16;

/// Longer gaps of the sequence are another stream (RFC 3550 A.1, MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3_000;

/// How losses cluster: the counters of RFC 3611 A.2, fed packet by packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bursts {
    /// The source, and the sequence number that comes next.
    expected: Option<(u32, u16)>,
    /// Packets since the last loss, and losses of the burst under way.
    received: u32,
    lost_in_burst: u32,
    /// Transitions and stays: 1 is received in a gap, 2 received in a burst, 3 lost in a burst, 4 lost alone.
    c11: u32,
    c13: u32,
    c14: u32,
    c22: u32,
    c23: u32,
    c33: u32,
    runs: Runs,
}

/// Losses, and how many runs they came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Runs {
    lost: u32,
    count: u32,
    packets: u32,
}

/// What RFC 3611 4.7.2 tells of the losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clusters {
    /// Of 256: the share missing within bursts, and between them.
    pub burst_density: u8,
    pub gap_density: u8,
    pub burst: Duration,
    pub gap: Duration,
}

impl Bursts {
    /// A packet came; what is missing before it is lost. One out of order is passed over: it was counted as lost. With
    /// another source another stream begins.
    pub fn note(&mut self, ssrc: u32, sequence: u16) {
        let ahead = match self.expected {
            Some((source, next)) if source == ssrc => sequence.wrapping_sub(next),
            Some(_) | None => 0,
        };
        if ahead > u16::MAX / 2 {
            return;
        }
        if ahead > 0 && ahead <= DROPOUT_MAX {
            self.lose(ahead);
        }
        self.expected = Some((ssrc, sequence.wrapping_add(1)));
        self.received = self.received.saturating_add(1);
        self.runs.packets = self.runs.packets.saturating_add(1);
    }

    fn lose(&mut self, run: u16) {
        self.runs.lost = self.runs.lost.saturating_add(run.into());
        self.runs.count = self.runs.count.saturating_add(1);
        (0..run).for_each(|_| self.lose_one());
    }

    fn lose_one(&mut self) {
        if self.received >= GMIN {
            self.close_burst();
            self.lost_in_burst = 1;
            self.c11 = self.c11.saturating_add(self.received);
        } else {
            self.lost_in_burst = self.lost_in_burst.saturating_add(1);
            match self.received.checked_sub(1) {
                None => self.c33 = self.c33.saturating_add(1),
                Some(between) => {
                    self.c23 = self.c23.saturating_add(1);
                    self.c22 = self.c22.saturating_add(between);
                }
            }
        }
        self.received = 0;
    }

    fn close_burst(&mut self) {
        match self.lost_in_burst {
            0 => {}
            1 => self.c14 = self.c14.saturating_add(1),
            _ => self.c13 = self.c13.saturating_add(1),
        }
    }

    /// The length of the runs of losses, against what chance would make it (G.107 7.5); 1 without losses.
    pub fn burst_ratio(&self) -> f64 {
        let Runs {
            lost,
            count,
            packets,
        } = self.runs;
        if count == 0 {
            return 1.0;
        }
        let received = f64::from(packets) / (f64::from(packets) + f64::from(lost));
        (f64::from(lost) / f64::from(count) * received).max(1.0)
    }

    /// RFC 3611 A.2, its last part.
    pub fn clusters(&self) -> Clusters {
        let mut done = *self;
        done.close_burst();
        done.c11 = done.c11.saturating_add(done.received);
        let of = |count: u32| f64::from(count);
        let gap_packets = of(done.c11) + of(done.c14);
        let gap_density = share(of(done.c14), gap_packets);
        if done.c13 == 0 {
            let gap = FRAME_TIME.saturating_mul(gap_packets as u32);
            return Clusters {
                gap_density,
                gap,
                ..Clusters::default()
            };
        }
        let p23 = 1.0 - ratio(of(done.c22), of(done.c22) + of(done.c23));
        let p32 = ratio(of(done.c23), of(done.c13) + of(done.c23) + of(done.c33));
        let bursts = of(done.c13);
        let burst_packets = bursts + of(done.c22) + 2.0 * of(done.c23) + of(done.c33);
        Clusters {
            burst_density: share(p23, p23 + p32),
            gap_density,
            burst: FRAME_TIME.mul_f64(burst_packets / bursts),
            gap: FRAME_TIME.mul_f64(gap_packets / bursts),
        }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Of 256.
fn share(part: f64, whole: f64) -> u8 {
    (256.0 * ratio(part, whole)).min(255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lost: impl Fn(u16) -> bool) -> Bursts {
        let mut bursts = Bursts::default();
        (0..10_000)
            .filter(|n| !lost(*n))
            .for_each(|n| bursts.note(1, n));
        bursts
    }

    #[test]
    fn a_clean_stream_is_one_gap() {
        let bursts = after(|_| false);
        assert_eq!(bursts.burst_ratio(), 1.0);
        let clusters = bursts.clusters();
        assert_eq!((clusters.burst_density, clusters.gap_density), (0, 0));
        assert_eq!(clusters.gap, Duration::from_secs(200));
    }

    #[test]
    fn losses_far_apart_are_no_burst() {
        let clusters = after(|n| n % 100 == 99).clusters();
        assert_eq!((clusters.burst_density, clusters.gap_density), (0, 2));
        assert_eq!(clusters.burst, Duration::ZERO);
    }

    #[test]
    fn losses_in_a_row_are_dense_bursts() {
        let bursts = after(|n| n % 200 >= 196);
        let clusters = bursts.clusters();
        assert!(clusters.burst_density > 250, "{clusters:?}");
        assert!((3.8..=4.0).contains(&bursts.burst_ratio()));
        assert!(
            (70..=90).contains(&clusters.burst.as_millis()),
            "{clusters:?}"
        );
    }

    #[test]
    fn every_other_packet_makes_a_burst_half_empty() {
        let clusters = after(|n| n % 400 < 20 && n % 2 == 1).clusters();
        assert!(
            (110..=160).contains(&clusters.burst_density),
            "{clusters:?}"
        );
        assert_eq!(clusters.gap_density, 0);
    }

    #[test]
    fn stray_and_leaping_sequences_do_no_harm() {
        let mut bursts = Bursts::default();
        for sequence in [5, 6, 5, 40_000, 40_001, 65_535, 0, 1] {
            bursts.note(1, sequence);
        }
        assert_eq!(bursts.burst_ratio(), 1.0);
        bursts.note(2, 700);
        assert_eq!(bursts.runs.lost, 0);
    }
}
