use super::Line;
use crate::media::hearing::{Limits, Measured, Verdict};
use crate::words::Moment;

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

/// The verdict as it was told last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    verdict: Verdict,
    since: Moment,
}

/// Which directions of the line are open by the last offer/answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    pub sends: bool,
    pub receives: bool,
}

impl Found {
    pub(super) fn fine(now: Moment) -> Self {
        Self {
            verdict: Verdict::Fine,
            since: now,
        }
    }
}

impl Line {
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

#[cfg(test)]
mod tests {
    use super::super::watched::{HELD, OPEN, Watched, room, speaking, tone, voice};
    use super::*;
    use crate::media::codec::SILENT_FRAME;

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
    fn packets_without_a_voice_are_a_silent_caller_after_five_seconds() {
        let line = Watched::new().hears(300, room(), OPEN);
        assert_eq!(line.verdicts, [(5_020, Verdict::SilentCaller)]);
        let line = line.hears(20, voice(), OPEN);
        assert_eq!(line.verdicts.last().unwrap().1, Verdict::Fine);
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
}
