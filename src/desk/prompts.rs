//! The phrases that ship, or an admin's folder of the same shape; our music, or his.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use crate::media::Phrasebook;
use crate::media::phrasebook::{SoundFile, shipped_music};
use crate::media::prompts::{EXTENSIONS, FILE_MAX_BYTES, Loudness, Sound};
use crate::settings::Settings;
use crate::words::{Language, PromptId};

use super::Unfit;

/// The phrases of the folder in the settings, and the music of the file there.
pub fn open(settings: &Settings) -> Result<Phrasebook, Unfit> {
    let book = match &settings.prompts {
        Some(folder) => in_folder(folder)?,
        None => Phrasebook::shipped(),
    };
    match &settings.music {
        Some(file) => Ok(book.with_music(music(file)?)),
        None => Ok(book),
    }
}

/// `phrases.toml`, `<language>/<phrase>.flac` or another kind of file, and `music/bed.flac` where the music is another, too.
pub fn in_folder(folder: &Path) -> Result<Phrasebook, Unfit> {
    let file = folder.join("phrases.toml");
    let words = fs::read_to_string(&file).map_err(|why| Unfit::Unreadable { file, why })?;
    let sound =
        |phrase: &PromptId, language: Language| find(folder, &format!("{language}/{phrase}"));
    let music = find(folder, "music/bed").unwrap_or_else(shipped_music);
    Phrasebook::new(&words, sound, music).map_err(|why| Unfit::Phrases {
        folder: folder.to_owned(),
        why,
    })
}

/// A phrase without its file is missed by name when the policy wants to say it.
fn find(folder: &Path, name: &str) -> Option<SoundFile> {
    EXTENSIONS.iter().find_map(|extension| {
        let name = format!("{name}.{extension}");
        let bytes = read(&folder.join(&name)).ok()?;
        Some(SoundFile { name, bytes })
    })
}

/// Music of its own is played once, before a caller would hear nothing instead.
pub(super) fn music(file: &Path) -> Result<SoundFile, Unfit> {
    let bytes = read(file).map_err(|why| Unfit::Unreadable {
        file: file.to_owned(),
        why,
    })?;
    Sound::read(bytes.clone())
        .and_then(|sound| sound.gain(Loudness::Music))
        .map_err(|why| Unfit::Sound {
            file: file.to_owned(),
            why,
        })?;
    let name = file.display().to_string();
    Ok(SoundFile { name, bytes })
}

/// A byte more than we read: then it is refused as too large.
pub(super) fn read(file: &Path) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    let file = File::open(file)?;
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
