//! What can be known of a line from the sound and the reports that come in: voice, silence, and whether they hear us.
//!
//! Invariant: the verdict is a function of what came and of the time; nothing here decides what to do about it.

mod floor;
mod level;
mod one_way;
mod silence;
mod voice;

use std::time::Duration;

pub use floor::{ABOVE_FLOOR_DB, Floor};
pub use level::Level;
pub use one_way::{Evidence, OneWay};
pub use silence::DigitalSilence;
pub use voice::{VoiceChange, VoiceDetector};

use super::codec::Rate;
use super::playout::Played;
use super::sender::FRAME_TIME;
use crate::words::Moment;

/// After comfort noise (RFC 3389) a source may be quiet for so long.
const COMFORT_NOISE_LASTS: Duration = Duration::from_secs(30);

/// Whether a line is watched, and after how long something is a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    #[default]
    Off,
    On(Limits),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// No packet at all since the watch began.
    pub no_media: Duration,
    /// No further packet.
    pub stopped: Duration,
    /// Digital silence.
    pub silence: Duration,
}

impl Default for Limits {
    /// The line doctor's times: 2 s, 3 s, 3 s.
    fn default() -> Self {
        Self {
            no_media: Duration::from_secs(2),
            stopped: Duration::from_secs(3),
            silence: Duration::from_secs(3),
        }
    }
}

/// What is wrong with a party's line, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    TheyDoNotReceive(Evidence),
    NoMedia,
    MediaStopped,
    MediaLate,
    DigitalSilence,
    SilentCaller,
    MusicOrTone,
    MicrophoneDead,
    Clipped,
    TooLoud,
    TooQuiet,
    LineNoise,
    Echo,
    Fine,
}

/// Watches one leg.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    watch: Watch,
    /// When this watch, or the last hold of theirs, began or ended.
    since: Moment,
    last_packet: Option<LastPacket>,
    voice: VoiceDetector,
    silence: DigitalSilence,
    one_way: OneWay,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug)]
struct LastPacket {
    at: Moment,
    comfort_noise: bool,
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
            last_packet: None,
            voice: VoiceDetector::default(),
            silence: DigitalSilence::default(),
            one_way: OneWay::default(),
            verdict: Verdict::Fine,
        }
    }

    pub fn watch(&mut self, watch: Watch, now: Moment) {
        if self.watch == Watch::Off {
            self.since = now;
        }
        self.watch = watch;
    }

    /// The other side held or resumed us: what was counted before proves nothing after.
    pub fn redirect(&mut self, now: Moment) {
        self.since = now;
        self.last_packet = self.last_packet.map(|last| LastPacket { at: now, ..last });
        self.silence.forget();
        self.one_way.forget();
    }

    /// Hears 20 ms of the party.
    pub fn hear(
        &mut self,
        sound: &[i16],
        _rate: Rate,
        played: Played,
        now: Moment,
    ) -> Option<VoiceChange> {
        if self.watch == Watch::Off || played != Played::Sound {
            return None;
        }
        self.hear_level(Level::of(sound), FRAME_TIME, now)
    }

    fn hear_level(&mut self, level: Level, length: Duration, now: Moment) -> Option<VoiceChange> {
        self.silence.hear(level, now);
        self.voice.hear(level, length, now)
    }

    /// A key or comfort noise: a sign of life without sound.
    pub fn note_life(&mut self, comfort_noise: bool, now: Moment) {
        self.note_packet(comfort_noise, now);
        self.silence.forget();
    }

    pub fn note_packet(&mut self, comfort_noise: bool, now: Moment) {
        self.last_packet = Some(LastPacket {
            at: now,
            comfort_noise,
        });
    }

    pub fn report(&mut self, highest_of_ours: Option<u32>, sent: u32, now: Moment) {
        self.one_way.report(highest_of_ours, sent, now);
    }

    pub fn goodbye(&mut self) {
        self.one_way.goodbye();
    }

    pub fn unreachable(&mut self, now: Moment) {
        self.one_way.unreachable(now);
    }

    /// The voice that ended for want of packets.
    pub fn tick_voice(&mut self, now: Moment) -> Option<VoiceChange> {
        self.voice.tick(self.last_packet?.at, now)
    }

    /// The verdict where it is another than before.
    pub fn judge(&mut self, open: Open, now: Moment) -> Option<Verdict> {
        let Watch::On(limits) = self.watch else {
            return None;
        };
        if !open.receives {
            self.since = now;
        }
        if !open.sends || !open.receives {
            self.one_way.forget();
        }
        let verdict = self.verdict_now(limits, open, now);
        let changed = verdict != self.verdict;
        self.verdict = verdict;
        changed.then_some(verdict)
    }

    fn verdict_now(&mut self, limits: Limits, open: Open, now: Moment) -> Verdict {
        if let Some(evidence) = self.one_way.evidence(now) {
            return Verdict::TheyDoNotReceive(evidence);
        }
        let Some(last) = self.last_packet else {
            let missing = open.receives && now.since(self.since) >= limits.no_media;
            return if missing {
                Verdict::NoMedia
            } else {
                Verdict::Fine
            };
        };
        let gap_max = match last.comfort_noise {
            true => limits.stopped.max(COMFORT_NOISE_LASTS),
            false => limits.stopped,
        };
        // The gap counts from the packet, or from the resume after their hold.
        let stopped = now.since(last.at.max(self.since)) >= gap_max;
        match (
            open.receives && stopped,
            open.receives && self.silence.lasts(limits.silence, now),
        ) {
            (true, _) => {
                self.silence.forget();
                Verdict::MediaStopped
            }
            (false, true) => Verdict::DigitalSilence,
            (false, false) => Verdict::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);
    const OPEN: Open = Open {
        sends: true,
        receives: true,
    };
    const HELD: Open = Open {
        sends: true,
        receives: false,
    };
    const ROOM: Level = Level {
        dbov: -60.0,
        peak: 60,
        constant: false,
        railed: 0,
    };

    struct Watched {
        line: Line,
        now: Moment,
        verdicts: Vec<(u128, Verdict)>,
    }

    impl Watched {
        fn new() -> Self {
            let mut line = Line::new(Moment::ZERO);
            line.watch(Watch::On(Limits::default()), Moment::ZERO);
            Self {
                line,
                now: Moment::ZERO,
                verdicts: Vec::new(),
            }
        }

        fn frames(mut self, count: u32, level: Option<Level>, open: Open) -> Self {
            for _ in 0..count {
                self.now += FRAME;
                if let Some(level) = level {
                    self.line.note_packet(false, self.now);
                    self.line.hear_level(level, FRAME, self.now);
                }
                if let Some(verdict) = self.line.judge(open, self.now) {
                    self.verdicts
                        .push((self.now.since(Moment::ZERO).as_millis(), verdict));
                }
            }
            self
        }
    }

    #[test]
    fn no_packet_for_two_seconds_is_no_media() {
        let line = Watched::new()
            .frames(150, None, OPEN)
            .frames(2, Some(ROOM), OPEN);
        assert_eq!(
            line.verdicts,
            [(2_000, Verdict::NoMedia), (3_020, Verdict::Fine)]
        );
    }

    #[test]
    fn a_gap_of_three_seconds_is_media_stopped() {
        let line = Watched::new()
            .frames(50, Some(ROOM), OPEN)
            .frames(200, None, OPEN);
        assert_eq!(line.verdicts, [(4_000, Verdict::MediaStopped)]);
    }

    #[test]
    fn their_hold_pauses_the_watch() {
        let line = Watched::new()
            .frames(50, Some(ROOM), OPEN)
            .frames(1_000, None, HELD);
        assert_eq!(line.verdicts, []);
        let line = line.frames(149, None, OPEN);
        assert_eq!(line.verdicts, []);
        assert_eq!(
            line.frames(1, None, OPEN).verdicts,
            [(24_000, Verdict::MediaStopped)]
        );
    }

    #[test]
    fn zeroes_for_three_seconds_are_digital_silence() {
        let zero = Level {
            dbov: -96.0,
            peak: 0,
            constant: true,
            railed: 0,
        };
        let line = Watched::new()
            .frames(50, Some(ROOM), OPEN)
            .frames(200, Some(zero), OPEN);
        assert_eq!(line.verdicts, [(4_020, Verdict::DigitalSilence)]);
        assert_eq!(
            line.frames(5, Some(ROOM), OPEN).verdicts.last().unwrap().1,
            Verdict::Fine
        );
    }

    #[test]
    fn comfort_noise_announces_a_pause() {
        let mut line = Watched::new().frames(50, Some(ROOM), OPEN);
        line.line.note_life(true, line.now);
        assert_eq!(line.frames(1_400, None, OPEN).verdicts, []);
    }

    #[test]
    fn a_peer_without_reports_is_healthy_for_five_minutes() {
        assert_eq!(Watched::new().frames(15_000, Some(ROOM), OPEN).verdicts, []);
    }
}
