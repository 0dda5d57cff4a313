//! The ear against all shipped phrases, as a telephone line carries them.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests tell their figures, and may fail"
)]

mod cut;
mod digits;
mod found;
mod line;
mod strangers;

use std::sync::{Arc, OnceLock};

use thirdring::ear::{Reference, Repertoire};
use thirdring::media::Phrasebook;
use thirdring::words::Language;

/// 1 s at 8 kHz. A digit is shorter: alone it need not be known in noise. Digits are said in a row: see `digits`.
const SENTENCE: usize = 8_000;

/// All shipped sentences in both languages, at 8 kHz.
fn shipped() -> &'static [Reference] {
    static SHIPPED: OnceLock<Vec<Reference>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let all = Language::ALL.into_iter().flat_map(spoken);
        all.filter(|it| it.samples.len() > SENTENCE).collect()
    })
}

fn spoken(language: Language) -> Vec<Reference> {
    let book = Phrasebook::shipped();
    book.ids()
        .map(|id| Reference {
            prompt: id.clone(),
            language,
            samples: book.clip(id, language).unwrap().samples().to_vec(),
        })
        .collect()
}

fn repertoire() -> Arc<Repertoire> {
    static REPERTOIRE: OnceLock<Arc<Repertoire>> = OnceLock::new();
    let all = || Language::ALL.into_iter().flat_map(spoken).collect();
    let learn = || Arc::new(Repertoire::new(all()));
    REPERTOIRE.get_or_init(learn).clone()
}
