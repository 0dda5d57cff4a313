use std::sync::Arc;

use super::clip::Clip;
use super::codec::{FRAME_SAMPLES, Law};
use super::mixer::{FADE_SAMPLES, Mix, fade};

/// What fills a leg's line when it hears nobody and no phrase is said.
#[derive(Clone, Debug, Default)]
pub enum Bed {
    #[default]
    Silence,
    Music(Arc<Clip>),
}

/// A place in a clip.
#[derive(Clone, Debug)]
pub struct Playing {
    pub utterance: u64,
    pub clip: Arc<Clip>,
    /// The sample that is sent next.
    pub position: usize,
}

/// A phrase that waits for its slot.
#[derive(Clone, Debug)]
struct Awaited {
    utterance: u64,
    clip: Arc<Clip>,
    onset: u64,
}

/// News of a phrase, for the reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhraseNews {
    Started { utterance: u64 },
    Ended { utterance: u64, whole: bool },
}

/// Says phrases to one leg over its bed: one at a time, joints faded over 5 ms, the music's phase kept.
#[derive(Clone, Debug, Default)]
pub struct Player {
    playing: Option<Playing>,
    awaited: Option<Awaited>,
    tail: Option<Tail>,
    music: Option<Music>,
}

/// The 5 ms that follow a cut, falling silent; they leave with the next frame.
#[derive(Clone, Copy, Debug)]
struct Tail([i32; FADE_SAMPLES]);

#[derive(Clone, Debug)]
struct Music {
    clip: Arc<Clip>,
    /// The slot in which sample 0 is, or would have been, sent.
    origin: u64,
    /// 0 is silent under a phrase, [`FADE_SAMPLES`] is full.
    level: usize,
}

impl Player {
    /// Says `clip` from slot `onset` on, instead of what was to be said; the news are of what this displaces.
    pub fn say(&mut self, utterance: u64, clip: Arc<Clip>, onset: u64) -> Option<PhraseNews> {
        let displaced = self.awaited.replace(Awaited {
            utterance,
            clip,
            onset,
        });
        displaced.map(|phrase| PhraseNews::Ended {
            utterance: phrase.utterance,
            whole: false,
        })
    }

    /// Ends a phrase early, whether it waits or plays; none when it is already over.
    pub fn cut(&mut self, utterance: u64) -> Option<PhraseNews> {
        let waits = self
            .awaited
            .take_if(|phrase| phrase.utterance == utterance)
            .is_some();
        let plays = self.playing.take_if(|phrase| phrase.utterance == utterance);
        let played = plays.is_some();
        if let Some(phrase) = plays {
            self.tail = Some(Tail::of_phrase(&phrase));
        }
        (waits || played).then_some(PhraseNews::Ended {
            utterance,
            whole: false,
        })
    }

    /// Ends all phrases at once, for a line that closes.
    pub fn end_all(&mut self) -> [Option<PhraseNews>; 2] {
        let plays = self.playing.take().map(|phrase| phrase.utterance);
        let waits = self.awaited.take().map(|phrase| phrase.utterance);
        [plays, waits].map(|utterance| {
            utterance.map(|utterance| PhraseNews::Ended {
                utterance,
                whole: false,
            })
        })
    }

    /// Changes the bed; the same music goes on in its phase.
    pub fn set_bed(&mut self, bed: &Bed, next_slot: u64) {
        match (bed, &self.music) {
            (Bed::Music(clip), Some(music)) if Arc::ptr_eq(clip, &music.clip) => return,
            (Bed::Silence, None) => return,
            (Bed::Music(_) | Bed::Silence, _) => {}
        }
        if let Some(music) = self.music.take().filter(|music| music.level > 0) {
            self.tail = Some(music.tail(next_slot));
        }
        if let Bed::Music(clip) = bed
            && !clip.is_empty()
        {
            self.music = Some(Music {
                clip: Arc::clone(clip),
                origin: next_slot,
                level: 0,
            });
        }
    }

    /// Whether the line is free for other sound in `slot`.
    pub fn is_silent_in(&self, slot: u64) -> bool {
        self.playing.is_none()
            && self.tail.is_none()
            && self.music.is_none()
            && self.onset().is_none_or(|onset| slot < onset)
    }

    /// The slot in which the next phrase begins.
    pub fn onset(&self) -> Option<u64> {
        self.awaited.as_ref().map(|phrase| phrase.onset)
    }

    /// The phrase being said.
    pub fn playing(&self) -> Option<&Playing> {
        self.playing.as_ref()
    }

    /// Brings the phrases up to `slot`: first what ends, then what starts.
    pub fn begin_slot(&mut self, slot: u64) -> [Option<PhraseNews>; 2] {
        let mut ended = self.end_played_out();
        let Some(next) = self.awaited.take_if(|phrase| phrase.onset <= slot) else {
            return [ended, None];
        };
        if let Some(replaced) = self.playing.take() {
            ended = Some(PhraseNews::Ended {
                utterance: replaced.utterance,
                whole: false,
            });
            self.tail = Some(Tail::of_phrase(&replaced));
        }
        let utterance = next.utterance;
        self.playing = Some(Playing {
            utterance,
            clip: next.clip,
            position: 0,
        });
        [ended, Some(PhraseNews::Started { utterance })]
    }

    fn end_played_out(&mut self) -> Option<PhraseNews> {
        self.playing
            .take_if(|phrase| phrase.position >= phrase.clip.len())
            .map(|phrase| PhraseNews::Ended {
                utterance: phrase.utterance,
                whole: true,
            })
    }

    /// Writes the frame of `slot`; whole frames of one clip are copied as they were encoded.
    pub fn render(&mut self, slot: u64, law: Law, payload: &mut [u8; FRAME_SAMPLES]) {
        let copied = self
            .plain_frame(slot, law)
            .map(|frame| payload.copy_from_slice(frame));
        if copied.is_none() {
            self.mix_frame(slot).encode(law, payload);
        }
        if let Some(phrase) = &mut self.playing {
            phrase.position += FRAME_SAMPLES;
        }
        self.tail = None;
    }

    fn plain_frame(&self, slot: u64, law: Law) -> Option<&[u8]> {
        if self.tail.is_some() {
            return None;
        }
        match (&self.playing, &self.music) {
            (Some(phrase), None) => phrase.clip.frame(law, phrase.position),
            (Some(phrase), Some(music)) if music.level == 0 => {
                phrase.clip.frame(law, phrase.position)
            }
            (None, Some(music)) if music.level == FADE_SAMPLES => {
                music.clip.frame(law, music.position(slot))
            }
            (Some(_) | None, Some(_)) | (None, None) => None,
        }
    }

    fn mix_frame(&mut self, slot: u64) -> Mix {
        let mut mix = Mix::default();
        let said = self.playing.as_ref().map_or(0, |phrase| {
            mix.add_clip(&phrase.clip, phrase.position);
            phrase
                .clip
                .len()
                .saturating_sub(phrase.position)
                .min(FRAME_SAMPLES)
        });
        if let Some(music) = &mut self.music {
            music.add_to(&mut mix, slot, said);
        }
        if let Some(Tail(samples)) = &self.tail {
            mix.add_each(|n| samples.get(n).copied().unwrap_or(0));
        }
        mix
    }
}

impl Tail {
    fn of(sample: impl Fn(usize) -> i16, level: usize) -> Self {
        Self(std::array::from_fn(|n| {
            fade(sample(n), level.saturating_sub(n))
        }))
    }

    fn of_phrase(phrase: &Playing) -> Self {
        let sample = |n| phrase.clip.sample(phrase.position.saturating_add(n));
        Self::of(sample, FADE_SAMPLES)
    }
}

impl Music {
    fn position(&self, slot: u64) -> usize {
        let length = self.clip.len().max(1) as u64;
        let samples = slot
            .saturating_sub(self.origin)
            .saturating_mul(FRAME_SAMPLES as u64);
        (samples % length) as usize
    }

    fn tail(&self, slot: u64) -> Tail {
        let (start, length) = (self.position(slot), self.clip.len().max(1));
        Tail::of(|n| self.clip.sample((start + n) % length), self.level)
    }

    /// Falls while a phrase fills the first `said` samples, rises behind it.
    fn add_to(&mut self, mix: &mut Mix, slot: u64, said: usize) {
        let start = self.position(slot);
        let length = self.clip.len().max(1);
        let mut levels = [0; FRAME_SAMPLES];
        for (n, level) in levels.iter_mut().enumerate() {
            self.level = match n < said {
                true => self.level.saturating_sub(1),
                false => (self.level + 1).min(FADE_SAMPLES),
            };
            *level = self.level;
        }
        mix.add_each(|n| fade(self.clip.sample((start + n) % length), levels[n]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(samples: usize, level: i16) -> Arc<Clip> {
        Arc::new(Clip::from_samples(vec![level; samples]))
    }

    fn frame(player: &mut Player, slot: u64) -> Vec<i16> {
        let mut payload = [0; FRAME_SAMPLES];
        player.begin_slot(slot);
        player.render(slot, Law::A, &mut payload);
        payload.iter().map(|byte| Law::A.decode(*byte)).collect()
    }

    #[test]
    fn a_phrase_is_said_in_its_slot_and_ends_whole() {
        let mut player = Player::default();
        player.say(1, clip(200, 5_000), 3);
        assert!(player.is_silent_in(2) && !player.is_silent_in(3));
        assert_eq!(player.begin_slot(2), [None, None]);
        assert_eq!(
            player.begin_slot(3),
            [None, Some(PhraseNews::Started { utterance: 1 })]
        );
        assert!(frame(&mut player, 3).iter().all(|sample| *sample > 4_000));
        let last = frame(&mut player, 4);
        assert!(last[39] > 4_000 && last[40].abs() <= 8);
        let whole = PhraseNews::Ended {
            utterance: 1,
            whole: true,
        };
        assert_eq!(player.begin_slot(5), [Some(whole), None]);
    }

    #[test]
    fn music_keeps_its_phase_under_a_phrase_and_joins_without_a_step() {
        let ramp: Vec<i16> = (0..16_000).map(|n| (n / 4) as i16).collect();
        let mut player = Player::default();
        player.set_bed(&Bed::Music(Arc::new(Clip::from_samples(ramp))), 0);
        let mut heard = Vec::new();
        for slot in 0..60 {
            if slot == 20 {
                player.say(1, clip(1_000, 0), 20);
            }
            heard.extend(frame(&mut player, slot));
        }
        assert!(heard.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 200));
        assert!(
            heard[20 * 160 + 60..20 * 160 + 1_000]
                .iter()
                .all(|sample| sample.abs() <= 8)
        );
        let back = 59 * 160;
        assert!(
            (i32::from(heard[back]) - back as i32 / 4).abs() <= 64,
            "{}",
            heard[back]
        );
    }

    #[test]
    fn a_cut_phrase_fades_within_five_milliseconds() {
        let mut player = Player::default();
        player.say(1, clip(8_000, 5_000), 0);
        frame(&mut player, 0);
        let cut = PhraseNews::Ended {
            utterance: 1,
            whole: false,
        };
        assert_eq!((player.cut(1), player.cut(1)), (Some(cut), None));
        let after = frame(&mut player, 1);
        assert!(after[0] > 4_000 && after[40..].iter().all(|sample| sample.abs() <= 8));
        assert!(player.is_silent_in(2));
    }

    #[test]
    fn a_phrase_said_over_another_replaces_it_at_its_onset() {
        let mut player = Player::default();
        player.say(1, clip(8_000, 5_000), 0);
        frame(&mut player, 0);
        assert_eq!(player.say(2, clip(8_000, 1_000), 2), None);
        assert_eq!(player.begin_slot(1), [None, None]);
        frame(&mut player, 1);
        let news = [
            Some(PhraseNews::Ended {
                utterance: 1,
                whole: false,
            }),
            Some(PhraseNews::Started { utterance: 2 }),
        ];
        assert_eq!(player.begin_slot(2), news);
    }

    #[test]
    fn a_phrase_that_never_began_is_ended_too() {
        let mut player = Player::default();
        player.say(1, clip(100, 1), 5);
        let ended = PhraseNews::Ended {
            utterance: 1,
            whole: false,
        };
        assert_eq!(player.say(2, clip(100, 1), 6), Some(ended));
        assert_eq!(
            player.cut(2),
            Some(PhraseNews::Ended {
                utterance: 2,
                whole: false
            })
        );
        assert!(player.is_silent_in(9));
    }
}
