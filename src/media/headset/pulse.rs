use super::News;
use crate::media::hearing::Level;
use crate::media::sender::FRAME_TIME;
use std::time::Duration;

/// So long may a microphone that lives give the same sample again and again: some have a noise gate.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// Whether a microphone lives: one that does has noise, if only of its last bit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pulse {
    still: Duration,
}

impl Pulse {
    /// Takes in the level of 20 ms as they were captured.
    pub(super) fn hear(&mut self, level: Level) -> Option<News> {
        let was_dead = self.is_dead();
        self.still = if level.constant {
            self.still.saturating_add(FRAME_TIME)
        } else {
            Duration::ZERO
        };
        match (was_dead, self.is_dead()) {
            (false, true) => Some(News::MicrophoneDead),
            (true, false) => Some(News::MicrophoneAlive),
            (true, true) | (false, false) => None,
        }
    }

    fn is_dead(self) -> bool {
        self.still >= DEAD_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_of_digital_zero_are_a_dead_microphone() {
        let mut pulse = Pulse::default();
        let (zero, faint) = (Level::of(&[0; 160]), Level::of(&[0, 1, 0, -1]));
        let mut hear = |level, frames: usize| {
            let news = (0..frames).filter_map(|_| pulse.hear(level));
            news.collect::<Vec<_>>()
        };
        assert_eq!(hear(zero, 99), []);
        assert_eq!(hear(faint, 1), []);
        assert_eq!(hear(zero, 99), []);
        assert_eq!(hear(zero, 1), [News::MicrophoneDead]);
        assert_eq!(hear(zero, 500), []);
        assert_eq!(hear(faint, 500), [News::MicrophoneAlive]);
    }
}
