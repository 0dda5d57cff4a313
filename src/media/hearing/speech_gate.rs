use super::floor::Floor;
use crate::media::sender::FRAME_TIME;

/// What is quieter is nobody's voice, dBov.
const VOICE_MIN_DBOV: f32 = -62.0;

/// Speech stands so far above the noise, dB; less than where a voice begins, for noise has been told from it by then.
const ABOVE_FLOOR_DB: f32 = 6.0;

/// A pause within a word, frames: P.56's 200 ms.
const HANG_OVER: u8 = 10;

/// Lets through what stands above the noise, pauses within words included.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpeechGate {
    floor: Floor,
    /// Frames of the running word that are left.
    word: u8,
}

impl SpeechGate {
    /// Whether the frame of this level belongs to speech.
    pub fn lets_through(&mut self, dbov: f32) -> bool {
        let floor = self.floor.hear(dbov, FRAME_TIME);
        self.word = match dbov > VOICE_MIN_DBOV.max(floor + ABOVE_FLOOR_DB) {
            true => HANG_OVER,
            false => self.word.saturating_sub(1),
        };
        self.word > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_pass_with_their_pauses_and_noise_does_not() {
        let mut gate = SpeechGate::default();
        let mut passed = |dbov, frames: usize| {
            let gate = &mut gate;
            (0..frames).filter(|_| gate.lets_through(dbov)).count()
        };
        assert_eq!(passed(-55.0, 100), 0);
        assert_eq!((passed(-40.0, 20), passed(-55.0, 5)), (20, 5));
        assert_eq!((passed(-40.0, 20), passed(-55.0, 100)), (20, 9));
    }
}
