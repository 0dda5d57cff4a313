//! The streams that are open, and the samples between their rings and the server.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::age::{Age, Flow, SAMPLE_RATE};
use super::super::news::{StreamId, StreamNews};
use super::super::stream::{CaptureEnd, PlaybackEnd};
use super::frames::Outbox;
use super::messages::SAMPLE_BYTES;
use crate::words::Moment;

/// Streams at once: a headset, a loudspeaker that rings, and those of a test beside.
pub(super) const STREAMS_MAX: usize = 8;

/// Samples for which a reader is woken: 5 ms. A device may hand them over in crumbs of 3.
const WAKE_SAMPLES: usize = 240;

/// Samples the server may want at once; it asks for 15 ms.
const WANTED_MAX: usize = SAMPLE_RATE as usize;

/// So long the server waits for samples that are late, before they are silence: it has 10 ms left.
const PATIENCE: Duration = Duration::from_millis(5);

/// What is silent.
static SILENCE: [f32; 480] = [0.0; 480];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Capture,
    Playback,
}

/// A stream by what it is to us and to the server.
pub(super) struct Stream {
    pub(super) way: Way,
    /// None until the server has opened it.
    pub(super) channel: Option<u32>,
    age: Age,
    /// Asleep by the server's word: that nothing moves is no fault.
    is_suspended: bool,
    end: End,
}

enum End {
    Capture {
        end: CaptureEnd,
        since_wake: usize,
    },
    Playback {
        end: PlaybackEnd,
        wanted: usize,
        asked: Moment,
    },
}

/// All of them, by our number.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<StreamId, Stream>);

impl Stream {
    pub(super) fn capture(end: CaptureEnd, now: Moment) -> Self {
        Self::new(Way::Capture, End::Capture { end, since_wake: 0 }, now)
    }

    pub(super) fn playback(end: PlaybackEnd, now: Moment) -> Self {
        Self::new(
            Way::Playback,
            End::Playback {
                end,
                wanted: 0,
                asked: now,
            },
            now,
        )
    }

    fn new(way: Way, end: End, now: Moment) -> Self {
        Self {
            way,
            channel: None,
            age: Age::new(now),
            is_suspended: false,
            end,
        }
    }

    /// Whether its owner has dropped what he held.
    fn is_abandoned(&self) -> bool {
        match &self.end {
            End::Capture { end, .. } => end.samples.is_abandoned(),
            End::Playback { end, .. } => end.samples.is_abandoned(),
        }
    }

    /// The server has opened it, asleep or not.
    pub(super) fn opened(&mut self, channel: u32, is_suspended: bool, now: Moment) {
        self.channel = Some(channel);
        self.suspended(is_suspended, now);
    }

    /// Told where it is other than before.
    pub(super) fn suspended(&mut self, is_suspended: bool, now: Moment) -> Option<StreamNews> {
        if self.is_suspended == is_suspended {
            return None;
        }
        self.is_suspended = is_suspended;
        self.age = Age::new(now);
        Some(StreamNews::Suspended(is_suspended))
    }

    /// Samples came from the microphone.
    fn captured(&mut self, bytes: &[u8], now: Moment) -> Option<Flow> {
        let End::Capture { end, since_wake } = &mut self.end else {
            return None;
        };
        let (samples, _) = bytes.as_chunks();
        let samples = samples.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let came = samples.len();
        let room = end.samples.slots().min(came);
        let taken = match end.samples.write_chunk_uninit(room) {
            Ok(chunk) => chunk.fill_from_iter(samples),
            Err(_) => 0,
        };
        let lost = came.saturating_sub(taken);
        end.counts.lost.fetch_add(lost as u64, Ordering::Relaxed);
        *since_wake = since_wake.saturating_add(came);
        if *since_wake >= WAKE_SAMPLES {
            *since_wake = 0;
            (end.wake)();
        }
        self.age.moved(came, now)
    }

    /// The ear wants samples.
    fn asked(&mut self, samples: usize, outbox: &mut Outbox, now: Moment) -> Option<Flow> {
        if let End::Playback { wanted, asked, .. } = &mut self.end {
            if *wanted == 0 {
                *asked = now;
            }
            *wanted = wanted.saturating_add(samples).min(WANTED_MAX);
        }
        self.feed(outbox);
        if let End::Playback {
            end, wanted: 1.., ..
        } = &self.end
        {
            (end.wake)();
        }
        self.age.moved(samples, now)
    }

    /// Sends what is there of what is wanted.
    fn feed(&mut self, outbox: &mut Outbox) {
        let (End::Playback { end, wanted, .. }, Some(channel)) = (&mut self.end, self.channel)
        else {
            return;
        };
        let ready = end.samples.slots().min(*wanted);
        if ready > 0
            && let Ok(chunk) = end.samples.read_chunk(ready)
        {
            let (front, back) = chunk.as_slices();
            outbox.samples(channel, front.iter());
            if !back.is_empty() {
                outbox.samples(channel, back.iter());
            }
            chunk.commit_all();
            *wanted = wanted.saturating_sub(ready);
        }
        end.counts.wanted.store(*wanted, Ordering::Release);
    }

    /// What is late is silence.
    fn fill(&mut self, outbox: &mut Outbox, now: Moment) {
        if self.silence_due().is_none_or(|due| now < due) {
            return;
        }
        let (End::Playback { end, wanted, .. }, Some(channel)) = (&mut self.end, self.channel)
        else {
            return;
        };
        end.counts.lost.fetch_add(*wanted as u64, Ordering::Relaxed);
        while *wanted > 0 {
            let part = SILENCE.len().min(*wanted);
            outbox.samples(channel, SILENCE.iter().take(part));
            *wanted = wanted.saturating_sub(part);
        }
        end.counts.wanted.store(0, Ordering::Release);
    }

    fn silence_due(&self) -> Option<Moment> {
        match &self.end {
            End::Playback {
                wanted: 1.., asked, ..
            } => Some(*asked + PATIENCE),
            End::Playback { .. } | End::Capture { .. } => None,
        }
    }

    fn due(&self) -> Option<Moment> {
        let watched = self.channel.is_some() && !self.is_suspended;
        let stall = (watched && self.age.flow() != Some(Flow::Stalled)).then(|| self.age.due());
        [stall, self.silence_due()].into_iter().flatten().min()
    }
}

impl Streams {
    /// False where there are as many as there may be.
    pub(super) fn add(&mut self, id: StreamId, stream: Stream) -> bool {
        let fits = self.0.len() < STREAMS_MAX;
        if fits {
            self.0.insert(id, stream);
        }
        fits
    }

    pub(super) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.0.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: StreamId) -> Option<Stream> {
        self.0.remove(&id)
    }

    pub(super) fn ids(&self) -> Vec<StreamId> {
        self.0.keys().copied().collect()
    }

    /// The stream the server calls so.
    pub(super) fn by_channel(&mut self, way: Way, channel: u32) -> Option<(StreamId, &mut Stream)> {
        let mut streams = self.0.iter_mut();
        let (id, stream) = streams.find(|(_, it)| it.way == way && it.channel == Some(channel))?;
        Some((*id, stream))
    }

    /// Samples of a channel; what still comes of one that was closed is nobody's.
    pub(super) fn captured(
        &mut self,
        channel: u32,
        bytes: &[u8],
        now: Moment,
    ) -> Option<(StreamId, Flow)> {
        let (id, stream) = self.by_channel(Way::Capture, channel)?;
        Some((id, stream.captured(bytes, now)?))
    }

    /// The server wants so many bytes for a channel.
    pub(super) fn asked(
        &mut self,
        channel: u32,
        bytes: u32,
        outbox: &mut Outbox,
        now: Moment,
    ) -> Option<(StreamId, Flow)> {
        let (id, stream) = self.by_channel(Way::Playback, channel)?;
        let samples = (bytes / SAMPLE_BYTES) as usize;
        Some((id, stream.asked(samples, outbox, now)?))
    }

    /// Owners have written: their samples are sent.
    pub(super) fn feed(&mut self, outbox: &mut Outbox) {
        self.0.values_mut().for_each(|stream| stream.feed(outbox));
    }

    /// Takes out those whose owners are gone.
    pub(super) fn take_abandoned(&mut self) -> Vec<Stream> {
        let gone = |(id, stream): (&StreamId, &Stream)| stream.is_abandoned().then_some(*id);
        let gone: Vec<StreamId> = self.0.iter().filter_map(gone).collect();
        gone.into_iter()
            .filter_map(|id| self.0.remove(&id))
            .collect()
    }

    /// Time has passed: silence for what is late, and the streams that have stalled.
    pub(super) fn tick(&mut self, outbox: &mut Outbox, now: Moment) -> Vec<(StreamId, Flow)> {
        let mut stalled = Vec::new();
        for (id, stream) in &mut self.0 {
            stream.fill(outbox, now);
            if stream.channel.is_some() && !stream.is_suspended {
                stalled.extend(stream.age.look(now).map(|flow| (*id, flow)));
            }
        }
        stalled
    }

    /// When to come back.
    pub(super) fn due(&self) -> Option<Moment> {
        self.0.values().filter_map(Stream::due).min()
    }
}
