use std::ops::Range;
use std::sync::Arc;

use super::clip::{Clip, Past};
use super::codec::{FRAME_SAMPLES, Law, Rate};
use super::mixer::{FADE_TICKS, Fade, GLIDE_TICKS, Gain, Mix};

/// What fills a leg's line when it hears nobody and no phrase is said.
#[derive(Clone, Debug, Default)]
pub enum Bed {
    #[default]
    Silence,
    Music(Arc<Clip>, Under),
}

/// What the music does under a phrase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Under {
    /// It goes on, 15 dB softer.
    #[default]
    Duck,
    /// It goes on unheard.
    Silence,
    /// It stops, and goes on where it stopped.
    Pause,
}

/// A place in a clip.
#[derive(Clone, Debug)]
pub struct Playing {
    pub utterance: u64,
    pub clip: Arc<Clip>,
    /// The tick that is sent next.
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
#[derive(Clone, Debug)]
struct Tail {
    clip: Arc<Clip>,
    place: (usize, Past),
    from: Gain,
}

#[derive(Clone, Debug)]
struct Music {
    clip: Arc<Clip>,
    under: Under,
    /// The slot in which its beginning is, or would have been, sent.
    origin: u64,
    /// Ticks that it paused.
    paused: u64,
    gain: Gain,
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
        match (bed, &mut self.music) {
            (Bed::Music(clip, under), Some(music)) if Arc::ptr_eq(clip, &music.clip) => {
                music.under = *under;
                return;
            }
            (Bed::Silence, None) => return,
            (Bed::Music(..) | Bed::Silence, _) => {}
        }
        let before = self.music.take();
        if let Some(music) = before.filter(|music| music.gain > Gain::SILENT) {
            self.tail = Some(music.tail(next_slot));
        }
        if let Bed::Music(clip, under) = bed
            && !clip.is_empty()
        {
            self.music = Some(Music {
                clip: Arc::clone(clip),
                under: *under,
                origin: next_slot,
                paused: 0,
                gain: Gain::SILENT,
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

    /// The frame of `slot` as it was encoded, where it is a whole one of a prepared clip and nothing else is heard.
    ///
    /// With it or [`Player::render`] the slot is filled: [`Player::advance`] follows.
    pub fn plain_frame(&self, slot: u64, law: Law) -> Option<&[u8]> {
        if self.tail.is_some() {
            return None;
        }
        match (&self.playing, &self.music) {
            (Some(phrase), None) => phrase.clip.frame(law, phrase.position),
            (Some(phrase), Some(music)) if music.is_unheard() => {
                phrase.clip.frame(law, phrase.position)
            }
            (None, Some(music)) if music.gain == Gain::WHOLE => {
                music.clip.frame(law, music.position(slot))
            }
            (Some(_) | None, Some(_)) | (None, None) => None,
        }
    }

    /// Writes the frame of `slot` as linear sound at `rate`.
    pub fn render(&mut self, slot: u64, rate: Rate, frame: &mut [i16]) {
        let mut mix = Mix::new(rate);
        let said = self.said();
        if let Some(phrase) = &self.playing {
            mix.add_clip(&phrase.clip, phrase.position);
        }
        if let Some(music) = &mut self.music {
            music.add_to(&mut mix, slot, said);
        }
        if let Some(tail) = &self.tail {
            let fade = Fade::out(tail.from);
            mix.add_faded(0, FADE_TICKS, &tail.clip, tail.place, fade);
        }
        mix.write(frame);
    }

    /// The frame of `slot` has left.
    pub fn advance(&mut self) {
        if let Some(phrase) = &mut self.playing {
            phrase.position += FRAME_SAMPLES;
        }
        self.tail = None;
    }

    /// How many ticks of the next frame the phrase fills.
    fn said(&self) -> usize {
        self.playing.as_ref().map_or(0, |phrase| {
            let left = phrase.clip.len().saturating_sub(phrase.position);
            left.min(FRAME_SAMPLES)
        })
    }
}

impl Tail {
    fn of_phrase(phrase: &Playing) -> Self {
        Self {
            clip: Arc::clone(&phrase.clip),
            place: (phrase.position, Past::Silence),
            from: Gain::WHOLE,
        }
    }
}

impl Music {
    /// The tick of the clip that is sent first in `slot`.
    fn position(&self, slot: u64) -> usize {
        let length = self.clip.len().max(1) as u64;
        let ticks = slot
            .saturating_sub(self.origin)
            .saturating_mul(FRAME_SAMPLES as u64);
        (ticks.saturating_sub(self.paused) % length) as usize
    }

    /// Under a phrase nothing of it is heard, and its time passes all the same.
    fn is_unheard(&self) -> bool {
        self.gain == Gain::SILENT && self.under == Under::Silence
    }

    fn tail(self, slot: u64) -> Tail {
        Tail {
            place: (self.position(slot), Past::Loop),
            from: self.gain,
            clip: self.clip,
        }
    }

    /// Falls while a phrase fills the first `said` ticks, rises behind it.
    fn add_to(&mut self, mix: &mut Mix, slot: u64, said: usize) {
        self.add_part(mix, slot, 0..said, self.under.gain());
        self.add_part(mix, slot, said..FRAME_SAMPLES, Gain::WHOLE);
    }

    fn add_part(&mut self, mix: &mut Mix, slot: u64, part: Range<usize>, to: Gain) {
        let fade = Fade {
            from: self.gain,
            to,
            ticks: self.under.fade_ticks(),
        };
        let pauses = self.under == Under::Pause && to == Gain::SILENT;
        let heard = match pauses {
            true => part.len().min(fade.duration()),
            false => part.len(),
        };
        let length = self.clip.len().max(1);
        let place = (self.position(slot) + part.start) % length;
        let place = (place, Past::Loop);
        self.gain = mix.add_faded(part.start, heard, &self.clip, place, fade);
        self.paused += (part.len() - heard) as u64;
    }
}

impl Under {
    /// How loud the music is then.
    fn gain(self) -> Gain {
        match self {
            Self::Duck => Gain::DUCKED,
            Self::Silence | Self::Pause => Gain::SILENT,
        }
    }

    fn fade_ticks(self) -> usize {
        match self {
            Self::Duck => GLIDE_TICKS,
            Self::Silence | Self::Pause => FADE_TICKS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(samples: usize, level: i16) -> Arc<Clip> {
        Arc::new(Clip::from_samples(vec![level; samples]))
    }

    /// One 20 ms frame at either rate, as a leg fills it.
    fn frame_at(player: &mut Player, slot: u64, rate: Rate) -> Vec<i16> {
        player.begin_slot(slot);
        let plain = player.plain_frame(slot, Law::A).map(<[u8]>::to_vec);
        let mut frame = vec![0; rate.frame_samples()];
        player.render(slot, rate, &mut frame);
        if let Some(plain) = plain.filter(|_| rate == Rate::Narrow) {
            let encoded: Vec<u8> = frame.iter().map(|sample| Law::A.encode(*sample)).collect();
            assert_eq!(plain, encoded, "slot {slot}");
        }
        player.advance();
        frame
    }

    fn frame(player: &mut Player, slot: u64) -> Vec<i16> {
        frame_at(player, slot, Rate::Narrow)
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

    /// 60 frames of a slow ramp, over which 1,000 ticks of nothing are said from slot 20 on.
    fn ramp_under_a_phrase(under: Under) -> Vec<i16> {
        let ramp: Vec<i16> = (0..16_000).map(|n| (n / 4) as i16).collect();
        let music = Clip::from_samples(ramp);
        music.prepare(Law::A);
        let mut player = Player::default();
        player.set_bed(&Bed::Music(Arc::new(music), under), 0);
        player.say(1, clip(1_000, 0), 20);
        let heard = (0..60).flat_map(|slot| frame(&mut player, slot));
        let heard: Vec<i16> = heard.collect();
        assert!(heard.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 200));
        heard
    }

    const ONSET: usize = 20 * FRAME_SAMPLES;
    const AFTER: usize = ONSET + 1_000;

    #[test]
    fn music_that_is_silent_under_a_phrase_keeps_its_phase() {
        let heard = ramp_under_a_phrase(Under::Silence);
        assert!(heard[ONSET + FADE_TICKS..AFTER].iter().all(|s| *s == 0));
        let back = AFTER + FADE_TICKS;
        assert!((back..9_600).all(|n| heard[n] == (n / 4) as i16));
    }

    #[test]
    fn ducked_music_goes_on_fifteen_decibels_softer() {
        let heard = ramp_under_a_phrase(Under::Duck);
        let ducked = ONSET + GLIDE_TICKS..AFTER;
        assert!(
            ducked
                .clone()
                .all(|n| heard[n] == (n as i32 / 4 * 285 / 1_600) as i16)
        );
        assert!((AFTER + GLIDE_TICKS..9_600).all(|n| heard[n] == (n / 4) as i16));
    }

    #[test]
    fn paused_music_goes_on_with_the_sample_it_stopped_at() {
        let heard = ramp_under_a_phrase(Under::Pause);
        assert!(heard[ONSET + FADE_TICKS..AFTER].iter().all(|s| *s == 0));
        let silent = 1_000 - FADE_TICKS;
        let back = AFTER + FADE_TICKS;
        assert!((back..9_600).all(|n| heard[n] == ((n - silent) / 4) as i16));
    }

    #[test]
    fn a_wide_listener_hears_the_same_in_the_same_time() {
        let mut player = Player::default();
        player.set_bed(&Bed::Music(clip(16_000, 800), Under::Duck), 0);
        player.say(1, clip(1_000, 2_000), 20);
        let mut wide = player.clone();
        for slot in 0..60 {
            let narrow = frame(&mut player, slot);
            let wide = frame_at(&mut wide, slot, Rate::Wide);
            for (n, sample) in narrow.iter().enumerate() {
                assert!((sample - wide[2 * n]).abs() <= 1, "{slot} {n}");
            }
        }
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
