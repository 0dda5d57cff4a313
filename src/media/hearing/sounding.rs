use super::Verdict;
use super::character::Character;
use super::echo::{Echo, EchoFound};
use super::human::{Block, Human};
use super::level::Level;
use super::limits::Limits;
use super::line_noise::LineNoise;
use super::loudness::{Believes, Loudness};
use super::narrow::Narrow;
use super::spectrum::Spectrum;
use crate::media::codec::{Frame, Rate, SILENT_FRAME};
use crate::words::Moment;

/// There may be a voice where a frame stands so far above the noise, dB.
const ABOVE_NOISE_DB: f32 = 5.0;

/// What is quieter is nobody's voice, dBov.
const SOUND_MIN_DBOV: f32 = -62.0;

/// The detector is asked for so many frames after the last that may be a voice.
const ASKS_ON: u16 = 25;

/// So much quieter than a voice that was heard is what is behind it, dB: a room, a radio.
const BEHIND_DB: f32 = 10.0;

/// Music was suspected: asked for a second, then not for ten, in frames.
const SUSPICION: u16 = 50;
const SUSPICION_RESTS: u16 = 500;

/// A kind of sound holds on for so many frames after it was heard last: a ring-back tone pauses for 4 s.
const CHARACTER_HOLDS: u16 = 225;

/// What the sound on one line is, however it came.
#[derive(Debug)]
pub(super) struct Sounding {
    narrow: Narrow,
    narrow_ours: Narrow,
    ours: Frame,
    spectrum: Spectrum,
    character: Character,
    loudness: Loudness,
    noise: LineNoise,
    echo: Echo,
    human: Human,
    counts: Counts,
}

/// Frames that are left.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    asks: u16,
    suspicion: u16,
    suspicion_rests: u16,
    music: u16,
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
            narrow_ours: Narrow::default(),
            ours: SILENT_FRAME,
            spectrum: Spectrum::new(),
            character: Character::new(limits.music),
            loudness: Loudness::new(),
            noise: LineNoise::default(),
            echo: Echo::new(),
            human: Human::default(),
            counts: Counts::default(),
        }
    }

    /// Takes in what is sent to the party in these 20 ms.
    pub(super) fn hear_ours(&mut self, frame: &[i16], rate: Rate) {
        self.ours = self.narrow_ours.take(frame, rate);
    }

    /// Hears what came of the party in these 20 ms.
    pub(super) fn hear(&mut self, frame: &[i16], rate: Rate, level: &Level, limits: &Limits) {
        let frame = self.narrow.take(frame, rate);
        self.noise.hear(&frame, level.dbov);
        self.echo.hear(&self.ours, &frame);
        self.ours = SILENT_FRAME;
        let asks = self.asks(level.dbov);
        self.human.hear(&frame, asks);
        let believes = match self.human.heard() {
            Some(_) => Believes::Yes,
            None => Believes::No,
        };
        match self.is_music() {
            false => self.loudness.hear(&frame, level, believes),
            true => self.loudness.wait(level),
        }
        self.follow_character(&frame, level, limits);
    }

    /// Nothing came to be heard.
    pub(super) fn pause(&mut self) {
        self.noise.forget();
    }

    pub(super) fn take_block(&mut self) -> Option<Block> {
        self.human.take_block()
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
        self.counts.music > 0
    }

    /// The gravest of what is wrong with a voice that is heard.
    pub(super) fn verdict(&self, limits: &Limits) -> Option<Verdict> {
        self.human.heard()?;
        let levels = &limits.levels;
        self.loudness
            .verdict(levels)
            .or_else(|| self.is_noisy(limits).then_some(Verdict::LineNoise))
            .or_else(|| {
                let echo = self.echo.found(levels.return_loss_db);
                echo.map(|_| Verdict::Echo)
            })
    }

    pub(super) fn measured(&self, limits: &Limits) -> Measured {
        let speech = self.loudness.speech();
        Measured {
            speech_dbov: speech.map(|speech| speech.dbov),
            clipped_share: speech.map_or(0.0, |speech| speech.clipped),
            floor_dbov: self.noise.floor_dbov(),
            snr_db: self.noise.snr_db(self.speech_dbov()),
            hum_dbov: self.noise.hum_dbov(),
            voice_share: self.human.voice_share(),
            echo: self.echo.found(limits.levels.return_loss_db),
        }
    }

    fn speech_dbov(&self) -> Option<f32> {
        self.loudness.speech().map(|speech| speech.dbov)
    }

    /// A steady tone is as loud as its floor, and no noise.
    fn is_noisy(&self, limits: &Limits) -> bool {
        let is_noise = !self.character.is_tonal() && self.noise.is_loud();
        is_noise || self.noise.hum_dbov() > limits.levels.hum_dbov
    }

    /// Only what may be a voice is asked about, until one was heard; later, only what may be music.
    fn asks(&mut self, dbov: f32) -> bool {
        let counts = &mut self.counts;
        let floor = self.noise.floor_dbov().unwrap_or(f32::MIN);
        counts.asks = match dbov > SOUND_MIN_DBOV.max(floor + ABOVE_NOISE_DB) {
            true => ASKS_ON,
            false => counts.asks.saturating_sub(1),
        };
        counts.suspicion = counts.suspicion.saturating_sub(1);
        counts.suspicion_rests = counts.suspicion_rests.saturating_sub(1);
        let first = self.human.heard().is_none() && counts.asks > 0;
        first || counts.suspicion > 0 || counts.music > 0
    }

    fn follow_character(&mut self, frame: &Frame, level: &Level, limits: &Limits) {
        self.counts.music = self.counts.music.saturating_sub(1);
        let Some(tones) = self.spectrum.hear(frame) else {
            return;
        };
        let speech = self.speech_dbov();
        self.noise.step(&limits.levels, speech);
        let voice = self.loudness.loudest_dbov();
        let background = voice.map_or(f32::MIN, |dbov| dbov - BEHIND_DB);
        let is_loud = level.dbov > limits.levels.music_dbov.max(background);
        let is_voiceless = is_loud && self.human.is_silent_of_late();
        self.character.step(is_loud, is_voiceless, tones);
        if self.character.is_suspicious() && self.counts.suspicion_rests == 0 {
            self.counts.suspicion = SUSPICION;
            self.counts.suspicion_rests = SUSPICION + SUSPICION_RESTS;
        }
        let is_no_voice = self.human.is_known_to_be_none() && self.character.is_voiceless();
        let is_musical = self.character.is_signal() || self.character.is_music();
        if is_musical && is_no_voice {
            self.counts.music = CHARACTER_HOLDS;
        } else if self.human.voice_share() > 0.5 {
            self.counts.music = 0;
        }
    }
}
