use std::time::Duration;

use crate::media::hearing::{Level, VoiceDetector};
use crate::media::sender::FRAME_TIME;
use crate::words::Moment;

/// So much voice is somebody who talks: less is a cough.
const TALK: Duration = Duration::from_millis(300);

/// Told at most so often.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What is quieter is a pause within the talk, dBov: where a voice begins for [`VoiceDetector`].
const VOICE_MIN_DBOV: f32 = -50.0;

/// Hears whether a rep who is muted talks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MutedTalk {
    voice: VoiceDetector,
    /// Of the voice that sounds, where one does: so much was loud.
    spoken: Option<Duration>,
    told: Option<Moment>,
}

impl MutedTalk {
    /// Takes in the level of 20 ms of a microphone that is muted, or not; true when it is to be told.
    pub(super) fn hear(&mut self, level: Level, muted: bool, now: Moment) -> bool {
        let change = self.voice.hear(level, FRAME_TIME, now);
        if let Some(change) = change {
            self.spoken = change.speaking.then(|| now.since(change.since));
        } else if level.dbov > VOICE_MIN_DBOV {
            self.spoken = self.spoken.map(|spoken| spoken + FRAME_TIME);
        }
        if !muted {
            // What was said before the mute was heard.
            self.spoken = self.spoken.map(|_| Duration::ZERO);
            return false;
        }
        let is_talk = self.spoken.is_some_and(|spoken| spoken >= TALK);
        let is_new = self.told.is_none_or(|told| now >= told + AGAIN_AFTER);
        if is_talk && is_new {
            self.told = Some(now);
        }
        is_talk && is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When it is told, in milliseconds, for levels of 20 ms each.
    fn told(levels: impl IntoIterator<Item = (f32, bool)>) -> Vec<u128> {
        let (mut talk, mut now) = (MutedTalk::default(), Moment::ZERO);
        let mut told = Vec::new();
        for (dbov, muted) in levels {
            now += FRAME_TIME;
            let level = Level {
                dbov,
                ..Level::of(&[1_000, -1_000])
            };
            if talk.hear(level, muted, now) {
                told.push(now.since(Moment::ZERO).as_millis());
            }
        }
        told
    }

    fn words(seconds: usize) -> Vec<(f32, bool)> {
        let word = [vec![(-25.0, true); 15], vec![(-60.0, true); 10]].concat();
        word.repeat(seconds * 2)
    }

    #[test]
    fn who_talks_while_muted_is_told_after_300_ms_and_each_ten_seconds() {
        assert_eq!(told(words(25)), [300, 10_300, 20_300]);
    }

    #[test]
    fn a_cough_and_steady_noise_are_no_talk() {
        let cough = [vec![(-20.0, true); 10], vec![(-60.0, true); 90]].concat();
        assert_eq!(told(cough.repeat(10)), []);
        assert_eq!(told(vec![(-45.0, true); 1_000]), []);
    }

    #[test]
    fn who_is_not_muted_is_told_nothing_and_a_mute_counts_anew() {
        let heard = words(5).into_iter().map(|(dbov, _)| (dbov, false));
        let levels: Vec<_> = heard.chain(words(1)).collect();
        assert_eq!(told(levels), [5_300]);
    }
}
