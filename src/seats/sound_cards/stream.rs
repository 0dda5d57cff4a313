//! The ends of streams that their owners hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

use super::bell::Bell;
use super::card::CardName;
use super::news::StreamId;

/// Room between a device and its owner, in samples: 200 ms. What has no room is lost and counted.
const RING: usize = 9_600;

/// Called on the devices' thread; it must not wait.
pub(super) type Waker = Box<dyn Fn() + Send>;

/// A microphone that is open: 48 kHz, mono, full scale at 1.0. It is closed by being dropped.
#[derive(Debug)]
pub struct Capture {
    stream: StreamId,
    card: CardName,
    samples: Consumer<f32>,
    counts: Arc<Counts>,
    // Dropped last: the thread then finds the ring abandoned.
    _goodbye: Goodbye,
}

/// An earpiece that is open: 48 kHz, mono, full scale at 1.0. It is closed by being dropped.
///
/// The device asks and its owner is woken: it writes what is [`wanted`](Self::wanted). What has not come some milliseconds
/// later is silence, and counted.
#[derive(Debug)]
pub struct Playback {
    stream: StreamId,
    card: CardName,
    samples: Producer<f32>,
    counts: Arc<Counts>,
    goodbye: Goodbye,
}

/// What a stream and its owner tell each other beside samples.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Samples that did not come or had no room, since it was opened.
    pub(super) lost: AtomicU64,
    /// Samples the device waits for.
    pub(super) wanted: AtomicUsize,
}

/// The devices' thread looks when an owner is gone.
#[derive(Debug)]
struct Goodbye(Bell);

impl Drop for Goodbye {
    fn drop(&mut self) {
        self.0.ring();
    }
}

/// What the thread holds of a capture.
pub(super) struct CaptureEnd {
    pub(super) samples: Producer<f32>,
    pub(super) counts: Arc<Counts>,
    pub(super) wake: Waker,
}

/// What the thread holds of a playback.
pub(super) struct PlaybackEnd {
    pub(super) samples: Consumer<f32>,
    pub(super) counts: Arc<Counts>,
    pub(super) wake: Waker,
}

impl Capture {
    pub(super) fn new(
        stream: StreamId,
        card: CardName,
        wake: Waker,
        bell: Bell,
    ) -> (Self, CaptureEnd) {
        let (producer, samples) = RingBuffer::new(RING);
        let counts = Arc::new(Counts::default());
        let end = CaptureEnd {
            samples: producer,
            counts: Arc::clone(&counts),
            wake,
        };
        (
            Self {
                stream,
                card,
                samples,
                counts,
                _goodbye: Goodbye(bell),
            },
            end,
        )
    }

    pub fn stream(&self) -> StreamId {
        self.stream
    }

    pub fn card(&self) -> &CardName {
        &self.card
    }

    /// Takes what was captured, oldest first: how many samples of `into` were filled.
    pub fn read(&mut self, into: &mut [f32]) -> usize {
        let (filled, _) = self.samples.pop_partial_slice(into);
        filled.len()
    }

    /// Samples that wait to be read.
    pub fn waiting(&self) -> usize {
        self.samples.slots()
    }

    /// Samples that had no room since it was opened, for nobody read.
    pub fn lost(&self) -> u64 {
        self.counts.lost.load(Ordering::Relaxed)
    }
}

impl Playback {
    pub(super) fn new(
        stream: StreamId,
        card: CardName,
        wake: Waker,
        bell: Bell,
    ) -> (Self, PlaybackEnd) {
        let (samples, consumer) = RingBuffer::new(RING);
        let counts = Arc::new(Counts::default());
        let end = PlaybackEnd {
            samples: consumer,
            counts: Arc::clone(&counts),
            wake,
        };
        (
            Self {
                stream,
                card,
                samples,
                counts,
                goodbye: Goodbye(bell),
            },
            end,
        )
    }

    pub fn stream(&self) -> StreamId {
        self.stream
    }

    pub fn card(&self) -> &CardName {
        &self.card
    }

    /// Samples the device waits for, beyond those already written.
    pub fn wanted(&self) -> usize {
        let wanted = self.counts.wanted.load(Ordering::Acquire);
        wanted.saturating_sub(RING.saturating_sub(self.samples.slots()))
    }

    /// Hands samples over: how many there was room for.
    pub fn write(&mut self, from: &[f32]) -> usize {
        let (taken, _) = self.samples.push_partial_slice(from);
        if self.counts.wanted.load(Ordering::Acquire) > 0 {
            self.goodbye.0.ring();
        }
        taken.len()
    }

    /// Samples that were silence since it was opened, for they had not come.
    pub fn missing(&self) -> u64 {
        self.counts.lost.load(Ordering::Relaxed)
    }
}
