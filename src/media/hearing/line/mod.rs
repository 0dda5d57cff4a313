//! One leg's line: what comes of it is told here, and `judging` finds the verdict.

mod judging;
#[cfg(test)]
mod watched;

use std::time::Duration;

use super::limits::{Limits, Watch};
use super::packets::Packets;
use super::sounding::Sounding;
use super::{Block, DigitalSilence, HeardOfUs, Level, OneWay, Played, VoiceChange, VoiceDetector};
use crate::media::codec::Rate;
use crate::media::rtp::RtpHeader;
use crate::words::Moment;

use judging::Found;
pub use judging::{Finding, Open};

/// Watches one leg.
///
/// It is told of each packet when it comes, and hears each 20 ms of sound when it is played out.
#[derive(Debug)]
pub struct Line {
    watch: Watch,
    /// When this watch, or the last hold of theirs, began or ended.
    since: Moment,
    /// They hold us: what comes, if anything does, is their hold music.
    is_held: bool,
    /// Since when a voice could have been heard and was not.
    voiceless: Option<Moment>,
    packets: Packets,
    voice: VoiceDetector,
    one_way: OneWay,
    silence: DigitalSilence,
    sounding: Option<Box<Sounding>>,
    found: Found,
}

impl Line {
    pub fn new(now: Moment) -> Self {
        Self {
            watch: Watch::Off,
            since: now,
            is_held: false,
            voiceless: None,
            packets: Packets::default(),
            voice: VoiceDetector::default(),
            one_way: OneWay::default(),
            silence: DigitalSilence::default(),
            sounding: None,
            found: Found::fine(now),
        }
    }

    /// Begins, ends or changes the watch; what it needs is allocated here.
    pub fn watch(&mut self, watch: Watch, now: Moment) {
        if self.watch == Watch::Off {
            self.since = now;
        }
        self.watch = watch;
        match self.limits() {
            Some(limits) => {
                self.sounding
                    .get_or_insert_with(|| Box::new(Sounding::new(&limits)));
            }
            None => self.sounding = None,
        }
    }

    pub fn is_watched(&self) -> bool {
        self.watch != Watch::Off
    }

    /// The other side held or resumed us: what was counted before proves nothing after.
    pub fn redirect(&mut self, now: Moment) {
        self.since = now;
        self.voiceless = None;
        self.packets.excuse(now);
        self.silence.forget();
        self.one_way.forget();
        if let Some(sounding) = &mut self.sounding {
            sounding.forget_music();
        }
    }

    /// A packet of sound came.
    pub fn note_packet(&mut self, header: &RtpHeader, now: Moment) {
        self.packets.sound(header, now);
    }

    /// A key or comfort noise: a sign of life without sound.
    pub fn note_life(&mut self, comfort_noise: bool, now: Moment) {
        self.packets.life(comfort_noise, now);
        self.silence.forget();
        if !comfort_noise {
            self.voiceless = None;
        }
    }

    /// Takes in what is sent to the party in the 20 ms that are heard next.
    pub fn hear_ours(&mut self, frame: &[i16]) {
        if let Some(sounding) = &mut self.sounding
            && sounding.hear_ours(frame)
        {
            self.one_way.note_speech();
        }
    }

    /// Hears 20 ms, as they were played out.
    pub fn hear(
        &mut self,
        frame: &[i16],
        rate: Rate,
        played: Played,
        now: Moment,
    ) -> Option<VoiceChange> {
        let limits = self.limits()?;
        if played == Played::Nothing {
            if let Some(sounding) = &mut self.sounding {
                sounding.pause();
            }
            return self.tick_voice(now);
        }
        let level = Level::of(frame);
        if played == Played::Sound && !self.is_held {
            self.silence.hear(level, now);
        }
        if played != Played::Concealed
            && !self.is_held
            && let Some(sounding) = &mut self.sounding
        {
            self.voiceless.get_or_insert(now);
            sounding.hear(frame, rate, &level, &limits);
        }
        let change = self.voice.hear(level, length(frame, rate), now);
        if let (Some(change), Some(sounding)) = (change, &mut self.sounding)
            && change.speaking
        {
            sounding.note_level_voice(now);
        }
        change
    }

    /// Sound that the detector of human voices is to be asked about.
    pub fn take_block(&mut self) -> Option<Block> {
        self.sounding.as_mut()?.take_block()
    }

    /// Nobody has time for the block that was taken last: its window is over, and asked for again later.
    pub fn refuse(&mut self) {
        if let Some(sounding) = &mut self.sounding {
            sounding.refuse();
        }
    }

    /// How likely the block that was asked about is a human voice, 0 to 1.
    pub fn human(&mut self, probability: f32, now: Moment) {
        if let Some(sounding) = &mut self.sounding {
            sounding.answer(probability, now);
        }
    }

    /// One of their reports, and how many packets we sent so far.
    pub fn report(&mut self, reception: HeardOfUs, sent: u32, now: Moment) {
        self.one_way.report(reception, sent, now);
    }

    pub fn goodbye(&mut self) {
        self.one_way.goodbye();
    }

    pub fn unreachable(&mut self, now: Moment) {
        self.one_way.unreachable(now);
    }

    /// The voice that ended for want of packets.
    pub fn tick_voice(&mut self, now: Moment) -> Option<VoiceChange> {
        self.voice.tick(self.packets.last()?, now)
    }

    fn limits(&self) -> Option<Limits> {
        match self.watch {
            Watch::Off => None,
            Watch::On(limits) => Some(limits),
        }
    }
}

fn length(frame: &[i16], rate: Rate) -> Duration {
    Duration::from_nanos(frame.len() as u64 * 1_000_000_000 / u64::from(rate.hz()))
}

#[cfg(test)]
mod tests {
    use super::watched::{FRAME, OPEN, Watched, room, speaking, tone};
    use super::*;
    use crate::media::codec::FRAME_SAMPLES;

    #[test]
    fn comfort_noise_announces_a_pause() {
        let mut line = speaking();
        line.line.note_life(true, line.now);
        assert_eq!(line.hears(1_400, None, OPEN).verdicts, []);
    }

    #[test]
    fn a_key_is_a_sign_of_life() {
        let mut line = Watched::new().hears(200, room(), OPEN);
        line.line.note_life(false, line.now);
        assert_eq!(line.hears(200, room(), OPEN).verdicts, []);
    }

    #[test]
    fn the_detector_is_asked_now_and_then_in_the_long_run() {
        for name in ["music", "a voice", "noise", "a room", "bursts"] {
            let sound = |half: u32| match name {
                "music" => (tone(3_000.0, 0.353), 0.0),
                "a voice" => (tone(3_000.0, 0.3), 0.9),
                "noise" => (tone(900.0 + (half % 7) as f32, 2.7), 0.1),
                "bursts" if half.is_multiple_of(2) => (tone(3_000.0, 0.9), 0.1),
                _ => (tone(60.0, 0.3), 0.0),
            };
            let mut line = Watched::new();
            for second in 0..300 {
                if second == 60 {
                    line.asked = 0;
                }
                line = line.hears(25, Some(sound(2 * second)), OPEN);
                line = line.hears(25, Some(sound(2 * second + 1)), OPEN);
            }
            // Of 75 us each: 0.03 % of a core.
            assert!(line.asked <= 4 * 240, "{name}: {} in 240 s", line.asked);
        }
    }

    #[test]
    fn a_frame_of_a_wide_line_is_heard_like_a_narrow_one() {
        let mut line = Watched::new();
        let wide: [i16; 2 * FRAME_SAMPLES] =
            std::array::from_fn(|n| ((n as f32 * 0.15).sin() * 3_000.0) as i16);
        for _ in 0..20 {
            line.now += FRAME;
            let now = line.now;
            let change = line.line.hear(&wide, Rate::Wide, Played::Sound, now);
            assert!(change.is_none_or(|change| change.speaking));
        }
        assert!(line.line.take_block().is_some());
    }
}
