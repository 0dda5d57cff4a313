//! The stage in virtual time: every datagram that leaves is kept with its moment.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of report"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::hearing::{Evidence, Limits, Verdict, Watch};
use super::order::{Hears, LegKey, LegSpec, Order, Report};
use super::outbox::Channel;
use super::player::Bed;
use super::rtcp::{self, Block, OurReport};
use super::rtp::{RtpHeader, RtpPacket};
use super::sender::Sent;
use super::{Clip, Codec, Stage};
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
        remote: remote(leg),
        remote_rtcp: remote_rtcp(leg),
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
            .receive_rtp(leg, remote(leg), &datagram, self.now);
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
            goodbye: false,
        };
        let mut datagram = Vec::new();
        rtcp::write(&report, &mut datagram, self.now);
        self.stage
            .receive_rtcp(leg, remote_rtcp(leg), &datagram, self.now);
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
            next: rig.now + ms(3),
        }
    }

    /// Sends for `span` while the stage runs.
    fn speak(&mut self, rig: &mut Rig, span: Duration) {
        let end = rig.now + span;
        while self.next <= end {
            rig.run_until(self.next);
            let payload: Vec<u8> = (0..self.frame)
                .map(|n| Codec::Pcma.encode(if n % 8 < 4 { self.level } else { -self.level }))
                .collect();
            rig.receive(self.leg, self.header, &payload);
            self.header.sequence = self.header.sequence.wrapping_add(1);
            self.header.timestamp = self.header.timestamp.wrapping_add(self.frame as u32);
            self.next += Duration::from_micros(self.frame as u64 * 125);
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
        .map(|byte| Codec::Pcma.decode(*byte).abs())
        .max()
        .unwrap()
}

#[test]
fn phrases_fifteen_seconds_apart_differ_by_exactly_120_000_ticks() {
    let mut rig = Rig::new(&[CALLER]);
    let music = Bed::Music(clip(ms(7_777), 1_000));
    rig.order(Order::Hear {
        leg: CALLER,
        hears: Hears {
            bed: music,
            ..Hears::default()
        },
    });
    let phrase = clip(ms(4_321), 5_000);
    let start = rig.now + Duration::from_micros(60_137);
    for n in 0..21 {
        let onset = start + Duration::from_secs(15) * n;
        rig.run_until(onset - ms(60));
        rig.say(CALLER, n.into(), &phrase, onset);
    }
    rig.run(Duration::from_secs(15));
    let onsets: Vec<(u32, Moment)> = (0..21).map(|n| rig.started(n)).collect();
    assert!(
        onsets
            .windows(2)
            .all(|pair| pair[1].0.wrapping_sub(pair[0].0) == 120_000)
    );
    assert!(onsets[0].1 >= start && onsets[0].1.since(start) < FRAME);
    let wholes: Vec<(u64, bool)> = (0..21).map(|n| (n, true)).collect();
    assert_eq!(rig.ended(), wholes);
    assert!(
        steps(&rig.sent(CALLER))
            .iter()
            .all(|step| *step == (1, 160, FRAME))
    );
}

#[test]
fn four_hundred_legs_keep_every_packet_on_its_nominal_time() {
    let legs: Vec<LegKey> = (0..400).map(LegKey::new).collect();
    let mut rig = Rig::new(&legs);
    rig.run(Duration::from_secs(60) - ms(1));
    let mut by_leg = vec![Vec::new(); legs.len()];
    for packet in &rig.packets {
        by_leg[packet.leg.number() as usize].push(packet.clone());
    }
    for packets in &by_leg {
        assert_eq!(packets.len(), 3_000);
        assert!(steps(packets).iter().all(|step| *step == (1, 160, FRAME)));
    }
    let at_once = rig
        .packets
        .iter()
        .filter(|packet| packet.at == rig.packets[0].at)
        .count();
    assert_eq!(at_once, 20, "legs are spread over the 20 ms");
}

#[test]
fn a_cut_is_heard_within_forty_milliseconds_and_without_a_step() {
    let mut rig = Rig::new(&[CALLER]);
    rig.say(CALLER, 1, &clip(ms(5_000), 5_000), rig.now);
    rig.run(ms(1_007));
    rig.order(Order::Cut {
        leg: CALLER,
        utterance: 1,
    });
    let cut = rig.now;
    rig.run(ms(200));
    assert_eq!(rig.ended(), [(1, false)]);
    let after: Vec<Packet> = rig
        .sent(CALLER)
        .into_iter()
        .filter(|p| p.at > cut + FRAME)
        .collect();
    assert!(after.iter().all(|packet| loudest(packet) <= 8));
    let heard: Vec<i16> = rig
        .sent(CALLER)
        .iter()
        .skip(2)
        .flat_map(|packet| {
            packet
                .payload
                .iter()
                .map(|byte| Codec::Pcma.decode(*byte))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(
        heard
            .windows(2)
            .all(|pair| (pair[0] - pair[1]).abs() <= 300)
    );
}

#[test]
fn a_relayed_packet_leaves_the_moment_it_comes() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Retarget {
        leg: REP,
        spec: spec(REP, Codec::Pcmu),
    });
    rig.order(Order::Hear {
        leg: REP,
        hears: hears(&[CALLER]),
    });
    rig.run(FRAME);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(2_000));
    let sent = rig.sent(REP);
    let relayed: Vec<&Packet> = sent
        .iter()
        .filter(|p| (p.at - ms(3)).as_nanos().is_multiple_of(20_000_000))
        .collect();
    assert_eq!(relayed.len(), 100);
    let loud = |p: &Packet| {
        p.payload
            .iter()
            .any(|byte| Codec::Pcmu.decode(*byte).abs() > 2_500)
    };
    assert!(
        relayed
            .iter()
            .all(|packet| loud(packet) && packet.header.payload_type == 0)
    );
    let steps = steps(&sent);
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 == 160 && step.2 <= ms(40)),
        "{steps:?}"
    );
}

#[test]
fn timestamps_never_go_back_between_relay_and_phrase() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: CALLER,
        hears: hears(&[REP]),
    });
    let mut rep = Source::new(REP, &rig);
    for n in 0..20 {
        rep.speak(&mut rig, ms(500 + 7 * n));
        rig.say(CALLER, n, &clip(ms(313), 9_000), rig.now + ms(60));
        rep.speak(&mut rig, ms(500));
    }
    let sent = rig.sent(CALLER);
    let steps = steps(&sent);
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 > 0 && step.1 <= 4 * 160),
        "{steps:?}"
    );
    assert!(steps.iter().all(|step| step.2 <= ms(40)), "{steps:?}");
    assert_eq!(rig.ended().len(), 20);
    for n in 0..20 {
        let (timestamp, at) = rig.started(n);
        let twin = sent
            .iter()
            .filter(|packet| packet.header.timestamp == timestamp)
            .count();
        assert_eq!(twin, 1);
        let from = sent
            .iter()
            .position(|packet| packet.header.timestamp == timestamp)
            .unwrap();
        assert!(
            sent[from..from + 15].iter().all(|p| loudest(p) > 8_000),
            "phrase {n} at {at:?}"
        );
    }
}

#[test]
fn a_quiet_source_is_replaced_by_silence_and_heard_again() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: CALLER,
        hears: hears(&[REP]),
    });
    let mut rep = Source::new(REP, &rig);
    rep.speak(&mut rig, ms(1_000));
    let gap = ms(1_000);
    rig.run(gap);
    rep.next += gap;
    rep.header.timestamp = rep.header.timestamp.wrapping_add(8_000);
    rep.speak(&mut rig, ms(1_000));
    let steps = steps(&rig.sent(CALLER));
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 <= 640 && step.2 <= ms(100)),
        "{steps:?}"
    );
    assert!(
        rig.packets
            .iter()
            .filter(|p| p.leg == CALLER && loudest(p) > 2_500)
            .count()
            >= 99
    );
}

#[test]
fn a_stall_is_caught_up_with_five_frames_and_a_jump() {
    let mut rig = Rig::new(&[CALLER]);
    rig.run(ms(200));
    let before = rig.packets.len();
    rig.stall(ms(1_000));
    let burst = &rig.packets[before..];
    assert_eq!(burst.len(), 5);
    assert!(burst[0].header.marker);
    let jump = burst[0]
        .header
        .timestamp
        .wrapping_sub(rig.packets[before - 1].header.timestamp);
    assert_eq!(jump % 160, 0);
    assert!(jump > 7_000, "{jump}");
    rig.run(ms(200));
    assert!(
        steps(&rig.packets[before..])
            .iter()
            .all(|step| step.0 == 1 && step.1 == 160)
    );
}

#[test]
fn a_stranger_is_neither_heard_nor_answered() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: REP,
        hears: hears(&[CALLER]),
    });
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(500));
    let stranger: SocketAddr = "198.51.100.1:4000".parse().unwrap();
    let mut datagram = Vec::new();
    RtpHeader {
        ssrc: 9,
        ..caller.header
    }
    .write(&mut datagram);
    datagram.extend_from_slice(&[Codec::Pcma.encode(30_000); 160]);
    for _ in 0..1_000 {
        rig.stage.receive_rtp(CALLER, stranger, &datagram, rig.now);
    }
    caller.speak(&mut rig, ms(500));
    assert!(rig.packets.iter().all(|packet| loudest(packet) < 4_000));
    rig.order(Order::Close { leg: CALLER });
    let strangers = rig.reports.iter().find_map(|report| match report {
        Report::Closed { stats, .. } => Some(stats.strangers),
        _ => None,
    });
    assert_eq!(strangers, Some(1_000));
}

#[test]
fn a_key_counts_once_and_is_relayed_only_where_allowed() {
    let mut rig = Rig::new(&[CALLER, REP]);
    let press = |rig: &mut Rig, timestamp: u32| {
        for sequence in 0..3 {
            let header = RtpHeader {
                payload_type: 101,
                marker: false,
                sequence,
                timestamp,
                ssrc: 1,
            };
            rig.receive(CALLER, header, &[1, 10, 0, 160]);
        }
    };
    rig.order(Order::Hear {
        leg: REP,
        hears: hears(&[CALLER]),
    });
    rig.run(ms(100));
    press(&mut rig, 1_000);
    assert!(
        rig.sent(REP)
            .iter()
            .all(|packet| packet.header.payload_type == 8)
    );
    rig.order(Order::Hear {
        leg: REP,
        hears: Hears {
            keys: true,
            ..hears(&[CALLER])
        },
    });
    press(&mut rig, 2_000);
    let relayed: Vec<Packet> = rig
        .sent(REP)
        .into_iter()
        .filter(|packet| packet.header.payload_type == 101)
        .collect();
    assert_eq!(relayed.len(), 3);
    assert!(
        relayed
            .iter()
            .all(|p| p.header.timestamp == relayed[0].header.timestamp)
    );
    let keys = rig
        .reports
        .iter()
        .filter(|report| matches!(report, Report::Key { .. }))
        .count();
    assert_eq!(keys, 2);
}

#[test]
fn keys_are_sent_as_events() {
    let mut rig = Rig::new(&[CALLER]);
    rig.run(ms(100));
    rig.order(Order::SendKeys {
        leg: CALLER,
        keys: vec![Key::ONE, Key::TWO],
    });
    rig.run(ms(1_000));
    let sent = rig.sent(CALLER);
    let events: Vec<u8> = sent
        .iter()
        .filter(|p| p.header.payload_type == 101)
        .map(|p| p.payload[0])
        .collect();
    assert_eq!(events, [vec![1; 8], vec![2; 8]].concat());
    assert!(
        steps(&sent)
            .iter()
            .all(|step| step.0 == 1 && step.2 == FRAME)
    );
}

#[test]
fn the_rep_hears_the_caller_and_our_phrases_to_the_caller() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: REP,
        hears: Hears {
            phrases_to: Some(CALLER),
            ..hears(&[CALLER])
        },
    });
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(500));
    rig.say(CALLER, 1, &clip(ms(1_000), 9_000), rig.now + ms(60));
    caller.speak(&mut rig, ms(2_000));
    let both = rig
        .sent(REP)
        .into_iter()
        .filter(|packet| loudest(packet) > 10_000)
        .count();
    assert!((47..=51).contains(&both), "{both}");
    let steps = steps(&rig.sent(REP));
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 > 0 && step.2 <= ms(60)),
        "{steps:?}"
    );
}

#[test]
fn two_parties_are_mixed_for_the_third() {
    let mut rig = Rig::new(&[CALLER, REP, TARGET]);
    rig.order(Order::Hear {
        leg: TARGET,
        hears: hears(&[CALLER, REP]),
    });
    let (mut caller, mut rep) = (Source::new(CALLER, &rig), Source::new(REP, &rig));
    rep.next = caller.next;
    for _ in 0..50 {
        caller.speak(&mut rig, ms(0));
        rep.speak(&mut rig, ms(20));
    }
    let mixed = rig
        .sent(TARGET)
        .into_iter()
        .filter(|packet| loudest(packet) > 5_500)
        .count();
    assert!(mixed >= 45, "{mixed}");
    assert!(
        steps(&rig.sent(TARGET))
            .iter()
            .all(|step| *step == (1, 160, FRAME))
    );
}

#[test]
fn thirty_millisecond_packets_are_cut_anew() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: REP,
        hears: hears(&[CALLER]),
    });
    let mut caller = Source {
        frame: 240,
        ..Source::new(CALLER, &rig)
    };
    caller.speak(&mut rig, ms(3_000));
    let sent = rig.sent(REP);
    assert!(sent.iter().all(|packet| packet.payload.len() == 160));
    assert!(steps(&sent).iter().all(|step| *step == (1, 160, FRAME)));
    assert!(sent.iter().filter(|packet| loudest(packet) > 2_500).count() >= 145);
}

#[test]
fn another_ssrc_is_followed() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: REP,
        hears: hears(&[CALLER]),
    });
    rig.run(FRAME);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(1_000));
    caller.header = RtpHeader {
        ssrc: 77,
        sequence: 3,
        timestamp: 50_003,
        ..caller.header
    };
    caller.speak(&mut rig, ms(1_000));
    assert_eq!(
        rig.sent(REP)
            .iter()
            .filter(|packet| loudest(packet) > 2_500)
            .count(),
        100
    );
    assert!(
        steps(&rig.sent(REP))
            .iter()
            .all(|step| step.0 == 1 && step.1 <= 320)
    );
}

#[test]
fn no_media_and_stopped_media_are_told_on_time() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let start = rig.now;
    rig.run(ms(5_000));
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(2_000));
    let last = caller.next - FRAME;
    rig.run(ms(5_000));
    let verdicts = rig.verdicts(CALLER);
    let kinds: Vec<Verdict> = verdicts.iter().map(|(verdict, _)| *verdict).collect();
    assert_eq!(
        kinds,
        [Verdict::NoMedia, Verdict::Fine, Verdict::MediaStopped]
    );
    assert!((ms(2_000)..=ms(2_040)).contains(&verdicts[0].1.since(start)));
    assert!((ms(3_000)..=ms(3_040)).contains(&verdicts[2].1.since(last)));
}

#[test]
fn digital_silence_is_told_after_three_seconds() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source {
        level: 0,
        ..Source::new(CALLER, &rig)
    };
    let first = caller.next;
    caller.speak(&mut rig, ms(4_000));
    let (verdict, at) = rig.verdicts(CALLER)[0];
    assert_eq!(verdict, Verdict::DigitalSilence);
    assert!((ms(3_000)..=ms(3_040)).contains(&at.since(first)));
}

#[test]
fn frozen_reports_and_missing_blocks_say_that_they_do_not_receive() {
    for (second, evidence) in [
        (Some(100), Evidence::FrozenReports),
        (None, Evidence::MissingBlock),
    ] {
        let mut rig = Rig::new(&[CALLER]);
        rig.watch(CALLER);
        let mut caller = Source::new(CALLER, &rig);
        for highest in [Some(100), second, second] {
            caller.speak(&mut rig, ms(5_000));
            rig.receive_report(CALLER, highest);
        }
        caller.speak(&mut rig, ms(100));
        assert_eq!(
            rig.verdicts(CALLER)[0].0,
            Verdict::TheyDoNotReceive(evidence)
        );
    }
}

#[test]
fn icmp_over_two_seconds_says_that_they_do_not_receive() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source::new(CALLER, &rig);
    let first = rig.now;
    for _ in 0..5 {
        rig.stage.unreachable(CALLER, rig.now);
        caller.speak(&mut rig, ms(500));
    }
    let (verdict, at) = rig.verdicts(CALLER)[0];
    assert_eq!(verdict, Verdict::TheyDoNotReceive(Evidence::Unreachable));
    assert!((ms(2_000)..=ms(2_040)).contains(&at.since(first)));
}

#[test]
fn a_healthy_peer_without_rtcp_gets_no_verdict_in_five_minutes() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, Duration::from_secs(300));
    assert_eq!(rig.verdicts(CALLER), []);
}

#[test]
fn their_hold_pauses_the_watch() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(2_000));
    let held = LegSpec {
        receives: false,
        ..spec(CALLER, Codec::Pcma)
    };
    rig.order(Order::Retarget {
        leg: CALLER,
        spec: held,
    });
    rig.run(Duration::from_secs(60));
    assert_eq!(rig.verdicts(CALLER), []);
    rig.order(Order::Retarget {
        leg: CALLER,
        spec: spec(CALLER, Codec::Pcma),
    });
    rig.run(ms(3_100));
    assert_eq!(rig.verdicts(CALLER)[0].0, Verdict::MediaStopped);
}

#[test]
fn we_report_every_five_seconds_and_say_goodbye() {
    let mut rig = Rig::new(&[CALLER]);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(8_000));
    assert_eq!(rig.rtcp.len(), 2);
    let heard = rtcp::read(&rig.rtcp[1].1, 1_001).unwrap();
    assert!(heard.ntp.is_some() && heard.highest_of_ours.is_some());
    rig.order(Order::Close { leg: CALLER });
    assert!(rtcp::read(&rig.rtcp[2].1, 1_001).unwrap().goodbye);
    assert_eq!(
        rig.stage.due().and_then(|due| {
            rig.run_until(due);
            rig.stage.due()
        }),
        None
    );
}

#[test]
fn every_ordered_phrase_ends_even_where_nobody_is() {
    let mut rig = Rig::new(&[CALLER]);
    rig.say(TARGET, 1, &clip(ms(100), 1), rig.now);
    rig.say(CALLER, 2, &clip(ms(100), 1), rig.now + ms(100));
    rig.order(Order::Close { leg: CALLER });
    assert_eq!(rig.ended(), [(1, false), (2, false)]);
}
