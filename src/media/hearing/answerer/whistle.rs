use std::f32::consts::TAU;

use crate::media::codec::Frame;
use crate::media::hearing::level::Level;
use crate::media::resonator::Resonators;

/// Where machines beep, Hz.
const BEEP_HZ: (f32, f32) = (300.0, 2_000.0);

/// A beep lasts 150 ms at least, of which six frames are whole; a vowel that is so steady is sung.
const BEEP_FRAMES: u16 = 6;

/// Longer is no beep but a tone of the network. Frames.
const BEEP_FRAMES_MAX: u16 = 100;

/// What a fax answers with: 2,100 Hz +- 15 for 2.6 s and more (ITU-T T.30 4.2); half a second of it will do.
const ANSWER_HZ: (f32, f32) = (2_080.0, 2_120.0);
const ANSWER_FRAMES: u16 = 25;

/// What a fax calls with: 1,100 Hz +- 38 for 0.5 s +- 15 % (ITU-T T.30 4.2).
const CALLING_HZ: (f32, f32) = (1_060.0, 1_140.0);
const CALLING_FRAMES: (u16, u16) = (20, 29);

/// The three special information tones (ITU-T E.180 7), 330 ms +- 70 each; half of one will do.
const SPECIAL_HZ: [(f32, f32); 3] = [(890.0, 1_010.0), (1_345.0, 1_455.0), (1_740.0, 1_860.0)];
const SPECIAL_FRAMES: u16 = 8;

/// The next of the three follows at once: pauses of 0 to 1 s are allowed. Frames.
const SPECIAL_PAUSE: u16 = 50;

/// A frame is a tone where one sine makes up so much of it: noise of 8 dB less under it included.
const PURE: f32 = 0.85;

/// And where it is loud enough to be meant, dBov.
const LOUD_DBOV: f32 = -45.0;

/// Pitches that are tried on a frame, around the one it seems to have.
const TRIED: usize = 13;
const MIDDLE: f32 = 6.0;
const TRIED_EVERY_HZ: f32 = 10.0;

/// A tone keeps its pitch and its level, from frame to frame: 2.5 %, 3 dB.
const SAME_PITCH: f32 = 0.025;
const SAME_DB: f32 = 3.0;

/// A single steady tone has ended, or has lasted for long enough to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blown {
    /// It may be a beep.
    Once,
    SpecialInformation,
    FaxAnswers,
    FaxCalls,
}

/// Follows single steady tones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Whistle {
    tone: Option<Tone>,
    /// Of the three special tones: how many came, and how many frames ago.
    special: usize,
    since_special: u16,
}

/// One that sounds.
#[derive(Clone, Copy, Debug)]
struct Tone {
    hz: f32,
    dbov: f32,
    frames: u16,
}

impl Whistle {
    /// Hears 20 ms.
    pub(super) fn hear(&mut self, frame: &Frame, level: &Level) -> Option<Blown> {
        self.since_special = self.since_special.saturating_add(1);
        let hz = pitch(frame).filter(|_| level.dbov > LOUD_DBOV);
        let follows = self
            .tone
            .zip(hz)
            .filter(|(tone, hz)| tone.goes_on(*hz, level.dbov));
        if let Some((tone, _)) = follows {
            let frames = tone.frames.saturating_add(1);
            self.tone = Some(Tone { frames, ..tone });
            return self.lasts();
        }
        let ended = self.tone.take();
        self.tone = hz.map(|hz| Tone {
            hz,
            dbov: level.dbov,
            frames: 1,
        });
        ended.and_then(Tone::ended)
    }

    /// Whether the last frame was one sine.
    pub(super) fn is_pure(&self) -> bool {
        self.tone.is_some()
    }

    /// What needs no end to be known.
    fn lasts(&mut self) -> Option<Blown> {
        let tone = self.tone?;
        if tone.frames == ANSWER_FRAMES && is_within(tone.hz, ANSWER_HZ) {
            return Some(Blown::FaxAnswers);
        }
        (tone.frames == SPECIAL_FRAMES && self.is_third(tone.hz))
            .then_some(Blown::SpecialInformation)
    }

    /// Whether the third of the special tones has come, after the others.
    fn is_third(&mut self, hz: f32) -> bool {
        if self.since_special > SPECIAL_PAUSE {
            self.special = 0;
        }
        let is = |nth: usize| SPECIAL_HZ.get(nth).is_some_and(|band| is_within(hz, *band));
        self.special = match self.special {
            nth if is(nth) => nth + 1,
            _ if is(0) => 1,
            _ => return false,
        };
        self.since_special = 0;
        self.special == SPECIAL_HZ.len()
    }
}

impl Tone {
    fn goes_on(&self, hz: f32, dbov: f32) -> bool {
        (hz - self.hz).abs() < SAME_PITCH * self.hz && (dbov - self.dbov).abs() < SAME_DB
    }

    fn ended(self) -> Option<Blown> {
        let (least, most) = CALLING_FRAMES;
        let is_call = (least..=most).contains(&self.frames) && is_within(self.hz, CALLING_HZ);
        let is_beep = (BEEP_FRAMES..=BEEP_FRAMES_MAX).contains(&self.frames);
        match is_call {
            true => Some(Blown::FaxCalls),
            false => (is_beep && is_within(self.hz, BEEP_HZ)).then_some(Blown::Once),
        }
    }
}

fn is_within(hz: f32, (least, most): (f32, f32)) -> bool {
    (least..=most).contains(&hz)
}

/// The pitch of a frame that is one sine, Hz.
fn pitch(frame: &Frame) -> Option<f32> {
    let about = rough_pitch(frame)?;
    let tried: [f32; TRIED] = std::array::from_fn(|n| about + TRIED_EVERY_HZ * (n as f32 - MIDDLE));
    let mut resonators = Resonators::new(tried);
    resonators.hear(frame);
    let powers = tried.into_iter().zip(resonators.take_powers());
    let (hz, power) = powers.max_by(|one, other| one.1.total_cmp(&other.1))?;
    (power >= PURE * mean_power(frame)).then_some(hz)
}

/// A sine follows from its last two samples: x[n+1] + x[n-1] = 2 cos(w) x[n]. Noise moves it by some 50 Hz.
fn rough_pitch(frame: &Frame) -> Option<f32> {
    let (mut sides, mut own) = (0.0, 0.0);
    for three in frame.windows(3) {
        if let [before, now, after] = *three {
            let now = f32::from(now);
            sides += (f32::from(before) + f32::from(after)) * now;
            own += now * now;
        }
    }
    let cosine: f32 = sides / (2.0 * own);
    (own > 0.0 && cosine.abs() < 1.0).then(|| cosine.acos() * 8_000.0 / TAU)
}

fn mean_power(frame: &Frame) -> f32 {
    let energy: f32 = frame.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    energy / frame.len() as f32
}
