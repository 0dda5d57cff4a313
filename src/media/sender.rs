use std::time::Duration;

use super::codec::Codec;
use super::rtp::RtpHeader;
use crate::words::{Entropy, Moment};

/// We always send 20 ms packets (D3).
pub const FRAME_TIME: Duration = Duration::from_millis(20);

/// A tick of the 8 kHz RTP clock.
pub const TICK_NANOS: u64 = 125_000;

/// Phases a frame clock may have: legs spread over the 20 ms in steps of 1 ms.
pub const PHASES: u64 = 20;

/// After a stall of the thread so many frames leave at once; what is older is skipped.
const CATCH_UP_FRAMES: u64 = 5;

const FRAME_NANOS: u64 = 20_000_000;
const PHASE_NANOS: u64 = FRAME_NANOS / PHASES;

/// Numbers a leg's 20 ms frames: slot k belongs to epoch + k x 20 ms, and its timestamp is exactly k frames of the codec's
/// clock after the first one's.
#[derive(Clone, Copy, Debug)]
pub struct FrameClock {
    epoch: Moment,
    /// This slot has this timestamp, and those after it follow.
    base: (u64, u32),
    /// From one frame to the next.
    ticks: u32,
}

impl FrameClock {
    /// The first frame is due at the next moment of `phase` (0-19) that is not before `now`.
    pub fn new(phase: u64, start: u32, ticks: u32, now: Moment) -> Self {
        let offset = phase % PHASES * PHASE_NANOS;
        let frames = now.as_nanos().saturating_sub(offset).div_ceil(FRAME_NANOS);
        let epoch = frames.saturating_mul(FRAME_NANOS).saturating_add(offset);
        Self {
            epoch: Moment::from_nanos(epoch),
            base: (0, start),
            ticks,
        }
    }

    /// From `slot` on a frame has `ticks`; the timestamps run on.
    fn retime(&mut self, ticks: u32, slot: u64) {
        self.base = (slot, self.timestamp(slot));
        self.ticks = ticks;
    }

    /// When the frame of this slot is due.
    pub fn nominal(&self, slot: u64) -> Moment {
        self.epoch + Duration::from_nanos(slot.saturating_mul(FRAME_NANOS))
    }

    pub fn timestamp(&self, slot: u64) -> u32 {
        let frames = slot.wrapping_sub(self.base.0) as u32;
        self.base.1.wrapping_add(frames.wrapping_mul(self.ticks))
    }

    /// The RTP time of `now`, for a sender report.
    pub fn timestamp_at(&self, now: Moment) -> u32 {
        let since = now
            .as_nanos()
            .saturating_sub(self.nominal(self.base.0).as_nanos());
        let ticks = u128::from(since) * u128::from(self.ticks) / u128::from(FRAME_NANOS);
        self.base.1.wrapping_add(ticks as u32)
    }

    /// The latest slot that is due at `now`; none before the epoch.
    pub fn slot_at(&self, now: Moment) -> Option<u64> {
        now.as_nanos()
            .checked_sub(self.epoch.as_nanos())
            .map(|nanos| nanos / FRAME_NANOS)
    }

    /// The first slot that is not due before `moment`.
    pub fn slot_from(&self, moment: Moment) -> u64 {
        moment
            .as_nanos()
            .saturating_sub(self.epoch.as_nanos())
            .div_ceil(FRAME_NANOS)
    }
}

/// One leg's outgoing stream: SSRC, sequence and timestamp run on whatever is sent.
#[derive(Clone, Debug)]
pub struct Sender {
    pub clock: FrameClock,
    ssrc: u32,
    sequence: u16,
    next_slot: u64,
    /// The next packet begins a talkspurt, or follows a jump of the timestamp.
    marker: bool,
    sent: Sent,
}

/// What a sender report tells (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub packets: u32,
    pub octets: u32,
}

impl Sender {
    pub fn new(phase: u64, codec: Codec, entropy: &mut Entropy, now: Moment) -> Self {
        Self {
            clock: FrameClock::new(phase, entropy.u32(), codec.frame_ticks(), now),
            ssrc: entropy.u32(),
            sequence: entropy.u16(),
            next_slot: 0,
            marker: true,
            sent: Sent::default(),
        }
    }

    /// Speaks another codec from the next frame on.
    pub fn change(&mut self, codec: Codec) {
        self.clock.retime(codec.frame_ticks(), self.next_slot);
        self.marker = true;
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// The first slot nothing was sent for.
    pub fn next_slot(&self) -> u64 {
        self.next_slot
    }

    /// Leaves slots empty; the timestamp jumps over them.
    pub fn skip_to(&mut self, slot: u64) {
        if slot > self.next_slot {
            self.next_slot = slot;
            self.marker = true;
        }
    }

    /// Gives up frames that a stall made too old to be worth sending.
    pub fn forget_stale(&mut self, due: u64) {
        self.skip_to((due + 1).saturating_sub(CATCH_UP_FRAMES));
    }

    pub fn mark(&mut self) {
        self.marker = true;
    }

    /// The header of one audio packet for `slot`, which is not before [`Sender::next_slot`]; an empty slot in between looks like a lost frame.
    pub fn audio(&mut self, slot: u64, payload_type: u8, octets: usize) -> RtpHeader {
        self.next_slot = slot + 1;
        let marker = std::mem::take(&mut self.marker);
        self.stamp(payload_type, marker, self.clock.timestamp(slot), octets)
    }

    /// Lets a slot go by without a packet; the header is the one it would have had.
    pub fn pass(&mut self, slot: u64, payload_type: u8) -> RtpHeader {
        self.skip_to(slot + 1);
        let timestamp = self.clock.timestamp(slot);
        RtpHeader {
            payload_type,
            marker: false,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        }
    }

    /// The header of one telephone-event packet, with the event's own timestamp (RFC 4733 2.2).
    pub fn event(&mut self, payload_type: u8, marker: bool, timestamp: u32) -> RtpHeader {
        self.stamp(payload_type, marker, timestamp, 4)
    }

    fn stamp(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        octets: usize,
    ) -> RtpHeader {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.octets = self.sent.octets.wrapping_add(octets as u32);
        RtpHeader {
            payload_type,
            marker,
            sequence,
            timestamp,
            ssrc: self.ssrc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn slots_and_moments_agree() {
        let clock = FrameClock::new(7, 0, 160, ms(100));
        assert_eq!(clock.nominal(0), ms(107));
        assert_eq!(clock.slot_at(ms(106)), None);
        assert_eq!(
            (clock.slot_at(ms(126)), clock.slot_at(ms(127))),
            (Some(0), Some(1))
        );
        assert_eq!((clock.slot_from(ms(127)), clock.slot_from(ms(128))), (1, 2));
        assert_eq!(
            clock.nominal(750).since(clock.nominal(0)),
            Duration::from_secs(15)
        );
    }

    #[test]
    fn another_clock_runs_on_from_the_same_timestamp() {
        let mut clock = FrameClock::new(0, 1_000, 160, ms(0));
        clock.retime(960, 50);
        assert_eq!((clock.timestamp(50), clock.timestamp(51)), (9_000, 9_960));
        assert_eq!(clock.timestamp_at(ms(1_010)), 9_480);
        clock.retime(160, 60);
        assert_eq!((clock.timestamp(60), clock.timestamp(61)), (18_600, 18_760));
    }

    #[test]
    fn the_first_frame_is_never_before_now_nor_a_frame_late() {
        for phase in 0..PHASES {
            let clock = FrameClock::new(phase, 0, 160, ms(1_003));
            let wait = clock.nominal(0).since(ms(1_003));
            assert!(
                clock.nominal(0) >= ms(1_003) && wait < FRAME_TIME,
                "{phase}"
            );
        }
    }

    #[test]
    fn a_stall_is_caught_up_with_five_frames_and_a_marker() {
        let mut sender = Sender::new(0, Codec::Pcma, &mut Entropy::from_number(1), Moment::ZERO);
        assert!(sender.audio(0, 8, 160).marker);
        assert!(!sender.audio(1, 8, 160).marker);
        sender.forget_stale(100);
        assert_eq!(sender.next_slot(), 96);
        assert!(sender.audio(96, 8, 160).marker);
    }
}
