use std::ops::Range;
use std::time::Duration;

use super::codec::{Codec, PACKET_SAMPLES_MAX, Rate};
use super::gain::{AutoGain, Limiter};
use super::playout::{Content, Played, Playout};
use super::receiver::{Arrival, Kind};
use crate::words::Moment;

/// Frames kept for those who hear the party: a stall of 100 ms is caught up with five, a recording waits for three.
const KEPT: usize = 8;

/// What a stall of the thread made older than this is not played any more: 5 s.
const BEHIND_MAX: u64 = 250;

/// The sound of one party, put in time: a frame for each 20 ms slot of its leg.
///
/// Hearing, recording and mixing read the same frames, so a party is decoded once.
#[derive(Debug)]
pub(super) struct Heard {
    codec: Codec,
    playout: Playout,
    samples: Box<[i16]>,
    played: [Played; KEPT],
    levelled: Option<Levelled>,
    /// The slot whose frame is made next.
    next: u64,
}

/// The same frames at the level a listener likes (R11, R27).
#[derive(Debug)]
struct Levelled {
    gain: AutoGain,
    limiter: Limiter,
    samples: Box<[i16]>,
    /// Nobody hears it for now.
    rests: bool,
}

/// Which of a party's two sounds is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sounding {
    AsItCame,
    Levelled,
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
            codec,
            playout: Playout::new(codec),
            samples: vec![0; KEPT * rate.frame_samples()].into_boxed_slice(),
            played: [Played::Nothing; KEPT],
            levelled: None,
            next: slot,
        }
    }

    /// The party speaks another codec from now on.
    pub(super) fn change(&mut self, codec: Codec) {
        if codec != self.codec {
            let levels = self.levelled.is_some();
            *self = Self::new(codec, self.next);
            if levels {
                self.level();
            }
        }
    }

    /// From now on its sound is to be had levelled, too.
    pub(super) fn level(&mut self) {
        let levelled = self.levelled.get_or_insert_with(|| Levelled {
            gain: AutoGain::new(self.codec.rate()),
            limiter: Limiter::default(),
            samples: vec![0; self.samples.len()].into_boxed_slice(),
            rests: false,
        });
        levelled.rests = false;
    }

    /// Nobody hears it levelled until [`Heard::level`]; what was learned of its level is kept.
    pub(super) fn rest(&mut self) {
        if let Some(levelled) = &mut self.levelled {
            levelled.rests = true;
        }
    }

    /// What levelling adds to the party's sound, or takes from it: whole dB.
    pub(super) fn gain_db(&self) -> i8 {
        self.levelled.as_ref().map_or(0, |levelled| {
            (levelled.gain.gain_db() + levelled.limiter.gain_db()).round() as i8
        })
    }

    pub(super) fn push(&mut self, arrival: &Arrival<'_>, now: Moment) {
        let (header, payload) = (&arrival.header, arrival.payload);
        match arrival.kind {
            Kind::Sound(codec) if codec != self.codec => self.push_other(arrival, codec, now),
            Kind::Sound(_) => self.playout.push(header, Content::Sound(payload), now),
            Kind::ComfortNoise => self
                .playout
                .push(header, Content::ComfortNoise(payload), now),
            Kind::Event(_) => {}
        }
    }

    /// The other law of G.711 is let in at any time.
    fn push_other(&mut self, arrival: &Arrival<'_>, codec: Codec, now: Moment) {
        let (Some(theirs), Some(ours)) = (codec.law(), self.codec.law()) else {
            return;
        };
        let mut payload = [0; PACKET_SAMPLES_MAX];
        for (to, from) in payload.iter_mut().zip(arrival.payload) {
            *to = theirs.transcode(*from, ours);
        }
        if let Some(payload) = payload.get(..arrival.payload.len()) {
            let content = Content::Sound(payload);
            self.playout.push(&arrival.header, content, now);
        }
    }

    /// Makes the frames of all slots up to `due`.
    pub(super) fn advance(&mut self, due: u64, now: Moment) {
        self.next = self.next.max(due.saturating_sub(BEHIND_MAX));
        while self.next <= due {
            let (place, range) = self.place(self.next);
            if let (Some(frame), Some(played)) = (
                self.samples.get_mut(range.clone()),
                self.played.get_mut(place),
            ) {
                *played = self.playout.pop(frame, now);
                if let Some(levelled) = self.levelled.as_mut().filter(|it| !it.rests) {
                    levelled.take(range, frame);
                }
            }
            self.next += 1;
        }
    }

    /// The frame of a slot; none when it is not made yet, or no longer kept.
    pub(super) fn frame(&self, slot: u64, sounding: Sounding) -> Option<HeardFrame<'_>> {
        if slot >= self.next || slot + (KEPT as u64) < self.next {
            return None;
        }
        let (place, range) = self.place(slot);
        let samples = match (&self.levelled, sounding) {
            (Some(levelled), Sounding::Levelled) => &levelled.samples,
            (_, Sounding::AsItCame) | (None, Sounding::Levelled) => &self.samples,
        };
        Some(HeardFrame {
            samples: samples.get(range)?,
            rate: self.codec.rate(),
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

    /// Packets that came too late to be played.
    pub(super) fn late(&self) -> u32 {
        u32::try_from(self.playout.counts().late).unwrap_or(u32::MAX)
    }

    /// What a sample waits here now.
    pub(super) fn delay(&self) -> Duration {
        self.playout.delay()
    }

    fn place(&self, slot: u64) -> (usize, Range<usize>) {
        let place = (slot % KEPT as u64) as usize;
        let length = self.codec.rate().frame_samples();
        (place, place * length..(place + 1) * length)
    }
}

impl Levelled {
    fn take(&mut self, range: Range<usize>, frame: &[i16]) {
        let Some(samples) = self.samples.get_mut(range) else {
            return;
        };
        samples.copy_from_slice(frame);
        self.gain.apply(samples);
        self.limiter.apply(samples);
    }
}
