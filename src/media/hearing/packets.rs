use std::time::Duration;

use crate::media::rtp::RtpHeader;
use crate::words::Moment;

/// Who announced a pause may be quiet for so long: comfort noise (RFC 3389), or a source that does not send silence.
const ANNOUNCED_PAUSE: Duration = Duration::from_secs(30);

/// A step of the timestamp as long as so many packets, with no packet missing, is a pause that was not sent.
const PAUSE_STEPS: u32 = 3;

/// When packets came, and how long their sender may be quiet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packets {
    last: Option<Moment>,
    comfort_noise: bool,
    /// The sender was seen to leave silence out.
    pauses: bool,
    before: Option<Before>,
}

#[derive(Clone, Copy, Debug)]
struct Before {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// The smallest step of the timestamp that was seen; none yet.
    step: Option<u32>,
}

impl Packets {
    /// A packet of sound.
    pub(super) fn sound(&mut self, header: &RtpHeader, now: Moment) {
        self.last = Some(now);
        self.comfort_noise = false;
        let before = self.before.filter(|before| before.ssrc == header.ssrc);
        let step = before.and_then(|before| before.step_to(header));
        if let (Some(step), Some(least)) = (step, before.and_then(|before| before.step)) {
            self.pauses |= step >= least.saturating_mul(PAUSE_STEPS);
        }
        let known = before.and_then(|before| before.step);
        self.before = Some(Before {
            ssrc: header.ssrc,
            sequence: header.sequence,
            timestamp: header.timestamp,
            step: known.map_or(step, |known| {
                Some(step.map_or(known, |step| step.min(known)))
            }),
        });
    }

    /// A key or comfort noise: a sign of life without sound.
    pub(super) fn life(&mut self, comfort_noise: bool, now: Moment) {
        self.last = Some(now);
        self.comfort_noise = comfort_noise;
        self.before = None;
    }

    /// What came before their hold proves nothing after it.
    pub(super) fn excuse(&mut self, now: Moment) {
        self.last = self.last.map(|_| now);
    }

    pub(super) fn last(&self) -> Option<Moment> {
        self.last
    }

    /// The longest gap that is no fault, where `limit` is one for who sends all the time.
    pub(super) fn gap_max(&self, limit: Duration) -> Duration {
        match self.comfort_noise || self.pauses {
            true => limit.max(ANNOUNCED_PAUSE),
            false => limit,
        }
    }
}

impl Before {
    /// How far the timestamp went from one packet to the one right after it; none for others.
    fn step_to(&self, header: &RtpHeader) -> Option<u32> {
        let is_next = header.sequence == self.sequence.wrapping_add(1);
        let step = header.timestamp.wrapping_sub(self.timestamp);
        let is_forward = (1..1 << 31).contains(&step);
        (is_next && is_forward).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOPPED: Duration = Duration::from_secs(3);

    fn gap_max_after(packets: &[(u16, u32)]) -> Duration {
        let mut seen = Packets::default();
        for (sequence, timestamp) in packets {
            let header = RtpHeader {
                marker: false,
                payload_type: 8,
                sequence: *sequence,
                timestamp: *timestamp,
                ssrc: 7,
            };
            seen.sound(&header, Moment::ZERO);
        }
        seen.gap_max(STOPPED)
    }

    #[test]
    fn who_leaves_silence_out_may_be_quiet() {
        let packets = [(9, 0), (10, 160), (11, 320), (12, 8_000)];
        assert_eq!(gap_max_after(&packets), ANNOUNCED_PAUSE);
    }

    #[test]
    fn lost_packets_are_no_pause() {
        let packets = [(65_534, 0), (65_535, 160), (9, 2_000), (10, 2_160)];
        assert_eq!(gap_max_after(&packets), STOPPED);
    }

    #[test]
    fn a_key_is_no_pause() {
        let mut seen = Packets::default();
        let header = |sequence, timestamp| RtpHeader {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp,
            ssrc: 7,
        };
        seen.sound(&header(1, 0), Moment::ZERO);
        seen.sound(&header(2, 160), Moment::ZERO);
        seen.life(false, Moment::ZERO);
        seen.sound(&header(3, 4_000), Moment::ZERO);
        assert_eq!(seen.gap_max(STOPPED), STOPPED);
        seen.life(true, Moment::ZERO);
        assert_eq!(seen.gap_max(STOPPED), ANNOUNCED_PAUSE);
    }
}
