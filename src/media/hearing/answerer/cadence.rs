use std::time::Duration;

use super::Sign;
use crate::media::hearing::character::Character;
use crate::media::hearing::level::Level;
use crate::media::hearing::spectrum::Tones;

/// One or two tones make up so much of a step that is a signal.
const SIGNAL: f32 = 0.75;

/// Where the networks' tones lie (ITU-T E.180: 350 to 620 Hz in the countries we know), Hz.
const SIGNAL_HZ: (f32, f32) = (320.0, 640.0);

/// Of two tones either may be found the stronger: 480 and 620 Hz in North America. Hz.
const SAME_HZ: f32 = 150.0;

/// What is quieter is a pause, dBov.
const QUIET_DBOV: f32 = -45.0;

/// Busy and congestion (E.180): tone and pause of 250 to 700 ms. Steps of 100 ms, the beginning and the end of a tone
/// included.
const BUSY_STEPS: (u8, u8) = (2, 8);

/// So many tones of the same length in a row.
const BUSY_TONES: u8 = 3;

/// Their lengths differ by the steps they begin and end in.
const SAME_STEPS: u8 = 2;

/// Ring-back (E.180): a tone of 400 ms and more, then a pause of 2 s and more, of which 1.6 s will do.
const RING_STEPS: u8 = 3;
const RING_PAUSE_STEPS: u8 = 16;

/// Music is judged by so long.
const MUSIC: Duration = Duration::from_secs(3);

/// Finds the networks' tones by their rhythm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cadence {
    hz: f32,
    /// The tone that sounds, or sounded last, and the one before it; the pause since. Steps.
    tone: u8,
    before: u8,
    pause: u8,
    /// Tones in the rhythm of a busy line.
    beats: u8,
    character: Character,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            hz: 0.0,
            tone: 0,
            before: 0,
            pause: 0,
            beats: 0,
            character: Character::new(MUSIC),
        }
    }
}

impl Cadence {
    /// Hears 100 ms; `level` is that of the last 20.
    pub(super) fn step(&mut self, level: &Level, tones: Tones) -> Option<Sign> {
        let is_loud = level.dbov > QUIET_DBOV;
        self.character.step(is_loud, false, tones);
        match is_signal(&tones) {
            true => self.goes_on(tones.hz),
            false if is_loud => self.forget(),
            false => self.pauses(),
        }
        self.sign()
    }

    /// Whether the last 100 ms were a tone of the network's.
    pub(super) fn sounds(&self) -> bool {
        self.tone > 0 && self.pause == 0
    }

    fn sign(&self) -> Option<Sign> {
        if self.beats >= BUSY_TONES {
            Some(Sign::Busy)
        } else if self.tone >= RING_STEPS && self.pause >= RING_PAUSE_STEPS {
            Some(Sign::Ringback)
        } else {
            self.character.is_song().then_some(Sign::Music)
        }
    }

    fn goes_on(&mut self, hz: f32) {
        let is_same = (hz - self.hz).abs() <= SAME_HZ;
        if !is_same {
            self.forget();
            self.hz = hz;
        }
        if self.pause > 0 {
            self.begins();
        }
        self.tone = self.tone.saturating_add(1);
    }

    /// Another tone after a pause: it goes on with a rhythm, or begins one.
    fn begins(&mut self) {
        let is_beat = is_busy(self.tone) && is_busy(self.pause);
        let is_even = self.beats == 0 || self.before.abs_diff(self.tone) <= SAME_STEPS;
        self.beats = match is_beat && is_even {
            true => self.beats.saturating_add(1),
            false => 0,
        };
        (self.before, self.tone, self.pause) = (self.tone, 0, 0);
    }

    fn pauses(&mut self) {
        if self.tone > 0 {
            self.pause = self.pause.saturating_add(1);
        }
    }

    /// Something else sounds.
    fn forget(&mut self) {
        (self.tone, self.before, self.pause, self.beats) = (0, 0, 0, 0);
    }
}

fn is_signal(tones: &Tones) -> bool {
    let (least, most) = SIGNAL_HZ;
    tones.two >= SIGNAL && (least..=most).contains(&tones.hz)
}

fn is_busy(steps: u8) -> bool {
    let (least, most) = BUSY_STEPS;
    (least..=most).contains(&steps)
}
