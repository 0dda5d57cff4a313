//! Who answers our call: a person, a machine, a fax, or the network in his place.

mod cadence;
mod talk;
mod whistle;

use std::mem::replace;

use self::cadence::Cadence;
use self::talk::Talk;
use self::whistle::{Blown, Whistle};
use super::level::Level;
use super::narrow::Narrow;
use super::spectrum::{FRAMES, Spectrum};
use crate::media::codec::Rate;

/// What is heard of whom we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    Ringback,
    /// Busy, or congestion.
    Busy,
    /// Three rising tones: the call cannot be completed (ITU-T E.180).
    SpecialInformation,
    /// Where others ring.
    Music,
    /// Somebody speaks, and the call is not answered yet.
    Announcement,
    /// A fax answers, or calls (ITU-T T.30).
    Fax,
    /// He says a word and waits.
    Person,
    /// It speaks on and on.
    Machine,
    /// It begins to record.
    Beep,
}

/// Hears one party that we call, before its answer and in the first seconds after it.
///
/// Each sign is told once, before the answer and after it; a beep as often as it sounds.
#[derive(Debug)]
pub struct Answerer {
    narrow: Narrow,
    spectrum: Spectrum,
    /// The running 100 ms: what is tone in them is known at their end.
    frames: Vec<Passing>,
    cadence: Cadence,
    whistle: Whistle,
    talk: Talk,
    answered: bool,
    told: u16,
}

/// A frame that has yet to be known for a word or a tone.
#[derive(Clone, Copy, Debug)]
struct Passing {
    level: Level,
    is_pure: bool,
    we_speak: bool,
}

impl Answerer {
    pub fn new() -> Self {
        Self {
            narrow: Narrow::default(),
            spectrum: Spectrum::new(),
            frames: Vec::with_capacity(FRAMES),
            cadence: Cadence::default(),
            whistle: Whistle::default(),
            talk: Talk::default(),
            answered: false,
            told: 0,
        }
    }

    /// They answered: what was heard before was their network.
    pub fn answered(&mut self) {
        if !replace(&mut self.answered, true) {
            self.cadence = Cadence::default();
            self.whistle = Whistle::default();
            self.talk = Talk::default();
            self.told = 0;
        }
    }

    /// Hears 20 ms of theirs; `we_speak`: what comes may be our own words.
    pub fn hear(&mut self, frame: &[i16], rate: Rate, we_speak: bool) -> Option<Sign> {
        let frame = self.narrow.take(frame, rate);
        let level = Level::of(&frame);
        let whistled = self.whistle.hear(&frame, &level);
        self.spectrum.hear(&frame, self.frames.len());
        self.frames.push(Passing {
            level,
            is_pure: self.whistle.is_pure(),
            we_speak,
        });
        let signs = [
            whistled.and_then(|blown| self.of_whistle(blown)),
            self.of_cadence(&level),
            self.of_talk(),
        ];
        signs.into_iter().flatten().find(|sign| self.is_news(*sign))
    }

    fn of_whistle(&self, blown: Blown) -> Option<Sign> {
        match blown {
            Blown::SpecialInformation => Some(Sign::SpecialInformation),
            Blown::FaxAnswers => Some(Sign::Fax),
            // A machine's beep may be as high as the tone of a fax that calls.
            Blown::FaxCalls if !self.talk.has_begun() => Some(Sign::Fax),
            Blown::FaxCalls | Blown::Once if self.answered && self.talk.has_begun() => {
                Some(Sign::Beep)
            }
            Blown::FaxCalls | Blown::Once => None,
        }
    }

    /// Every 100 ms.
    fn of_cadence(&mut self, level: &Level) -> Option<Sign> {
        if self.frames.len() < FRAMES {
            return None;
        }
        let sign = self.cadence.step(level, self.spectrum.tones());
        for Passing {
            level,
            is_pure,
            we_speak,
        } in self.frames.drain(..)
        {
            // Who has begun to speak has vowels that are like two tones.
            let is_tone = is_pure || self.cadence.sounds() && !self.talk.has_begun();
            self.talk.hear(&level, is_tone, we_speak);
        }
        let sign = sign?;
        let is_networks = matches!(sign, Sign::Ringback | Sign::Music);
        (!self.answered || !is_networks).then_some(sign)
    }

    fn of_talk(&self) -> Option<Sign> {
        match self.answered {
            true => self.talk.verdict(),
            false => self.talk.goes_on().then_some(Sign::Announcement),
        }
    }

    fn is_news(&mut self, sign: Sign) -> bool {
        let bit = 1 << sign as u16;
        // The first word counts: music is no announcement, and a person no machine.
        let excludes = match sign {
            Sign::Announcement => 1 << Sign::Music as u16,
            Sign::Music => 1 << Sign::Announcement as u16,
            // After a busy tone nobody is there.
            Sign::Machine => 1 << Sign::Person as u16 | 1 << Sign::Busy as u16,
            Sign::Person => 1 << Sign::Machine as u16 | 1 << Sign::Busy as u16,
            Sign::Ringback | Sign::Busy | Sign::SpecialInformation | Sign::Fax | Sign::Beep => 0,
        };
        let is_news = sign == Sign::Beep || self.told & (bit | excludes) == 0;
        self.told |= if is_news { bit } else { 0 };
        is_news
    }
}

impl Default for Answerer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::words::Entropy;

    const FRAME: usize = 160;

    /// Tones of these Hz for so many ms; none is silence.
    type Part = (&'static [f32], usize);

    /// The signs of these parts, each with its milliseconds, over noise of -55 dBov.
    fn heard(answered: bool, parts: &[Part]) -> Vec<(Sign, usize)> {
        let mut answerer = Answerer::new();
        if answered {
            answerer.answered();
        }
        let mut chance = Entropy::from_number(3);
        let sound: Vec<i16> = parts
            .iter()
            .flat_map(|(tones, ms)| (0..ms * 8).map(move |n| sines(tones, n)))
            .map(|sample| (sample + (f32::from(chance.u16()) / 32_768.0 - 1.0) * 100.0) as i16)
            .collect();
        let frames = sound.chunks_exact(FRAME).enumerate();
        let signs = frames
            .filter_map(|(n, frame)| Some((answerer.hear(frame, Rate::Narrow, false)?, n * 20)));
        signs.collect()
    }

    fn sines(tones: &[f32], n: usize) -> f32 {
        let sine = |hz: &f32| (n as f32 * hz * TAU / 8_000.0).sin() * 3_000.0;
        tones.iter().map(sine).sum()
    }

    fn signs(answered: bool, parts: &[Part]) -> Vec<Sign> {
        let heard = heard(answered, parts);
        heard.into_iter().map(|(sign, _)| sign).collect()
    }

    /// Eight times the same.
    fn rhythm(parts: &[Part]) -> Vec<Part> {
        parts.repeat(8)
    }

    /// ITU-T E.180, and its supplement 2 for the countries: China, North America, the United Kingdom, France, Japan.
    #[test]
    fn the_networks_tones_are_known_by_their_rhythm() {
        let busy: [&[Part]; 6] = [
            &[(&[450.0], 350), (&[], 350)],
            &[(&[450.0], 700), (&[], 700)],
            &[(&[480.0, 620.0], 500), (&[], 500)],
            &[(&[480.0, 620.0], 250), (&[], 250)],
            &[(&[400.0], 375), (&[], 375)],
            &[(&[440.0], 500), (&[], 500)],
        ];
        for parts in busy {
            assert_eq!(signs(false, &rhythm(parts)), [Sign::Busy], "{parts:?}");
            assert_eq!(signs(true, &rhythm(parts)), [Sign::Busy], "{parts:?}");
        }
        let rings: [&[Part]; 4] = [
            &[(&[450.0], 1_000), (&[], 4_000)],
            &[(&[440.0, 480.0], 2_000), (&[], 4_000)],
            &[
                (&[400.0, 450.0], 400),
                (&[], 200),
                (&[400.0, 450.0], 400),
                (&[], 2_000),
            ],
            &[(&[440.0], 1_500), (&[], 3_500)],
        ];
        for parts in rings {
            assert_eq!(signs(false, &rhythm(parts)), [Sign::Ringback], "{parts:?}");
            let answered = signs(true, &rhythm(parts));
            assert!(!answered.contains(&Sign::Ringback), "{parts:?}");
        }
    }

    #[test]
    fn three_rising_tones_are_special_information() {
        let three: &[Part] = &[
            (&[950.0], 330),
            (&[1_400.0], 330),
            (&[1_800.0], 330),
            (&[], 1_000),
        ];
        let bell: &[Part] = &[
            (&[913.8], 274),
            (&[1_370.6], 274),
            (&[1_776.7], 380),
            (&[], 1_000),
        ];
        for parts in [three, bell] {
            assert_eq!(signs(false, parts), [Sign::SpecialInformation], "{parts:?}");
        }
        assert_eq!(signs(false, &three[..2]), []);
        assert_eq!(signs(false, &[three[2], three[1], three[0]]), []);
    }

    #[test]
    fn a_fax_is_known_by_what_it_answers_or_calls_with() {
        let told = heard(true, &[(&[], 500), (&[2_100.0], 3_000)]);
        assert_eq!(
            told.iter().map(|told| told.0).collect::<Vec<_>>(),
            [Sign::Fax]
        );
        assert!(told[0].1 <= 1_100, "{told:?}");
        assert_eq!(
            signs(true, &[(&[], 500), (&[1_100.0], 500), (&[], 3_000)]),
            [Sign::Fax]
        );
    }

    /// A greeting, for what a tone is after it: words of changing pitch.
    fn greeting() -> Vec<Part> {
        let words: [Part; 4] = [
            (&[210.0, 700.0, 1_130.0, 2_410.0], 90),
            (&[230.0, 520.0, 1_740.0], 60),
            (&[190.0, 610.0, 990.0, 2_890.0], 110),
            (&[], 40),
        ];
        words.repeat(15)
    }

    #[test]
    fn a_beep_after_words_is_one_wherever_it_is_and_ends_it() {
        for hz in [
            &[400.0][..],
            &[620.0],
            &[1_000.0],
            &[1_100.0],
            &[1_400.0],
            &[1_950.0],
        ] {
            for ms in [150, 200, 500, 1_000] {
                let hz: &'static [f32] = hz.to_vec().leak();
                let mut parts = greeting();
                parts.extend([(&[][..], 300), (hz, ms), (&[][..], 400)]);
                let beeps = signs(true, &parts)
                    .iter()
                    .filter(|it| **it == Sign::Beep)
                    .count();
                assert_eq!(beeps, 1, "{hz:?} for {ms} ms");
            }
        }
    }

    #[test]
    fn a_beep_without_a_word_or_before_the_answer_is_none() {
        let beep: [Part; 3] = [(&[], 500), (&[1_000.0], 400), (&[], 500)];
        assert_eq!(signs(true, &beep), []);
        let mut parts = greeting();
        parts.extend(beep);
        assert!(!signs(false, &parts).contains(&Sign::Beep));
    }

    #[test]
    fn what_was_heard_before_the_answer_is_forgotten_with_it() {
        let mut answerer = Answerer::new();
        let speech = |answerer: &mut Answerer| {
            let words = greeting();
            let sound: Vec<i16> = words
                .iter()
                .flat_map(|(tones, ms)| (0..ms * 8).map(|n| sines(tones, n) as i16))
                .collect();
            let frames = sound.chunks_exact(FRAME);
            let signs = frames.filter_map(|frame| answerer.hear(frame, Rate::Narrow, false));
            signs.collect::<Vec<_>>()
        };
        assert_eq!(speech(&mut answerer), [Sign::Announcement]);
        answerer.answered();
        assert_eq!(speech(&mut answerer), [Sign::Machine]);
    }
}
