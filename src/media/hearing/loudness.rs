use super::Verdict;
use super::level::Level;
use super::limits::Levels;
use super::speech_gate::SpeechGate;
use crate::media::codec::{Frame, Rate};
use crate::media::speech_level::SpeechLevel;

/// Speech of one measurement, milliseconds: 2 s, less one frame or two for the pauses at its ends.
const MEASURED_MS: u32 = 1_900;

/// Speech of which less is active holds two voices, a loud and a faint one: it is measured anew, milliseconds.
const MIXED_MS: u32 = 4_000;

/// So much quieter than the loudest of late is the room rather than the caller, dB.
const SUDDEN_DB: f32 = 10.0;

/// Within this much, a measurement is as loud as the loudest, dB.
const LOUDEST_DB: f32 = 3.0;

/// What was the loudest for so many frames is so no more: 30 s.
const LOUDEST_LASTS: u16 = 1_500;

/// What was told is told until it is better by so much, dB; until half as many samples are at the rails.
const HYSTERESIS_DB: f32 = 1.5;
const CLIPPED_STILL: f32 = 0.5;

/// How loud somebody speaks: too loud, too quiet, clipped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loudness {
    gate: SpeechGate,
    level: SpeechLevel,
    railed: u32,
    samples: u32,
    speech: Option<Speech>,
    loudest: Option<Loudest>,
    verdict: Option<Verdict>,
}

/// The loudest measurement of late: the voice rather than what is behind it.
#[derive(Clone, Copy, Debug)]
struct Loudest {
    dbov: f32,
    frames: u16,
}

/// What was measured of 2 s of speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Speech {
    /// P.56 active speech level, dBov.
    pub(super) dbov: f32,
    /// Samples at the rails, 0 to 1.
    pub(super) clipped: f32,
}

/// Whether what stands out of the noise is believed to be a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Believes {
    Yes,
    No,
}

impl Loudness {
    pub(super) fn new() -> Self {
        Self {
            gate: SpeechGate::default(),
            level: SpeechLevel::new(Rate::Narrow),
            railed: 0,
            samples: 0,
            speech: None,
            loudest: None,
            verdict: None,
        }
    }

    /// Follows the noise without measuring.
    pub(super) fn wait(&mut self, level: &Level) {
        self.gate.lets_through(level.dbov);
        self.restart();
    }

    /// Measures a frame, `level` being that of all of it, however wide; whether a measurement ended with it.
    pub(super) fn hear(&mut self, frame: &Frame, level: &Level, believes: Believes) -> bool {
        if let Some(loudest) = &mut self.loudest {
            loudest.frames = loudest.frames.saturating_add(1);
        }
        if !self.gate.lets_through(level.dbov) {
            return false;
        }
        self.level.hear(frame);
        self.railed = self.railed.saturating_add(u32::from(level.railed));
        self.samples = self.samples.saturating_add(u32::from(level.samples));
        // What is active is no longer than what was heard, and dearer to know.
        let length = self.level.length_ms();
        let is_measured = length >= MEASURED_MS && self.level.active_ms() >= MEASURED_MS;
        if is_measured {
            self.conclude(believes);
        } else if length >= MIXED_MS {
            self.restart();
        }
        is_measured
    }

    /// The level of the voice, not of what is behind it, dBov.
    pub(super) fn loudest_dbov(&self) -> Option<f32> {
        self.loudest.map(|loudest| loudest.dbov)
    }

    pub(super) fn speech(&self) -> Option<Speech> {
        self.speech
    }

    /// What is wrong with the voice; what was told before stands until it is clearly better.
    pub(super) fn judge(&mut self, levels: &Levels) -> Option<Verdict> {
        let speech = self.speech?;
        let told = |verdict| self.verdict == Some(verdict);
        let slack_db = |verdict| if told(verdict) { HYSTERESIS_DB } else { 0.0 };
        let still = if told(Verdict::Clipped) {
            CLIPPED_STILL
        } else {
            1.0
        };
        self.verdict = if speech.clipped > levels.clipped_share * still {
            Some(Verdict::Clipped)
        } else if speech.dbov > levels.too_loud_dbov - slack_db(Verdict::TooLoud) {
            Some(Verdict::TooLoud)
        } else if speech.dbov < levels.too_quiet_dbov + slack_db(Verdict::TooQuiet) {
            Some(Verdict::TooQuiet)
        } else {
            None
        };
        self.verdict
    }

    fn restart(&mut self) {
        self.level.restart();
        (self.railed, self.samples) = (0, 0);
    }

    fn conclude(&mut self, believes: Believes) {
        let clipped = self.railed as f32 / self.samples.max(1) as f32;
        let dbov = self.level.dbov().filter(|_| believes == Believes::Yes);
        self.restart();
        let Some(dbov) = dbov else { return };
        let loudest = self
            .loudest
            .filter(|loudest| loudest.frames < LOUDEST_LASTS)
            .map_or(f32::MIN, |loudest| loudest.dbov);
        if dbov < loudest - SUDDEN_DB {
            return;
        }
        if dbov >= loudest - LOUDEST_DB {
            self.loudest = Some(Loudest { dbov, frames: 0 });
        }
        // One soft end of a sentence is no quiet voice.
        let before = self.speech.map_or(dbov, |speech| speech.dbov);
        self.speech = Some(Speech {
            dbov: (before + dbov) / 2.0,
            clipped,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::FRAME_SAMPLES;

    /// Words of 400 ms at `peak` with pauses of 100 ms.
    fn speak(loudness: &mut Loudness, peak: f32, frames: usize) {
        for n in 0..frames {
            let peak = if n % 25 < 5 { 1.0 } else { peak };
            let frame: Frame = std::array::from_fn(|k| {
                (((n * FRAME_SAMPLES + k) as f32 * 0.3).sin() * peak) as i16
            });
            loudness.hear(&frame, &Level::of(&frame), Believes::Yes);
        }
    }

    fn verdict(peak: f32) -> Option<Verdict> {
        let mut loudness = Loudness::new();
        speak(&mut loudness, peak, 120);
        loudness.judge(&Levels::default())
    }

    #[test]
    fn speech_is_too_quiet_too_loud_clipped_or_well() {
        assert_eq!(verdict(150.0), Some(Verdict::TooQuiet));
        assert_eq!(verdict(3_000.0), None);
        assert_eq!(verdict(20_000.0), Some(Verdict::TooLoud));
        assert_eq!(verdict(60_000.0), Some(Verdict::Clipped));
    }

    #[test]
    fn less_than_two_seconds_prove_nothing() {
        let mut loudness = Loudness::new();
        speak(&mut loudness, 150.0, 70);
        assert_eq!(loudness.judge(&Levels::default()), None);
    }

    #[test]
    fn the_room_behind_a_silent_caller_is_not_his_voice() {
        let mut loudness = Loudness::new();
        speak(&mut loudness, 3_000.0, 120);
        speak(&mut loudness, 100.0, 150);
        assert_eq!(loudness.judge(&Levels::default()), None);
        speak(&mut loudness, 100.0, 1_700);
        assert_eq!(loudness.judge(&Levels::default()), Some(Verdict::TooQuiet));
    }
}
