use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::words::{Catalogue, Language, Sentence};

/// What is wrong with the settings, drawn: file, line, caret, and what would be right.
///
/// Prints in English, for logs; a person is shown [`SettingsError::drawn`].
#[derive(Debug)]
pub struct SettingsError {
    complaint: Box<Complaint>,
    place: Option<Place>,
}

/// Where it was written.
#[derive(Debug)]
struct Place {
    /// What a person calls it: the file's path, the variable, `--set`.
    name: String,
    text: String,
    span: Range<usize>,
}

/// What to say about a place in the settings.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) title: Sentence,
    pub(super) label: Sentence,
    pub(super) help: Option<Sentence>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.drawn(&Catalogue::shipped(), Language::En))
    }
}

impl std::error::Error for SettingsError {}

impl SettingsError {
    /// A fault that no line stands for.
    pub(super) fn plain(complaint: Complaint) -> Self {
        Self {
            complaint: Box::new(complaint),
            place: None,
        }
    }

    pub(super) fn at(name: &str, text: &str, span: Range<usize>, complaint: Complaint) -> Self {
        let (name, text) = (name.to_owned(), text.to_owned());
        Self {
            complaint: Box::new(complaint),
            place: Some(Place { name, text, span }),
        }
    }

    /// A fault of another text than the settings, drawn as theirs are; `span` counts its bytes.
    pub fn of_text(
        name: &str,
        text: &str,
        span: Range<usize>,
        title: Sentence,
        help: Sentence,
    ) -> Self {
        Self::at(name, text, span, Complaint::new(title, help))
    }

    /// The picture in its reader's language.
    pub fn drawn(&self, texts: &Catalogue, language: Language) -> String {
        let Complaint { title, label, help } = &*self.complaint;
        let text = |key| texts.text(key, language, &[]);
        let title = texts.say(title, language);
        let level = Level::ERROR.with_name(text("settings.error"));
        let label = texts.say(label, language);
        let group = match &self.place {
            Some(Place { name, text, span }) => {
                let annotation = AnnotationKind::Primary.span(span.clone()).label(&label);
                let snippet = Snippet::source(text).path(name).annotation(annotation);
                Group::with_title(level.primary_title(&title)).element(snippet)
            }
            None => Group::with_title(level.primary_title(&title)),
        };
        let group = match help {
            Some(help) => {
                let level = Level::HELP.with_name(text("settings.help"));
                group.element(level.message(texts.say(help, language)))
            }
            None => group,
        };
        Renderer::plain().render(&[group])
    }
}

impl Complaint {
    pub(super) fn new(title: Sentence, help: Sentence) -> Self {
        Self {
            title,
            label: Sentence::of("settings.here"),
            help: Some(help),
        }
    }

    /// Reads serde's words: a sentence of ours, an unknown name (the nearest known one is found),
    /// a value of another type, or no TOML at all.
    pub(super) fn from_words(words: &str) -> Self {
        if let Some((_, title, _)) = Sentence::within(words) {
            return Self {
                title,
                label: Sentence::of("settings.here"),
                help: None,
            };
        }
        let quoted: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
        let (found, known) = quoted.split_first().unwrap_or((&"", &[]));
        let of_name = |title: &str, label: &str| Self {
            title: Sentence::of(title).with("name", found),
            label: Sentence::of(label),
            help: advice(found, known),
        };
        if words.starts_with("unknown field") {
            of_name("settings.unknown-key", "settings.not-known")
        } else if words.starts_with("unknown variant") {
            of_name("settings.unknown-word", "settings.not-known")
        } else if words.starts_with("missing field") {
            of_name("settings.missing", "settings.must-be-set")
        } else {
            Self::of_value(words)
        }
    }

    fn of_value(words: &str) -> Self {
        let right = RIGHT.iter().find(|(part, _)| words.contains(part));
        let title = match right {
            Some(_) => Sentence::of("settings.misfit"),
            None => {
                let why = words.lines().collect::<Vec<_>>().join("; ");
                Sentence::of("settings.no-toml").with("why", why)
            }
        };
        Self {
            title,
            label: Sentence::of("settings.here"),
            help: right.map(|(_, right)| Sentence::of(right)),
        }
    }
}

/// What would be right, by the words in which a type that is not ours refuses.
const RIGHT: [(&str, &str); 7] = [
    ("socket address", "settings.right.address-and-port"),
    ("IP address", "settings.right.address"),
    ("expected u", "settings.right.whole-number"),
    ("expected a boolean", "settings.right.true-or-false"),
    ("expected a string", "settings.right.quoted"),
    ("expected a sequence", "settings.right.list"),
    ("expected struct", "settings.right.section"),
];

/// Below this two names have little in common (0-1).
const LIKELY: f64 = 0.6;

/// A slip of the finger rarely hits the first letter: it breaks a tie.
const SAME_FIRST: f64 = 0.01;

/// The known name that was probably meant.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &str| {
        let same_first = name.chars().next() == found.chars().next();
        let bonus = if same_first { SAME_FIRST } else { 0.0 };
        strsim::normalized_damerau_levenshtein(name, found) + bonus
    };
    let nearest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(nearest) >= LIKELY).then_some(nearest)
}

/// The known name that was meant, or all of them.
pub(super) fn advice(found: &str, known: &[&str]) -> Option<Sentence> {
    match nearest(found, known) {
        Some(name) => Some(Sentence::of("settings.did-you-mean").with("name", name)),
        None if known.is_empty() => None,
        None => Some(Sentence::of("settings.known").with("names", known.join(", "))),
    }
}
