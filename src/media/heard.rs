use super::codec::{Codec, Rate, WIDE_FRAME_SAMPLES};
use super::playout::{Content, Counts, Played, Playout};
use super::receiver::{Arrival, Kind};
use crate::words::Moment;

/// Frames kept for those who hear the party: a stall of 100 ms is caught up with five.
const KEPT: usize = 8;

/// What a stall of the thread made older than this is not played any more: 5 s.
const BEHIND_MAX: u64 = 250;

/// The sound of one party, put in time: a frame for each 20 ms slot of its leg.
///
/// Hearing, recording and mixing read the same frames, so a party is decoded once.
#[derive(Debug)]
pub(super) struct Heard {
    rate: Rate,
    playout: Playout,
    samples: Box<[i16]>,
    played: [Played; KEPT],
    /// The slot whose frame is made next.
    next: u64,
}

/// 20 ms of a party.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeardFrame<'a> {
    pub(super) samples: &'a [i16],
    pub(super) rate: Rate,
    pub(super) played: Played,
}

impl Heard {
    /// The first frame is that of `slot`.
    pub(super) fn new(codec: Codec, slot: u64) -> Self {
        let rate = codec.rate();
        Self {
            rate,
            playout: Playout::new(codec),
            samples: vec![0; KEPT * rate.frame_samples()].into_boxed_slice(),
            played: [Played::Nothing; KEPT],
            next: slot,
        }
    }

    /// The party speaks another codec from now on.
    pub(super) fn change(&mut self, codec: Codec) {
        if codec != self.playout.codec() {
            *self = Self::new(codec, self.next);
        }
    }

    pub(super) fn push(&mut self, arrival: &Arrival<'_>, now: Moment) {
        let content = match arrival.kind {
            Kind::Sound(_) => Content::Sound(arrival.payload),
            Kind::ComfortNoise => Content::ComfortNoise(arrival.payload),
            Kind::Event(_) => return,
        };
        self.playout.push(&arrival.header, content, now);
    }

    /// Makes the frames of all slots up to `due`.
    pub(super) fn advance(&mut self, due: u64, now: Moment) {
        self.next = self.next.max(due.saturating_sub(BEHIND_MAX));
        while self.next <= due {
            let (place, range) = self.place(self.next);
            if let (Some(frame), Some(played)) =
                (self.samples.get_mut(range), self.played.get_mut(place))
            {
                *played = self.playout.pop(frame, now);
            }
            self.next += 1;
        }
    }

    /// The frame of a slot; none when it is not made yet, or no longer kept.
    pub(super) fn frame(&self, slot: u64) -> Option<HeardFrame<'_>> {
        if slot >= self.next || slot + (KEPT as u64) < self.next {
            return None;
        }
        let (place, range) = self.place(slot);
        Some(HeardFrame {
            samples: self.samples.get(range)?,
            rate: self.rate,
            played: *self.played.get(place)?,
        })
    }

    /// The first slot whose frame is still kept.
    pub(super) fn oldest(&self) -> u64 {
        self.next.saturating_sub(KEPT as u64)
    }

    /// The last slot that has a frame.
    pub(super) fn newest(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    pub(super) fn counts(&self) -> Counts {
        self.playout.counts()
    }

    fn place(&self, slot: u64) -> (usize, std::ops::Range<usize>) {
        let place = (slot % KEPT as u64) as usize;
        let length = self.rate.frame_samples();
        (place, place * length..(place + 1) * length)
    }
}
