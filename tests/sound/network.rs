//! A source of packets and a network between it and us, in virtual time; the same seed, the same journey.

use std::time::Duration;

use thirdring::media::{Codec, RtpHeader};
use thirdring::words::{Entropy, Moment};

/// A packet and the moment it leaves, or comes.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) at: Moment,
    pub(crate) header: RtpHeader,
    pub(crate) payload: Vec<u8>,
}

/// How a source makes packets of sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) codec: Codec,
    /// Samples a packet, at 8 kHz.
    pub(crate) packet: usize,
    /// How much faster its clock runs than ours, in parts of a million.
    pub(crate) drift_ppm: i64,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

/// What a network does to packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    pub(crate) seed: u64,
    pub(crate) delay: Duration,
    pub(crate) jitter: Jitter,
    /// The part of all packets that is lost.
    pub(crate) loss: f64,
    /// So many packets are lost at a time.
    pub(crate) burst: usize,
    /// The part of all packets that comes twice, 5 ms apart.
    pub(crate) duplicates: f64,
    /// The part of all packets that takes 25 ms longer.
    pub(crate) reordered: f64,
}

/// What is added to the delay, packet by packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Jitter {
    None,
    /// Most are fast and few are slow, none slower than `most`.
    Exponential {
        mean: Duration,
        most: Duration,
    },
    /// All alike, up to `most`.
    Even {
        most: Duration,
    },
}

impl Default for Source {
    fn default() -> Self {
        Self {
            codec: Codec::Pcmu,
            packet: 160,
            drift_ppm: 0,
            // Both wrap within the first second.
            sequence: u16::MAX - 20,
            timestamp: u32::MAX - 4_000,
        }
    }
}

impl Source {
    /// G.711 packets of this sound, from `start`.
    pub(crate) fn packets(&self, sound: &[i16], start: Moment) -> Vec<Packet> {
        let nanos_a_sample = 125_000.0 / (1.0 + self.drift_ppm as f64 / 1e6);
        let law = self.codec.law().expect("packets are cut by the byte");
        let packets = sound.chunks(self.packet).enumerate();
        packets
            .map(|(n, samples)| {
                let first = n * self.packet;
                let ready = (first as f64 * nanos_a_sample) as u64;
                Packet {
                    at: start + Duration::from_nanos(ready),
                    header: RtpHeader {
                        payload_type: self.codec.payload_type(),
                        marker: n == 0,
                        sequence: self.sequence.wrapping_add(n as u16),
                        timestamp: self.timestamp.wrapping_add(first as u32),
                        ssrc: 1,
                    },
                    payload: samples.iter().map(|sample| law.encode(*sample)).collect(),
                }
            })
            .collect()
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            seed: 1,
            delay: Duration::from_millis(30),
            jitter: Jitter::None,
            loss: 0.0,
            burst: 1,
            duplicates: 0.0,
            reordered: 0.0,
        }
    }
}

impl Network {
    /// The packets that come, in the order they come.
    pub(crate) fn carry(&self, sent: Vec<Packet>) -> Vec<Packet> {
        let mut dice = Dice(Entropy::from_number(self.seed));
        let lost = self.lost(sent.len(), &mut dice);
        let mut come = Vec::new();
        for (mut packet, lost) in sent.into_iter().zip(lost) {
            packet.at += self.delay + self.jitter.draw(&mut dice);
            if dice.falls(self.reordered) {
                packet.at += Duration::from_millis(25);
            }
            let twin = dice.falls(self.duplicates).then(|| {
                let at = packet.at + Duration::from_millis(5);
                Packet {
                    at,
                    ..packet.clone()
                }
            });
            if !lost {
                come.push(packet);
                come.extend(twin);
            }
        }
        come.sort_by_key(|packet| packet.at);
        come
    }

    /// Which packets are lost, at places of chance: exactly as many as are to be, and never the first.
    fn lost(&self, packets: usize, dice: &mut Dice) -> Vec<bool> {
        let mut lost = vec![false; packets];
        let bursts = (packets as f64 * self.loss / self.burst as f64).round() as usize;
        let mut left = bursts;
        while left > 0 {
            let first = 1 + dice.0.below((packets - self.burst) as u32) as usize;
            // Between two bursts something comes.
            let around = first - 1..(first + self.burst + 1).min(packets);
            if lost[around].iter().all(|lost| !lost) {
                lost[first..first + self.burst].fill(true);
                left -= 1;
            }
        }
        lost
    }
}

impl Jitter {
    fn draw(self, dice: &mut Dice) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Exponential { mean, most } => mean.mul_f64(-(1.0 - dice.part()).ln()).min(most),
            Self::Even { most } => most.mul_f64(dice.part()),
        }
    }
}

/// Seeded chance.
struct Dice(Entropy);

impl Dice {
    /// From 0 to just below 1.
    fn part(&mut self) -> f64 {
        f64::from(self.0.u32()) / (f64::from(u32::MAX) + 1.0)
    }

    fn falls(&mut self, chance: f64) -> bool {
        self.part() < chance
    }
}
