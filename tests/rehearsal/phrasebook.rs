use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use thirdring::call::PromiseKind;
use thirdring::words::{Language, PromptId};

/// How long a phrase lasts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lengths {
    Every(Duration),
    /// As recorded in this language.
    Recorded(Language),
}

impl Lengths {
    pub(super) fn of(self, phrase: &PromptId) -> Duration {
        match self {
            Self::Every(length) => length,
            Self::Recorded(language) => recorded(phrase, language),
        }
    }
}

/// The phrases whose saying promises a callback, and of which kind (D24).
pub(super) fn promising() -> BTreeMap<PromptId, PromiseKind> {
    let text = std::fs::read_to_string(prompts().join("phrases.toml")).expect("read the phrases");
    let phrases: toml::Table = toml::from_str(&text).expect("phrases.toml is TOML");
    phrases
        .iter()
        .filter_map(|(id, phrase)| {
            let kind = promise_kind(phrase.get("promises")?.as_str()?)?;
            Some((id.parse().ok()?, kind))
        })
        .collect()
}

pub(super) fn promise_kind(word: &str) -> Option<PromiseKind> {
    [
        PromiseKind::LineFault,
        PromiseKind::Rep,
        PromiseKind::Supervisor,
        PromiseKind::Expert,
        PromiseKind::Waiting,
        PromiseKind::Crash,
    ]
    .into_iter()
    .find(|kind| kind.as_str() == word)
}

/// Samples and rate stand in the first block of the file (RFC 9639 8.2).
fn recorded(phrase: &PromptId, language: Language) -> Duration {
    let path = prompts().join(format!("{language}/{phrase}.flac"));
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{phrase}: {error}"));
    let bits = file
        .get(18..26)
        .and_then(|bits| <[u8; 8]>::try_from(bits).ok())
        .map(u64::from_be_bytes)
        .unwrap_or_else(|| panic!("{phrase} is no FLAC file"));
    let (rate, samples) = (bits >> 44, bits & 0xF_FFFF_FFFF);
    Duration::from_nanos(samples * 1_000_000_000 / rate)
}

fn prompts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/prompts")
}
