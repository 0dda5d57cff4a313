//! Time grows as the datagram does, whatever it is full of: twelve shapes that made other stacks slow.
//!
//! Only the ratio fails the test; `benches/endpoint.rs` prints the times.

use std::time::{Duration, Instant};

use super::shapes::{SHAPES, Shape, endpoint, take};

/// What is promised of time(2n) / time(n).
const RATIO_MAX: f64 = 2.5;
/// Sizes in bytes: within the limits of one value and past them, where a message is refused.
const SIZES: [usize; 2] = [3_500, 30_000];
/// The best of so many runs counts: the machine may be busy.
const RUNS: usize = 20;
/// A pair that looks too slow is measured anew so often.
const TRIES: usize = 8;

/// The best time for one datagram of this shape.
fn time(shape: Shape, size: usize) -> Duration {
    let datagram = shape(size);
    let times = (0..RUNS).map(|_| {
        let mut endpoint = endpoint();
        let start = Instant::now();
        take(&mut endpoint, &datagram);
        start.elapsed()
    });
    times.min().expect("it ran")
}

/// The times for `size` and twice of it, and how they grow; the best of some tries.
fn growth(shape: Shape, size: usize) -> (Duration, Duration, f64) {
    let mut best = (Duration::ZERO, Duration::ZERO, f64::INFINITY);
    for _ in 0..TRIES {
        let (one, two) = (time(shape, size), time(shape, size * 2));
        let ratio = two.as_secs_f64() / one.as_secs_f64();
        if ratio < best.2 {
            best = (one, two, ratio);
        }
        if ratio <= RATIO_MAX {
            break;
        }
    }
    best
}

#[test]
fn time_grows_as_the_datagram_does() {
    let mut slow = Vec::new();
    for (name, shape) in SHAPES {
        for size in SIZES {
            let (one, two, ratio) = growth(shape, size);
            let bytes = size * 2;
            println!(
                "{name:24} {bytes:6} bytes {two:9.1?}, half of it {one:9.1?}, ratio {ratio:.2}"
            );
            if ratio > RATIO_MAX {
                slow.push(format!("{name}: {ratio:.2} at {bytes} bytes"));
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
