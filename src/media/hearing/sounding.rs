use std::mem::replace;

use super::Verdict;
use super::asking::{Asking, Known};
use super::character::Character;
use super::echo::{self, Echo, EchoFound};
use super::human::{Block, Human};
use super::level::Level;
use super::limits::Limits;
use super::line_noise::LineNoise;
use super::loudness::{Believes, Loudness};
use super::narrow::Narrow;
use super::spectrum::{FRAMES, Spectrum, Tones};
use crate::media::codec::Rate;
use crate::words::Moment;

/// So much quieter than a voice that was heard is what is behind it, dB: a room, a radio.
const BEHIND_DB: f32 = 10.0;

/// A kind of sound holds on for so many frames after it was heard last: a ring-back tone pauses for 4 s.
const CHARACTER_HOLDS: u16 = 225;

/// What the sound on one line is, however it came.
///
/// Some of it is heard frame by frame; what it comes to is judged every 100 ms.
#[derive(Debug)]
pub(super) struct Sounding {
    narrow: Narrow,
    /// How loud what is sent in these 20 ms is.
    ours: [f32; echo::STEPS],
    spectrum: Spectrum,
    character: Character,
    loudness: Loudness,
    noise: LineNoise,
    echo: Echo,
    human: Human,
    asking: Asking,
    judged: Judged,
}

/// What the last 100 ms came to.
#[derive(Clone, Copy, Debug, Default)]
struct Judged {
    /// Frames since.
    frames: usize,
    /// Frames for which it is still music.
    music: u16,
    is_steady: bool,
    verdict: Option<Verdict>,
}

/// The numbers behind a verdict on sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Active speech level, dBov.
    pub speech_dbov: Option<f32>,
    /// Samples of speech at the rails, 0 to 1.
    pub clipped_share: f32,
    pub floor_dbov: Option<f32>,
    pub snr_db: Option<f32>,
    pub hum_dbov: f32,
    /// The share of voice in what was asked about in the last second, 0 to 1.
    pub voice_share: f32,
    pub echo: Option<EchoFound>,
}

impl Sounding {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            narrow: Narrow::default(),
            ours: Echo::SILENCE,
            spectrum: Spectrum::new(),
            character: Character::new(limits.music),
            loudness: Loudness::new(),
            noise: LineNoise::default(),
            echo: Echo::new(),
            human: Human::default(),
            asking: Asking::default(),
            judged: Judged::default(),
        }
    }

    /// Takes in what is sent to the party in these 20 ms; whether somebody speaks in it.
    pub(super) fn hear_ours(&mut self, frame: &[i16]) -> bool {
        self.ours = echo::levels(frame);
        echo::we_speak(self.ours)
    }

    /// Hears what came of the party in these 20 ms.
    pub(super) fn hear(&mut self, frame: &[i16], rate: Rate, level: &Level, limits: &Limits) {
        let ours = replace(&mut self.ours, Echo::SILENCE);
        self.echo.hear(ours, echo::levels(frame));
        let frame = self.narrow.take(frame, rate);
        self.noise.hear(&frame, level.dbov);
        self.spectrum.hear(&frame, self.judged.frames);
        let asks = self.asking.asks(Known {
            dbov: level.dbov,
            floor_dbov: self.noise.floor_dbov(),
            voice: self.human.heard().is_some(),
            voice_now: self.human.is_voice_now(),
            music: self.is_music(),
        });
        self.human.hear(&frame, asks);
        let believes = match self.human.heard() {
            Some(_) => Believes::Yes,
            None => Believes::No,
        };
        let mut is_news = false;
        match self.is_music() {
            false => is_news = self.loudness.hear(&frame, level, believes),
            true => self.loudness.wait(level),
        }
        self.judged.music = self.judged.music.saturating_sub(1);
        self.judged.frames += 1;
        if self.judged.frames == FRAMES {
            self.judged.frames = 0;
            self.judge(level, limits);
            is_news = true;
        }
        if is_news {
            self.name(limits);
        }
    }

    /// Nothing came to be heard.
    pub(super) fn pause(&mut self) {
        self.noise.forget();
    }

    /// What came was their hold music, or a part of it.
    pub(super) fn forget_music(&mut self) {
        self.character.forget();
        self.judged.music = 0;
        self.noise.forget();
    }

    pub(super) fn take_block(&mut self) -> Option<Block> {
        self.human.take_block()
    }

    /// Nobody has time for the block that was taken last.
    pub(super) fn refuse(&mut self) {
        self.asking.refuse();
        self.human.refuse();
    }

    pub(super) fn answer(&mut self, probability: f32, now: Moment) {
        self.human.answer(probability, now);
    }

    pub(super) fn note_level_voice(&mut self, now: Moment) {
        self.human.note_level_voice(now);
    }

    pub(super) fn voice_heard(&self) -> Option<Moment> {
        self.human.heard()
    }

    /// Hold music, ring-back, busy, fax.
    pub(super) fn is_music(&self) -> bool {
        self.judged.music > 0
    }

    /// The gravest of what is wrong with a voice that is heard.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.judged.verdict.filter(|_| self.human.heard().is_some())
    }

    pub(super) fn measured(&self) -> Measured {
        let speech = self.loudness.speech();
        Measured {
            speech_dbov: speech.map(|speech| speech.dbov),
            clipped_share: speech.map_or(0.0, |speech| speech.clipped),
            floor_dbov: self.noise.floor_dbov(),
            snr_db: self.noise.snr_db(self.speech_dbov()),
            hum_dbov: self.noise.hum_dbov(),
            voice_share: self.human.voice_share(),
            echo: self.echo.found(),
        }
    }

    fn speech_dbov(&self) -> Option<f32> {
        self.loudness.speech().map(|speech| speech.dbov)
    }

    /// Every 100 ms; `level` is that of the last frame.
    fn judge(&mut self, level: &Level, limits: &Limits) {
        self.noise.step(&limits.levels, self.speech_dbov());
        self.echo.judge(limits.levels.return_loss_db);
        self.follow_character(level, limits);
    }

    /// The gravest of all that was found.
    fn name(&mut self, limits: &Limits) {
        let loudness = self.loudness.judge(&limits.levels);
        let echo = self.echo.found().map(|_| Verdict::Echo);
        self.judged.verdict = loudness
            .or_else(|| self.is_noisy().then_some(Verdict::LineNoise))
            .or(echo);
    }

    /// A steady tone is as loud as its floor, and no noise.
    fn is_noisy(&self) -> bool {
        let is_noise = !self.character.is_tonal() && self.noise.is_loud();
        is_noise || self.noise.hums()
    }

    fn follow_character(&mut self, level: &Level, limits: &Limits) {
        let voice = self.loudness.loudest_dbov();
        let background = voice.map_or(f32::MIN, |dbov| dbov - BEHIND_DB);
        let is_loud = level.dbov > limits.levels.music_dbov.max(background);
        let is_voiceless = is_loud && self.human.is_silent_of_late();
        // What is quiet is not looked into: its tones count for nothing.
        let tones = match is_loud {
            true => self.spectrum.tones(),
            false => Tones::default(),
        };
        self.character.step(is_loud, is_voiceless, tones);
        if self.character.is_suspicious() {
            self.asking.suspect_music();
        }
        let was_steady = replace(&mut self.judged.is_steady, self.character.is_steady());
        if was_steady && !self.judged.is_steady {
            self.asking.note_change();
        }
        self.follow_music();
    }

    /// It is music once it is known to be no voice, and while it sounds like music and no voice is found in it.
    fn follow_music(&mut self) {
        let is_no_voice = self.human.is_known_to_be_none() && self.character.is_voiceless();
        if self.human.is_voice_of_late() {
            self.judged.music = 0;
        } else if self.character.is_musical() && (is_no_voice || self.is_music()) {
            if !self.is_music() {
                self.asking.is_known();
            }
            self.judged.music = CHARACTER_HOLDS;
        }
    }
}
