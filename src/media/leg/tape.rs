use std::ops::RangeInclusive;

use crate::media::codec::WIDE_FRAME_SAMPLES;

/// A relayed frame may be sent so many slots after its own, so these are waited for: 60 ms.
const WAITED_FOR: u64 = 3;

/// Slots that are kept: a stall is caught up with five frames.
const KEPT: usize = 8;

/// What was sent to a recorded party lately, until its time is over.
#[derive(Debug)]
pub(super) struct Tape {
    sent: [Sent; KEPT],
    /// The slot that is recorded next.
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    slot: Option<u64>,
    sound: [i16; WIDE_FRAME_SAMPLES],
}

impl Tape {
    /// Begins with `slot`.
    pub(super) fn new(slot: u64) -> Self {
        let empty = Sent {
            slot: None,
            sound: [0; WIDE_FRAME_SAMPLES],
        };
        Self {
            sent: [empty; KEPT],
            next: slot,
        }
    }

    pub(super) fn note(&mut self, slot: u64, linear: &[i16]) {
        let place = (slot % KEPT as u64) as usize;
        if let Some(sent) = self.sent.get_mut(place) {
            sent.slot = Some(slot);
            sent.sound = [0; WIDE_FRAME_SAMPLES];
            for (to, from) in sent.sound.iter_mut().zip(linear) {
                *to = *from;
            }
        }
    }

    /// The slots whose time is over at `due`, and were not taken before.
    pub(super) fn take_over(&mut self, due: u64) -> RangeInclusive<u64> {
        let last = due.saturating_sub(WAITED_FOR);
        let first = self.next.max((last + 1).saturating_sub(KEPT as u64));
        self.next = self.next.max(last + 1);
        first..=last
    }

    /// What was sent in a slot, silence where it was nothing.
    pub(super) fn sent(&self, slot: u64) -> [i16; WIDE_FRAME_SAMPLES] {
        let place = (slot % KEPT as u64) as usize;
        let sent = self.sent.get(place).filter(|sent| sent.slot == Some(slot));
        sent.map_or([0; WIDE_FRAME_SAMPLES], |sent| sent.sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_taken_once_and_after_it_may_still_be_sent() {
        let mut tape = Tape::new(10);
        assert_eq!(tape.take_over(11).count(), 0);
        tape.note(10, &[7; 160]);
        tape.note(12, &[9; 320]);
        assert_eq!(tape.take_over(13), 10..=10);
        assert_eq!(tape.sent(10)[159..161], [7, 0]);
        assert_eq!(tape.take_over(15), 11..=12);
        assert_eq!((tape.sent(11)[0], tape.sent(12)[319]), (0, 9));
        assert_eq!(tape.take_over(15).count(), 0);
    }

    #[test]
    fn after_a_long_stall_only_what_is_kept_is_taken() {
        let mut tape = Tape::new(0);
        assert_eq!(tape.take_over(103), 93..=100);
    }
}
