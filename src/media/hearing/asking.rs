/// There may be a voice where a frame stands so far above the noise, dB.
const ABOVE_NOISE_DB: f32 = 5.0;

/// What is quieter is nobody's voice, dBov.
const SOUND_MIN_DBOV: f32 = -62.0;

/// The detector may be asked for so many frames after the last that may be a voice.
const SOUND_LASTS: u16 = 25;

/// It is asked for so many frames on end: enough for 16 blocks, of which it needs half before it believes.
const WINDOW: u16 = 26;

/// What is suspected to be music is asked about for a second, then not for ten, in frames.
const SUSPICION: u16 = 50;
const SUSPICION_RESTS: u16 = 500;

/// A frame that is heard earns one, a frame that is asked about costs so many: in the long run an eighth is asked about,
/// 3.9 blocks a second.
const PRICE: u16 = 8;

/// Who was not asked about for long may be for 6 s on end, so the verdicts of a call's beginning are in time.
const PURSE_MAX: u16 = 300 * PRICE;

/// Two windows are kept for what is new: sound after a pause, another kind of sound, what may be the beginning of a voice.
const KEPT: u16 = 2 * WINDOW * PRICE;

/// Whoever is refused for want of time asks again after so many frames.
const REFUSAL_RESTS: u16 = 25;

/// When the detector of human voices is asked: in windows, and as often as the purse allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    /// Frames that are left of the sound that may be a voice, and of the running window.
    sound: u16,
    window: u16,
    /// Frames in which music is suspected, and until it may be again.
    suspicion: u16,
    suspicion_rests: u16,
    refusal_rests: u16,
    purse: u16,
    /// Something is new, and was not asked about yet.
    is_new: bool,
}

/// What is known of a line when its next frame is heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Of this frame.
    pub(super) dbov: f32,
    /// Of the noise; none yet.
    pub(super) floor_dbov: Option<f32>,
    /// A voice was heard before.
    pub(super) voice: bool,
    /// There was a voice in the last answers.
    pub(super) voice_now: bool,
    /// It is music.
    pub(super) music: bool,
}

/// Whether a frame is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    No,
    /// It is the first of a window.
    Begins,
    GoesOn,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            sound: 0,
            window: 0,
            suspicion: 0,
            suspicion_rests: 0,
            refusal_rests: 0,
            purse: PURSE_MAX,
            is_new: false,
        }
    }
}

impl Asking {
    /// Whether the next frame is asked about: what may be the first voice; later, only what may be music.
    pub(super) fn asks(&mut self, known: Known) -> Asks {
        self.purse = PURSE_MAX.min(self.purse + 1);
        self.suspicion = self.suspicion.saturating_sub(1);
        self.suspicion_rests = self.suspicion_rests.saturating_sub(1);
        self.refusal_rests = self.refusal_rests.saturating_sub(1);
        self.follow_sound(known);
        let begins = self.window == 0 && self.begins(known);
        if begins {
            self.window = WINDOW;
            self.is_new = false;
        }
        if self.window == 0 {
            return Asks::No;
        }
        self.window -= 1;
        self.purse = self.purse.saturating_sub(PRICE);
        match begins {
            true => Asks::Begins,
            false => Asks::GoesOn,
        }
    }

    /// It sounds like music, unless that was found to be wrong a moment ago.
    pub(super) fn suspect_music(&mut self) {
        if self.suspicion_rests == 0 {
            self.suspicion = SUSPICION;
            self.suspicion_rests = SUSPICION + SUSPICION_RESTS;
        }
    }

    /// It is known what it is: from now on it is asked about now and then.
    pub(super) fn is_known(&mut self) {
        self.purse = self.purse.min(KEPT);
    }

    /// It sounds otherwise than before.
    pub(super) fn note_change(&mut self) {
        self.is_new = true;
    }

    /// Nobody has time for the window that just began.
    pub(super) fn refuse(&mut self) {
        let asked = WINDOW.saturating_sub(self.window);
        self.purse = PURSE_MAX.min(self.purse + asked * PRICE);
        self.window = 0;
        self.refusal_rests = REFUSAL_RESTS;
        self.is_new = true;
    }

    fn follow_sound(&mut self, known: Known) {
        let floor = known.floor_dbov.unwrap_or(f32::MIN);
        let is_sound = known.dbov > SOUND_MIN_DBOV.max(floor + ABOVE_NOISE_DB);
        self.is_new |= is_sound && self.sound == 0;
        self.sound = match is_sound {
            true => SOUND_LASTS,
            false => self.sound.saturating_sub(1),
        };
    }

    fn begins(&self, known: Known) -> bool {
        let first = !known.voice && self.sound > 0;
        let is_wanted = first || self.suspicion > 0 || known.music;
        let kept = match self.is_new || known.voice_now {
            true => 0,
            false => KEPT,
        };
        is_wanted && self.refusal_rests == 0 && self.purse >= kept + WINDOW * PRICE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUSIC: Known = Known {
        dbov: -20.0,
        floor_dbov: Some(-40.0),
        voice: false,
        voice_now: false,
        music: true,
    };
    const QUIET: Known = Known {
        dbov: -60.0,
        music: false,
        ..MUSIC
    };

    /// The frames of so many seconds that are asked about.
    fn asked(asking: &mut Asking, seconds: usize, known: Known) -> usize {
        (0..seconds * 50)
            .filter(|_| asking.asks(known) != Asks::No)
            .count()
    }

    #[test]
    fn the_first_seconds_of_a_call_are_asked_about_and_then_an_eighth() {
        let mut asking = Asking::default();
        assert_eq!(asked(&mut asking, 5, MUSIC), 250);
        asked(&mut asking, 60, MUSIC);
        let an_hour = asked(&mut asking, 3_600, MUSIC);
        assert!((22_000..=22_500 + 26).contains(&an_hour), "{an_hour}");
    }

    #[test]
    fn sound_after_a_pause_is_asked_about_at_once() {
        let mut asking = Asking::default();
        asked(&mut asking, 60, MUSIC);
        asked(&mut asking, 4, QUIET);
        assert_eq!(asking.asks(MUSIC), Asks::Begins);
    }

    #[test]
    fn who_is_known_is_asked_about_now_and_then() {
        let mut asking = Asking::default();
        asking.is_known();
        asking.is_new = false;
        asking.sound = SOUND_LASTS;
        let mut frames = 0;
        while asking.asks(MUSIC) == Asks::No {
            frames += 1;
        }
        assert_eq!(frames, 207, "4 s");
    }

    #[test]
    fn an_established_voice_is_not_asked_about() {
        let voice = Known {
            voice: true,
            music: false,
            ..MUSIC
        };
        assert_eq!(asked(&mut Asking::default(), 600, voice), 0);
    }

    #[test]
    fn who_is_refused_asks_again_after_half_a_second_and_has_lost_nothing() {
        let mut asking = Asking::default();
        asking.asks(MUSIC);
        asking.refuse();
        assert_eq!(asking.purse, PURSE_MAX);
        assert_eq!(asked(&mut asking, 1, MUSIC), 26);
    }
}
