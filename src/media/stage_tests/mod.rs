//! The stage in virtual time: every datagram that leaves is kept with its moment.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of report"
)]

mod allocations;
mod holding;
mod invariants;
mod relaying;
mod sending;
mod watching;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::media::hearing::{Evidence, Limits, Verdict, Watch};
use crate::media::order::{Hears, LegKey, LegSpec, Order, Recording, Report};
use crate::media::outbox::Channel;
use crate::media::player::{Bed, Under};
use crate::media::rtcp::{self, Block, OurReport};
use crate::media::rtp::{RtpHeader, RtpPacket};
use crate::media::sender::Sent;
use crate::media::{Clip, Codec, Law, RecordedFrame, Stage};
use crate::words::{Entropy, Key, Moment};

const FRAME: Duration = Duration::from_millis(20);
const CALLER: LegKey = LegKey::new(1);
const REP: LegKey = LegKey::new(2);
const TARGET: LegKey = LegKey::new(3);

#[derive(Clone, Debug)]
struct Packet {
    leg: LegKey,
    at: Moment,
    header: RtpHeader,
    payload: Vec<u8>,
}

/// A stage with a clock of its own.
struct Rig {
    stage: Stage,
    now: Moment,
    packets: Vec<Packet>,
    rtcp: Vec<(LegKey, Vec<u8>)>,
    reports: Vec<Report>,
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn remote(leg: LegKey) -> SocketAddr {
    format!("192.0.2.{}:4000", leg.number() % 250 + 1)
        .parse()
        .unwrap()
}

fn remote_rtcp(leg: LegKey) -> SocketAddr {
    SocketAddr::new(remote(leg).ip(), 4001)
}

fn spec(leg: LegKey, codec: Codec) -> LegSpec {
    LegSpec {
        codec,
        payload_type: codec.payload_type(),
        telephone_event: Some(101),
        comfort_noise: Some(13),
        remote: remote(leg),
        remote_rtcp: remote_rtcp(leg),
        extended_reports: false,
        srtp: None,
        sends: true,
        receives: true,
    }
}

fn clip(length: Duration, level: i16) -> Arc<Clip> {
    Arc::new(Clip::from_samples(vec![
        level;
        (length.as_millis() * 8) as usize
    ]))
}

fn hears(legs: &[LegKey]) -> Hears {
    Hears {
        legs: [legs.first().copied(), legs.get(1).copied()],
        ..Hears::default()
    }
}

impl Rig {
    fn new(legs: &[LegKey]) -> Self {
        let mut rig = Self {
            stage: Stage::new(Entropy::from_number(7)),
            now: Moment::from_nanos(1_000_000_000),
            packets: Vec::new(),
            rtcp: Vec::new(),
            reports: Vec::new(),
        };
        for leg in legs {
            rig.order(Order::Open {
                leg: *leg,
                spec: spec(*leg, Codec::Pcma),
            });
        }
        rig
    }

    fn order(&mut self, order: Order) {
        self.stage.apply(order, self.now);
        self.collect();
    }

    /// From now on `leg` hears these.
    fn hear(&mut self, leg: LegKey, others: &[LegKey]) {
        let hears = hears(others);
        self.order(Order::Hear { leg, hears });
    }

    fn say(&mut self, leg: LegKey, utterance: u64, clip: &Arc<Clip>, not_before: Moment) {
        self.order(Order::Say {
            leg,
            utterance,
            clip: Arc::clone(clip),
            not_before,
        });
    }

    fn watch(&mut self, leg: LegKey) {
        self.order(Order::Watch {
            leg,
            watch: Watch::On(Limits::default()),
        });
    }

    /// Lets the stage do all it has to until `end`.
    fn run_until(&mut self, end: Moment) {
        while let Some(due) = self.stage.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.stage.tick(self.now);
            self.collect();
        }
        self.now = end;
    }

    fn run(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// Nothing runs meanwhile, as when the PC was busy.
    fn stall(&mut self, span: Duration) {
        self.now += span;
        self.stage.tick(self.now);
        self.collect();
    }

    fn collect(&mut self) {
        let (now, packets, rtcp) = (self.now, &mut self.packets, &mut self.rtcp);
        self.stage.drain(|transmit| match transmit.channel {
            Channel::Rtp => {
                let packet = RtpPacket::parse(transmit.datagram).unwrap();
                assert_eq!(transmit.to.ip(), remote(transmit.leg).ip());
                let (header, payload) = (packet.header, packet.payload.to_vec());
                packets.push(Packet {
                    leg: transmit.leg,
                    at: now,
                    header,
                    payload,
                });
            }
            Channel::Rtcp => rtcp.push((transmit.leg, transmit.datagram.to_vec())),
        });
        self.reports
            .extend(std::iter::from_fn(|| self.stage.poll_report()));
    }

    fn receive(&mut self, leg: LegKey, header: RtpHeader, payload: &[u8]) {
        let mut datagram = Vec::new();
        header.write(&mut datagram);
        datagram.extend_from_slice(payload);
        self.stage
            .receive_rtp(leg, remote(leg), &mut datagram, self.now);
        self.collect();
    }

    fn receive_report(&mut self, leg: LegKey, highest: Option<u32>) {
        let block = highest.map(|highest| Block {
            ssrc: self.sent(leg)[0].header.ssrc,
            fraction_lost: 0,
            lost: 0,
            highest,
            jitter: 0,
        });
        let sent = Some((
            Sent {
                packets: 1,
                octets: 160,
            },
            0,
        ));
        let report = OurReport {
            ssrc: 5,
            sent,
            block,
            theirs: None,
            metrics: None,
            goodbye: false,
        };
        let mut datagram = Vec::new();
        rtcp::write(&report, &mut datagram, self.now);
        self.stage
            .receive_rtcp(leg, remote_rtcp(leg), &mut datagram, self.now);
        self.collect();
    }

    fn sent(&self, leg: LegKey) -> Vec<Packet> {
        self.packets
            .iter()
            .filter(|packet| packet.leg == leg)
            .cloned()
            .collect()
    }

    fn started(&self, utterance: u64) -> (u32, Moment) {
        self.reports
            .iter()
            .find_map(|report| match report {
                Report::Started {
                    utterance: u,
                    timestamp,
                    at,
                    ..
                } if *u == utterance => Some((*timestamp, *at)),
                _ => None,
            })
            .expect("the phrase started")
    }

    fn verdicts(&self, leg: LegKey) -> Vec<(Verdict, Moment)> {
        self.reports
            .iter()
            .filter_map(|report| match report {
                Report::Line {
                    leg: l,
                    verdict,
                    at,
                } if *l == leg => Some((*verdict, *at)),
                _ => None,
            })
            .collect()
    }

    fn ended(&self) -> Vec<(u64, bool)> {
        self.reports
            .iter()
            .filter_map(|report| match report {
                Report::Ended {
                    utterance, whole, ..
                } => Some((*utterance, *whole)),
                _ => None,
            })
            .collect()
    }
}

/// A party that sends packets of `frame` samples on time.
struct Source {
    leg: LegKey,
    header: RtpHeader,
    frame: usize,
    level: i16,
    /// Its clock runs slow by so much a packet.
    late_by: Duration,
    next: Moment,
}

impl Source {
    fn new(leg: LegKey, rig: &Rig) -> Self {
        let header = RtpHeader {
            payload_type: 8,
            marker: false,
            sequence: 65_500,
            timestamp: u32::MAX - 1_000,
            ssrc: 1_000 + leg.number(),
        };
        Self {
            leg,
            header,
            frame: 160,
            level: 3_000,
            late_by: Duration::ZERO,
            next: rig.now + ms(3),
        }
    }

    /// Sends for `span` while the stage runs.
    fn speak(&mut self, rig: &mut Rig, span: Duration) {
        let end = rig.now + span;
        while self.next <= end {
            rig.run_until(self.next);
            let payload: Vec<u8> = (0..self.frame)
                .map(|n| Law::A.encode(if n % 8 < 4 { self.level } else { -self.level }))
                .collect();
            rig.receive(self.leg, self.header, &payload);
            self.header.sequence = self.header.sequence.wrapping_add(1);
            self.header.timestamp = self.header.timestamp.wrapping_add(self.frame as u32);
            self.next += Duration::from_micros(self.frame as u64 * 125) + self.late_by;
        }
        rig.run_until(end);
    }
}

fn steps(packets: &[Packet]) -> Vec<(u16, u32, Duration)> {
    let step = |pair: &[Packet]| {
        let sequence = pair[1]
            .header
            .sequence
            .wrapping_sub(pair[0].header.sequence);
        let timestamp = pair[1]
            .header
            .timestamp
            .wrapping_sub(pair[0].header.timestamp);
        (sequence, timestamp, pair[1].at.since(pair[0].at))
    };
    packets.windows(2).map(step).collect()
}

fn loudest(packet: &Packet) -> i16 {
    packet
        .payload
        .iter()
        .map(|byte| Law::A.decode(*byte).abs())
        .max()
        .unwrap()
}
