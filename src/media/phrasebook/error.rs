use std::fmt;

use crate::media::prompts::PromptError;
use crate::words::{Catalogue, Language, PromptId, Sentence};

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
