//! One open device: its callback on the system's thread, and what ours sees of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, Device, Error, ErrorKind, FromSample, SampleFormat, SizedSample, Stream,
    StreamConfig, SupportedBufferSize, SupportedStreamConfigRange,
};

use super::super::age::{Age, Flow, SAMPLE_RATE};
use super::super::bell::Bell;
use super::super::news::StreamEnd;
use super::super::stream::{CaptureEnd, Counts, PlaybackEnd};
use crate::words::Moment;

/// Frames asked for at once: 10 ms. What comes may be any other number.
const PERIOD: u32 = SAMPLE_RATE / 100;

/// Samples for which a reader is woken: 5 ms.
const WAKE_SAMPLES: usize = 240;

/// A stream that is open; it is closed by being dropped.
pub(super) struct Open {
    /// Plays or records as long as it is held.
    _stream: Stream,
    shared: Arc<Shared>,
    counts: Arc<Counts>,
    age: Age,
    /// Samples that had moved when it was last looked at.
    seen: u64,
}

/// What the callbacks tell our thread.
struct Shared {
    moved: AtomicU64,
    failed: Mutex<Option<StreamEnd>>,
    bell: Bell,
}

impl Open {
    pub(super) fn capture(
        device: &Device,
        end: CaptureEnd,
        bell: Bell,
        now: Moment,
    ) -> Result<Self, StreamEnd> {
        let ranges = device.supported_input_configs().map_err(ended)?;
        let (config, format) = choose(ranges)?;
        let (shared, counts) = (shared(bell), Arc::clone(&end.counts));
        let stream = if format == SampleFormat::I16 {
            capture::<i16>(device, config, end, &shared)
        } else {
            capture::<f32>(device, config, end, &shared)
        };
        Self::started(stream, shared, counts, now)
    }

    pub(super) fn playback(
        device: &Device,
        end: PlaybackEnd,
        bell: Bell,
        now: Moment,
    ) -> Result<Self, StreamEnd> {
        let ranges = device.supported_output_configs().map_err(ended)?;
        let (config, format) = choose(ranges)?;
        let (shared, counts) = (shared(bell), Arc::clone(&end.counts));
        let stream = if format == SampleFormat::I16 {
            playback::<i16>(device, config, end, &shared)
        } else {
            playback::<f32>(device, config, end, &shared)
        };
        Self::started(stream, shared, counts, now)
    }

    fn started(
        stream: Result<Stream, Error>,
        shared: Arc<Shared>,
        counts: Arc<Counts>,
        now: Moment,
    ) -> Result<Self, StreamEnd> {
        let stream = stream.map_err(ended)?;
        stream.play().map_err(ended)?;
        let age = Age::new(now);
        Ok(Self {
            _stream: stream,
            shared,
            counts,
            age,
            seen: 0,
        })
    }

    /// Whether its owner has dropped what he held: only we and the callback know of it.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.counts) <= 2
    }

    /// Why it is of no use any more, if it is not.
    pub(super) fn failed(&self) -> Option<StreamEnd> {
        let failed = self.shared.failed.lock();
        failed.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How it moves, where that is another than before.
    pub(super) fn look(&mut self, now: Moment) -> Option<Flow> {
        let moved = self.shared.moved.load(Ordering::Relaxed);
        let since = moved.saturating_sub(self.seen);
        self.seen = moved;
        match usize::try_from(since) {
            Ok(0) => self.age.look(now),
            Ok(since) => self.age.moved(since, now),
            Err(_) => self.age.moved(usize::MAX, now),
        }
    }
}

impl Shared {
    /// The first error counts; what only warns does not.
    fn fail(&self, error: Error) {
        if matches!(
            error.kind(),
            ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged
        ) {
            return;
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            *failed = Some(ended(error));
            self.bell.ring();
        }
    }

    fn moved(&self, samples: usize) {
        self.moved.fetch_add(samples as u64, Ordering::Relaxed);
    }
}

fn shared(bell: Bell) -> Arc<Shared> {
    Arc::new(Shared {
        moved: AtomicU64::new(0),
        failed: Mutex::new(None),
        bell,
    })
}

fn ended(error: Error) -> StreamEnd {
    use ErrorKind::{DeviceNotAvailable, StreamInvalidated};
    if matches!(error.kind(), DeviceNotAvailable | StreamInvalidated) {
        StreamEnd::Unplugged
    } else {
        StreamEnd::Refused(error.to_string())
    }
}

/// 48 kHz in floats or in 16 bits, with as few channels as there are.
fn choose(
    ranges: impl Iterator<Item = SupportedStreamConfigRange>,
) -> Result<(StreamConfig, SampleFormat), StreamEnd> {
    let fits = |range: &SupportedStreamConfigRange| {
        let is_read = matches!(range.sample_format(), SampleFormat::F32 | SampleFormat::I16);
        is_read && range.contains_rate(SAMPLE_RATE) && range.channels() > 0
    };
    let range = ranges
        .filter(fits)
        .min_by_key(SupportedStreamConfigRange::channels);
    let range = range.ok_or_else(|| StreamEnd::Refused("it has no 48 kHz".to_owned()))?;
    let buffer_size = match range.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => {
            BufferSize::Fixed(PERIOD.clamp(*min, *max))
        }
        SupportedBufferSize::Range { .. } | SupportedBufferSize::Unknown => BufferSize::Default,
    };
    let config = StreamConfig {
        channels: range.channels(),
        sample_rate: SAMPLE_RATE,
        buffer_size,
    };
    Ok((config, range.sample_format()))
}

fn capture<T: SizedSample>(
    device: &Device,
    config: StreamConfig,
    mut end: CaptureEnd,
    shared: &Arc<Shared>,
) -> Result<Stream, Error>
where
    f32: FromSample<T>,
{
    let (moves, fails) = (Arc::clone(shared), Arc::clone(shared));
    let channels = usize::from(config.channels);
    let mut since_wake = 0_usize;
    let take = move |samples: &[T], _: &cpal::InputCallbackInfo| {
        // The first channel: a headset's microphone is on all of them.
        let mono = samples.iter().step_by(channels);
        let came = mono.len();
        let room = end.samples.slots().min(came);
        let taken = end.samples.write_chunk_uninit(room).map_or(0, |chunk| {
            chunk.fill_from_iter(mono.map(|sample| sample.to_sample::<f32>()))
        });
        let lost = came.saturating_sub(taken);
        end.counts.lost.fetch_add(lost as u64, Ordering::Relaxed);
        moves.moved(came);
        since_wake = since_wake.saturating_add(came);
        if since_wake >= WAKE_SAMPLES {
            since_wake = 0;
            (end.wake)();
        }
    };
    device.build_input_stream(config, take, move |error| fails.fail(error), None)
}

fn playback<T: SizedSample + FromSample<f32>>(
    device: &Device,
    config: StreamConfig,
    mut end: PlaybackEnd,
    shared: &Arc<Shared>,
) -> Result<Stream, Error> {
    let (moves, fails) = (Arc::clone(shared), Arc::clone(shared));
    let channels = usize::from(config.channels);
    let give = move |samples: &mut [T], _: &cpal::OutputCallbackInfo| {
        let mut lost = 0_u64;
        let mut asked = 0_usize;
        for frame in samples.chunks_mut(channels) {
            let sample = end.samples.pop().unwrap_or_else(|_| {
                lost = lost.saturating_add(1);
                0.0
            });
            frame.fill(T::from_sample(sample));
            asked = asked.saturating_add(1);
        }
        end.counts.lost.fetch_add(lost, Ordering::Relaxed);
        // The device does not wait: what it takes next has to be there by then.
        end.counts.wanted.store(asked, Ordering::Release);
        moves.moved(asked);
        (end.wake)();
    };
    device.build_output_stream(config, give, move |error| fails.fail(error), None)
}
