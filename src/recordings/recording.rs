use std::time::Duration;

use super::Format;
use super::fitting::{Fit, Fitted};
use super::format::Shape;
use super::pauses::Pauses;
use crate::media::codec::WIDE_FRAME_SAMPLES;
use crate::media::{FRAME_TIME, Rate, RecordedFrame};
use crate::words::Moment;

/// One call's sound as it becomes a file: frames in, bytes out.
///
/// The file's time is the call's: it begins with the first moment, and what is missing is silence.
#[derive(Debug)]
pub struct Recording {
    begins: Moment,
    /// Frames that are in the file, and those of them that were taken to be written.
    frames: u64,
    taken: u64,
    /// The first frame decides: its rate, and with it the file's.
    shape: Option<(Rate, Shape)>,
    format: Format,
    serial: u32,
    pauses: Pauses,
    fits: [Fit; 2],
    bytes: Vec<u8>,
}

/// Bytes are written once they are so many frames: half a second is what a crash may take.
const WRITTEN_EVERY: u64 = 25;

/// A longer gap is no gap: the machine slept, and nobody spoke.
const GAP_MAX: u64 = 10 * 60 * 50;

/// 12 hours: a WAV file at 16 kHz is not 4 GiB then.
const FRAMES_MAX: u64 = 12 * 3_600 * 50;

const SILENCE: Fitted = [0; WIDE_FRAME_SAMPLES];

impl Recording {
    /// `serial` tells its Ogg stream from others.
    pub fn new(format: Format, serial: u32, begins: Moment) -> Self {
        Self {
            begins,
            frames: 0,
            taken: 0,
            shape: None,
            format,
            serial,
            pauses: Pauses::default(),
            fits: [Fit::default(), Fit::default()],
            bytes: Vec::new(),
        }
    }

    /// From here on silence is kept, until `resume`.
    pub fn pause(&mut self, at: Moment) {
        self.pauses.pause(at);
    }

    pub fn resume(&mut self, at: Moment) {
        self.pauses.resume(at);
    }

    /// Takes a frame; one from before the last is too late.
    pub fn hear(&mut self, frame: &RecordedFrame) {
        let Some(slot) = self.slot(frame.at) else {
            return;
        };
        if slot < self.frames || self.frames >= FRAMES_MAX {
            return;
        }
        self.shape_for(frame.rate);
        self.silence_until(slot);
        if self.pauses.hide(frame.at) {
            self.write([&SILENCE; 2]);
        } else {
            self.write_fitted(frame);
        }
    }

    /// What is to be written, once it is half a second.
    pub fn take_due(&mut self) -> Option<Vec<u8>> {
        if self.frames / WRITTEN_EVERY == self.taken / WRITTEN_EVERY {
            return None;
        }
        self.taken = self.frames;
        Some(std::mem::take(&mut self.bytes))
    }

    /// The rest: silence up to the end, and what the format ends with.
    pub fn finish(&mut self, at: Moment) -> Vec<u8> {
        self.shape_for(Rate::Narrow);
        let end = self.slot(at).unwrap_or_default().min(FRAMES_MAX);
        self.silence_until(end);
        if let Some((_, shape)) = &mut self.shape {
            shape.finish(&mut self.bytes);
        }
        std::mem::take(&mut self.bytes)
    }

    /// How long the file is.
    pub fn length(&self) -> Duration {
        FRAME_TIME.saturating_mul(u32::try_from(self.frames).unwrap_or(u32::MAX))
    }

    /// Which frame of the file this moment falls in; none before it begins.
    fn slot(&self, at: Moment) -> Option<u64> {
        let since = at.as_nanos().checked_sub(self.begins.as_nanos())?;
        Some(since / FRAME_TIME.as_nanos() as u64)
    }

    fn shape_for(&mut self, rate: Rate) {
        if self.shape.is_none() {
            let mut shape = Shape::new(self.format, rate, self.serial);
            shape.begin(rate, &mut self.bytes);
            self.shape = Some((rate, shape));
        }
    }

    fn silence_until(&mut self, slot: u64) {
        let missing = slot.saturating_sub(self.frames);
        if missing > GAP_MAX {
            // What comes next follows at once.
            self.begins += FRAME_TIME.saturating_mul(u32::try_from(missing).unwrap_or(u32::MAX));
            return;
        }
        for _ in 0..missing {
            self.write([&SILENCE; 2]);
        }
    }

    fn write_fitted(&mut self, frame: &RecordedFrame) {
        let Some((rate, _)) = self.shape else { return };
        let mut fitted = [SILENCE; 2];
        for ((fit, side), out) in self.fits.iter_mut().zip(frame.sides()).zip(&mut fitted) {
            fit.fit(side, frame.rate, rate, out);
        }
        self.write([&fitted[0], &fitted[1]]);
    }

    fn write(&mut self, sides: [&Fitted; 2]) {
        let Some((rate, shape)) = &mut self.shape else {
            return;
        };
        let samples = rate.frame_samples();
        shape.frame(
            sides.map(|side| side.get(..samples).unwrap_or_default()),
            &mut self.bytes,
        );
        self.frames += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::LegKey;

    const BEGINS: Moment = Moment::from_nanos(7_003_000_000);

    fn at(ms: u64) -> Moment {
        BEGINS + Duration::from_millis(ms)
    }

    fn frame(ms: u64, rate: Rate, left: i16) -> RecordedFrame {
        RecordedFrame {
            leg: LegKey::new(1),
            at: at(ms),
            rate,
            left: [left; WIDE_FRAME_SAMPLES],
            right: [-left; WIDE_FRAME_SAMPLES],
        }
    }

    /// The left side of a WAV file in the middle of each frame, and whether the right one is its opposite.
    fn left(file: &[u8], rate: Rate) -> Vec<i16> {
        let samples: Vec<i16> = file[44..]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let middles = samples
            .chunks_exact(rate.frame_samples() * 2)
            .map(|frame| &frame[rate.frame_samples()..]);
        middles
            .map(|pair| {
                assert!(pair[0].abs_diff(-pair[1]) <= 1);
                pair[0]
            })
            .collect()
    }

    fn wav() -> Recording {
        Recording::new(Format::Wav, 0, BEGINS)
    }

    #[test]
    fn the_files_time_is_the_calls_time() {
        let mut recording = wav();
        for ms in [5, 25, 105, 85] {
            recording.hear(&frame(ms, Rate::Narrow, 100));
        }
        let file = recording.finish(at(165));
        assert_eq!(left(&file, Rate::Narrow), [100, 100, 0, 0, 0, 100, 0, 0]);
        assert_eq!(recording.length(), Duration::from_millis(160));
    }

    #[test]
    fn what_is_paused_is_silent_to_the_frame() {
        let mut recording = wav();
        recording.pause(at(40));
        recording.resume(at(80));
        for ms in (1..120).step_by(20) {
            recording.hear(&frame(ms, Rate::Narrow, 100));
        }
        let file = recording.finish(at(120));
        assert_eq!(left(&file, Rate::Narrow), [100, 100, 0, 0, 100, 100]);
    }

    #[test]
    fn the_first_frame_decides_the_rate_and_later_ones_are_fitted() {
        let mut recording = wav();
        for ms in (0..100).step_by(20) {
            recording.hear(&frame(ms, Rate::Wide, 1_000));
        }
        for ms in (100..200).step_by(20) {
            recording.hear(&frame(ms, Rate::Narrow, 1_000));
        }
        let kept = left(&recording.finish(at(200)), Rate::Wide);
        assert!(
            kept.len() == 10 && kept.iter().all(|sample| (970..1_030).contains(sample)),
            "{kept:?}"
        );
    }

    #[test]
    fn half_a_second_is_written_at_a_time() {
        for format in [Format::Wav, Format::Ogg] {
            let mut recording = Recording::new(format, 0, BEGINS);
            let due = (0..100).filter(|n| {
                recording.hear(&frame(n * 20, Rate::Narrow, 100));
                recording.take_due().is_some()
            });
            assert_eq!(due.collect::<Vec<_>>(), [24, 49, 74, 99]);
        }
    }

    #[test]
    fn a_machine_that_slept_leaves_no_hours_of_silence() {
        let mut recording = wav();
        recording.hear(&frame(0, Rate::Narrow, 100));
        recording.hear(&frame(8 * 3_600_000, Rate::Narrow, 100));
        recording.hear(&frame(8 * 3_600_000 + 20, Rate::Narrow, 100));
        assert_eq!(recording.length(), Duration::from_millis(60));
    }
}
