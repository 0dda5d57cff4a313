use std::ops::Range;

use crate::words::Sentence;

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

/// Below this two words have little in common (0-1).
const LIKELY: f64 = 0.6;

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
        let likeness = |word: &str| strsim::normalized_damerau_levenshtein(word, part);
        let nearest = known
            .iter()
            .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
            .filter(|word| likeness(word) >= LIKELY);
        let help = match nearest {
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
