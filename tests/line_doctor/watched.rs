//! A call as the line doctor hears it, in virtual time.

use std::time::Duration;

use thirdring::media::Codec;
use thirdring::media::LegKey;
use thirdring::media::RtpHeader;
use thirdring::media::codec::{
    Decoder, Encoder, FRAME_SAMPLES, PACKET_SAMPLES_MAX, Rate, SILENT_FRAME, WIDE_FRAME_SAMPLES,
};
use thirdring::media::hearing::{HeardOfUs, Limits, Line, Open, Played, Verdict, Watch};
use thirdring::voices::Detector;
use thirdring::words::Moment;

pub(super) const FRAME: Duration = Duration::from_millis(20);
const LEG: LegKey = LegKey::new(1);
const OPEN: Open = Open {
    sends: true,
    receives: true,
};

/// 20 ms at the rate of the call's codec, the rest unused.
pub(super) type Sound = [i16; WIDE_FRAME_SAMPLES];
pub(super) const SILENT_SOUND: Sound = [0; WIDE_FRAME_SAMPLES];

/// What comes in one frame's time.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are packets")]
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Packet(Sound),
    /// Sent and lost: the one before is repeated in its place.
    Lost,
    /// Not sent; the timestamp goes on, the sequence does not.
    Unsent,
}

/// A call: what comes, what we send at the same time, and what their reports say.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) rate: Rate,
    pub(super) slots: Vec<Slot>,
    pub(super) ours: Vec<i16>,
    /// Frame, and what a report then says of our stream.
    pub(super) reports: Vec<(usize, HeardOfUs)>,
    /// Frames at which ICMP says that nobody listens.
    pub(super) unreachable: Vec<usize>,
}

/// A verdict and when it was told.
pub(super) type Told = (Verdict, Duration, bool);

impl Call {
    /// Nothing comes.
    pub(super) fn unsent(frames: usize) -> Self {
        Self {
            rate: Rate::Narrow,
            slots: vec![Slot::Unsent; frames],
            ours: Vec::new(),
            reports: Vec::new(),
            unreachable: Vec::new(),
        }
    }

    /// Packets of this sound at 8 kHz, through a codec.
    pub(super) fn of(sound: &[f32], codec: Codec) -> Self {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let rate = codec.rate();
        let sound = at_rate(sound, rate);
        let slots = sound.chunks_exact(rate.frame_samples()).map(|frame| {
            let (mut packet, mut heard) = ([0; 400], [0; PACKET_SAMPLES_MAX]);
            let bytes = encoder.encode(frame, &mut packet);
            decoder.decode(&packet[..bytes], &mut heard).unwrap();
            Slot::Packet(std::array::from_fn(|n| heard[n]))
        });
        Self {
            rate,
            slots: slots.collect(),
            ..Self::unsent(0)
        }
    }

    /// All that is told of it; each with whether a voice had been heard.
    pub(super) fn watch(&self, detector: &mut Detector) -> Vec<Told> {
        self.watch_asking(detector).0
    }

    /// The same, and when the detector of human voices was asked.
    pub(super) fn watch_asking(&self, detector: &mut Detector) -> (Vec<Told>, Vec<Duration>) {
        let mut line = Line::new(Moment::ZERO);
        line.watch(Watch::On(Limits::default()), Moment::ZERO);
        let mut wire = Wire::of(self.rate);
        let (mut told, mut asked) = (Vec::new(), Vec::new());
        for (n, slot) in self.slots.iter().enumerate() {
            let now = Moment::ZERO + FRAME * (n as u32 + 1);
            self.tell_reports(&mut line, n, now);
            let ours = self.ours.get(n * FRAME_SAMPLES..(n + 1) * FRAME_SAMPLES);
            line.hear_ours(ours.unwrap_or(&SILENT_FRAME));
            wire.bring(&mut line, *slot, now);
            if let Some(block) = line.take_block() {
                asked.push(now.since(Moment::ZERO));
                line.human(detector.hear(LEG, &block).unwrap(), now);
            }
            if let Some(verdict) = line.judge(OPEN, now) {
                told.push((verdict, now.since(Moment::ZERO), line.finding().voice_heard));
            }
        }
        (told, asked)
    }

    fn tell_reports(&self, line: &mut Line, frame: usize, now: Moment) {
        for (_, heard) in self.reports.iter().filter(|(at, _)| *at == frame) {
            line.report(*heard, frame as u32, now);
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
    rate: Rate,
    sequence: u16,
    timestamp: u32,
    last: Sound,
}

/// Each sample twice as often, with those between on a line.
fn at_rate(sound: &[f32], rate: Rate) -> Vec<i16> {
    let next = sound.iter().skip(1).chain(sound.last());
    let pairs = sound.iter().zip(next);
    match rate {
        Rate::Narrow => sound.iter().map(|sample| *sample as i16).collect(),
        Rate::Wide => pairs
            .flat_map(|(now, next)| [*now as i16, ((now + next) / 2.0) as i16])
            .collect(),
    }
}

impl Wire {
    fn of(rate: Rate) -> Self {
        Self {
            rate,
            sequence: 0,
            timestamp: 0,
            last: SILENT_SOUND,
        }
    }

    fn bring(&mut self, line: &mut Line, slot: Slot, now: Moment) {
        self.timestamp += FRAME_SAMPLES as u32;
        let (frame, played) = match slot {
            Slot::Unsent => (SILENT_SOUND, Played::Nothing),
            Slot::Lost => (self.last, Played::Concealed),
            Slot::Packet(frame) => (frame, Played::Sound),
        };
        self.last = frame;
        self.sequence = self
            .sequence
            .wrapping_add(u16::from(played != Played::Nothing));
        if played == Played::Sound {
            line.note_packet(&self.header(), now - self.delay());
        }
        line.hear(&frame[..self.rate.frame_samples()], self.rate, played, now);
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
