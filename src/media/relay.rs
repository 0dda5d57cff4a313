use super::codec::FRAME_TICKS;
use super::rtp::{RtpHeader, is_newer, ticks_between};

/// How far a relayed packet may run ahead of our clock, in 20 ms slots, before it is discarded.
const AHEAD_MAX: u64 = 3;

/// Maps another source's packets onto our 20 ms slots, so that a relayed packet can leave on arrival (D31).
#[derive(Clone, Copy, Debug, Default)]
pub struct SlotMap {
    anchor: Option<Anchor>,
    last: Option<Last>,
}

/// This timestamp of theirs is this slot of ours.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    timestamp: u32,
    slot: u64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    ssrc: u32,
    sequence: u16,
}

/// The slot of a packet, and whether the source's clock is mapped anew from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub slot: u64,
    pub jumps: bool,
}

impl SlotMap {
    /// `next` is the first slot not yet sent, `due` the latest that is due. None: discard the packet.
    pub fn place(&mut self, header: &RtpHeader, next: u64, due: u64) -> Option<Placed> {
        if !self.is_in_order(header) {
            return None;
        }
        let latest = due + AHEAD_MAX;
        if next > latest {
            self.anchor = None;
            return None;
        }
        if let Some(slot) = self
            .slot_of(header.timestamp)
            .filter(|slot| (next..=latest).contains(slot))
        {
            return Some(Placed { slot, jumps: false });
        }
        self.anchor = Some(Anchor {
            timestamp: header.timestamp,
            slot: next,
        });
        Some(Placed {
            slot: next,
            jumps: true,
        })
    }

    fn is_in_order(&mut self, header: &RtpHeader) -> bool {
        let is_next = match self.last {
            Some(last) if last.ssrc == header.ssrc => is_newer(header.sequence, last.sequence),
            Some(_) => {
                self.anchor = None;
                true
            }
            None => true,
        };
        if is_next {
            self.last = Some(Last {
                ssrc: header.ssrc,
                sequence: header.sequence,
            });
        }
        is_next
    }

    fn slot_of(&self, timestamp: u32) -> Option<u64> {
        let anchor = self.anchor?;
        let ticks = ticks_between(anchor.timestamp, timestamp);
        let step = FRAME_TICKS.cast_signed();
        (ticks % step == 0).then(|| anchor.slot.checked_add_signed(i64::from(ticks / step)))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> RtpHeader {
        RtpHeader {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp,
            ssrc: 1,
        }
    }

    fn placed(slot: u64, jumps: bool) -> Option<Placed> {
        Some(Placed { slot, jumps })
    }

    #[test]
    fn packets_in_a_row_take_slots_in_a_row() {
        let mut map = SlotMap::default();
        assert_eq!(map.place(&packet(65_535, 77), 10, 9), placed(10, true));
        assert_eq!(map.place(&packet(0, 237), 11, 10), placed(11, false));
    }

    #[test]
    fn a_lost_packet_leaves_its_slot_empty() {
        let mut map = SlotMap::default();
        map.place(&packet(1, 0), 10, 9);
        assert_eq!(map.place(&packet(3, 320), 11, 11), placed(12, false));
    }

    #[test]
    fn no_slot_is_taken_twice() {
        let mut map = SlotMap::default();
        map.place(&packet(1, 0), 10, 9);
        map.place(&packet(3, 320), 11, 11);
        assert_eq!(map.place(&packet(2, 160), 13, 12), None);
        assert_eq!(map.place(&packet(3, 320), 13, 12), None);
    }

    #[test]
    fn a_source_that_fell_behind_is_anchored_anew() {
        let mut map = SlotMap::default();
        map.place(&packet(1, 0), 10, 9);
        assert_eq!(map.place(&packet(2, 160), 30, 29), placed(30, true));
        assert_eq!(map.place(&packet(3, 320), 31, 30), placed(31, false));
    }

    #[test]
    fn a_burst_is_cut_at_three_slots_ahead_and_then_followed() {
        let mut map = SlotMap::default();
        let mut next = 10;
        let mut sent = 0;
        for n in 0..10_u16 {
            if let Some(placed) = map.place(&packet(n, u32::from(n) * 160), next, 9) {
                next = placed.slot + 1;
                sent += 1;
            }
        }
        assert_eq!((next, sent), (13, 3));
        assert_eq!(map.place(&packet(10, 1_600), next, 10), placed(13, true));
    }

    #[test]
    fn another_source_starts_its_own_row() {
        let mut map = SlotMap::default();
        map.place(&packet(9, 0), 10, 9);
        let other = RtpHeader {
            ssrc: 2,
            ..packet(4, 999)
        };
        assert_eq!(map.place(&other, 11, 10), placed(11, true));
    }
}
