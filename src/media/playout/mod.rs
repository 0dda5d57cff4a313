//! What a party is heard to say: packets as they come go in, 20 ms of sound at a time comes out.
//!
//! [`Playout`] lays packets on one axis of samples (`timeline`), keeps them until they are due (`waiting`), learns from
//! their arrivals how long that should be (`arrivals`), decodes them onto a `tape`, makes up what did not come
//! (`concealment`), and shortens and lengthens sound so that it waits no more and no less than it should (`stretch`).
//!
//! Invariant: whatever is pushed, `pop` fills its frame. Everything is allocated in `new`, but for the room of a line
//! that jitters, which is made once (`waiting`).

mod alignment;
mod arrivals;
mod background;
mod comfort_noise;
mod concealment;
mod extrapolation;
mod flow;
mod interpolation;
mod pitch;
mod prediction;
mod stretch;
mod tape;
mod timeline;
mod waiting;

use std::time::Duration;

use super::codec::{Codec, Rate};
use super::rtp::RtpHeader;
use crate::words::Moment;
use arrivals::Arrivals;
use flow::Flow;
use timeline::Timeline;
use waiting::{Kept, Kind, Packet, Waiting};

/// The receiving end of one party's sound.
#[derive(Debug)]
pub struct Playout {
    rate: Rate,
    timeline: Timeline,
    incoming: Incoming,
    flow: Flow,
}

/// What came, and is not played yet.
#[derive(Debug)]
struct Incoming {
    arrivals: Arrivals,
    waiting: Waiting,
    tally: Tally,
}

/// What a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A payload of the leg's codec.
    Sound(&'a [u8]),
    /// The description of a noise (RFC 3389).
    ComfortNoise(&'a [u8]),
}

/// What most of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Sound as it was sent.
    Sound,
    /// Made up, for packets that did not come.
    Concealed,
    /// Made by us as it was described.
    ComfortNoise,
    /// Nothing came yet, or nothing any more: silence, or a soft noise like the one behind the last words. It says
    /// nothing of the line.
    Nothing,
}

/// What became of all that was received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that came after their time.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Packets that were unreadable, or had no room.
    pub discarded: u64,
    /// Made up, in milliseconds.
    pub concealed_ms: u64,
    /// Lost, and got back from the packet after it (Opus), in milliseconds.
    pub recovered_ms: u64,
    /// Taken out to wait less, in milliseconds.
    pub shortened_ms: u64,
    /// Put in to wait longer, in milliseconds.
    pub lengthened_ms: u64,
}

/// [`Counts`], in samples.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    late: u64,
    duplicate: u64,
    discarded: u64,
    concealed: u64,
    recovered: u64,
    shortened: u64,
    lengthened: u64,
}

impl Playout {
    pub fn new(codec: Codec) -> Self {
        let rate = codec.rate();
        Self {
            rate,
            timeline: Timeline::new(codec),
            incoming: Incoming {
                arrivals: Arrivals::new(i64::from(rate.hz()) / 1_000),
                waiting: Waiting::new(),
                tally: Tally::default(),
            },
            flow: Flow::new(codec),
        }
    }

    /// Takes in a packet as it comes.
    pub fn push(&mut self, header: &RtpHeader, content: Content<'_>, now: Moment) {
        let now = self.timeline.samples(now);
        let Incoming {
            arrivals,
            waiting,
            tally,
        } = &mut self.incoming;
        let (kind, payload) = match content {
            Content::Sound(payload) => (Kind::Sound, payload),
            Content::ComfortNoise(payload) => (Kind::ComfortNoise, payload),
        };
        if !Waiting::fits(payload) {
            tally.discarded += 1;
            return;
        }
        let expected = now.saturating_sub(arrivals.base());
        let Some(at) = self.timeline.place(header, expected) else {
            tally.late += 1;
            return;
        };
        let packet = Packet::new(at, now, header.sequence, kind);
        match waiting.insert(packet, payload) {
            Kept::Yes { displaced } => {
                tally.discarded += displaced;
                arrivals.note(at, now);
            }
            Kept::Duplicate => tally.duplicate += 1,
        }
    }

    /// Fills `out` with the next 20 ms at the codec's rate.
    pub fn pop(&mut self, out: &mut [i16], now: Moment) -> Played {
        let now = self.timeline.samples(now);
        let base = self.incoming.arrivals.base();
        self.flow.pull(&mut self.incoming, now.saturating_sub(base));
        self.flow.play(out)
    }

    /// What a sample that plays now has waited here, over a packet of its time that was not delayed.
    pub fn delay(&self) -> Duration {
        self.duration(self.flow.delay())
    }

    /// What a sample should wait.
    pub fn target(&self) -> Duration {
        self.duration(self.incoming.arrivals.target())
    }

    pub fn counts(&self) -> Counts {
        let a_ms = u64::from(self.rate.hz()) / 1_000;
        let tally = &self.incoming.tally;
        Counts {
            late: tally.late,
            duplicate: tally.duplicate,
            discarded: tally.discarded,
            concealed_ms: tally.concealed / a_ms,
            recovered_ms: tally.recovered / a_ms,
            shortened_ms: tally.shortened / a_ms,
            lengthened_ms: tally.lengthened / a_ms,
        }
    }

    fn duration(&self, samples: i64) -> Duration {
        let micros = samples.saturating_mul(1_000_000) / i64::from(self.rate.hz());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}
