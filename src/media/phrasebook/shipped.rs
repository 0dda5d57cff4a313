use std::path::Path;

use bytes::Bytes;
use include_dir::{Dir, File, include_dir};

use super::SoundFile;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config/prompts");

pub(super) const WORDS: &str = include_str!("../../../config/prompts/phrases.toml");

pub(super) const MUSIC: &str = "music/bed.flac";

/// Our own bed, for phrases that come without music.
pub fn shipped_music() -> SoundFile {
    SoundFile {
        name: MUSIC.to_owned(),
        bytes: bytes(MUSIC),
    }
}

/// A sound that the program comes with.
pub(super) fn bytes(name: &str) -> Bytes {
    let file = file(name).expect("every shipped phrase is played in the tests");
    Bytes::from_static(file.contents())
}

/// Whether a file is the one of this name that the program comes with: it is played in the tests.
pub(super) fn is_ours(SoundFile { name, bytes }: &SoundFile) -> bool {
    file(name).is_some_and(|file| file.contents() == &bytes[..])
}

fn file(name: &str) -> Option<&'static File<'static>> {
    let mut folders = SHIPPED.dirs();
    let folder = folders.find(|folder| Path::new(name).starts_with(folder.path()));
    folder.and_then(|folder| find(folder, name))
}

/// Looks into this one folder. The names lie between the sounds in the program: to read one is to have the sounds beside
/// it in memory, so none is looked for before it is needed.
fn find(folder: &'static Dir<'_>, name: &str) -> Option<&'static File<'static>> {
    folder.files().find(|file| file.path() == Path::new(name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::media::codec::Rate;
    use crate::media::phrasebook::{Phrasebook, Promised};
    use crate::media::speech_level::SpeechLevel;
    use crate::words::Language;

    #[test]
    fn every_shipped_phrase_is_spoken_in_every_language() {
        let book = Phrasebook::shipped();
        assert_eq!(book.ids().count(), 88);
        assert_eq!(book.missing(book.ids()), []);
        for (id, language) in book.ids().flat_map(|id| Language::ALL.map(|l| (id, l))) {
            let is_digit = id.as_str().starts_with("digit_");
            let least = Duration::from_millis(if is_digit { 250 } else { 1_000 });
            let duration = book.duration(id, language).unwrap();
            assert!(duration > least, "{id} {language}");
            assert!(!book.phrase(id).unwrap().words(language).is_empty());
        }
    }

    #[test]
    fn a_phrase_that_promises_says_which_callback() {
        let book = Phrasebook::shipped();
        let promised = |name: &str| {
            let id = name.parse().unwrap();
            book.phrase(&id).unwrap().promises
        };
        assert_eq!(
            promised("fault_caller_cannot_hear"),
            Some(Promised::LineFault)
        );
        assert_eq!(promised("greeting"), None);
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
}
