use super::codec::{FRAME_SAMPLES, Frame, Law, SILENT_FRAME};
use super::rtp::ticks_between;

/// Room for 256 ms of sound; a power of two so that positions wrap with the RTP clock.
const RING: usize = 2_048;

/// Sound waits 40 ms before it is played: two frames of jitter.
const DELAY: u32 = 320;

/// More than 160 ms waiting: the source runs ahead, the surplus is skipped.
const WAITING_MAX: i32 = 1_280;

/// So many late packets in a row mean that the source's clock fell behind, not that the net was slow.
const LATE_MAX: u8 = 5;

/// Puts packets of any length in the order of their timestamps, and hands out 20 ms frames.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    ring: Box<[i16]>,
    /// The RTP timestamp that is played next; none before the first packet.
    head: Option<u32>,
    late: u8,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self {
            ring: vec![0; RING].into_boxed_slice(),
            head: None,
            late: 0,
        }
    }
}

impl JitterBuffer {
    /// Forgets all sound; the next packet begins anew.
    pub fn clear(&mut self) {
        self.ring.fill(0);
        self.head = None;
        self.late = 0;
    }

    pub fn head(&self) -> Option<u32> {
        self.head
    }

    pub fn push(&mut self, timestamp: u32, law: Law, payload: &[u8]) {
        if payload.len() > RING - DELAY as usize {
            return;
        }
        let ahead = ticks_between(self.head_or_start(timestamp), timestamp);
        self.late = if ahead < 0 {
            self.late.saturating_add(1)
        } else {
            0
        };
        if self.late > LATE_MAX || !(-WAITING_MAX..=WAITING_MAX).contains(&ahead) {
            self.clear();
        }
        let head = self.head_or_start(timestamp);
        for (tick, byte) in (0..).zip(payload) {
            let at = timestamp.wrapping_add(tick);
            if ticks_between(head, at) >= 0
                && let Some(place) = self.ring.get_mut(place(at))
            {
                *place = law.decode(*byte);
            }
        }
    }

    /// The next 20 ms, silence where nothing came in time.
    pub fn pop(&mut self) -> Frame {
        let mut frame = SILENT_FRAME;
        let Some(head) = self.head else {
            return frame;
        };
        for (tick, sample) in (0..).zip(&mut frame) {
            if let Some(place) = self.ring.get_mut(place(head.wrapping_add(tick))) {
                *sample = std::mem::take(place);
            }
        }
        self.head = Some(head.wrapping_add(FRAME_SAMPLES as u32));
        frame
    }

    fn head_or_start(&mut self, timestamp: u32) -> u32 {
        *self.head.get_or_insert(timestamp.wrapping_sub(DELAY))
    }
}

fn place(timestamp: u32) -> usize {
    timestamp as usize % RING
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: u8 = 0x80;

    fn loud(frame: Frame) -> usize {
        frame.iter().filter(|sample| sample.abs() > 100).count()
    }

    #[test]
    fn sound_is_played_forty_milliseconds_later_in_order() {
        let mut buffer = JitterBuffer::default();
        buffer.push(u32::MAX - 159, Law::Mu, &[ONE; 160]);
        buffer.push(160, Law::Mu, &[ONE; 160]);
        buffer.push(0, Law::Mu, &[ONE; 160]);
        let frames: Vec<usize> = (0..6).map(|_| loud(buffer.pop())).collect();
        assert_eq!(frames, [0, 0, 160, 160, 160, 0]);
    }

    #[test]
    fn thirty_millisecond_packets_make_whole_frames() {
        let mut buffer = JitterBuffer::default();
        let mut heard = 0;
        for packet in 0..20 {
            buffer.push(packet * 240, Law::A, &[ONE; 240]);
            heard += loud(buffer.pop());
            if packet % 2 == 1 {
                heard += loud(buffer.pop());
            }
        }
        assert_eq!(heard, 30 * 160 - 320);
    }

    #[test]
    fn a_late_packet_is_lost_and_a_late_source_is_followed() {
        let mut buffer = JitterBuffer::default();
        buffer.push(0, Law::A, &[ONE; 160]);
        for _ in 0..5 {
            buffer.pop();
        }
        let mut heard = 0;
        for packet in 1..20 {
            buffer.push(packet * 160, Law::A, &[ONE; 160]);
            heard += loud(buffer.pop());
        }
        assert!(heard >= 10 * 160, "{heard}");
    }

    #[test]
    fn a_restarted_clock_begins_anew() {
        let mut buffer = JitterBuffer::default();
        buffer.push(0, Law::A, &[ONE; 160]);
        buffer.push(1_000_000, Law::A, &[ONE; 160]);
        let frames: Vec<usize> = (0..3).map(|_| loud(buffer.pop())).collect();
        assert_eq!(frames, [0, 0, 160]);
    }

    #[test]
    fn an_oversized_packet_is_refused() {
        let mut buffer = JitterBuffer::default();
        buffer.push(0, Law::A, &[ONE; 60_000]);
        assert_eq!(loud(buffer.pop()), 0);
    }
}
