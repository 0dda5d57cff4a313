use std::mem::take;

use super::asking::Asks;
use crate::media::codec::{FRAME_SAMPLES, Frame};
use crate::words::Moment;

/// Samples the detector of human voices hears at once: 32 ms at 8 kHz.
pub const BLOCK_SAMPLES: usize = 256;

/// What is likelier than this is a voice.
const LIKELY: f32 = 0.5;

/// So many voiced blocks of the last eight make a voice: 160 ms; the detector itself is slower to believe.
const VOICED: u32 = 5;
const VOICED_OF: u128 = 0xff;

/// What is said of late goes by the last second, and by 0.5 s of answers at least.
const OF_LATE: u128 = (1 << 31) - 1;
const ANSWERS_MIN: u32 = 15;

/// Less voice than this in the answers is none, if there is none in the last 130 ms.
const VOICE_SHARE: f32 = 0.2;
const JUST_NOW: u128 = 0xf;

/// Asked so many times without an answer: nobody is there to ask.
const UNANSWERED_MAX: u32 = 94;

/// Sound that the detector of human voices is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub samples: [i16; BLOCK_SAMPLES],
    /// It follows the block before, so what the detector remembers of that one holds.
    pub follows: bool,
    /// It is the first of a window; who has no time refuses it, and the window with it.
    pub begins: bool,
}

/// Blocks of a window at most, with the one that begins it.
pub const WINDOW_BLOCKS: u16 = 17;

/// Keeps what is asked and answered about a human voice on one line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Human {
    filling: [i16; BLOCK_SAMPLES],
    filled: usize,
    full: Option<Block>,
    asked_before: bool,
    begins: bool,
    unanswered: u32,
    /// The last blocks as bits, the newest lowest: a voice, and whether it is known.
    voiced: u128,
    known: u128,
    heard: Option<Moment>,
    heard_by_level: Option<Moment>,
}

impl Default for Human {
    fn default() -> Self {
        Self {
            filling: [0; BLOCK_SAMPLES],
            filled: 0,
            full: None,
            asked_before: false,
            begins: false,
            unanswered: 0,
            voiced: 0,
            known: 0,
            heard: None,
            heard_by_level: None,
        }
    }
}

impl Human {
    /// Takes in a frame; the block it completes is to be asked about within a window.
    pub(super) fn hear(&mut self, frame: &Frame, asks: Asks) {
        self.begins |= asks == Asks::Begins;
        let room = BLOCK_SAMPLES - self.filled;
        let (now, later) = frame.split_at(room.min(FRAME_SAMPLES));
        self.filling[self.filled..self.filled + now.len()].copy_from_slice(now);
        self.filled += now.len();
        if self.filled == BLOCK_SAMPLES {
            self.complete(asks != Asks::No);
            self.filling[..later.len()].copy_from_slice(later);
            self.filled = later.len();
        }
    }

    fn complete(&mut self, asks: bool) {
        self.full = asks.then_some(Block {
            samples: self.filling,
            follows: self.asked_before,
            begins: take(&mut self.begins),
        });
        self.asked_before = asks;
        if asks {
            self.unanswered = self.unanswered.saturating_add(1);
        } else {
            self.voiced <<= 1;
            self.known <<= 1;
        }
    }

    /// Nobody has time for the block that was taken last, nor for its window.
    pub(super) fn refuse(&mut self) {
        self.asked_before = false;
        self.voiced <<= 1;
        self.known <<= 1;
        // The whole window will not be answered, and its first block is counted.
        let others = u32::from(WINDOW_BLOCKS).saturating_sub(1);
        self.unanswered = self.unanswered.saturating_add(others);
    }

    pub(super) fn take_block(&mut self) -> Option<Block> {
        self.full.take()
    }

    /// How likely the block asked about is a voice.
    pub(super) fn answer(&mut self, probability: f32, now: Moment) {
        self.unanswered = 0;
        self.known = self.known << 1 | 1;
        self.voiced = self.voiced << 1 | u128::from(probability > LIKELY);
        if (self.voiced & VOICED_OF).count_ones() >= VOICED {
            self.heard.get_or_insert(now);
        }
    }

    /// The level says that somebody speaks: believed where nobody answers.
    pub(super) fn note_level_voice(&mut self, now: Moment) {
        self.heard_by_level.get_or_insert(now);
    }

    /// When the first voice was known for one.
    pub(super) fn heard(&self) -> Option<Moment> {
        self.heard
            .or(self.heard_by_level.filter(|_| self.is_unanswered()))
    }

    /// What came of late was asked about, and was no voice.
    pub(super) fn is_known_to_be_none(&self) -> bool {
        let answers = (self.known & OF_LATE).count_ones();
        let just_now = self.voiced & JUST_NOW;
        answers >= ANSWERS_MIN && just_now == 0 && self.voice_share() < VOICE_SHARE
    }

    /// There was a voice in the last 250 ms that were asked about.
    pub(super) fn is_voice_now(&self) -> bool {
        self.voiced & VOICED_OF != 0
    }

    /// The last 250 ms were asked about, and none of it is voice.
    pub(super) fn is_silent_of_late(&self) -> bool {
        self.known & VOICED_OF == VOICED_OF && self.voiced & VOICED_OF == 0
    }

    /// A voice, in most of the answers of the last second.
    pub(super) fn is_voice_of_late(&self) -> bool {
        let voiced = (self.voiced & self.known & OF_LATE).count_ones();
        voiced >= VOICED && self.voice_share() > 0.5
    }

    /// The share of voice in the answers of the last second.
    pub(super) fn voice_share(&self) -> f32 {
        let answers = (self.known & OF_LATE).count_ones();
        let voiced = (self.voiced & self.known & OF_LATE).count_ones();
        voiced as f32 / answers.max(1) as f32
    }

    /// Nobody answers: what is known of voices is by level alone.
    fn is_unanswered(&self) -> bool {
        self.unanswered > UNANSWERED_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_from_frames_without_a_gap() {
        let mut human = Human::default();
        let mut blocks = Vec::new();
        for frame in 0..8_usize {
            let sound = std::array::from_fn(|n| (frame * FRAME_SAMPLES + n) as i16);
            human.hear(&sound, Asks::GoesOn);
            blocks.extend(human.take_block());
        }
        assert_eq!(blocks.len(), 5);
        let samples = blocks.iter().flat_map(|block| block.samples);
        assert!(samples.eq(0..1_280));
        assert!(!blocks[0].follows && blocks[1].follows);
    }

    #[test]
    fn the_first_block_of_a_window_says_so() {
        let mut human = Human::default();
        let asked = [
            Asks::No,
            Asks::Begins,
            Asks::GoesOn,
            Asks::GoesOn,
            Asks::Begins,
        ];
        let begins = asked.map(|asks| {
            human.hear(&[0; FRAME_SAMPLES], asks);
            human.take_block().map(|block| block.begins)
        });
        assert_eq!(begins, [None, Some(true), None, Some(false), Some(true)]);
    }

    #[test]
    fn windows_that_are_refused_are_not_answered() {
        let mut human = Human::default();
        human.note_level_voice(Moment::ZERO);
        for _ in 0..6 {
            for _ in 0..2 {
                human.hear(&[9; FRAME_SAMPLES], Asks::Begins);
            }
            human.refuse();
        }
        assert!(human.heard().is_some() && !human.is_known_to_be_none());
    }

    #[test]
    fn five_voiced_blocks_of_eight_are_a_voice() {
        let mut human = Human::default();
        for p in [0.9, 0.1, 0.8, 0.9, 0.2, 0.9] {
            human.answer(p, Moment::ZERO);
        }
        assert_eq!(human.heard(), None);
        human.answer(0.9, Moment::from_nanos(7));
        assert_eq!(human.heard(), Some(Moment::from_nanos(7)));
    }

    #[test]
    fn only_answers_make_it_known_that_nobody_speaks() {
        let mut human = Human::default();
        for _ in 0..100 {
            human.hear(&[0; FRAME_SAMPLES], Asks::No);
        }
        assert!(!human.is_known_to_be_none());
        (0..15).for_each(|_| human.answer(0.01, Moment::ZERO));
        assert!(human.is_known_to_be_none());
        (0..15).for_each(|_| human.answer(0.9, Moment::ZERO));
        assert!(!human.is_known_to_be_none());
    }

    #[test]
    fn a_voice_by_level_counts_where_nobody_answers() {
        let mut human = Human::default();
        human.note_level_voice(Moment::ZERO);
        assert_eq!(human.heard(), None);
        for _ in 0..200 {
            human.hear(&[9; FRAME_SAMPLES], Asks::GoesOn);
        }
        human.note_level_voice(Moment::ZERO);
        assert!(human.is_unanswered() && human.heard().is_some());
    }
}
