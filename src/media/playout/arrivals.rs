/// How finely delays are told apart, in milliseconds.
const BIN_MS: i64 = 5;

/// Delays are told apart up to 200 ms, the most that sound may wait.
const BINS: usize = 40;

/// The part of all packets that are to come in time.
const IN_TIME: f32 = 0.97;

/// What one packet weighs among the delays: after 500 packets, 10 s, two thirds of a delay are forgotten.
const WEIGHT_MIN: f32 = 0.002;

/// The least transit is that of the last 4 s: so a clock that drifts by 200 ppm is followed within 1 ms.
const WINDOWS: usize = 8;
const WINDOW_MS: i64 = 500;

/// Lost packets in one gap that are taken note of: 60 ms of 10 ms packets.
const LOST_MAX: u16 = 6;

/// A gap whose end is not known is heard more than a packet that is late.
const LOST_WEIGHS: f32 = 3.0;

/// Sound waits 20 ms at least: so the packet after a lost one is there when the gap is to be filled.
pub(super) const TARGET_MIN_MS: i64 = 20;

/// How packets come: the least transit of late, and how much more than that they took.
///
/// All times are in samples; a transit is an arrival less the packet's place, and means nothing by itself.
#[derive(Debug)]
pub(super) struct Arrivals {
    samples_a_ms: i64,
    /// The least transit of each half second, the newest first.
    least: [i64; WINDOWS],
    newest_began: i64,
    base: i64,
    /// The part of the packets that took so many bins longer than the base.
    delays: [f32; BINS],
    seen: f32,
    target: i64,
}

impl Arrivals {
    pub(super) fn new(samples_a_ms: i64) -> Self {
        Self {
            samples_a_ms,
            least: [i64::MAX; WINDOWS],
            newest_began: 0,
            base: 0,
            delays: [0.0; BINS],
            seen: 0.0,
            target: TARGET_MIN_MS * samples_a_ms,
        }
    }

    /// The transit of a packet that is not delayed.
    pub(super) fn base(&self) -> i64 {
        self.base
    }

    /// How long after its undelayed arrival a packet is to be played.
    pub(super) fn target(&self) -> i64 {
        self.target
    }

    /// Takes note of a packet for `at` that came `now`.
    pub(super) fn note(&mut self, at: i64, now: i64) {
        self.note_least(now.saturating_sub(at), now);
        self.weigh(self.delay(at, now), 1.0);
        self.target = self.quantile().max(TARGET_MIN_MS * self.samples_a_ms);
    }

    fn note_least(&mut self, transit: i64, now: i64) {
        let window = WINDOW_MS * self.samples_a_ms;
        let passed = now.saturating_sub(self.newest_began) / window;
        if passed > 0 {
            let passed = usize::try_from(passed).unwrap_or(WINDOWS).min(WINDOWS);
            self.least.rotate_right(passed);
            self.least[..passed].fill(i64::MAX);
            self.newest_began = now - now % window;
        }
        self.least[0] = self.least[0].min(transit);
        self.base = self.least.into_iter().min().unwrap_or(transit);
    }

    /// Takes note of packets that did not come: in the gap at `place`, before one that `came`.
    ///
    /// A lost packet is as good as come when the one after it has: so long should its place wait to be filled well.
    pub(super) fn note_lost(&mut self, place: i64, gap: i64, packets: u16, came: i64) {
        let packets = i64::from(packets.min(LOST_MAX));
        for packet in 0..packets {
            let delay = self.delay(place + gap * packet / packets, came);
            self.weigh(delay, LOST_WEIGHS);
        }
    }

    fn delay(&self, at: i64, now: i64) -> i64 {
        now.saturating_sub(at).saturating_sub(self.base)
    }

    fn weigh(&mut self, delay: i64, packets: f32) {
        self.seen += packets;
        let weight = packets * self.seen.recip().max(WEIGHT_MIN);
        for part in &mut self.delays {
            *part *= 1.0 - weight;
        }
        let bin = usize::try_from(delay / (BIN_MS * self.samples_a_ms)).unwrap_or(0);
        self.delays[bin.min(BINS - 1)] += weight;
    }

    /// The delay that only the slowest few exceed: the upper end of its bin.
    fn quantile(&self) -> i64 {
        let mut slower = 1.0 - IN_TIME;
        let mut bins = BINS;
        while bins > 1 && slower >= self.delays[bins - 1] {
            slower -= self.delays[bins - 1];
            bins -= 1;
        }
        bins as i64 * BIN_MS * self.samples_a_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 samples a millisecond, a packet each 20 ms.
    fn after(packets: i64, delay_ms: impl Fn(i64) -> i64) -> Arrivals {
        let mut arrivals = Arrivals::new(8);
        for n in 0..packets {
            arrivals.note(n * 160, n * 160 + 7_000 + 8 * delay_ms(n));
        }
        arrivals
    }

    #[test]
    fn an_even_stream_waits_as_little_as_may_be() {
        let arrivals = after(100, |_| 0);
        assert_eq!((arrivals.base(), arrivals.target()), (7_000, 160));
    }

    #[test]
    fn the_target_holds_all_but_the_slowest_few() {
        assert_eq!(after(1_000, |n| n % 10 * 8).target(), 75 * 8);
        assert_eq!(
            after(1_000, |n| if n % 50 == 0 { 150 } else { 1 }).target(),
            160
        );
        assert_eq!(after(1_000, |n| n % 2 * 900).target(), 200 * 8);
    }

    #[test]
    fn a_jitter_that_is_over_is_forgotten() {
        assert_eq!(
            after(2_500, |n| if n < 500 { n % 10 * 8 } else { 0 }).target(),
            160
        );
    }

    #[test]
    fn the_base_follows_drift_and_longer_ways() {
        let drift = after(10_000, |n| n / 250);
        assert!((7_000 + 8 * 38..=7_000 + 8 * 40).contains(&drift.base()));
        assert_eq!(drift.target(), 160);
        assert_eq!(after(1_000, |n| if n < 500 { 0 } else { 90 }).base(), 7_720);
    }

    #[test]
    fn after_a_long_pause_the_first_packet_is_the_measure() {
        let mut arrivals = after(10, |_| 0);
        arrivals.note(100_000, 109_000);
        assert_eq!(arrivals.base(), 9_000);
    }
}
