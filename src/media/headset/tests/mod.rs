//! Headsets in virtual time: devices with clocks of their own, and packets that come at once.

mod allocations;
mod any_input;
mod drift;
mod listening;
mod loopback;

use std::f32::consts::TAU;
use std::time::Duration;

use super::*;
use crate::media::rtp::{RtpHeader, RtpPacket};

/// What devices give and take at once: 5 ms.
const BLOCK: usize = 240;

pub(super) fn spec(codec: Codec) -> HeadsetSpec {
    HeadsetSpec {
        leg: Leg {
            codec,
            payload_type: codec.payload_type(),
        },
        voice: VoiceSpec {
            gain: Gain::Off,
            ..VoiceSpec::default()
        },
        country: Country::Cn,
        ring_percent: 50,
    }
}

pub(super) fn headset(codec: Codec) -> Headset {
    Headset::new(&spec(codec), &mut Entropy::from_number(1))
}

/// When so many samples of a device are over that has `hz` of them in a second.
pub(super) fn after(samples: usize, hz: f64) -> Moment {
    let nanos = samples as f64 / hz * 1e9;
    Moment::from_nanos(1_000_000_000 + nanos as u64)
}

pub(super) fn tone(hertz: f32, amplitude: f32, samples: usize) -> Vec<f32> {
    let turn = TAU * hertz / DEVICE_HZ as f32;
    (0..samples)
        .map(|n| amplitude * (turn * n as f32).sin())
        .collect()
}

/// The packets that a microphone makes of a sound, each with the time when it leaves.
pub(super) fn packets(headset: &mut Headset, sound: &[f32]) -> Vec<(Moment, Vec<u8>)> {
    let mut packets = Vec::new();
    for (n, block) in sound.chunks(BLOCK).enumerate() {
        let now = after((n + 1) * BLOCK, 48_000.0);
        headset.capture(block, |packet| packets.push((now, packet.to_vec())), now);
    }
    packets
}

/// What an ear plays of packets, for so many samples of a device of `hz`.
pub(super) fn heard(
    headset: &mut Headset,
    packets: &[(Moment, Vec<u8>)],
    samples: usize,
    hz: f64,
) -> Vec<f32> {
    let mut sound = vec![0.0; samples];
    let mut coming = packets.iter().peekable();
    for (n, block) in sound.chunks_mut(BLOCK).enumerate() {
        let now = after(n * BLOCK, hz);
        while let Some((at, packet)) = coming.next_if(|(at, _)| *at <= now) {
            headset.receive(packet, *at);
        }
        headset.play(block, now);
    }
    sound
}

/// The first sample that is louder than this.
pub(super) fn onset(sound: &[f32], threshold: f32) -> Option<usize> {
    sound.iter().position(|sample| sample.abs() > threshold)
}

/// A tone's power over that of all that is not it, dB.
pub(super) fn signal_to_noise(sound: &[f32], hertz: f32) -> f64 {
    let turn = f64::from(TAU * hertz / DEVICE_HZ as f32);
    let waves = |n: usize| (turn * n as f64).sin_cos();
    let (mut s, mut c) = (0.0, 0.0);
    for (n, sample) in sound.iter().enumerate() {
        let (sin, cos) = waves(n);
        s += 2.0 * f64::from(*sample) * sin / sound.len() as f64;
        c += 2.0 * f64::from(*sample) * cos / sound.len() as f64;
    }
    let rest = sound.iter().enumerate().map(|(n, sample)| {
        let (sin, cos) = waves(n);
        (f64::from(*sample) - s * sin - c * cos).powi(2)
    });
    let noise = rest.sum::<f64>() / sound.len() as f64;
    10.0 * ((s * s + c * c) / 2.0 / noise.max(1e-15)).log10()
}

pub(super) fn all_news(headset: &mut Headset) -> Vec<News> {
    std::iter::from_fn(|| headset.poll_news()).collect()
}

const MS: Duration = Duration::from_millis(1);
