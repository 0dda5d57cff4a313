//! What phones of a scenario say, and what their ears know: our phrases, the scenario's own recordings, a voice made here.

use std::collections::{BTreeMap, BTreeSet};
use std::f32::consts::TAU;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use crate::ear::{Ended, Reference, Repertoire, hear_all};
use crate::media::prompts::{PromptError, Sound};
use crate::media::{Clip, Phrasebook, Rate};
use crate::words::{Language, PromptId, Sentence};

/// The voice of nobody: three seconds of syllables, for whoever only has to be heard as a person.
pub(super) const VOICE: &str = "voice";

static BOOK: LazyLock<Phrasebook> = LazyLock::new(Phrasebook::shipped);
static NOBODY: LazyLock<Arc<Clip>> = LazyLock::new(|| Arc::new(Clip::from_samples(voice())));

/// The scenario's own recordings; a phrase of the same name is hidden by it.
#[derive(Clone, Default)]
pub(super) struct Sounds {
    own: BTreeMap<String, Arc<Clip>>,
}

impl Sounds {
    /// Reads a recording: WAV, FLAC, Ogg Vorbis or MP3. The error says why it cannot be had.
    pub(super) fn add(&mut self, name: &str, file: &Path) -> Result<(), Sentence> {
        let bytes = std::fs::read(file).map_err(|why| Sentence::of_io(&why))?;
        let sound = Sound::read(Bytes::from(bytes)).and_then(|sound| sound.at(Rate::Narrow));
        let samples = sound.map_err(|why: PromptError| why.sentence())?;
        self.own
            .insert(name.to_owned(), Arc::new(Clip::from_samples(samples)));
        Ok(())
    }

    /// None where there is no such name.
    pub(super) fn clip(&self, name: &str, language: Language) -> Option<Arc<Clip>> {
        if let Some(own) = self.own.get(name) {
            return Some(Arc::clone(own));
        }
        if name == VOICE {
            return Some(Arc::clone(&NOBODY));
        }
        BOOK.clip(&name.parse().ok()?, language).ok()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let phrases = BOOK.ids().map(PromptId::as_str);
        let own = self.own.keys().map(String::as_str);
        own.chain([VOICE]).chain(phrases).collect()
    }

    /// What the ears of a scenario know: its own recordings and all phrases of its language, those phrases that it names in
    /// the other one, too, and the voice of nobody where that is named. What sounds the same is known by its own name.
    pub(super) fn repertoire(
        &self,
        language: Language,
        named: &BTreeSet<PromptId>,
    ) -> Arc<Repertoire> {
        let mut known = self.phrases(language, named);
        let twins = self.twins(&known);
        known.retain(|phrase| named.contains(&phrase.prompt) || !twins.contains(&phrase.prompt));
        known.extend(self.own.iter().filter_map(|(name, clip)| {
            let prompt = name.parse().ok()?;
            Some(reference(prompt, language, clip))
        }));
        let voice = named.iter().filter(|id| id.as_str() == VOICE);
        let voice = voice.filter(|_| !self.own.contains_key(VOICE));
        known.extend(voice.map(|id| reference(id.clone(), language, &NOBODY)));
        Arc::new(Repertoire::new(known))
    }

    fn phrases(&self, language: Language, named: &BTreeSet<PromptId>) -> Vec<Reference> {
        let ids = BOOK.ids().filter(|id| !self.own.contains_key(id.as_str()));
        let phrases = ids.flat_map(|id| {
            let is_known = move |spoken: &Language| *spoken == language || named.contains(id);
            let spoken = Language::ALL.into_iter().filter(is_known);
            spoken.filter_map(|spoken| {
                let clip = BOOK.clip(id, spoken).ok()?;
                Some(reference(id.clone(), spoken, &clip))
            })
        });
        phrases.collect()
    }

    /// The phrases that fill a recording of the scenario's own, however loud it is.
    fn twins(&self, phrases: &[Reference]) -> BTreeSet<PromptId> {
        if self.own.is_empty() {
            return BTreeSet::new();
        }
        let lengths = phrases
            .iter()
            .map(|it| (it.prompt.clone(), it.samples.len()));
        let lengths: BTreeMap<PromptId, usize> = lengths.collect();
        let phrases = Arc::new(Repertoire::new(phrases.to_vec()));
        let twins = self.own.values().flat_map(|own| {
            let line = [own.samples(), &[0; AFTERWARDS]].concat();
            let heard = hear_all(Arc::clone(&phrases), &line).into_iter();
            let filled = heard.filter(|it| {
                let length = lengths.get(&it.prompt).copied().unwrap_or_default();
                it.ended == Ended::Whole && length * 10 >= own.samples().len() * 9
            });
            filled.map(|it| it.prompt).collect::<Vec<_>>()
        });
        twins.collect()
    }
}

fn reference(prompt: PromptId, language: Language, clip: &Clip) -> Reference {
    Reference {
        prompt,
        language,
        samples: clip.samples().to_vec(),
    }
}

/// A second: then an ear knows that a phrase has ended.
const AFTERWARDS: usize = 8_000;

/// Vowels by their first two formants, in Hz (Peterson and Barney 1952, men).
const VOWELS: [(f32, f32); 5] = [
    (730.0, 1_090.0),
    (270.0, 2_290.0),
    (570.0, 840.0),
    (530.0, 1_840.0),
    (300.0, 870.0),
];
const SYLLABLES: usize = 12;
/// 190 ms of sound and 60 ms of rest: four a second, as people speak.
const SYLLABLE: usize = 2_000;
const SOUNDING: usize = 1_520;
/// Of the glottis.
const PITCH_HZ: f32 = 125.0;
const HARMONICS: usize = 24;
/// How wide a formant is.
const WIDTH_HZ: f32 = 120.0;
const LOUDEST: f32 = 9_000.0;

/// Harmonics of a falling pitch, as loud as the formants of a vowel let them be.
fn voice() -> Vec<i16> {
    (0..SYLLABLES).flat_map(syllable).collect()
}

fn syllable(n: usize) -> Vec<i16> {
    let vowel = VOWELS[n % VOWELS.len()];
    let gains: [f32; HARMONICS] = std::array::from_fn(|k| gain((k + 1) as f32 * PITCH_HZ, vowel));
    let loudest: f32 = gains.iter().sum();
    let sample = |at: usize| {
        let swelling = (at.min(SOUNDING.saturating_sub(at)) as f32 / 240.0).min(1.0);
        let seconds = at as f32 / 8_000.0;
        let turns = PITCH_HZ * seconds * (1.0 - 0.3 * seconds);
        let sum: f32 = gains
            .iter()
            .enumerate()
            .map(|(k, gain)| gain * (TAU * turns * (k + 1) as f32).sin())
            .sum();
        (LOUDEST * swelling * sum / loudest) as i16
    };
    (0..SYLLABLE).map(sample).collect()
}

fn gain(hz: f32, (first, second): (f32, f32)) -> f32 {
    let near = |formant: f32| 1.0 / (1.0 + ((hz - formant) / WIDTH_HZ).powi(2));
    near(first) + 0.5 * near(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voice_of_nobody_is_as_loud_as_a_persons_and_rests_between_syllables() {
        let voice = voice();
        assert_eq!(voice.len(), SYLLABLES * SYLLABLE);
        let level = crate::sim::acoustics::level_dbov(&voice);
        assert!((-32.0..-15.0).contains(&level), "{level}");
        assert!(voice[SOUNDING..SYLLABLE].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn the_voice_of_nobody_is_heard_where_it_is_named() {
        let sounds = Sounds::default();
        let voice = sounds.clip(VOICE, Language::En).unwrap();
        let line = [&[0; 4_000], voice.samples(), &[0; 8_000]].concat();
        let heard = |named: &[&str]| {
            let named = named.iter().map(|name| name.parse().unwrap()).collect();
            let heard = hear_all(sounds.repertoire(Language::En, &named), &line);
            let heard = heard.into_iter();
            heard
                .map(|it| (it.prompt.to_string(), it.began_at_sample))
                .collect::<Vec<_>>()
        };
        assert_eq!(heard(&[VOICE]), [(VOICE.to_owned(), 4_000)]);
        assert!(heard(&["greeting"]).is_empty());
    }

    #[test]
    fn a_phrase_that_is_also_a_recording_of_the_scenarios_own_is_known_by_its_own_name() {
        let mut sounds = Sounds::default();
        let flac = Path::new("config/prompts/en/calm_listening.flac");
        sounds.add("words", flac).unwrap();
        let words = sounds.clip("words", Language::En).unwrap();
        let line = [&[0; 4_000], words.samples(), &[0; 8_000]].concat();
        let heard = |named: &[&str]| {
            let named = named.iter().map(|name| name.parse().unwrap()).collect();
            let mut heard = hear_all(sounds.repertoire(Language::En, &named), &line);
            assert_eq!(heard.len(), 1);
            heard.remove(0).prompt.to_string()
        };
        assert_eq!(heard(&[]), "words");
        assert_eq!(heard(&["greeting"]), "words");
    }

    #[test]
    fn names_are_phrases_own_recordings_and_the_voice() {
        let mut sounds = Sounds::default();
        let clip = |sounds: &Sounds, name| sounds.clip(name, Language::En);
        assert!(clip(&sounds, "greeting").is_some() && clip(&sounds, VOICE).is_some());
        assert!(clip(&sounds, "greetin").is_none());
        let flac = Path::new("config/prompts/zh-CN/greeting.flac");
        sounds.add("hello", flac).unwrap();
        assert!(clip(&sounds, "hello").is_some() && sounds.names().contains(&"hello"));
        let missing = sounds.add("bye", Path::new("no/such.wav")).unwrap_err();
        assert_eq!(missing.key(), "io.not-found");
    }
}
