use std::time::Duration;

use super::spectrum::Tones;

/// One step of the character: 100 ms.
const STEP: Duration = Duration::from_millis(100);

/// Steps that a memory holds.
const STEPS_MAX: u128 = 32;

/// Music has hardly a gap: so many of ten steps are loud.
const LOUD_IN_TEN: u32 = 8;

/// And so many of ten have tones in them.
const TONAL_IN_TEN: u32 = 5;

/// And so many of a steady tone, whatever the noise under it.
const ALWAYS_IN_TEN: u32 = 8;

/// A step is tonal where more of its power is in tones.
const TONAL: f32 = 0.5;

/// One or two tones make up so much of a signal tone, noise of 10 dB less under it included.
const SIGNAL: f32 = 0.75;

/// Signal tones lie above it (ITU-T E.180: 400 Hz and up, 350 in North America), and the voice's own tone below, Hz.
const SIGNAL_MIN_HZ: f32 = 320.0;

/// A tone is the same within this much, Hz.
const SAME_HZ: f32 = 24.0;

/// Steps of one signal tone that make it one: 400 ms, for a fax calls for 500 ms (T.30).
const SIGNAL_STEPS: u32 = 4;

/// After so many steps of it music is suspected.
const SUSPICIOUS_STEPS: u32 = 10;

/// After so many it goes on until it is clearly over: music pauses, too.
const STEADY_STEPS: u32 = 18;

/// Steps known to be loud without a voice: a voice is known for one later than it begins.
const VOICELESS_STEPS: u32 = 2;

/// What kind of sound comes: music, a signal tone, or neither.
#[derive(Clone, Copy, Debug)]
pub(super) struct Character {
    /// The last steps as bits, the newest lowest.
    loud: u32,
    tonal: u32,
    signal: u32,
    voiceless: u32,
    signal_hz: f32,
    window: u32,
}

impl Character {
    /// Judges by the last `window`, 3.2 s at most.
    pub(super) fn new(window: Duration) -> Self {
        let steps = (window.as_nanos() / STEP.as_nanos()).clamp(10, STEPS_MAX);
        Self {
            loud: 0,
            tonal: 0,
            signal: 0,
            voiceless: 0,
            signal_hz: 0.0,
            window: steps as u32,
        }
    }

    pub(super) fn forget(&mut self) {
        (self.loud, self.tonal, self.signal, self.voiceless) = (0, 0, 0, 0);
    }

    /// Takes in 100 ms that are loud or not, and known to be loud without a voice or not.
    pub(super) fn step(&mut self, is_loud: bool, is_voiceless: bool, tones: Tones) {
        let is_signal = is_loud && tones.two >= SIGNAL && tones.hz >= SIGNAL_MIN_HZ;
        if is_signal && (tones.hz - self.signal_hz).abs() > SAME_HZ {
            self.signal = 0;
            self.signal_hz = tones.hz;
        }
        push(&mut self.loud, is_loud);
        push(&mut self.tonal, is_loud && tones.share >= TONAL);
        push(&mut self.signal, is_signal);
        push(&mut self.voiceless, is_voiceless);
    }

    /// Ring-back, busy, fax; said while one sounds.
    pub(super) fn is_signal(&self) -> bool {
        self.signal & 1 == 1 && count(self.signal, self.window) >= SIGNAL_STEPS
    }

    /// Loud, and known to be no voice while it was.
    pub(super) fn is_voiceless(&self) -> bool {
        count(self.voiceless, self.window) >= VOICELESS_STEPS
    }

    /// Tones nearly all the time.
    pub(super) fn is_tonal(&self) -> bool {
        10 * count(self.tonal, self.window) >= ALWAYS_IN_TEN * self.window
    }

    /// Hold music, or a signal.
    pub(super) fn is_musical(&self) -> bool {
        self.is_signal() || self.is_music()
    }

    /// Tones without gaps that are no signal, and more of them than speech has.
    pub(super) fn is_song(&self) -> bool {
        self.is_music() && self.is_tonal() && !self.is_signal()
    }

    fn is_music(&self) -> bool {
        self.is_musical_for(self.window)
    }

    /// It sounds like music for a second, or like a signal.
    pub(super) fn is_suspicious(&self) -> bool {
        self.is_signal() || self.is_musical_for(SUSPICIOUS_STEPS)
    }

    /// It sounds like music for longer, or like a signal.
    pub(super) fn is_steady(&self) -> bool {
        self.is_signal() || self.is_musical_for(STEADY_STEPS)
    }

    fn is_musical_for(&self, steps: u32) -> bool {
        self.loud & 1 == 1
            && 10 * count(self.loud, steps) >= LOUD_IN_TEN * steps
            && 10 * count(self.tonal, steps) >= TONAL_IN_TEN * steps
    }
}

fn push(bits: &mut u32, bit: bool) {
    *bits = *bits << 1 | u32::from(bit);
}

fn count(bits: u32, steps: u32) -> u32 {
    let mask = u32::MAX.checked_shr(32_u32.saturating_sub(steps));
    (bits & mask.unwrap_or(0)).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(share: f32, hz: f32) -> Tones {
        Tones {
            share,
            two: share,
            hz,
        }
    }

    fn after(steps: impl IntoIterator<Item = (bool, Tones)>) -> Character {
        let mut character = Character::new(Duration::from_secs(3));
        for (is_loud, tones) in steps {
            character.step(is_loud, false, tones);
        }
        character
    }

    #[test]
    fn three_seconds_of_tones_without_gaps_are_music() {
        let music = (0..30).map(|n| (true, tones(0.6, 300.0 + 40.0 * n as f32)));
        assert!(after(music.clone()).is_music());
        assert!(!after(music.clone().take(22)).is_music());
        assert!(after(music.clone().take(12)).is_suspicious());
        assert!(!after(music.clone().take(12)).is_steady());
        assert!(after(music.take(20)).is_steady());
    }

    #[test]
    fn words_with_gaps_are_none() {
        let speech = (0..60).map(|n| (n % 3 > 0, tones(0.6, 150.0)));
        assert!(!after(speech).is_music());
    }

    #[test]
    fn a_ring_back_tone_is_a_signal_with_its_first_second() {
        let ring = |n| [(true, tones(0.95, 450.0))].repeat(n);
        assert!(after(ring(4)).is_signal());
        assert!(!after(ring(3)).is_signal());
    }

    #[test]
    fn keys_one_after_the_other_are_none() {
        let keys = (0..30).map(|n| (n % 3 > 0, tones(0.95, 700.0 + 70.0 * (n / 3 % 4) as f32)));
        assert!(!after(keys).is_signal());
    }
}
