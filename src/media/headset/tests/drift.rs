//! The device's clock and the sender's are never the same.

use super::*;

/// Ten minutes at a device that runs so many parts in a million fast; the worst delay from its second minute on, and the
/// sound of its last 20 s.
fn ten_minutes(parts: f64) -> (Duration, Hearing, Vec<f32>) {
    let hz = 48_000.0 * (1.0 + parts / 1e6);
    let mut microphone = headset(Codec::Pcma);
    let mut ear = headset(Codec::Pcma);
    let turn = tone(400.0, 0.2, 960);
    let mut packets = std::iter::repeat_with(|| {
        let mut packet = Vec::new();
        microphone.capture(&turn, |it| packet.extend_from_slice(it), Moment::ZERO);
        packet
    });
    let (mut due, mut block, mut last) = (after(0, hz), [0.0; BLOCK], Vec::new());
    let mut worst = Duration::ZERO;
    let blocks = 600 * 200;
    for n in 0..blocks {
        let now = after(n * BLOCK, hz);
        while due <= now {
            ear.receive(&packets.next().unwrap(), due);
            due += 20 * MS;
        }
        ear.play(&mut block, now);
        if n > blocks / 10 {
            worst = worst.max(ear.hearing().delay);
        }
        if n > blocks - 4_000 {
            last.extend_from_slice(&block);
        }
    }
    (worst, ear.hearing(), last)
}

#[test]
fn a_clock_that_drifts_is_followed_without_a_gap_or_a_click() {
    for parts in [500.0, -500.0, 5_000.0, -5_000.0] {
        let (worst, hearing, sound) = ten_minutes(parts);
        let corners = sound
            .windows(3)
            .map(|it| (it[0] - 2.0 * it[1] + it[2]).abs());
        let corner = corners.fold(0.0, f32::max);
        assert!(worst <= 70 * MS, "{parts}: {worst:?}");
        assert_eq!((hearing.counts.late, hearing.counts.discarded), (0, 0));
        assert!(
            hearing.counts.concealed_ms <= 60,
            "{parts}: {:?}",
            hearing.counts
        );
        // That of the tone itself is 0.0006.
        assert!(corner < 0.002, "{parts}: {corner}");
    }
}
