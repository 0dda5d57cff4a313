use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::call::PromiseKind;
use crate::media::Phrasebook;
use crate::words::{Language, PromptId};

/// What a rehearsal knows of the phrases: how long each lasts, and which of them promise a callback (D24).
#[derive(Clone)]
pub struct Prompts {
    book: Arc<Phrasebook>,
    pub(super) promising: BTreeMap<PromptId, PromiseKind>,
}

/// How long a phrase lasts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lengths {
    Every(Duration),
    /// As recorded in this language.
    Recorded(Language),
}

/// A phrase without a recording lasts as long.
const UNRECORDED: Duration = Duration::from_secs(2);

impl Prompts {
    pub fn new(book: Arc<Phrasebook>, promising: BTreeMap<PromptId, PromiseKind>) -> Self {
        Self { book, promising }
    }

    pub(super) fn length(&self, phrase: &PromptId, lengths: Lengths) -> Duration {
        match lengths {
            Lengths::Every(length) => length,
            Lengths::Recorded(language) => {
                self.book.duration(phrase, language).unwrap_or(UNRECORDED)
            }
        }
    }
}

impl fmt::Debug for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prompts")
    }
}
