//! The phrases that ship, or an admin's folder of the same shape.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use crate::media::Phrasebook;
use crate::media::phrasebook::{Flac, shipped_music};
use crate::settings::Settings;
use crate::words::{Language, PromptId};

use super::Unfit;

/// `phrases.toml`, `<language>/<phrase>.flac`, and `music/bed.flac` where the music is another, too.
pub(super) fn open(settings: &Settings) -> Result<Phrasebook, Unfit> {
    let Some(folder) = &settings.prompts else {
        return Ok(Phrasebook::shipped());
    };
    let file = folder.join("phrases.toml");
    let words = fs::read_to_string(&file).map_err(|why| Unfit::Unreadable { file, why })?;
    let sound = |phrase: &PromptId, language: Language| {
        read(&folder.join(language.tag()).join(format!("{phrase}.flac")))
    };
    let music = read(&folder.join("music/bed.flac")).unwrap_or_else(shipped_music);
    Phrasebook::new(&words, sound, music).map_err(|why| Unfit::Phrases {
        folder: folder.clone(),
        why,
    })
}

/// A phrase without its file is missed by name when the policy wants to say it.
fn read(file: &Path) -> Option<Flac> {
    fs::read(file).ok().map(Cow::Owned)
}
