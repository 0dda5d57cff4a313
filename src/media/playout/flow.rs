use super::background::Background;
use super::comfort_noise::ComfortNoise;
use super::concealment::{Concealment, LONGEST_MS};
use super::stretch::{Stretch, Urgency};
use super::tape::Tape;
use super::waiting::{Kind, Packet};
use super::{Incoming, Played};
use crate::media::codec::{Codec, Decoder, Rate};

/// Sound that waits so much longer than it should is made shorter, in milliseconds.
const SLACK_MS: i64 = 25;

/// Sound that waits so much less than it should is made longer, in milliseconds.
const SHORT_MS: i64 = 3;

/// Beyond this much to make up for, in milliseconds, it is worth a little roughness.
const MUCH_MS: i64 = 60;

/// Sound that waits so long beyond its target, in milliseconds, is skipped.
const SKIP_MS: i64 = 250;

/// A pause that lasts longer, in milliseconds, is a line that is dead, and sounds so: who sends no silence may be quiet
/// for so long (`hearing::packets`).
const LULL_MAX_MS: usize = 30_000;

/// Frames between two changes of length where little is to be made up for.
const REST_FRAMES: u8 = 3;

/// Packets that one frame may ask for.
const PACKETS_A_FRAME: usize = 64;

/// From packets to sound, in the order of time.
#[derive(Debug)]
pub(super) struct Flow {
    rate: Rate,
    decoder: Decoder,
    tape: Tape,
    concealment: Concealment,
    noise: ComfortNoise,
    background: Background,
    /// Samples left of the noise in a pause that nobody described.
    lull: usize,
    stretch: Stretch,
    course: Course,
    pace: Pace,
}

/// Where we are in the source's time.
#[derive(Clone, Copy, Debug)]
struct Course {
    /// What fills the time while the source says nothing; none in its talk.
    pause: Option<Played>,
    /// The place of the sample after the last one that was decoded.
    next: i64,
    /// Samples that were made up since then.
    made_up: i64,
    /// Of the packet that was decoded last.
    sequence: u16,
}

/// How long sound waits, and when that was changed.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// How long after its undelayed arrival a packet is decoded, in samples, smoothed; none before the first of a talk.
    margin: Option<i64>,
    /// What the first sample of the frame has waited.
    delay: i64,
    rest: u8,
}

impl Flow {
    pub(super) fn new(codec: Codec) -> Self {
        let rate = codec.rate();
        Self {
            rate,
            decoder: Decoder::new(codec),
            tape: Tape::new(rate),
            concealment: Concealment::new(rate),
            noise: ComfortNoise::new(),
            background: Background::new(),
            lull: 0,
            stretch: Stretch::new(rate),
            course: Course {
                pause: Some(Played::Nothing),
                next: i64::MIN,
                made_up: 0,
                sequence: 0,
            },
            pace: Pace::default(),
        }
    }

    /// Sees to it that the next frame is on the tape.
    pub(super) fn pull(&mut self, incoming: &mut Incoming, now: i64) {
        self.concealment.next_frame();
        for _ in 0..PACKETS_A_FRAME {
            if self.lacking() == 0 {
                break;
            }
            self.step(incoming, now);
        }
        if self.is_talk() {
            let played = self.course.next - self.tape.ahead() as i64;
            self.pace.delay = now.saturating_sub(played);
            self.adjust(incoming, now);
        }
    }

    pub(super) fn play(&mut self, out: &mut [i16]) -> Played {
        let played = self.tape.play(out);
        if played == Played::Sound {
            self.background.hear(out);
        }
        played
    }

    pub(super) fn delay(&self) -> i64 {
        self.pace.delay
    }

    /// Puts something on the tape, or does away with a packet.
    fn step(&mut self, incoming: &mut Incoming, now: i64) {
        let first = incoming.waiting.first().map(|(packet, _)| packet);
        match (self.course.pause, first) {
            (Some(pause), None) => self.fill_pause(pause),
            (Some(pause), Some(packet)) if now - packet.at < incoming.arrivals.target() => {
                self.fill_pause(pause);
            }
            (Some(pause), Some(packet)) => self.leave(pause, packet, incoming),
            (None, None) => self.go_on(),
            (None, Some(packet)) => self.follow(packet, incoming, now),
        }
    }

    /// A pause ends with the packet that is due, if that is not of before it.
    fn leave(&mut self, pause: Played, packet: Packet, incoming: &mut Incoming) {
        if packet.at < self.course.next {
            incoming.waiting.discard_first();
            incoming.tally.late += 1;
            return;
        }
        self.settle(packet, incoming);
        match pause {
            Played::Nothing if !self.noise.is_audible() => self.concealment.end(),
            Played::Nothing | Played::Sound | Played::Concealed | Played::ComfortNoise => {
                self.break_off();
            }
        }
        self.course = Course {
            pause: None,
            next: packet.at,
            made_up: 0,
            sequence: packet.sequence.wrapping_sub(1),
        };
        self.pace.margin = None;
    }

    /// In the midst of talk: plays the packet, or fills the gap before it.
    fn follow(&mut self, packet: Packet, incoming: &mut Incoming, now: i64) {
        let missing = packet.at - self.course.next - self.course.made_up;
        let longest = self.samples(LONGEST_MS as i64);
        match packet.kind {
            Kind::Sound if missing <= 0 => self.take(packet, incoming, now),
            Kind::ComfortNoise if missing <= 0 => self.describe_noise(packet, incoming),
            // Nothing was lost: the source said nothing (RFC 3550 5.1, silence suppression).
            Kind::Sound | Kind::ComfortNoise if self.is_next(packet) => self.pause(Played::Nothing),
            Kind::Sound if missing <= longest => self.bridge(missing as usize, incoming),
            Kind::Sound | Kind::ComfortNoise => self.go_on(),
        }
    }

    /// Decodes the packet onto the tape, but for what was played in its place.
    fn take(&mut self, packet: Packet, incoming: &mut Incoming, now: i64) {
        let payload = incoming
            .waiting
            .first()
            .map_or(&[][..], |(_, payload)| payload);
        let room = longest_packet(self.tape.splice(0).rest, self.rate);
        let Ok(samples) = self.decoder.decode(payload, room) else {
            incoming.waiting.discard_first();
            incoming.tally.discarded += 1;
            return;
        };
        incoming.waiting.discard_first();
        self.settle(packet, incoming);
        let margin = now.saturating_sub(self.course.next);
        let skipped = usize::try_from(self.course.next - packet.at).unwrap_or(0);
        if skipped >= samples {
            incoming.tally.late += 1;
            return;
        }
        self.course.follow(packet, samples);
        if margin > incoming.arrivals.target() + self.samples(SKIP_MS)
            && incoming.waiting.first().is_some()
        {
            incoming.tally.discarded += 1;
            return self.break_off();
        }
        self.pace.note(margin);
        let room = self.tape.splice(0).rest;
        room.copy_within(skipped..samples, 0);
        self.concealment.join(&mut room[..samples - skipped]);
        self.tape.extend(samples - skipped, Played::Sound);
    }

    /// Fills the gap before the packet that waits, with its help.
    fn bridge(&mut self, missing: usize, incoming: &mut Incoming) {
        let Some((packet, payload)) = incoming.waiting.first() else {
            return;
        };
        let splice = self.tape.splice(0);
        if missing <= self.rate.frame_samples()
            && let Some(samples) = self.decoder.recover(payload, splice.rest)
        {
            splice
                .rest
                .copy_within(samples.saturating_sub(missing)..samples, 0);
            let samples = samples.min(missing);
            self.concealment.end();
            self.course.next += missing as i64;
            incoming.tally.recovered += samples as u64;
            return self.tape.extend(samples, Played::Sound);
        }
        if self.conceal_by_codec() {
            return;
        }
        let splice = self.tape.splice(missing);
        let rest = longest_packet(splice.rest, self.rate);
        let Ok(samples) = self.decoder.decode(payload, rest) else {
            incoming.waiting.discard_first();
            incoming.tally.discarded += 1;
            return;
        };
        self.concealment
            .bridge(splice.history, splice.gap, &mut rest[..samples]);
        self.tape.extend(missing, Played::Concealed);
        self.tape.extend(samples, Played::Sound);
        self.course.made_up += missing as i64;
        incoming.waiting.discard_first();
        self.settle(packet, incoming);
        self.course.follow(packet, samples);
    }

    /// Nothing waits: what was before goes on for a while.
    fn go_on(&mut self) {
        if self.course.made_up >= self.samples(LONGEST_MS as i64) {
            return self.pause(Played::Nothing);
        }
        if self.conceal_by_codec() {
            return;
        }
        let splice = self.tape.splice(self.lacking());
        let samples = splice.gap.len();
        self.concealment.begin(splice.history);
        self.concealment.go_on(splice.gap);
        self.tape.extend(samples, Played::Concealed);
        self.course.made_up += samples as i64;
    }

    fn conceal_by_codec(&mut self) -> bool {
        let room = self.tape.splice(0).rest;
        let Some(samples) = self.decoder.conceal(room) else {
            return false;
        };
        self.tape.extend(samples, Played::Concealed);
        self.course.made_up += samples as i64;
        samples > 0
    }

    fn describe_noise(&mut self, packet: Packet, incoming: &mut Incoming) {
        self.settle(packet, incoming);
        let payload = incoming
            .waiting
            .first()
            .map_or(&[][..], |(_, payload)| payload);
        self.noise.describe(payload);
        incoming.waiting.discard_first();
        self.course.follow(packet, 0);
        self.pause(Played::ComfortNoise);
    }

    /// What nobody described sounds like what was behind the voice.
    fn pause(&mut self, pause: Played) {
        if pause == Played::Nothing {
            self.noise.imitate(self.background.correlation());
            self.lull = LULL_MAX_MS * 8 * self.rate.factor();
        }
        self.break_off();
        self.course.pause = Some(pause);
    }

    fn fill_pause(&mut self, pause: Played) {
        let lacking = self.lacking();
        if pause == Played::Nothing {
            self.lull = self.lull.saturating_sub(lacking);
            if self.lull == 0 {
                self.noise.end();
            }
        }
        let gap = self.tape.splice(lacking).gap;
        self.noise.fill(gap);
        self.concealment.join(gap);
        let samples = gap.len();
        self.tape.extend(samples, pause);
    }

    /// What sounds now passes over into what comes next, whatever that is.
    fn break_off(&mut self) {
        self.concealment.begin(self.tape.splice(0).history);
    }

    /// With this packet it is known whether what was made up had been lost, or never sent.
    fn settle(&mut self, packet: Packet, incoming: &mut Incoming) {
        let gap = packet.at.saturating_sub(self.course.next);
        if self.is_next(packet) && gap > 0 {
            return;
        }
        incoming.tally.concealed += u64::try_from(self.course.made_up).unwrap_or(0);
        let lost = packet
            .sequence
            .wrapping_sub(self.course.sequence.wrapping_add(1));
        if gap > 0 && gap <= self.samples(LONGEST_MS as i64) {
            incoming
                .arrivals
                .note_lost(self.course.next, gap, lost, packet.came);
        }
    }

    /// Keeps what waits near its target.
    fn adjust(&mut self, incoming: &mut Incoming, now: i64) {
        let Some(margin) = self.pace.margin.filter(|_| self.tape.is_sound()) else {
            return;
        };
        if self.pace.is_resting() {
            return;
        }
        let excess = margin - incoming.arrivals.target();
        let urgency = if excess.abs() > self.samples(MUCH_MS) {
            Urgency::Much
        } else {
            Urgency::Some
        };
        let change = if excess > self.samples(SLACK_MS) {
            self.look_ahead(incoming, now);
            let shortened = self.stretch.shorten(&mut self.tape, urgency);
            incoming.tally.shortened += shortened as u64;
            -(shortened as i64)
        } else if excess < -self.samples(SHORT_MS) {
            let lengthened = self.stretch.lengthen(&mut self.tape, urgency);
            incoming.tally.lengthened += lengthened as u64;
            lengthened as i64
        } else {
            0
        };
        self.pace.change(change, urgency);
    }

    /// Decodes what is needed to make sound shorter, as far as it is there.
    fn look_ahead(&mut self, incoming: &mut Incoming, now: i64) {
        while self.tape.ahead() < self.stretch.needs()
            && let Some((packet, _)) = incoming.waiting.first()
            && packet.kind == Kind::Sound
            && packet.at <= self.course.next
        {
            self.take(packet, incoming, now);
        }
    }

    fn is_next(&self, packet: Packet) -> bool {
        packet.sequence == self.course.sequence.wrapping_add(1)
    }

    fn is_talk(&self) -> bool {
        self.course.pause.is_none() && self.course.made_up == 0
    }

    /// Samples that the next frame still needs.
    fn lacking(&self) -> usize {
        self.rate.frame_samples().saturating_sub(self.tape.ahead())
    }

    fn samples(&self, ms: i64) -> i64 {
        ms * i64::from(self.rate.hz()) / 1_000
    }
}

impl Course {
    fn follow(&mut self, packet: Packet, samples: usize) {
        self.next = packet.at + samples as i64;
        self.made_up = 0;
        self.sequence = packet.sequence;
    }
}

impl Pace {
    fn note(&mut self, margin: i64) {
        let before = self.margin.unwrap_or(margin);
        self.margin = Some(before + (margin - before) / 4);
    }

    fn is_resting(&mut self) -> bool {
        let rests = self.rest > 0;
        self.rest = self.rest.saturating_sub(1);
        rests
    }

    fn change(&mut self, samples: i64, urgency: Urgency) {
        self.margin = self.margin.map(|margin| margin + samples);
        if samples != 0 && urgency == Urgency::Some {
            self.rest = REST_FRAMES;
        }
    }
}

/// The room for the longest packet: 60 ms.
fn longest_packet(room: &mut [i16], rate: Rate) -> &mut [i16] {
    let length = room.len().min(3 * rate.frame_samples());
    &mut room[..length]
}
