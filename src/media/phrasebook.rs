use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::clip::Clip;
use super::prompts::{PromptError, TELEPHONE_RATE, decode_flac, to_8k};
use crate::words::{Catalogue, Language, PromptId, Sentence};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config/prompts");

/// An encoded file: one of ours, or an admin's.
pub type Flac = Cow<'static, [u8]>;

/// The standard phrases, their words and their sound, and the hold music.
///
/// Sound is decoded when it is first asked for (D31): ask off the media thread.
pub struct Phrasebook {
    pages: BTreeMap<PromptId, Page>,
    music: Recording,
}

/// One phrase, as `phrases.toml` has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// Where its wording comes from: `002 P1`, `own`.
    pub rule: String,
    pub when: When,
    /// The callback that whoever says it promises: its row is committed first (D24).
    pub promises: Option<Promised>,
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    pub en: String,
}

/// Who says a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The agent, by policy.
    Auto,
    /// The rep, by one key.
    Rep,
}

/// The kind of callback a phrase promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promised {
    LineFault,
    Crash,
    Rep,
    Supervisor,
}

/// What is wrong with a folder of phrases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhrasebookError {
    /// `phrases.toml` cannot be read; the text names line and key.
    Words(String),
    UnknownPhrase(PromptId),
    NoSound {
        phrase: PromptId,
        language: Language,
    },
    Unplayable {
        phrase: PromptId,
        language: Language,
        error: PromptError,
    },
    UnplayableMusic(PromptError),
}

struct Page {
    phrase: Phrase,
    sound: BTreeMap<Language, Recording>,
}

struct Recording {
    flac: Flac,
    clip: OnceLock<Result<Arc<Clip>, PromptError>>,
}

impl Phrasebook {
    /// The phrases embedded in the program.
    pub fn shipped() -> Self {
        let words = SHIPPED.get_file("phrases.toml");
        let words = words.and_then(|file| file.contents_utf8());
        Self::new(
            words.expect("config/prompts has phrases.toml"),
            shipped_sound,
            shipped_music(),
        )
        .expect("the shipped phrases are tested")
    }

    /// Phrases from an admin's folder: the text of its `phrases.toml`, and its files, asked for one by one.
    pub fn new(
        words: &str,
        mut sound: impl FnMut(&PromptId, Language) -> Option<Flac>,
        music: Flac,
    ) -> Result<Self, PhrasebookError> {
        let phrases: BTreeMap<PromptId, Phrase> =
            toml::from_str(words).map_err(|error| PhrasebookError::Words(error.to_string()))?;
        let mut page = |id: &PromptId, phrase| Page {
            phrase,
            sound: Language::ALL
                .into_iter()
                .filter_map(|language| Some((language, Recording::new(sound(id, language)?))))
                .collect(),
        };
        let pages = phrases.into_iter().map(|(id, phrase)| {
            let page = page(&id, phrase);
            (id, page)
        });
        Ok(Self {
            pages: pages.collect(),
            music: Recording::new(music),
        })
    }

    pub fn ids(&self) -> impl Iterator<Item = &PromptId> {
        self.pages.keys()
    }

    pub fn phrase(&self, id: &PromptId) -> Option<&Phrase> {
        Some(&self.pages.get(id)?.phrase)
    }

    /// Which of these phrases lack words, or sound in a language.
    pub fn missing<'a>(&self, ids: impl IntoIterator<Item = &'a PromptId>) -> Vec<PromptId> {
        let speaks_all = |page: &Page| {
            Language::ALL
                .iter()
                .all(|language| page.sound.contains_key(language))
        };
        ids.into_iter()
            .filter(|id| !self.pages.get(*id).is_some_and(speaks_all))
            .cloned()
            .collect()
    }

    /// A phrase's sound at 8 kHz.
    pub fn clip(&self, id: &PromptId, language: Language) -> Result<Arc<Clip>, PhrasebookError> {
        let page = self
            .pages
            .get(id)
            .ok_or_else(|| PhrasebookError::UnknownPhrase(id.clone()))?;
        let recording = page
            .sound
            .get(&language)
            .ok_or_else(|| PhrasebookError::NoSound {
                phrase: id.clone(),
                language,
            })?;
        recording
            .clip()
            .map_err(|error| PhrasebookError::Unplayable {
                phrase: id.clone(),
                language,
                error,
            })
    }

    /// How long saying it takes.
    pub fn duration(&self, id: &PromptId, language: Language) -> Result<Duration, PhrasebookError> {
        let samples = self.clip(id, language)?.len();
        let micros = samples as u64 * 1_000_000 / u64::from(TELEPHONE_RATE);
        Ok(Duration::from_micros(micros))
    }

    /// What a held caller hears between the phrases, at 8 kHz: a seamless loop.
    pub fn music(&self) -> Result<Arc<Clip>, PhrasebookError> {
        self.music.clip().map_err(PhrasebookError::UnplayableMusic)
    }
}

impl Phrase {
    pub fn words(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh_cn,
            Language::En => &self.en,
        }
    }
}

impl Recording {
    fn new(flac: Flac) -> Self {
        Self {
            flac,
            clip: OnceLock::new(),
        }
    }

    fn clip(&self) -> Result<Arc<Clip>, PromptError> {
        self.clip.get_or_init(|| self.decode()).clone()
    }

    fn decode(&self) -> Result<Arc<Clip>, PromptError> {
        let sound = decode_flac(&self.flac)?;
        let samples = to_8k(&sound.samples, sound.rate)?;
        Ok(Arc::new(Clip::from_samples(samples)))
    }
}

fn shipped_sound(id: &PromptId, language: Language) -> Option<Flac> {
    let file = SHIPPED.get_file(format!("{language}/{id}.flac"))?;
    Some(Cow::Borrowed(file.contents()))
}

/// Our own bed, for phrases that come without music.
pub fn shipped_music() -> Flac {
    let file = SHIPPED.get_file("music/bed.flac");
    Cow::Borrowed(file.expect("config/prompts has music/bed.flac").contents())
}

impl PhrasebookError {
    /// What is wrong with an admin's phrases, and where.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Words(error) => Sentence::of("phrases.words").with("why", error),
            Self::UnknownPhrase(id) => Sentence::of("phrases.unknown").with("phrase", id),
            Self::NoSound { phrase, language } => {
                Sentence::of("phrases.no-sound").with("file", format!("{language}/{phrase}.flac"))
            }
            Self::Unplayable {
                phrase,
                language,
                error,
            } => Sentence::of("phrases.unplayable")
                .with("file", format!("{language}/{phrase}.flac"))
                .with("why", error.sentence()),
            Self::UnplayableMusic(error) => Sentence::of("phrases.unplayable")
                .with("file", "music/bed.flac")
                .with("why", error.sentence()),
        }
    }
}

/// In English, for logs.
impl fmt::Display for PhrasebookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
    }
}

impl std::error::Error for PhrasebookError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> PromptId {
        name.parse().unwrap()
    }

    fn book(words: &str) -> Result<Phrasebook, PhrasebookError> {
        let only_english = |id: &PromptId, language| match language {
            Language::En => shipped_sound(id, language),
            Language::ZhCn => None,
        };
        Phrasebook::new(words, only_english, Cow::Borrowed(b"no music"))
    }

    const HELLO: &str = "[greeting]\nrule = 'own'\nwhen = 'auto'\nzh-CN = '您好'\nen = 'Hello'\n";

    #[test]
    fn every_shipped_phrase_is_spoken_in_every_language() {
        let book = Phrasebook::shipped();
        assert_eq!(book.ids().count(), 66);
        assert_eq!(book.missing(book.ids()), []);
        for (id, language) in book.ids().flat_map(|id| Language::ALL.map(|l| (id, l))) {
            let duration = book.duration(id, language).unwrap();
            assert!(duration > Duration::from_secs(1), "{id} {language}");
            assert!(!book.phrase(id).unwrap().words(language).is_empty());
        }
    }

    #[test]
    fn a_phrase_that_promises_says_which_callback() {
        let book = Phrasebook::shipped();
        let promised = |name| book.phrase(&id(name)).unwrap().promises;
        assert_eq!(
            promised("fault_caller_cannot_hear"),
            Some(Promised::LineFault)
        );
        assert_eq!(promised("greeting"), None);
    }

    #[test]
    fn sound_is_decoded_once() {
        let book = Phrasebook::shipped();
        let clip = || book.clip(&id("greeting"), Language::ZhCn).unwrap();
        assert!(Arc::ptr_eq(&clip(), &clip()));
    }

    #[test]
    fn the_music_lasts_a_minute_and_is_softer_than_speech() {
        let music = Phrasebook::shipped().music().unwrap();
        assert!(music.len() >= 60 * 8_000);
        let loudest = music.samples().iter().map(|s| s.unsigned_abs()).max();
        assert!(loudest <= Some(3_400), "{loudest:?}");
        let power: f64 = music.samples().iter().map(|s| f64::from(*s).powi(2)).sum();
        let level = 10.0 * (power / music.len() as f64 / 32_768.0_f64.powi(2)).log10();
        assert!((-36.0..-27.0).contains(&level), "{level} dBov");
    }

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
        assert!(matches!(
            book.music(),
            Err(PhrasebookError::UnplayableMusic(_))
        ));
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_name() {
        let Err(PhrasebookError::Words(error)) = book(&format!("{HELLO}promise = 'rep'")) else {
            panic!("it was taken");
        };
        assert!(error.contains("promise"), "{error}");
    }
}
