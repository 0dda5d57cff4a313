use std::time::Duration;

use crate::words::Entropy;

/// When each of so many calls begins, where people call `cps` times a second on average and none knows of the other: the
/// times between two calls are exponential, as in Erlang's traffic. The first begins at once.
pub fn arrivals(count: u32, cps: f64, entropy: &mut Entropy) -> Vec<Duration> {
    let mut at = Duration::ZERO;
    let mut arrivals = Vec::new();
    for _ in 0..count {
        arrivals.push(at);
        at += Duration::from_secs_f64(-(1.0 - entropy.part()).ln() / cps);
    }
    arrivals
}

/// How long something took in so many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    pub median: Duration,
    pub p95: Duration,
    pub p99: Duration,
    pub most: Duration,
}

impl Percentiles {
    /// By the nearest rank; none of nothing.
    pub fn of(mut took: Vec<Duration>) -> Option<Self> {
        took.sort_unstable();
        let rank = |percent: usize| {
            let nth = (took.len() * percent).div_ceil(100).max(1);
            took.get(nth - 1).copied()
        };
        Some(Self {
            median: rank(50)?,
            p95: rank(95)?,
            p99: rank(99)?,
            most: rank(100)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_come_as_often_as_told_and_by_the_same_seed_at_the_same_times() {
        let of = |seed| arrivals(2_000, 4.0, &mut Entropy::from_number(seed));
        let came = of(1);
        assert_eq!(came[0], Duration::ZERO);
        let last = came[1_999].as_secs_f64();
        assert!((450.0..550.0).contains(&last), "{last}");
        assert!(came.is_sorted());
        assert_eq!(came, of(1));
        assert_ne!(came, of(2));
    }

    #[test]
    fn percentiles_are_by_the_nearest_rank() {
        let seconds = (1..=100).rev().map(Duration::from_secs);
        let of = Percentiles::of(seconds.collect()).unwrap();
        let all = [of.median, of.p95, of.p99, of.most];
        assert_eq!(all.map(|it| it.as_secs()), [50, 95, 99, 100]);
        let one = Percentiles::of(vec![Duration::from_secs(3)]).unwrap();
        assert_eq!(one.median, one.most);
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
