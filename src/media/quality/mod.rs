//! How a leg sounds, both ways: loss, jitter, round trip, and a MOS by the E-model (G.107).
//!
//! A [`Meter`] a leg: it is fed what arrives and what the other side reports, and measured every 5 s.

mod bursts;
mod e_model;

pub use bursts::{Bursts, Clusters};
pub use e_model::{Equipment, Way, mos, rating};

use std::time::Duration;

use super::codec::Codec;
use super::rtcp::{self, Heard, VoipMetrics};
use super::rtp::RtpHeader;
use super::sender::FRAME_TIME;
use crate::words::Moment;

/// A report of theirs says how we sound there for so long: three intervals (RFC 3550 6.2).
const THEIR_REPORT_LASTS: Duration = Duration::from_secs(20);

/// What their jitter buffer adds where they do not tell: two packets.
const THEIR_BUFFER: Duration = Duration::from_millis(40);

/// What was counted of what arrives, over the leg's life; the caller knows it all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    pub received: u32,
    pub lost: u32,
    /// Came too late to be heard.
    pub late: u32,
    /// As it is now.
    pub jitter: Duration,
    /// How long the jitter buffer holds a packet now.
    pub buffered: Duration,
}

/// How one direction sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// Of the packets of the last interval: lost, or too late.
    pub loss_percent: f32,
    pub jitter: Duration,
    /// 1 to 4.5, on the scale of the codec's bandwidth.
    pub mos: f32,
}

/// How a leg sounds, since it was last measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    pub round_trip: Option<Duration>,
    /// What we hear of the party; none while nothing arrives.
    pub heard: Option<Direction>,
    /// What the party hears of us; none while it does not report.
    pub sent: Option<Direction>,
}

/// The quality of a party's line over the call: what its record keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// The longest.
    pub round_trip: Option<Duration>,
    pub heard: Option<Course>,
    pub sent: Option<Course>,
}

/// One direction over the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// How often it was measured.
    pub measured: u32,
    pub mos_mean: f32,
    pub mos_worst: f32,
    pub loss_percent_mean: f32,
    pub jitter_worst: Duration,
}

/// Measures one leg.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    codec: Codec,
    bursts: Bursts,
    round_trip: Option<Duration>,
    theirs: Option<Theirs>,
    /// At the last measuring.
    measured: Arrived,
}

/// What they told last of what they receive.
#[derive(Clone, Copy, Debug)]
struct Theirs {
    lost: f64,
    jitter: Duration,
    buffered: Duration,
    at: Moment,
}

impl Meter {
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            bursts: Bursts::default(),
            round_trip: None,
            theirs: None,
            measured: Arrived::default(),
        }
    }

    /// A new offer/answer; what was measured stays.
    pub fn retarget(&mut self, codec: Codec) {
        self.codec = codec;
    }

    /// A packet of the party has arrived.
    pub fn note_packet(&mut self, header: &RtpHeader) {
        self.bursts.note(header.ssrc, header.sequence);
    }

    /// The party's RTCP.
    pub fn note_report(&mut self, heard: &Heard, now: Moment) {
        if let Some(echo) = heard.echo {
            self.round_trip = rtcp::round_trip(echo, now).or(self.round_trip);
        }
        let Some(block) = heard.block else { return };
        let discarded = heard.metrics.map_or(0, |metrics| metrics.discard_rate);
        let buffered = heard.metrics.map(|metrics| metrics.buffer_ms);
        self.theirs = Some(Theirs {
            lost: f64::from(block.fraction_lost) / 256.0 + f64::from(discarded) / 256.0,
            jitter: ticks(block.jitter, self.codec),
            buffered: buffered.map_or(THEIR_BUFFER, |millis| Duration::from_millis(millis.into())),
            at: now,
        });
    }

    /// How the leg sounds since the last time; `arrived` counts from its beginning.
    pub fn measure(&mut self, arrived: Arrived, now: Moment) -> Quality {
        let quality = Quality {
            round_trip: self.round_trip,
            heard: self.heard(arrived),
            sent: self.sent(now),
        };
        self.measured = arrived;
        quality
    }

    /// What our next report tells of the source (RFC 3611 4.7).
    pub fn metrics(&self, ssrc: u32, arrived: Arrived) -> VoipMetrics {
        let clusters = self.bursts.clusters();
        let way = self.way_here(arrived, share(arrived, Arrived::default()));
        let equipment = Equipment::of(self.codec);
        let rating = rating(equipment, way);
        let mos = tenths(mos(equipment, rating));
        VoipMetrics {
            loss_rate: of_256(arrived.lost, arrived),
            discard_rate: of_256(arrived.late, arrived),
            burst_density: clusters.burst_density,
            gap_density: clusters.gap_density,
            burst_ms: millis(clusters.burst),
            gap_ms: millis(clusters.gap),
            round_trip_ms: self.round_trip.map_or(0, millis),
            end_system_ms: millis(arrived.buffered + FRAME_TIME),
            r_factor: rating.min(100.0) as u8,
            mos_lq: mos,
            mos_cq: mos,
            buffer_ms: millis(arrived.buffered),
            buffer_max_ms: millis(arrived.buffered),
            ..VoipMetrics::unknown(ssrc)
        }
    }

    fn heard(&self, arrived: Arrived) -> Option<Direction> {
        if arrived.received == self.measured.received {
            return None;
        }
        let lost = share(arrived, self.measured);
        let way = self.way_here(arrived, lost);
        Some(self.direction(way, arrived.jitter))
    }

    fn way_here(&self, arrived: Arrived, lost: f64) -> Way {
        Way {
            delay: self.on_the_way() + arrived.buffered,
            lost,
            burst_ratio: self.bursts.burst_ratio(),
        }
    }

    fn sent(&self, now: Moment) -> Option<Direction> {
        let theirs = self.theirs?;
        let is_fresh = now.since(theirs.at) < THEIR_REPORT_LASTS;
        let way = Way {
            delay: self.on_the_way() + theirs.buffered,
            lost: theirs.lost,
            burst_ratio: 1.0,
        };
        is_fresh.then(|| self.direction(way, theirs.jitter))
    }

    /// A packet is as long on the way as it lasts, and half a round trip.
    fn on_the_way(&self) -> Duration {
        FRAME_TIME + self.round_trip.unwrap_or_default() / 2
    }

    fn direction(&self, way: Way, jitter: Duration) -> Direction {
        let equipment = Equipment::of(self.codec);
        Direction {
            loss_percent: (100.0 * way.lost.min(1.0)) as f32,
            jitter,
            mos: mos(equipment, rating(equipment, way)) as f32,
        }
    }
}

impl Summary {
    /// Takes in what was measured of another interval.
    pub fn note(&mut self, quality: Quality) {
        self.round_trip = self.round_trip.max(quality.round_trip);
        note(&mut self.heard, quality.heard);
        note(&mut self.sent, quality.sent);
    }
}

fn note(course: &mut Option<Course>, direction: Option<Direction>) {
    let Some(direction) = direction else { return };
    let course = course.get_or_insert(Course {
        measured: 0,
        mos_mean: 0.0,
        mos_worst: direction.mos,
        loss_percent_mean: 0.0,
        jitter_worst: Duration::ZERO,
    });
    course.measured = course.measured.saturating_add(1);
    let weight = 1.0 / course.measured as f32;
    course.mos_mean += (direction.mos - course.mos_mean) * weight;
    course.loss_percent_mean += (direction.loss_percent - course.loss_percent_mean) * weight;
    course.mos_worst = course.mos_worst.min(direction.mos);
    course.jitter_worst = course.jitter_worst.max(direction.jitter);
}

/// The share of packets since `before` that were not heard.
fn share(arrived: Arrived, before: Arrived) -> f64 {
    let received = f64::from(arrived.received.saturating_sub(before.received));
    let lost = f64::from(arrived.lost.saturating_sub(before.lost));
    let late = f64::from(arrived.late.saturating_sub(before.late));
    let expected = received + lost;
    if expected > 0.0 {
        ((lost + late) / expected).min(1.0)
    } else {
        0.0
    }
}

fn of_256(count: u32, arrived: Arrived) -> u8 {
    let expected = u64::from(arrived.received) + u64::from(arrived.lost);
    let share = (u64::from(count) * 256).checked_div(expected).unwrap_or(0);
    u8::try_from(share).unwrap_or(u8::MAX)
}

/// RTP ticks as time.
fn ticks(ticks: u32, codec: Codec) -> Duration {
    let nanos = u64::from(ticks) * 1_000_000_000 / u64::from(codec.clock_hz());
    Duration::from_nanos(nanos)
}

fn millis(span: Duration) -> u16 {
    u16::try_from(span.as_millis()).unwrap_or(u16::MAX)
}

/// RFC 3611 4.7.5: a MOS times ten.
fn tenths(mos: f64) -> u8 {
    (mos * 10.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::super::rtcp::{Block, Echo};
    use super::*;

    const CLEAN: Arrived = Arrived {
        received: 250,
        lost: 0,
        late: 0,
        jitter: Duration::from_millis(2),
        buffered: Duration::from_millis(40),
    };

    fn at(seconds: u64) -> Moment {
        Moment::ZERO + Duration::from_secs(seconds)
    }

    fn report(fraction_lost: u8) -> Heard {
        Heard {
            reports: true,
            block: Some(Block {
                ssrc: 1,
                fraction_lost,
                lost: 0,
                highest: 9,
                jitter: 80,
            }),
            ..Heard::default()
        }
    }

    #[test]
    fn a_clean_line_sounds_as_good_as_g711_can() {
        let mut meter = Meter::new(Codec::Pcma);
        let quality = meter.measure(CLEAN, at(5));
        let heard = quality.heard.unwrap();
        assert!(heard.mos > 4.3 && heard.loss_percent == 0.0);
        assert_eq!((quality.sent, quality.round_trip), (None, None));
    }

    #[test]
    fn only_the_last_interval_counts_and_the_worst_is_kept() {
        let mut meter = Meter::new(Codec::Pcmu);
        let lossy = Arrived {
            received: 475,
            lost: 20,
            late: 5,
            ..CLEAN
        };
        let mut summary = Summary::default();
        let mut measure = |arrived, seconds| {
            let quality = meter.measure(arrived, at(seconds));
            summary.note(quality);
            quality.heard
        };
        measure(CLEAN, 5);
        let bad = measure(lossy, 10).unwrap();
        assert!((bad.loss_percent - 10.2).abs() < 0.1 && bad.mos < 3.6);
        let clean = Arrived {
            received: 725,
            ..lossy
        };
        let good = measure(clean, 15).unwrap();
        assert_eq!(good.loss_percent, 0.0);
        assert_eq!(measure(clean, 20), None);
        let course = summary.heard.unwrap();
        assert_eq!((course.measured, course.mos_worst), (3, bad.mos));
        assert!(course.mos_mean < good.mos && course.mos_mean > bad.mos);
    }

    #[test]
    fn their_reports_tell_how_we_sound_there_until_they_are_old() {
        let mut meter = Meter::new(Codec::Pcma);
        meter.note_report(&report(26), at(5));
        let sent = meter.measure(CLEAN, at(6)).sent.unwrap();
        assert!((sent.loss_percent - 10.2).abs() < 0.1);
        assert_eq!(sent.jitter, Duration::from_millis(10));
        assert_eq!(meter.measure(CLEAN, at(30)).sent, None);
    }

    #[test]
    fn a_long_way_costs_both_directions() {
        let mut near = Meter::new(Codec::Pcma);
        near.note_report(&report(0), at(5));
        let mut far = near;
        // 65,536 of NTP's middle bits are a second: sent at 4 s, held for 0.2 s, back at 5 s.
        let echo = Some(Echo {
            ntp: 4 << 16,
            held: 13_107,
        });
        far.note_report(&Heard { echo, ..report(0) }, at(5));
        let (near, far) = (near.measure(CLEAN, at(5)), far.measure(CLEAN, at(5)));
        assert_eq!(far.round_trip.unwrap().as_millis(), 800);
        assert!(far.heard.unwrap().mos < near.heard.unwrap().mos - 0.5);
        assert!(far.sent.unwrap().mos < near.sent.unwrap().mos - 0.5);
    }

    #[test]
    fn our_report_tells_what_we_hear() {
        let mut meter = Meter::new(Codec::Pcma);
        for sequence in (0..100).filter(|n| n % 50 != 49) {
            meter.note_packet(&RtpHeader {
                payload_type: 8,
                marker: false,
                sequence,
                timestamp: 0,
                ssrc: 7,
            });
        }
        let arrived = Arrived {
            received: 98,
            lost: 2,
            ..CLEAN
        };
        let metrics = meter.metrics(7, arrived);
        assert_eq!((metrics.ssrc, metrics.loss_rate), (7, 5));
        assert_eq!((metrics.buffer_ms, metrics.end_system_ms), (40, 60));
        assert!((38..=43).contains(&metrics.mos_cq), "{metrics:?}");
    }
}
