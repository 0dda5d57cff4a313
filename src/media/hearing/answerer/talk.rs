use super::Sign;
use crate::media::hearing::SpeechGate;
use crate::media::hearing::level::{Level, SILENCE_DBOV};

/// Frames in a second.
const SECOND: u32 = 50;

/// So much quieter than the loudest of a greeting is what is behind it, dB: a street, a radio.
const BEHIND_DB: f32 = 15.0;

/// While we speak our own words may come back: as much counts only where it is about as loud as he was, dB.
const BACK_DB: f32 = 6.0;

/// No person's first words last longer, pauses included: the longest of the tests' takes 2.2 s, and no machine's takes
/// less than 4.6 s. Frames.
const HELLO_MAX: u32 = 28 * SECOND / 10;

/// Who says no more for so long waits for us; a machine's pauses between two sentences are a second and a half at most. Frames.
const WAITS: u32 = 15 * SECOND / 10;

/// Who falls silent because we speak is a person. Frames.
const LISTENS: u32 = SECOND / 2;

/// A click is no word, nor is the edge of a tone. Frames of sound on end: 60 ms.
const SYLLABLE: u32 = 3;

/// What is shorter is no word either. Frames of sound: 160 ms.
const WORD_MIN: u32 = 8;

/// The first word stands so far above the quietest frame of the second before it, dB: noise does not.
const DIPS_DB: f32 = 10.0;

/// What is taken for that as long as nothing was heard, dBov.
const UNKNOWN_DBOV: f32 = -50.0;

/// Before the answer: so much speech is an announcement; music is known for what it is by then. Frames of sound.
const ANNOUNCEMENT_MIN: u32 = 28 * SECOND / 10;

/// How long the party's first words last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    gate: SpeechGate,
    /// The last second's levels, dBov.
    levels: [f32; SECOND as usize],
    next: usize,
    loudest_dbov: f32,
    /// Frames of sound on end.
    run: u32,
    /// Frames of sound, frames since its beginning, and frames since its end.
    sound: u32,
    lasts: u32,
    quiet: u32,
    /// We have spoken in this pause.
    interrupted: bool,
}

impl Default for Talk {
    fn default() -> Self {
        Self {
            gate: SpeechGate::default(),
            levels: [UNKNOWN_DBOV; SECOND as usize],
            next: 0,
            loudest_dbov: SILENCE_DBOV,
            run: 0,
            sound: 0,
            lasts: 0,
            quiet: 0,
            interrupted: false,
        }
    }
}

impl Talk {
    /// Hears 20 ms; a tone is nobody's word.
    pub(super) fn hear(&mut self, level: &Level, is_tone: bool, we_speak: bool) {
        let is_word = self.is_word(level.dbov, we_speak) && !is_tone;
        if is_word && !we_speak {
            self.loudest_dbov = self.loudest_dbov.max(level.dbov);
        }
        self.interrupted |= we_speak;
        self.run = if is_word { self.run + 1 } else { 0 };
        if self.run >= SYLLABLE {
            let new = if self.run == SYLLABLE { SYLLABLE } else { 1 };
            (self.quiet, self.interrupted) = (0, false);
            self.sound += new;
        } else if self.has_begun() {
            self.quiet += 1;
        }
        self.lasts += u32::from(self.sound > 0);
    }

    fn is_word(&mut self, dbov: f32, we_speak: bool) -> bool {
        let passes = self.gate.lets_through(dbov);
        let behind = if we_speak { BACK_DB } else { BEHIND_DB };
        let quietest = self.levels.iter().copied().fold(f32::MAX, f32::min);
        if let Some(oldest) = self.levels.get_mut(self.next) {
            *oldest = dbov;
        }
        self.next = (self.next + 1) % self.levels.len();
        let is_speech = self.has_begun() || dbov > quietest + DIPS_DB;
        passes && is_speech && dbov > self.loudest_dbov - behind
    }

    /// A word was said.
    pub(super) fn has_begun(&self) -> bool {
        self.sound >= WORD_MIN
    }

    /// More than a word.
    pub(super) fn goes_on(&self) -> bool {
        self.sound >= ANNOUNCEMENT_MIN
    }

    /// A person or a machine, once it can be told.
    pub(super) fn verdict(&self) -> Option<Sign> {
        if !self.has_begun() {
            return None;
        }
        let said = self.lasts - self.quiet;
        let waits = if self.interrupted { LISTENS } else { WAITS };
        match said > HELLO_MAX {
            true => Some(Sign::Machine),
            false => (self.quiet >= waits).then_some(Sign::Person),
        }
    }
}
