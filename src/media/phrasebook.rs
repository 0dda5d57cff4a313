use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use include_dir::{Dir, File, include_dir};
use serde::Deserialize;

use super::clip::Clip;
use super::codec::Rate;
use super::prompts::{Loudness, PromptError, Shape, Sound};
use crate::words::{Catalogue, Language, PromptId, Sentence};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config/prompts");

const WORDS: &str = include_str!("../../config/prompts/phrases.toml");

const MUSIC: &str = "music/bed.flac";

/// A recording as it lies in its folder: one of ours, or an admin's.
#[derive(Clone, Debug)]
pub struct SoundFile {
    /// As the admin knows it: `en/greeting.wav`.
    pub name: String,
    pub bytes: Bytes,
}

/// The standard phrases, their words and their sound, and the hold music.
///
/// Sound is read when it is first asked for, and its upper band when a wideband caller first hears it (D31): ask off the
/// media thread.
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
        file: String,
        error: PromptError,
    },
}

struct Page {
    phrase: Phrase,
    sound: BTreeMap<Language, Recording>,
}

/// A file, and what was made of it.
struct Recording {
    source: Source,
    kind: Kind,
    played: OnceLock<Result<Played, PromptError>>,
}

/// Where a file is.
#[derive(Clone)]
enum Source {
    /// Embedded in the program, under this name.
    Shipped(String),
    Given(SoundFile),
}

#[derive(Clone, Copy)]
enum Kind {
    Phrase,
    Music,
}

#[derive(Clone)]
struct Played {
    clip: Arc<Clip>,
    gain: f32,
}

impl Phrasebook {
    /// The phrases embedded in the program.
    pub fn shipped() -> Self {
        Self::bound(
            WORDS,
            |id, language| Some(Source::Shipped(format!("{language}/{id}.flac"))),
            Source::Shipped(MUSIC.to_owned()),
        )
        .expect("the shipped phrases are tested")
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

    /// Whether a phrase can be played; it is read for that, and forgotten again.
    pub fn check(&self, id: &PromptId, language: Language) -> Result<(), PhrasebookError> {
        self.recording(id, language)?.check()
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

impl Phrase {
    pub fn words(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh_cn,
            Language::En => &self.en,
        }
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

impl Recording {
    fn new(source: Source, kind: Kind) -> Self {
        Self {
            source,
            kind,
            played: OnceLock::new(),
        }
    }

    fn unread(&self) -> Self {
        Self::new(self.source.clone(), self.kind)
    }

    fn clip(&self, rate: Rate) -> Result<Arc<Clip>, PhrasebookError> {
        let played = self.played.get_or_init(|| self.play()).clone();
        let played = played.map_err(|error| self.unplayable(error))?;
        if rate == Rate::Wide && !played.clip.is_wide() {
            self.widen(&played);
        }
        Ok(played.clip)
    }

    fn check(&self) -> Result<(), PhrasebookError> {
        match self.played.get() {
            Some(played) => played.clone().map(drop),
            None => self.play().map(drop),
        }
        .map_err(|error| self.unplayable(error))
    }

    fn play(&self) -> Result<Played, PromptError> {
        let sound = self.sound()?;
        let gain = sound.gain(self.kind.loudness())?;
        let samples = sound.levelled(Rate::Narrow, gain, self.kind.shape())?;
        Ok(Played {
            clip: Arc::new(Clip::from_samples(samples)),
            gain,
        })
    }

    /// A file that could be read once can be read again; if not, its band stays the telephone's.
    fn widen(&self, played: &Played) {
        let Ok(sound) = self.sound() else { return };
        if sound.rate() <= Rate::Narrow.hz() {
            return;
        }
        if let Ok(samples) = sound.levelled(Rate::Wide, played.gain, self.kind.shape()) {
            played.clip.widen(|| samples);
        }
    }

    fn sound(&self) -> Result<Sound, PromptError> {
        Sound::read(self.source.bytes())
    }

    fn unplayable(&self, error: PromptError) -> PhrasebookError {
        PhrasebookError::Unplayable {
            file: self.source.name().to_owned(),
            error,
        }
    }
}

impl Kind {
    fn loudness(self) -> Loudness {
        match self {
            Self::Phrase => Loudness::Phrase,
            Self::Music => Loudness::Music,
        }
    }

    fn shape(self) -> Shape {
        match self {
            Self::Phrase => Shape::Phrase,
            Self::Music => Shape::Loop,
        }
    }
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::Shipped(name) => name,
            Self::Given(file) => &file.name,
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            Self::Shipped(name) => shipped(name),
            Self::Given(file) => file.bytes.clone(),
        }
    }
}

/// Our own bed, for phrases that come without music.
pub fn shipped_music() -> SoundFile {
    SoundFile {
        name: MUSIC.to_owned(),
        bytes: shipped(MUSIC),
    }
}

fn shipped(name: &str) -> Bytes {
    let mut folders = SHIPPED.dirs();
    let folder = folders.find(|folder| Path::new(name).starts_with(folder.path()));
    let file = folder.and_then(|folder| find(folder, name));
    let file = file.expect("every shipped phrase is played in the tests");
    Bytes::from_static(file.contents())
}

/// Looks into this one folder. The names lie between the sounds in the program: to read one is to have the sounds beside
/// it in memory, so none is looked for before it is needed.
fn find(folder: &'static Dir<'_>, name: &str) -> Option<&'static File<'static>> {
    folder.files().find(|file| file.path() == Path::new(name))
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
            Self::Unplayable { file, error } => Sentence::of("phrases.unplayable")
                .with("file", file)
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
    use crate::media::clip::Past;
    use crate::media::speech_level::SpeechLevel;

    fn id(name: &str) -> PromptId {
        name.parse().unwrap()
    }

    fn book(words: &str) -> Result<Phrasebook, PhrasebookError> {
        let only_english = |id: &PromptId, language| match language {
            Language::En => {
                let name = format!("en/{id}.flac");
                let bytes = find(SHIPPED.get_dir("en")?, &name)?.contents();
                Some(SoundFile {
                    name,
                    bytes: Bytes::from_static(bytes),
                })
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
    fn an_unread_book_says_the_same_and_keeps_no_sound() {
        let book = Phrasebook::shipped();
        let clip = book.clip(&id("greeting"), Language::ZhCn).unwrap();
        let unread = book.unread();
        let recording = unread.recording(&id("greeting"), Language::ZhCn).unwrap();
        assert!(recording.played.get().is_none());
        let again = unread.clip(&id("greeting"), Language::ZhCn).unwrap();
        assert_eq!(again.samples(), clip.samples());
    }

    #[test]
    fn the_music_lasts_a_minute_and_is_softer_than_speech() {
        let music = Phrasebook::shipped().music(Rate::Narrow).unwrap();
        assert!(music.len() >= 60 * 8_000);
        let loudest = music.samples().iter().map(|s| s.unsigned_abs()).max();
        assert!(loudest <= Some(6_000), "{loudest:?}");
        let mut level = SpeechLevel::new(Rate::Narrow);
        level.hear(music.samples());
        let dbov = level.dbov().unwrap();
        assert!((dbov + 30.0).abs() < 0.3, "{dbov} dBov");
    }

    #[test]
    fn every_phrase_is_heard_at_minus_twenty_six() {
        let book = Phrasebook::shipped();
        for (id, language) in book.ids().flat_map(|id| Language::ALL.map(|l| (id, l))) {
            let mut level = SpeechLevel::new(Rate::Narrow);
            level.hear(book.clip(id, language).unwrap().samples());
            let dbov = level.dbov().unwrap();
            assert!((dbov + 26.0).abs() < 0.3, "{id} {language}: {dbov} dBov");
        }
    }

    #[test]
    fn a_wideband_caller_hears_the_same_phrase_with_its_upper_band() {
        let book = Phrasebook::shipped();
        let narrow = book.clip(&id("greeting"), Language::En).unwrap();
        assert!(!narrow.is_wide(), "nobody asked for it");
        let wide = book.clip_at(&id("greeting"), Language::En, Rate::Wide);
        assert!(Arc::ptr_eq(&narrow, &wide.unwrap()) && narrow.is_wide());
        let mut heard = [[0; 320]; 2];
        narrow.read(Rate::Wide, 4_000, Past::Silence, &mut heard[0]);
        let telephone = Clip::from_samples(narrow.samples().to_vec());
        telephone.read(Rate::Wide, 4_000, Past::Silence, &mut heard[1]);
        let power = |samples: &[i16]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        let apart: Vec<i16> = (0..320).map(|n| heard[0][n] - heard[1][n]).collect();
        assert!(power(&apart) > 0.0 && power(&apart) < 0.3 * power(&heard[0]));
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
