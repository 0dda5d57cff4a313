use std::f32::consts::PI;

use super::echo_path::Cancelled;
use super::transform::{BINS, HOP, Hop, NO_SPECTRUM, SPAN, Transform};

/// Samples that a filter reaches to either side: 2 ms of delay.
const REACH: usize = 32;
const TAPS: usize = 2 * REACH + 1;

/// So much of an echo may be left whatever the path believes, -30 dB: no loudspeaker is linear.
const LEAK_MIN: f32 = 0.001;

/// What may be left is taken for so many times more.
const OVER: f32 = 3.0;

/// Nothing is made fainter than by 26 dB.
const GAIN_MIN: f32 = 0.05;

/// What the powers count 10 ms later.
const KEEPS: f32 = 0.5;

/// Added to powers, in 16-bit steps of a span, so that nothing is divided by zero.
const POWER_MIN: f32 = 1.0;

/// The quietest of late rises by 2 dB a second.
const FORGET: f32 = 1.0046;

/// Takes out what a canceller left of an echo: frequency by frequency, down to the noise of the room and no further, so
/// that the noise does not come and go with the far side's voice.
#[derive(Debug)]
pub(super) struct Residue {
    transform: Transform,
    power: [f32; BINS],
    leak: [f32; BINS],
    noise: [f32; BINS],
    filter: [f32; TAPS],
    /// The end of the sound so far.
    past: [f32; 2 * REACH],
}

impl Residue {
    pub(super) fn new() -> Self {
        let mut filter = [0.0; TAPS];
        filter[REACH] = 1.0;
        Self {
            transform: Transform::new(),
            power: [0.0; BINS],
            leak: [0.0; BINS],
            noise: [f32::MAX / 2.0; BINS],
            filter,
            past: [0.0; 2 * REACH],
        }
    }

    /// A hop, and what was taken out of it; 2 ms late.
    pub(super) fn remove(&mut self, cancelled: &Cancelled, hop: &mut Hop) {
        let filter = self.design(cancelled);
        let mut line = [0.0; 2 * REACH + HOP];
        line[..2 * REACH].copy_from_slice(&self.past);
        line[2 * REACH..].copy_from_slice(hop);
        self.past.copy_from_slice(&line[HOP..]);
        for (n, out) in hop.iter_mut().enumerate() {
            let part = (n + 1) as f32 / HOP as f32;
            let window = &line[n..n + TAPS];
            let (before, after) = (dot(window, &self.filter), dot(window, &filter));
            *out = before + (after - before) * part;
        }
        self.filter = filter;
    }

    fn design(&mut self, cancelled: &Cancelled) -> [f32; TAPS] {
        let mut gains = NO_SPECTRUM;
        for (bin, gain) in gains.iter_mut().enumerate() {
            gain.re = self.gain(bin, cancelled);
        }
        let response = self.transform.span(gains);
        std::array::from_fn(|n| response[(n + SPAN - REACH) % SPAN] * window(n))
    }

    fn gain(&mut self, bin: usize, cancelled: &Cancelled) -> f32 {
        let (power, leak, noise) = (
            &mut self.power[bin],
            &mut self.leak[bin],
            &mut self.noise[bin],
        );
        let rest = cancelled.rest[bin].norm_sqr() + POWER_MIN;
        *power = KEEPS * *power + (1.0 - KEEPS) * rest;
        let leaks = cancelled.leak[bin].max(LEAK_MIN * cancelled.echo[bin]);
        *leak = leaks.max(KEEPS * *leak + (1.0 - KEEPS) * leaks);
        *noise = (*noise * FORGET).min(*power);
        let floor = (*noise / *power).sqrt().clamp(GAIN_MIN, 1.0);
        floor.max(1.0 - OVER * *leak / *power)
    }
}

/// Hann's, over the taps of the filter.
fn window(tap: usize) -> f32 {
    let from_middle = (tap as f32 - REACH as f32) / (REACH + 1) as f32;
    0.5 + 0.5 * (PI * from_middle).cos()
}

fn dot(window: &[f32], filter: &[f32; TAPS]) -> f32 {
    window.iter().zip(filter).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancelled(hop: &Hop, leak: f32) -> Cancelled {
        let mut span = [0.0; SPAN];
        span[HOP..].copy_from_slice(hop);
        Cancelled {
            rest: Transform::new().spectrum(span),
            echo: [0.0; BINS],
            leak: [leak; BINS],
        }
    }

    fn tone(n: usize) -> f32 {
        1_000.0 * (n as f32 * 0.2).sin()
    }

    /// The last of a second of a tone.
    fn last(leak: f32) -> (Hop, Hop) {
        let mut residue = Residue::new();
        let mut out = [0.0; HOP];
        for k in 0..100 {
            out = std::array::from_fn(|n| tone(k * HOP + n));
            residue.remove(&cancelled(&out.clone(), leak), &mut out);
        }
        (out, std::array::from_fn(|n| tone(99 * HOP + n - REACH)))
    }

    #[test]
    fn where_nothing_leaks_sound_is_as_it_was_but_later() {
        let (out, wanted) = last(0.0);
        for (out, wanted) in out.iter().zip(wanted) {
            assert!((out - wanted).abs() < 1.0, "{out} {wanted}");
        }
    }

    #[test]
    fn what_is_no_louder_than_the_leak_goes() {
        let mut residue = Residue::new();
        for k in 0..200 {
            // A quiet room first: nothing is made fainter than its noise.
            let loud = if k < 100 { 0.001 } else { 1.0 };
            let mut hop: Hop = std::array::from_fn(|n| loud * tone(k * HOP + n));
            let cancelled = cancelled(&hop, 1e12);
            residue.remove(&cancelled, &mut hop);
            let peak = hop.iter().fold(0.0_f32, |peak, it| peak.max(it.abs()));
            assert!(k < 104 || peak < 80.0, "{k} {peak}");
        }
    }
}
