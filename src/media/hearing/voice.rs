use std::time::Duration;

use super::floor::{ABOVE_FLOOR_DB, Floor};
use super::level::Level;
use crate::words::Moment;

/// What is quieter is nobody's voice, dBov.
const VOICE_MIN_DBOV: f32 = -50.0;

/// So much loud sound makes a voice.
const TO_BEGIN: Duration = Duration::from_millis(100);

/// So much quiet ends it: pauses between words are shorter.
const HANG_OVER: Duration = Duration::from_millis(300);

/// Hears by level alone whether somebody speaks.
#[derive(Clone, Copy, Debug, Default)]
pub struct VoiceDetector {
    floor: Floor,
    loud: Option<Run>,
    quiet: Option<Moment>,
    speaking: bool,
}

/// Loud sound so far: when it began, and how much of it came.
#[derive(Clone, Copy, Debug)]
struct Run {
    onset: Moment,
    length: Duration,
}

/// Speech began or ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceChange {
    pub speaking: bool,
    pub since: Moment,
}

impl VoiceDetector {
    /// Hears one packet of `length`, which came at `now`.
    pub fn hear(&mut self, level: Level, length: Duration, now: Moment) -> Option<VoiceChange> {
        let onset = now - length;
        if self.is_loud(level, length) {
            self.quiet = None;
            let run = self.loud.get_or_insert(Run {
                onset,
                length: Duration::ZERO,
            });
            run.length += length;
        } else {
            self.quiet.get_or_insert(onset);
            self.loud = self.loud.and_then(|run| run.less(length));
        }
        self.change(now)
    }

    /// Notices the end of speech when no packets come.
    pub fn tick(&mut self, last_packet: Moment, now: Moment) -> Option<VoiceChange> {
        if self.speaking && now.since(last_packet) >= HANG_OVER {
            self.quiet.get_or_insert(last_packet);
        }
        self.change(now)
    }

    fn change(&mut self, now: Moment) -> Option<VoiceChange> {
        let begins = self
            .loud
            .filter(|run| !self.speaking && run.length >= TO_BEGIN);
        let ends = self
            .quiet
            .filter(|since| self.speaking && now.since(*since) >= HANG_OVER);
        let change = match (begins, ends) {
            (Some(run), _) => VoiceChange {
                speaking: true,
                since: run.onset,
            },
            (None, Some(since)) => VoiceChange {
                speaking: false,
                since,
            },
            (None, None) => return None,
        };
        self.speaking = change.speaking;
        if !change.speaking {
            self.loud = None;
        }
        Some(change)
    }

    fn is_loud(&mut self, level: Level, length: Duration) -> bool {
        let floor_dbov = self.floor.hear(level.dbov, length);
        level.dbov > floor_dbov + ABOVE_FLOOR_DB && level.dbov > VOICE_MIN_DBOV
    }
}

impl Run {
    /// A quiet packet within a run takes as much away as it lasts.
    fn less(self, length: Duration) -> Option<Self> {
        let left = self.length.saturating_sub(length);
        (!left.is_zero()).then_some(Self {
            length: left,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    /// Feeds 20 ms frames of the given levels from time zero; returns the changes in ms.
    fn changes(levels: impl IntoIterator<Item = f32>) -> Vec<(bool, u128)> {
        let mut voice = VoiceDetector::default();
        let mut now = Moment::ZERO;
        let mut changes = Vec::new();
        for dbov in levels {
            now += FRAME;
            let level = Level {
                dbov,
                peak: 1_000,
                constant: false,
                railed: 0,
                samples: 160,
            };
            if let Some(change) = voice.hear(level, FRAME, now) {
                changes.push((
                    change.speaking,
                    change.since.since(Moment::ZERO).as_millis(),
                ));
            }
        }
        changes
    }

    #[test]
    fn speech_begins_at_its_first_loud_frame_and_ends_at_its_first_quiet_one() {
        let levels = [vec![-60.0; 50], vec![-25.0; 50], vec![-60.0; 50]].concat();
        assert_eq!(changes(levels), [(true, 1_000), (false, 2_000)]);
    }

    #[test]
    fn a_click_is_no_voice() {
        assert_eq!(
            changes([vec![-60.0; 50], vec![-20.0; 4], vec![-60.0; 50]].concat()),
            []
        );
    }

    #[test]
    fn steady_noise_is_no_voice() {
        assert_eq!(changes(vec![-42.0; 3_000]), []);
    }

    #[test]
    fn noise_that_sets_in_is_no_voice_after_two_seconds() {
        let changes = changes([vec![-96.0; 100], vec![-42.0; 500]].concat());
        assert_eq!(changes.len(), 2);
        assert!(!changes[1].0 && changes[1].1 <= 4_100, "{changes:?}");
    }

    #[test]
    fn a_caller_who_speaks_at_once_is_heard() {
        assert_eq!(changes(vec![-22.0; 20]), [(true, 0)]);
    }

    #[test]
    fn pauses_between_words_do_not_end_speech() {
        let word = [vec![-25.0; 15], vec![-60.0; 10]].concat();
        assert_eq!(changes(word.repeat(10)), [(true, 0)]);
    }

    #[test]
    fn packets_that_stop_end_the_voice() {
        let mut voice = VoiceDetector::default();
        let mut now = Moment::ZERO;
        for _ in 0..20 {
            now += FRAME;
            voice.hear(
                Level {
                    dbov: -20.0,
                    peak: 9,
                    constant: false,
                    railed: 0,
                    samples: 160,
                },
                FRAME,
                now,
            );
        }
        assert!(voice.speaking);
        assert_eq!(voice.tick(now, now + Duration::from_millis(299)), None);
        let end = VoiceChange {
            speaking: false,
            since: now,
        };
        assert_eq!(voice.tick(now, now + Duration::from_millis(300)), Some(end));
    }
}
