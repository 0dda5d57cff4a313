//! `thirdring prompts import`: recordings into a folder of phrases, named by the phrase they say.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::super::Teller;
use super::super::arguments::ImportArguments;
use super::super::failure::{Failure, unusable};
use super::file_of;
use crate::files;
use crate::media::Phrasebook;
use crate::media::prompts::{EXTENSIONS, Loudness, Sound};
use crate::words::{Language, PromptId, Sentence};

const WORDS: &str = "phrases.toml";

pub(super) fn run(arguments: &ImportArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let (folder, language) = (&arguments.into, arguments.spoken);
    begin(folder, teller)?;
    let book = super::opened(Some(folder))?;
    for recording in &arguments.recordings {
        let (id, extension) = named(recording, &book)?;
        let bytes = fs::read(recording).map_err(|why| unusable(recording, why))?;
        fits(recording, &bytes)?;
        put(folder, language, (&id, &extension), &bytes)?;
        let values = [("phrase", id.as_str()), ("language", language.tag())];
        teller.line(&teller.filled("prompts.imported", &values))?;
    }
    Ok(())
}

/// A folder of phrases begins with the words of ours.
pub(super) fn begin(folder: &Path, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let words = folder.join(WORDS);
    if words.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|why| unusable(folder, why))?;
    fs::write(&words, Phrasebook::shipped_words()).map_err(|why| unusable(&words, why))?;
    let file = words.display().to_string();
    teller.line(&teller.filled("prompts.begun", &[("file", &file)]))
}

/// The phrase that a file's name says, and its kind.
fn named(recording: &Path, book: &Phrasebook) -> Result<(PromptId, String), Failure> {
    let part = |part: Option<&std::ffi::OsStr>| part.and_then(|it| it.to_str()).map(str::to_owned);
    let file = || recording.display().to_string();
    let stem = part(recording.file_stem()).unwrap_or_default();
    let extension = part(recording.extension())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if !EXTENSIONS.contains(&&*extension) {
        let what = Sentence::of("prompts.no-recording").with("file", file());
        return Err(Failure::Told(what.with("kinds", EXTENSIONS.join(", "))));
    }
    let id = stem
        .parse::<PromptId>()
        .ok()
        .filter(|id| book.phrase(id).is_some());
    let id = id.ok_or_else(|| {
        let what = Sentence::of("prompts.no-such-phrase").with("file", file());
        Failure::Told(what.with("phrase", &stem))
    })?;
    Ok((id, extension))
}

/// Whether an agent could play it.
pub(super) fn fits(recording: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let sound = Sound::read(Bytes::copy_from_slice(bytes));
    let playable = sound.and_then(|sound| sound.gain(Loudness::Phrase));
    playable.map(drop).map_err(|why| {
        let what = Sentence::of("phrases.unplayable").with("file", recording.display());
        Failure::Told(what.with("why", why.sentence()))
    })
}

/// In the place of what was there, of whichever kind: the first kind that is found is played.
pub(super) fn put(
    folder: &Path,
    language: Language,
    (id, extension): (&PromptId, &str),
    bytes: &[u8],
) -> Result<(), Failure> {
    let file = file_of(folder, language, id, extension);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|why| unusable(folder, why))?;
    }
    files::replace(&file, bytes).map_err(|why| unusable(&file, why))?;
    for other in EXTENSIONS.iter().filter(|other| **other != extension) {
        let other = file_of(folder, language, id, other);
        if other.exists() {
            fs::remove_file(&other).map_err(|why| unusable(&other, why))?;
        }
    }
    Ok(())
}
