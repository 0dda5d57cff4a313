use std::collections::BTreeMap;
use std::time::Duration;

use super::weather::Weather;
use crate::words::{Entropy, Moment};

/// Datagrams on their way at once; past it the next one is lost, and counted as one.
const UNDER_WAY_MAX: usize = 8_192;

/// A twin comes so much after its datagram.
const TWIN_AFTER: Duration = Duration::from_millis(5);

/// One direction between two addresses.
pub struct Path {
    weather: Weather,
    dice: Dice,
    /// By when they are to leave, and among those of one moment by the order they came in.
    under_way: BTreeMap<(Moment, u64), Vec<u8>>,
    came: u64,
    /// None that keeps its place leaves before it.
    last: Moment,
    in_burst: bool,
    counts: Counts,
}

/// What became of the datagrams so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: u64,
    pub sent: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
    /// Lost because the direction was blocked.
    pub blocked: u64,
    /// Lost because too many were under way.
    pub overflowed: u64,
    /// The longest that one took.
    pub longest: Duration,
}

impl Path {
    pub fn new(weather: Weather, entropy: Entropy) -> Self {
        Self {
            weather,
            dice: Dice(entropy),
            under_way: BTreeMap::new(),
            came: 0,
            last: Moment::ZERO,
            in_burst: false,
            counts: Counts::default(),
        }
    }

    pub fn weather(&self) -> Weather {
        self.weather
    }

    /// For the datagrams from now on; those under way keep their time.
    pub fn change(&mut self, weather: Weather) {
        self.weather = weather;
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a datagram and decides its fate.
    pub fn take(&mut self, datagram: &[u8], now: Moment) {
        self.counts.received += 1;
        if self.weather.block {
            self.counts.blocked += 1;
            return;
        }
        if self.loses() {
            self.counts.lost += 1;
            return;
        }
        let leaves = self.leaves(now);
        self.send(datagram, leaves, now);
        if self.dice.falls(self.weather.duplicate.part()) {
            self.counts.duplicated += 1;
            self.send(datagram, leaves + TWIN_AFTER, now);
        }
    }

    /// When to ask for the next one.
    pub fn timeout(&self) -> Option<Moment> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// A datagram whose time has come; ask until there is none.
    pub fn poll(&mut self, now: Moment) -> Option<Vec<u8>> {
        let first = self.under_way.first_entry()?;
        if first.key().0 > now {
            return None;
        }
        self.counts.sent += 1;
        Some(first.remove())
    }

    fn send(&mut self, datagram: &[u8], leaves: Moment, now: Moment) {
        if self.under_way.len() >= UNDER_WAY_MAX {
            self.counts.overflowed += 1;
            return;
        }
        self.counts.longest = self.counts.longest.max(leaves.since(now));
        self.came += 1;
        self.under_way
            .insert((leaves, self.came), datagram.to_vec());
    }

    /// One that is held back is overtaken; the others keep their order, whatever the jitter.
    fn leaves(&mut self, now: Moment) -> Moment {
        let uneven = self.weather.jitter.mul_f64(self.dice.part());
        let leaves = now + self.weather.delay + uneven;
        if self.dice.falls(self.weather.reorder.part()) {
            self.counts.reordered += 1;
            return leaves + Weather::REORDERED_BY;
        }
        self.last = self.last.max(leaves);
        self.last
    }

    /// Gilbert's two states (Bell System Technical Journal 39, 1960): in the bad one all are lost. A burst of mean length L
    /// ends with probability 1/L; for a part p of all to be lost it begins with p / (L (1 - p)). Where that is more than
    /// certain, bursts are longer than L: the part is kept.
    fn loses(&mut self) -> bool {
        let (part, length) = (self.weather.loss.part(), self.weather.burst.length());
        if part <= 0.0 || part >= 1.0 {
            self.in_burst = false;
            return part >= 1.0;
        }
        // Bursts of one: each datagram for itself, so that two may be lost in a row.
        if length <= 1.0 {
            return self.dice.falls(part);
        }
        let begins = (part / (length * (1.0 - part))).min(1.0);
        let ends = begins * (1.0 - part) / part;
        self.in_burst = match self.in_burst {
            true => !self.dice.falls(ends),
            false => self.dice.falls(begins),
        };
        self.in_burst
    }
}

/// Seeded chance.
struct Dice(Entropy);

impl Dice {
    /// From 0 to just below 1.
    fn part(&mut self) -> f64 {
        self.0.part()
    }

    fn falls(&mut self, chance: f64) -> bool {
        self.part() < chance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    fn path(weather: &str) -> Path {
        Path::new(weather.parse().unwrap(), Entropy::from_number(7))
    }

    /// When datagram n, of one each 20 ms, came out; in the order they came.
    fn journey(path: &mut Path, datagrams: u32) -> Vec<(u32, Moment)> {
        let mut came = Vec::new();
        for n in 0..datagrams {
            let now = Moment::ZERO + FRAME * n;
            drain(path, now, &mut came);
            path.take(&n.to_be_bytes(), now);
        }
        drain(path, Moment::from_nanos(u64::MAX), &mut came);
        came
    }

    fn drain(path: &mut Path, until: Moment, came: &mut Vec<(u32, Moment)>) {
        while let Some(at) = path.timeout().filter(|at| *at <= until) {
            let datagram = path.poll(at).unwrap();
            came.push((u32::from_be_bytes(datagram.try_into().unwrap()), at));
        }
    }

    fn order(journey: &[(u32, Moment)]) -> Vec<u32> {
        journey.iter().map(|(n, _)| *n).collect()
    }

    #[test]
    fn in_clear_weather_each_comes_at_once() {
        let came = journey(&mut path("clear"), 50);
        let at_once = (0..50).map(|n| (n, Moment::ZERO + FRAME * n));
        assert_eq!(came, at_once.collect::<Vec<_>>());
    }

    #[test]
    fn a_delayed_one_is_not_there_a_moment_sooner() {
        let mut path = path("delay 40ms");
        path.take(b"x", Moment::ZERO);
        let due = Moment::ZERO + Duration::from_millis(40);
        assert_eq!(path.timeout(), Some(due));
        assert_eq!(path.poll(due - Duration::from_nanos(1)), None);
        assert_eq!(path.poll(due), Some(b"x".to_vec()));
        assert_eq!(path.timeout(), None);
    }

    #[test]
    fn jitter_is_uneven_within_its_bounds_and_lets_nobody_overtake() {
        let came = journey(&mut path("delay 40ms, jitter 60ms"), 1_000);
        assert_eq!(order(&came), (0..1_000).collect::<Vec<_>>());
        let took = came
            .iter()
            .map(|(n, at)| at.since(Moment::ZERO + FRAME * *n));
        let took: Vec<_> = took.collect();
        assert!(took.iter().all(|it| *it >= Duration::from_millis(40)));
        assert!(took.iter().all(|it| *it < Duration::from_millis(100)));
        let slow = took.iter().filter(|it| **it > Duration::from_millis(70));
        assert!((400..900).contains(&slow.count()));
    }

    #[test]
    fn single_losses_are_as_many_as_told() {
        let mut path = path("loss 5%");
        let came = journey(&mut path, 20_000);
        let lost = 20_000 - came.len();
        assert!((850..1_150).contains(&lost), "{lost}");
        assert_eq!(path.counts().lost, lost as u64);
    }

    #[test]
    fn bursts_lose_as_many_and_are_as_long_as_told() {
        let came = journey(&mut path("loss 10%, burst 5"), 100_000);
        let lost = 100_000 - came.len();
        assert!((8_500..11_500).contains(&lost), "{lost}");
        let numbers = order(&came);
        let holes = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1);
        let holes: Vec<u32> = holes.filter(|hole| *hole > 0).collect();
        let mean = f64::from(holes.iter().sum::<u32>()) / holes.len() as f64;
        assert!((4.5..5.5).contains(&mean), "{mean}");
    }

    #[test]
    fn more_is_lost_than_bursts_of_that_length_could_lose() {
        for (weather, told) in [("loss 80%, burst 2", 80), ("loss 99%, burst 1.5", 99)] {
            let came = journey(&mut path(weather), 100_000);
            let lost = (100_000 - came.len()).div_ceil(1_000);
            assert!(lost.abs_diff(told) <= 1, "{weather}: {lost}");
        }
    }

    #[test]
    fn one_that_is_held_back_is_overtaken_by_two() {
        let mut path = path("reorder 1%");
        let came = order(&journey(&mut path, 2_000));
        let overtaken = came.windows(2).filter(|pair| pair[0] > pair[1]);
        let (overtaken, reordered) = (overtaken.count() as u64, path.counts().reordered);
        assert!((10..40).contains(&reordered), "{reordered}");
        // Two in a row that are both held back keep their order.
        assert!(
            overtaken.abs_diff(reordered) <= 2,
            "{overtaken} of {reordered}"
        );
        assert_eq!(came.len(), 2_000);
    }

    #[test]
    fn a_twin_comes_after_its_datagram() {
        let mut path = path("duplicate 100%");
        let came = journey(&mut path, 3);
        assert_eq!(order(&came), [0, 0, 1, 1, 2, 2]);
        assert_eq!(came[1].1.since(came[0].1), TWIN_AFTER);
        assert_eq!(path.counts().duplicated, 3);
    }

    #[test]
    fn a_blocked_path_carries_nothing_until_it_is_opened() {
        let mut path = path("block");
        assert!(journey(&mut path, 10).is_empty());
        assert_eq!(path.counts().blocked, 10);
        path.change(path.weather().changed("block off").unwrap());
        assert_eq!(journey(&mut path, 10).len(), 10);
    }

    #[test]
    fn the_same_seed_has_the_same_journey() {
        let weather = "delay 30ms, jitter 20ms, loss 3%, burst 2, reorder 2%, duplicate 1%";
        let journeys = [(); 2].map(|()| journey(&mut path(weather), 5_000));
        assert_eq!(journeys[0], journeys[1]);
        let mut other = Path::new(weather.parse().unwrap(), Entropy::from_number(8));
        assert_ne!(journey(&mut other, 5_000), journeys[0]);
    }

    #[test]
    fn what_is_too_much_is_lost_and_counted() {
        let mut path = path("delay 10s");
        for _ in 0..UNDER_WAY_MAX + 3 {
            path.take(b"x", Moment::ZERO);
        }
        assert_eq!(path.counts().overflowed, 3);
        assert_eq!(path.counts().longest, Duration::from_secs(10));
    }
}
