use crate::media::codec::Codec;
use crate::media::rtp::{RtpHeader, is_newer, ticks_between};
use crate::words::Moment;

/// A packet that comes sooner than this before its time, in milliseconds, is of a clock that was set anew.
const EARLY_MAX_MS: i64 = 200;

/// A new packet that comes later than this, in milliseconds, is of a clock that stood still, as in a hold.
const LATE_MAX_MS: i64 = 400;

/// So many packets of long ago in a row are no stragglers: the source began again.
const STALE_MAX: u8 = 5;

/// Lays packets along one axis of samples that neither wraps nor jumps, whatever RTP timestamps do.
///
/// A new SSRC, a restarted clock and a clock that stood still are laid where they would be had they gone on in time.
#[derive(Debug)]
pub(super) struct Timeline {
    scale: Scale,
    source: Option<Source>,
}

/// How RTP ticks and time are counted in samples.
#[derive(Clone, Copy, Debug)]
struct Scale {
    frame_samples: i64,
    frame_ticks: i64,
    samples_a_ms: i64,
}

/// The newest packet of the source we follow.
#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    timestamp: u32,
    sequence: u16,
    at: i64,
    stale: u8,
}

impl Timeline {
    pub(super) fn new(codec: Codec) -> Self {
        let rate = codec.rate();
        Self {
            scale: Scale {
                frame_samples: rate.frame_samples() as i64,
                frame_ticks: i64::from(codec.frame_ticks().max(1)),
                samples_a_ms: i64::from(rate.hz()) / 1_000,
            },
            source: None,
        }
    }

    /// The time counted in samples.
    pub(super) fn samples(&self, now: Moment) -> i64 {
        let micros = i64::try_from(now.as_nanos() / 1_000).unwrap_or(i64::MAX);
        micros / 1_000 * self.scale.samples_a_ms + micros % 1_000 * self.scale.samples_a_ms / 1_000
    }

    /// Where the packet's first sample lies; none for a straggler of long ago. `expected` is the place of a packet
    /// that would come now and was never delayed.
    pub(super) fn place(&mut self, header: &RtpHeader, expected: i64) -> Option<i64> {
        let Some(source) = &mut self.source else {
            return Some(self.restart(header, expected));
        };
        let at = source.at + self.scale.samples_of(source.timestamp, header.timestamp);
        let is_new = is_newer(header.sequence, source.sequence);
        if header.ssrc != source.ssrc || self.scale.is_elsewhere(at - expected, is_new) {
            return Some(self.restart(header, expected));
        }
        if at < expected - LATE_MAX_MS * self.scale.samples_a_ms {
            source.stale += 1;
            return (source.stale > STALE_MAX).then(|| self.restart(header, expected));
        }
        source.stale = 0;
        if at > source.at {
            source.follow(header, at);
        }
        Some(at)
    }

    /// Goes on with a source whose timestamps mean nothing to us yet.
    fn restart(&mut self, header: &RtpHeader, expected: i64) -> i64 {
        let after = |source: &Source| source.at + self.scale.frame_samples;
        let at = self
            .source
            .as_ref()
            .map_or(expected, |source| expected.max(after(source)));
        self.source = Some(Source {
            ssrc: header.ssrc,
            timestamp: header.timestamp,
            sequence: header.sequence,
            at,
            stale: 0,
        });
        at
    }
}

impl Scale {
    fn samples_of(&self, from: u32, to: u32) -> i64 {
        i64::from(ticks_between(from, to)) * self.frame_samples / self.frame_ticks
    }

    /// Whether a packet that comes so many samples early, or late, cannot be of the same run of the clock.
    fn is_elsewhere(&self, early: i64, is_new: bool) -> bool {
        let late_max = if is_new {
            LATE_MAX_MS
        } else {
            i64::MAX / self.samples_a_ms
        };
        early > EARLY_MAX_MS * self.samples_a_ms || early < -late_max * self.samples_a_ms
    }
}

impl Source {
    fn follow(&mut self, header: &RtpHeader, at: i64) {
        self.timestamp = header.timestamp;
        self.sequence = header.sequence;
        self.at = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(sequence: u16, timestamp: u32) -> RtpHeader {
        RtpHeader {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp,
            ssrc: 1,
        }
    }

    #[test]
    fn wraps_are_no_jumps() {
        let mut line = Timeline::new(Codec::Pcma);
        let first = header(65_535, u32::MAX - 159);
        assert_eq!(line.place(&first, 1_000), Some(1_000));
        assert_eq!(line.place(&header(1, 160), 1_320), Some(1_320));
        assert_eq!(line.place(&header(0, 0), 1_330), Some(1_160));
    }

    #[test]
    fn another_source_or_clock_goes_on_in_time() {
        let mut line = Timeline::new(Codec::Pcma);
        line.place(&header(0, 0), 1_000);
        let other = RtpHeader {
            ssrc: 2,
            ..header(77, 123_456)
        };
        assert_eq!(line.place(&other, 1_500), Some(1_500));
        let restarted = RtpHeader {
            ssrc: 2,
            ..header(78, 9)
        };
        assert_eq!(line.place(&restarted, 1_520), Some(1_660));
    }

    #[test]
    fn a_clock_that_stood_still_goes_on_in_time() {
        let mut line = Timeline::new(Codec::Pcma);
        line.place(&header(0, 0), 0);
        assert_eq!(line.place(&header(1, 160), 80_000), Some(80_000));
        assert_eq!(line.place(&header(2, 320), 80_100), Some(80_160));
    }

    #[test]
    fn one_straggler_is_refused_and_many_are_believed() {
        let mut line = Timeline::new(Codec::Pcma);
        line.place(&header(1_000, 160_000), 160_000);
        let placed: Vec<_> = (0..7_u16)
            .map(|n| line.place(&header(n, u32::from(n) * 160), 160_000))
            .collect();
        assert_eq!(placed[..5], [None; 5]);
        assert_eq!(placed[5..], [Some(160_160), Some(160_320)]);
    }

    #[test]
    fn time_is_counted_in_samples() {
        let line = Timeline::new(Codec::Pcma);
        assert_eq!(line.samples(Moment::from_nanos(20_250_000)), 162);
        line.samples(Moment::from_nanos(u64::MAX));
    }
}
