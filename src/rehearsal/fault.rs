use std::ops::Range;

use crate::words::{Sentence, nearest};

/// What cannot be played of a script, where it stands, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the script.
    pub span: Range<usize>,
    pub title: Sentence,
    pub help: Sentence,
}

/// A part of a script that does not fit.
#[derive(Debug)]
pub(super) struct Misfit<'a> {
    part: &'a str,
    title: Sentence,
    help: Sentence,
}

impl<'a> Misfit<'a> {
    /// `title` and `help` are keys of the catalogue; `{found}` is the part.
    pub(super) fn new(part: &'a str, title: &str, help: &str) -> Self {
        Self::with_help(part, title, Sentence::of(help))
    }

    pub(super) fn with_help(part: &'a str, title: &str, help: Sentence) -> Self {
        Self {
            part,
            title: Sentence::of(title).with("found", part),
            help,
        }
    }

    /// It is none of these words: the nearest, or all of them, would be right.
    pub(super) fn unknown(part: &'a str, title: &str, known: &[&str]) -> Self {
        let help = match nearest(part, known) {
            Some(word) => Sentence::of("rehearsal.right.nearest").with("word", word),
            None => Sentence::of("rehearsal.right.known").with("words", known.join(", ")),
        };
        Self::with_help(part, title, help)
    }

    /// Where it stands in the script.
    pub(super) fn within(self, script: &str) -> Fault {
        let offset = |text: &str| text.as_ptr().addr();
        let start = offset(self.part).saturating_sub(offset(script));
        Fault {
            span: start..start + self.part.len(),
            title: self.title,
            help: self.help,
        }
    }
}
