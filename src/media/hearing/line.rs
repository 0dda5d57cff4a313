use std::time::Duration;

use super::limits::{Limits, Watch};
use super::packets::Packets;
use super::sounding::{Measured, Sounding};
use super::{
    Block, DigitalSilence, HeardOfUs, Level, OneWay, Played, Verdict, VoiceChange, VoiceDetector,
};
use crate::media::codec::Rate;
use crate::media::rtp::RtpHeader;
use crate::words::Moment;

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

/// A verdict with the numbers that it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    pub verdict: Verdict,
    /// When it was found.
    pub since: Moment,
    /// A voice had been heard: digital silence after it is somebody who mutes himself rather than a fault (D16).
    pub voice_heard: bool,
    pub measured: Measured,
}

#[derive(Clone, Copy, Debug)]
struct Found {
    verdict: Verdict,
    since: Moment,
}

/// Which directions of the line are open by the last offer/answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    pub sends: bool,
    pub receives: bool,
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
            found: Found {
                verdict: Verdict::Fine,
                since: now,
            },
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

    /// The verdict where it is another than before.
    pub fn judge(&mut self, open: Open, now: Moment) -> Option<Verdict> {
        let limits = self.limits()?;
        let verdict = self.verdict_now(&limits, open, now);
        if verdict == self.found.verdict {
            return None;
        }
        self.found = Found {
            verdict,
            since: now,
        };
        Some(verdict)
    }

    /// The verdict as it is, with its evidence.
    pub fn finding(&self) -> Finding {
        Finding {
            verdict: self.found.verdict,
            since: self.found.since,
            voice_heard: self.voice_heard().is_some(),
            measured: self
                .sounding
                .as_ref()
                .map_or_else(Measured::default, |sounding| sounding.measured()),
        }
    }

    fn limits(&self) -> Option<Limits> {
        match self.watch {
            Watch::Off => None,
            Watch::On(limits) => Some(limits),
        }
    }

    fn voice_heard(&self) -> Option<Moment> {
        self.sounding.as_ref()?.voice_heard()
    }

    fn verdict_now(&mut self, limits: &Limits, open: Open, now: Moment) -> Verdict {
        self.is_held = !open.sends || !open.receives;
        if self.is_held {
            self.since = now;
            self.voiceless = None;
            self.one_way.forget();
            return Verdict::Fine;
        }
        if let Some(evidence) = self.one_way.evidence(now) {
            return Verdict::TheyDoNotReceive(evidence);
        }
        let Some(last) = self.packets.last() else {
            return match now.since(self.since) >= limits.no_media {
                true => Verdict::NoMedia,
                false => Verdict::Fine,
            };
        };
        // The gap counts from the packet, or from the resume after their hold.
        let gap = now.since(last.max(self.since));
        if gap >= self.packets.gap_max(limits.stopped) {
            self.silence.forget();
            self.voiceless = None;
            Verdict::MediaStopped
        } else if gap >= self.packets.gap_max(limits.late) {
            Verdict::MediaLate
        } else {
            self.sound(limits, now)
        }
    }

    /// What is wrong with sound that comes.
    fn sound(&self, limits: &Limits, now: Moment) -> Verdict {
        if self.silence.lasts(limits.silence, now) {
            return Verdict::DigitalSilence;
        }
        let Some(sounding) = &self.sounding else {
            return Verdict::Fine;
        };
        let voiceless = self.voiceless.filter(|_| sounding.voice_heard().is_none());
        if sounding.is_music() {
            Verdict::MusicOrTone
        } else if voiceless.is_some_and(|since| now.since(since) >= limits.silent_caller) {
            Verdict::SilentCaller
        } else {
            sounding.verdict().unwrap_or(Verdict::Fine)
        }
    }
}

fn length(frame: &[i16], rate: Rate) -> Duration {
    Duration::from_nanos(frame.len() as u64 * 1_000_000_000 / u64::from(rate.hz()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::{FRAME_SAMPLES, Frame, SILENT_FRAME};

    const FRAME: Duration = Duration::from_millis(20);
    const OPEN: Open = Open {
        sends: true,
        receives: true,
    };
    /// They hold us, in any of the three ways.
    const HELD: [Open; 3] = [
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

    struct Watched {
        line: Line,
        frames: u32,
        asked: u32,
        now: Moment,
        verdicts: Vec<(u128, Verdict)>,
    }

    impl Watched {
        fn new() -> Self {
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
        fn hears(mut self, count: u32, sound: Option<(Frame, f32)>, open: Open) -> Self {
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

    fn tone(peak: f32, step: f32) -> Frame {
        std::array::from_fn(|n| ((n as f32 * step).sin() * peak) as i16)
    }

    /// A faint room, and somebody who speaks in it.
    fn room() -> Option<(Frame, f32)> {
        Some((tone(60.0, 0.3), 0.0))
    }

    fn voice() -> Option<(Frame, f32)> {
        Some((tone(3_000.0, 0.3), 0.9))
    }

    fn speaking() -> Watched {
        Watched::new().hears(50, voice(), OPEN)
    }

    #[test]
    fn no_packet_for_two_seconds_is_no_media() {
        let line = Watched::new().hears(150, None, OPEN).hears(2, room(), OPEN);
        assert_eq!(
            line.verdicts,
            [(2_000, Verdict::NoMedia), (3_020, Verdict::Fine)]
        );
    }

    #[test]
    fn a_gap_is_late_and_then_stopped() {
        let line = speaking().hears(200, None, OPEN);
        let expected = [(2_500, Verdict::MediaLate), (4_000, Verdict::MediaStopped)];
        assert_eq!(line.verdicts, expected);
    }

    #[test]
    fn their_hold_pauses_the_watch() {
        for held in HELD {
            let line = speaking().hears(1_000, None, held).hears(74, None, OPEN);
            assert_eq!(line.verdicts, []);
            let line = line.hears(76, None, OPEN);
            assert_eq!(line.verdicts.last(), Some(&(24_000, Verdict::MediaStopped)));
        }
    }

    #[test]
    fn a_verdict_ends_when_they_hold_us() {
        for held in HELD {
            let line = speaking().hears(200, None, OPEN).hears(1, None, held);
            assert_eq!(line.verdicts.last(), Some(&(5_020, Verdict::Fine)));
        }
    }

    #[test]
    fn their_hold_music_is_told_neither_then_nor_when_they_are_back() {
        let music = Some((tone(3_000.0, 0.353), 0.0));
        for held in HELD {
            let mut line = speaking().hears(500, music, held);
            line.line.redirect(line.now);
            assert_eq!(line.hears(100, voice(), OPEN).verdicts, []);
        }
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
    fn who_speaks_after_minutes_of_music_is_heard_within_five_seconds() {
        for late in 0..25 {
            let music = Some((tone(3_000.0, 0.353), 0.0));
            let line = Watched::new().hears(6_000 + 10 * late, music, OPEN);
            assert_eq!(line.verdicts.last().unwrap().1, Verdict::MusicOrTone);
            let began = line.now;
            let line = line.hears(250, voice(), OPEN);
            let (at, verdict) = *line.verdicts.last().unwrap();
            assert_eq!(verdict, Verdict::Fine);
            let after = at - began.since(Moment::ZERO).as_millis();
            assert!(after <= 5_000, "{after} ms");
        }
    }

    #[test]
    fn zeroes_for_three_seconds_are_digital_silence_and_say_whether_a_voice_was_heard() {
        let line = speaking().hears(200, Some((SILENT_FRAME, 0.0)), OPEN);
        assert_eq!(line.verdicts, [(4_020, Verdict::DigitalSilence)]);
        assert!(line.line.finding().voice_heard);
        let line = line.hears(5, room(), OPEN);
        assert_eq!(line.verdicts.last().unwrap().1, Verdict::Fine);
        let mute = Watched::new().hears(200, Some((SILENT_FRAME, 0.0)), OPEN);
        assert!(!mute.line.finding().voice_heard);
    }

    #[test]
    fn comfort_noise_announces_a_pause() {
        let mut line = speaking();
        line.line.note_life(true, line.now);
        assert_eq!(line.hears(1_400, None, OPEN).verdicts, []);
    }

    #[test]
    fn packets_without_a_voice_are_a_silent_caller_after_five_seconds() {
        let line = Watched::new().hears(300, room(), OPEN);
        assert_eq!(line.verdicts, [(5_020, Verdict::SilentCaller)]);
        let line = line.hears(20, voice(), OPEN);
        assert_eq!(line.verdicts.last().unwrap().1, Verdict::Fine);
    }

    #[test]
    fn a_key_is_a_sign_of_life() {
        let mut line = Watched::new().hears(200, room(), OPEN);
        line.line.note_life(false, line.now);
        assert_eq!(line.hears(200, room(), OPEN).verdicts, []);
    }

    #[test]
    fn a_loud_tone_that_is_no_voice_is_told_within_three_seconds() {
        let ring_back = Some((tone(3_000.0, 0.353), 0.0));
        let line = Watched::new().hears(150, ring_back, OPEN);
        let (at, verdict) = line.verdicts[0];
        assert_eq!(verdict, Verdict::MusicOrTone);
        assert!(at <= 3_000, "{at} ms");
    }

    #[test]
    fn a_peer_without_reports_is_healthy_for_five_minutes() {
        let mut line = speaking();
        for _ in 0..150 {
            line = line.hears(50, voice(), OPEN).hears(50, room(), OPEN);
        }
        assert_eq!(line.verdicts, []);
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
