//! The standard phrases: their words (`phrase`), their sound and the hold music (`recording`), those that the program comes
//! with (`shipped`), and what may be wrong with an admin's (`error`).

mod error;
mod phrase;
mod recording;
mod shipped;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clip::Clip;
use super::codec::Rate;
use super::prompts::Sound;
use crate::words::{Language, PromptId};

pub use error::PhrasebookError;
pub use phrase::{Phrase, Promised, When};
pub use recording::SoundFile;
use recording::{Kind, Recording, Source};
pub use shipped::shipped_music;

/// The standard phrases, their words and their sound, and the hold music.
///
/// Sound is read when it is first asked for, and its upper band when a wideband caller first hears it (D31): ask off the
/// media thread.
pub struct Phrasebook {
    pages: BTreeMap<PromptId, Page>,
    music: Recording,
}

struct Page {
    phrase: Phrase,
    sound: BTreeMap<Language, Recording>,
}

impl Phrasebook {
    /// The phrases embedded in the program.
    pub fn shipped() -> Self {
        Self::bound(
            shipped::WORDS,
            |id, language| Some(Source::Shipped(format!("{language}/{id}.flac"))),
            Source::Shipped(shipped::MUSIC.to_owned()),
        )
        .expect("the shipped phrases are tested")
    }

    /// The text of their `phrases.toml`.
    pub fn shipped_words() -> &'static str {
        shipped::WORDS
    }

    /// The same phrases, none of them read.
    pub fn unread(&self) -> Self {
        let unread = |(id, page): (&PromptId, &Page)| (id.clone(), page.unread());
        Self {
            pages: self.pages.iter().map(unread).collect(),
            music: self.music.unread(),
        }
    }

    /// The same phrases, with other music between them.
    pub fn with_music(mut self, music: SoundFile) -> Self {
        self.music = Recording::new(Source::Given(music), Kind::Music);
        self
    }

    /// Phrases from an admin's folder: the text of its `phrases.toml`, and its files, asked for one by one.
    pub fn new(
        words: &str,
        mut sound: impl FnMut(&PromptId, Language) -> Option<SoundFile>,
        music: SoundFile,
    ) -> Result<Self, PhrasebookError> {
        let sound = |id: &PromptId, language| sound(id, language).map(Source::Given);
        Self::bound(words, sound, Source::Given(music))
    }

    fn bound(
        words: &str,
        mut sound: impl FnMut(&PromptId, Language) -> Option<Source>,
        music: Source,
    ) -> Result<Self, PhrasebookError> {
        let phrases: BTreeMap<PromptId, Phrase> =
            toml::from_str(words).map_err(|error| PhrasebookError::Words(error.to_string()))?;
        let mut page = |id: &PromptId, phrase| Page {
            phrase,
            sound: Language::ALL
                .into_iter()
                .filter_map(|language| {
                    Some((language, Recording::new(sound(id, language)?, Kind::Phrase)))
                })
                .collect(),
        };
        let pages = phrases.into_iter().map(|(id, phrase)| {
            let page = page(&id, phrase);
            (id, page)
        });
        Ok(Self {
            pages: pages.collect(),
            music: Recording::new(music, Kind::Music),
        })
    }

    pub fn ids(&self) -> impl Iterator<Item = &PromptId> {
        self.pages.keys()
    }

    pub fn phrase(&self, id: &PromptId) -> Option<&Phrase> {
        Some(&self.pages.get(id)?.phrase)
    }

    /// Whether a phrase has words, and sound in this language.
    pub fn speaks(&self, id: &PromptId, language: Language) -> bool {
        let page = self.pages.get(id);
        page.is_some_and(|page| page.sound.contains_key(&language))
    }

    /// Which of these phrases lack words, or sound in a language.
    pub fn missing<'a>(&self, ids: impl IntoIterator<Item = &'a PromptId>) -> Vec<PromptId> {
        let speaks_all = |id: &PromptId| {
            let mut all = Language::ALL.into_iter();
            all.all(|language| self.speaks(id, language))
        };
        ids.into_iter()
            .filter(|id| !speaks_all(id))
            .cloned()
            .collect()
    }

    /// A phrase's sound, for listeners at 8 kHz.
    pub fn clip(&self, id: &PromptId, language: Language) -> Result<Arc<Clip>, PhrasebookError> {
        self.clip_at(id, language, Rate::Narrow)
    }

    /// A phrase's sound, for listeners at `rate`.
    pub fn clip_at(
        &self,
        id: &PromptId,
        language: Language,
        rate: Rate,
    ) -> Result<Arc<Clip>, PhrasebookError> {
        self.recording(id, language)?.clip(rate)
    }

    /// Whether a phrase can be played; one that is not ours is read for that, and forgotten again.
    pub fn check(&self, id: &PromptId, language: Language) -> Result<(), PhrasebookError> {
        self.recording(id, language)?.check()
    }

    /// A phrase's sound as it lies in its file.
    pub fn sound(&self, id: &PromptId, language: Language) -> Result<Sound, PhrasebookError> {
        self.recording(id, language)?.as_recorded()
    }

    /// How long saying it takes.
    pub fn duration(&self, id: &PromptId, language: Language) -> Result<Duration, PhrasebookError> {
        let ticks = self.clip(id, language)?.len();
        let micros = ticks as u64 * 1_000_000 / u64::from(Rate::Narrow.hz());
        Ok(Duration::from_micros(micros))
    }

    /// What a held caller hears between the phrases, for listeners at `rate`: a loop.
    pub fn music(&self, rate: Rate) -> Result<Arc<Clip>, PhrasebookError> {
        self.music.clip(rate)
    }

    /// Whether the music can be played.
    pub fn check_music(&self) -> Result<(), PhrasebookError> {
        self.music.check()
    }

    fn recording(&self, id: &PromptId, language: Language) -> Result<&Recording, PhrasebookError> {
        let page = self
            .pages
            .get(id)
            .ok_or_else(|| PhrasebookError::UnknownPhrase(id.clone()))?;
        page.sound
            .get(&language)
            .ok_or_else(|| PhrasebookError::NoSound {
                phrase: id.clone(),
                language,
            })
    }
}

impl Page {
    fn unread(&self) -> Self {
        let sound = self.sound.iter();
        Self {
            phrase: self.phrase.clone(),
            sound: sound
                .map(|(l, recording)| (*l, recording.unread()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn id(name: &str) -> PromptId {
        name.parse().unwrap()
    }

    fn book(words: &str) -> Result<Phrasebook, PhrasebookError> {
        let only_english = |id: &PromptId, language| match language {
            Language::En => {
                let name = format!("en/{id}.flac");
                let bytes = shipped::bytes(&name);
                Some(SoundFile { name, bytes })
            }
            Language::ZhCn => None,
        };
        let music = SoundFile {
            name: "music/bed.wav".to_owned(),
            bytes: Bytes::from_static(b"no music"),
        };
        Phrasebook::new(words, only_english, music)
    }

    const HELLO: &str = "[greeting]\nrule = 'own'\nwhen = 'auto'\nzh-CN = '您好'\nen = 'Hello'\n";

    #[test]
    fn what_an_admins_folder_lacks_is_named() {
        let book = book(HELLO).unwrap();
        let [greeting, nothing] = [id("greeting"), id("nothing")];
        assert!(book.clip(&greeting, Language::En).is_ok());
        assert_eq!(
            book.missing([&greeting, &nothing]),
            [id("greeting"), id("nothing")]
        );
        let error = book.clip(&greeting, Language::ZhCn).unwrap_err();
        assert_eq!(error.to_string(), "no recording zh-CN/greeting.flac");
        let error = book.clip(&nothing, Language::En).unwrap_err();
        assert_eq!(error.to_string(), "no phrase 'nothing' in phrases.toml");
        let error = book.music(Rate::Narrow).unwrap_err().to_string();
        assert!(
            error.starts_with("music/bed.wav cannot be played"),
            "{error}"
        );
        assert_eq!(book.check_music().unwrap_err().to_string(), error);
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_name() {
        let Err(PhrasebookError::Words(error)) = book(&format!("{HELLO}promise = 'rep'")) else {
            panic!("it was taken");
        };
        assert!(error.contains("promise"), "{error}");
    }
}
