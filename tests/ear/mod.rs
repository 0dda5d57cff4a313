//! The ear against all shipped phrases, as a telephone line carries them.

mod cut;
mod found;
mod line;
mod strangers;

use std::sync::{Arc, OnceLock};

use thirdring::ear::{Reference, Repertoire};
use thirdring::media::prompts::{decode_flac, to_8k};
use thirdring::words::Language;

/// All shipped phrases in both languages, at 8 kHz.
fn shipped() -> &'static [Reference] {
    static SHIPPED: OnceLock<Vec<Reference>> = OnceLock::new();
    SHIPPED.get_or_init(|| Language::ALL.into_iter().flat_map(spoken).collect())
}

fn spoken(language: Language) -> Vec<Reference> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config/prompts")
        .join(language.tag());
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let sound = decode_flac(&std::fs::read(file).unwrap()).unwrap();
            Reference {
                prompt: file.file_stem().unwrap().to_str().unwrap().parse().unwrap(),
                language,
                samples: to_8k(&sound.samples, sound.rate).unwrap(),
            }
        })
        .collect()
}

fn repertoire() -> Arc<Repertoire> {
    static REPERTOIRE: OnceLock<Arc<Repertoire>> = OnceLock::new();
    let learn = || Arc::new(Repertoire::new(shipped().to_vec()));
    REPERTOIRE.get_or_init(learn).clone()
}
