//! A call as the line doctor hears it, in virtual time.

use std::time::Duration;

use thirdring::media::LegKey;
use thirdring::media::RtpHeader;
use thirdring::media::codec::{FRAME_SAMPLES, Frame, Law, Rate, SILENT_FRAME};
use thirdring::media::hearing::{Limits, Line, Open, Played, Verdict, Watch};
use thirdring::voices::Detector;
use thirdring::words::Moment;

pub(super) const FRAME: Duration = Duration::from_millis(20);
const LEG: LegKey = LegKey::new(1);
const OPEN: Open = Open {
    sends: true,
    receives: true,
};

/// What comes in one frame's time.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are packets")]
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Packet(Frame),
    /// Sent and lost: the one before is repeated in its place.
    Lost,
    /// Not sent; the timestamp goes on, the sequence does not.
    Unsent,
}

/// A call: what comes, what we send at the same time, and what their reports say.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) slots: Vec<Slot>,
    pub(super) ours: Vec<i16>,
    /// Frame, and the highest sequence of ours in a report.
    pub(super) reports: Vec<(usize, Option<u32>)>,
    /// Frames at which ICMP says that nobody listens.
    pub(super) unreachable: Vec<usize>,
    pub(super) microphone: bool,
}

/// A verdict and when it was told.
pub(super) type Told = (Verdict, Duration, bool);

impl Call {
    /// Packets of this sound, through a law of G.711.
    pub(super) fn of(sound: &[f32], law: Law) -> Self {
        let frames = sound.chunks_exact(FRAME_SAMPLES).map(|frame| {
            Slot::Packet(std::array::from_fn(|n| {
                law.decode(law.encode(frame.get(n).map_or(0, |sample| *sample as i16)))
            }))
        });
        Self {
            slots: frames.collect(),
            ..Self::default()
        }
    }

    /// All that is told of it; each with whether a voice had been heard.
    pub(super) fn watch(&self, detector: &mut Detector) -> Vec<Told> {
        let mut line = Line::new(Moment::ZERO);
        let limits = Limits::default();
        line.watch(
            match self.microphone {
                true => Watch::Microphone(limits),
                false => Watch::On(limits),
            },
            Moment::ZERO,
        );
        let mut wire = Wire::default();
        let mut told = Vec::new();
        for (n, slot) in self.slots.iter().enumerate() {
            let now = Moment::ZERO + FRAME * (n as u32 + 1);
            self.tell_reports(&mut line, n, now);
            let ours = self.ours.get(n * FRAME_SAMPLES..(n + 1) * FRAME_SAMPLES);
            line.hear_ours(ours.unwrap_or(&SILENT_FRAME), Rate::Narrow);
            wire.bring(&mut line, *slot, self.microphone, now);
            if let Some(block) = line.take_block() {
                line.human(detector.hear(LEG, &block).unwrap(), now);
            }
            if let Some(verdict) = line.judge(OPEN, now) {
                told.push((verdict, now.since(Moment::ZERO), line.finding().voice_heard));
            }
        }
        told
    }

    fn tell_reports(&self, line: &mut Line, frame: usize, now: Moment) {
        for (_, highest) in self.reports.iter().filter(|(at, _)| *at == frame) {
            line.report(*highest, frame as u32, now);
        }
        if self.unreachable.contains(&frame) {
            line.unreachable(now);
        }
    }
}

/// The verdict in force at a time.
pub(super) fn at(told: &[Told], when: Duration) -> Verdict {
    let before = told.iter().take_while(|(_, at, _)| *at <= when);
    before
        .last()
        .map_or(Verdict::Fine, |(verdict, _, _)| *verdict)
}

#[derive(Debug)]
struct Wire {
    sequence: u16,
    timestamp: u32,
    last: Frame,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            sequence: 0,
            timestamp: 0,
            last: SILENT_FRAME,
        }
    }
}

impl Wire {
    fn bring(&mut self, line: &mut Line, slot: Slot, is_microphone: bool, now: Moment) {
        self.timestamp += FRAME_SAMPLES as u32;
        let (frame, played) = match slot {
            Slot::Unsent => (SILENT_FRAME, Played::Nothing),
            Slot::Lost => (self.last, Played::Concealed),
            Slot::Packet(frame) => (frame, Played::Sound),
        };
        self.last = frame;
        self.sequence = self
            .sequence
            .wrapping_add(u16::from(played != Played::Nothing));
        if played == Played::Sound && !is_microphone {
            line.note_packet(&self.header(), now - self.delay());
        }
        if played != Played::Nothing || !is_microphone {
            line.hear(&frame, Rate::Narrow, played, now);
        }
    }

    /// What a packet waited to be played out: 40 ms, 15 more or less.
    fn delay(&self) -> Duration {
        Duration::from_millis(25 + u64::from(self.sequence) * 7_919 % 31)
    }

    fn header(&self) -> RtpHeader {
        RtpHeader {
            payload_type: 8,
            marker: false,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: 1,
        }
    }
}
