use std::time::Duration;

use super::rtcp::Block;
use super::rtp::RtpHeader;
use crate::words::Moment;

/// A larger jump of the sequence is a source that restarted (RFC 3550 A.1, MAX_DROPOUT).
const DROPOUT_MAX: i16 = 3_000;

/// What reached us of one source: the statistics of RFC 3550 A.3 and A.8.
#[derive(Clone, Copy, Debug)]
pub struct Reception {
    ssrc: u32,
    base: u32,
    /// The highest sequence number, extended by its wraps.
    highest: u32,
    received: u32,
    clock_hz: u32,
    transit: u32,
    /// In RTP ticks, times 16.
    jitter: u32,
    /// Expected and received at the last report.
    reported: (u32, u32),
}

impl Reception {
    /// `clock_hz` are the ticks a second of its timestamps.
    pub fn new(header: &RtpHeader, clock_hz: u32, now: Moment) -> Self {
        let first = u32::from(header.sequence);
        Self {
            ssrc: header.ssrc,
            base: first,
            highest: first,
            received: 1,
            clock_hz,
            transit: transit(header, clock_hz, now),
            jitter: 0,
            reported: (0, 0),
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether packets of this source, counted by this clock, go on what was counted.
    pub fn is_of(&self, ssrc: u32, clock_hz: u32) -> bool {
        self.ssrc == ssrc && self.clock_hz == clock_hz
    }

    /// Counts one packet; a new SSRC or a leap of the sequence starts over.
    pub fn count(&mut self, header: &RtpHeader, now: Moment) {
        let step = header
            .sequence
            .wrapping_sub(self.highest as u16)
            .cast_signed();
        if header.ssrc != self.ssrc || step.unsigned_abs() > DROPOUT_MAX.unsigned_abs() {
            *self = Self::new(header, self.clock_hz, now);
            return;
        }
        if let Ok(ahead) = u32::try_from(step) {
            self.highest = self.highest.wrapping_add(ahead);
        }
        self.received = self.received.wrapping_add(1);
        self.measure_jitter(transit(header, self.clock_hz, now));
    }

    fn measure_jitter(&mut self, transit: u32) {
        let change = transit
            .wrapping_sub(self.transit)
            .cast_signed()
            .unsigned_abs();
        self.transit = transit;
        let decay = (self.jitter + 8) >> 4;
        self.jitter = self
            .jitter
            .saturating_sub(decay)
            .saturating_add(change.min(10 * self.clock_hz));
    }

    /// Packets that came, repeated ones too.
    pub fn received(&self) -> u32 {
        self.received
    }

    /// Packets that never came, as far as is known.
    pub fn lost(&self) -> u32 {
        self.expected().saturating_sub(self.received)
    }

    pub fn jitter_ticks(&self) -> u32 {
        self.jitter >> 4
    }

    pub fn jitter(&self) -> Duration {
        let nanos = u64::from(self.jitter_ticks()) * 1_000_000_000;
        Duration::from_nanos(nanos / u64::from(self.clock_hz.max(1)))
    }

    fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.base).wrapping_add(1)
    }

    /// The report block since the last one (RFC 3550 6.4.1); the sender-report fields are the caller's.
    pub fn block(&mut self) -> Block {
        let expected = self.expected().wrapping_sub(self.reported.0);
        let received = self.received.wrapping_sub(self.reported.1);
        self.reported = (self.expected(), self.received);
        let lost = u64::from(expected.saturating_sub(received));
        let fraction = (lost * 256).checked_div(u64::from(expected)).unwrap_or(0);
        Block {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: self.lost().min(0x7f_ffff),
            highest: self.highest,
            jitter: self.jitter_ticks(),
        }
    }
}

/// Arrival less timestamp, both in RTP ticks.
fn transit(header: &RtpHeader, clock_hz: u32, now: Moment) -> u32 {
    let ticks = u128::from(now.as_nanos()) * u128::from(clock_hz) / 1_000_000_000;
    (ticks as u32).wrapping_sub(header.timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16) -> RtpHeader {
        let timestamp = u32::from(sequence).wrapping_mul(160);
        RtpHeader {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp,
            ssrc: 5,
        }
    }

    fn at(frame: u64) -> Moment {
        Moment::from_nanos(frame * 20_000_000)
    }

    #[test]
    fn loss_and_wrap_are_counted() {
        let mut reception = Reception::new(&packet(65_534), 8_000, at(0));
        for (frame, sequence) in [(1, 65_535), (2, 0), (4, 2)] {
            reception.count(&packet(sequence), at(frame));
        }
        let block = reception.block();
        assert_eq!(
            (block.highest, block.lost, block.fraction_lost),
            (65_538, 1, 51)
        );
        reception.count(&packet(3), at(5));
        assert_eq!(reception.block().fraction_lost, 0);
    }

    #[test]
    fn an_even_stream_has_no_jitter() {
        let mut reception = Reception::new(&packet(0), 8_000, at(0));
        (1..100).for_each(|n| reception.count(&packet(n), at(n.into())));
        assert_eq!(reception.jitter_ticks(), 0);
        reception.count(&packet(100), at(104));
        assert!(reception.jitter_ticks() > 0);
    }

    #[test]
    fn a_new_source_starts_over() {
        let mut reception = Reception::new(&packet(10), 8_000, at(0));
        reception.count(
            &RtpHeader {
                ssrc: 6,
                ..packet(40_000)
            },
            at(1),
        );
        assert_eq!((reception.ssrc(), reception.lost()), (6, 0));
    }
}
