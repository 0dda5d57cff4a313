//! A line that is watched in virtual time, for tests.

use std::time::Duration;

use super::{Line, Open};
use crate::media::codec::{Frame, Rate};
use crate::media::hearing::{Limits, Played, Verdict, Watch};
use crate::media::rtp::RtpHeader;
use crate::words::Moment;

pub(super) const FRAME: Duration = Duration::from_millis(20);
pub(super) const OPEN: Open = Open {
    sends: true,
    receives: true,
};
/// They hold us, in any of the three ways.
pub(super) const HELD: [Open; 3] = [
    Open {
        sends: true,
        receives: false,
    },
    Open {
        sends: false,
        receives: true,
    },
    Open {
        sends: false,
        receives: false,
    },
];

/// Somebody's line, and what was found on it, with the milliseconds since the beginning.
pub(super) struct Watched {
    pub(super) line: Line,
    frames: u32,
    pub(super) asked: u32,
    pub(super) now: Moment,
    pub(super) verdicts: Vec<(u128, Verdict)>,
}

impl Watched {
    pub(super) fn new() -> Self {
        let mut line = Line::new(Moment::ZERO);
        line.watch(Watch::On(Limits::default()), Moment::ZERO);
        Self {
            line,
            frames: 0,
            asked: 0,
            now: Moment::ZERO,
            verdicts: Vec::new(),
        }
    }

    /// Frames of a sound that the detector of voices finds so likely.
    pub(super) fn hears(mut self, count: u32, sound: Option<(Frame, f32)>, open: Open) -> Self {
        for _ in 0..count {
            self.now += FRAME;
            self.frames += 1;
            if let Some((frame, likely)) = sound {
                self.take_in(&frame, likely);
            }
            if let Some(verdict) = self.line.judge(open, self.now) {
                let at = self.now.since(Moment::ZERO).as_millis();
                self.verdicts.push((at, verdict));
            }
        }
        self
    }

    fn take_in(&mut self, frame: &Frame, likely: f32) {
        let header = RtpHeader {
            payload_type: 8,
            marker: false,
            sequence: self.frames as u16,
            timestamp: self.frames * 160,
            ssrc: 1,
        };
        self.line.note_packet(&header, self.now);
        self.line.hear(frame, Rate::Narrow, Played::Sound, self.now);
        if self.line.take_block().is_some() {
            self.asked += 1;
            self.line.human(likely, self.now);
        }
    }
}

pub(super) fn tone(peak: f32, step: f32) -> Frame {
    std::array::from_fn(|n| ((n as f32 * step).sin() * peak) as i16)
}

/// A faint room, and somebody who speaks in it.
pub(super) fn room() -> Option<(Frame, f32)> {
    Some((tone(60.0, 0.3), 0.0))
}

pub(super) fn voice() -> Option<(Frame, f32)> {
    Some((tone(3_000.0, 0.3), 0.9))
}

pub(super) fn speaking() -> Watched {
    Watched::new().hears(50, voice(), OPEN)
}
