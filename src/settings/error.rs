use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// What is wrong with the settings, drawn: file, line, caret, and what would be right.
#[derive(Debug)]
pub struct SettingsError {
    picture: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.picture)
    }
}

impl std::error::Error for SettingsError {}

/// What to say about a place in the settings.
pub(super) struct Complaint {
    pub(super) title: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

impl SettingsError {
    /// A fault that no line stands for.
    pub(super) fn plain(title: &str, help: Option<&str>) -> Self {
        Self::render(Group::with_title(Level::ERROR.primary_title(title)), help)
    }

    pub(super) fn at(name: &str, text: &str, span: Range<usize>, complaint: &Complaint) -> Self {
        let annotation = AnnotationKind::Primary.span(span).label(&complaint.label);
        let snippet = Snippet::source(text).path(name).annotation(annotation);
        let title = Level::ERROR.primary_title(&complaint.title);
        let group = Group::with_title(title).element(snippet);
        Self::render(group, complaint.help.as_deref())
    }

    fn render(group: Group<'_>, help: Option<&str>) -> Self {
        let group = match help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        };
        Self {
            picture: Renderer::plain().render(&[group]),
        }
    }
}

impl Complaint {
    /// Reads serde's words for an unknown name and finds the nearest one that is known.
    pub(super) fn from_words(words: &str) -> Self {
        let quoted: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
        let (found, known) = quoted.split_first().unwrap_or((&"", &[]));
        let (title, label) = if words.starts_with("unknown field") {
            (format!("unknown key `{found}`"), "not known here")
        } else if words.starts_with("unknown variant") {
            (format!("unknown word `{found}`"), "not known here")
        } else if words.starts_with("missing field") {
            (format!("`{found}` is missing"), "must be set here")
        } else {
            return Self {
                title: words.lines().collect::<Vec<_>>().join("; "),
                label: "here".to_owned(),
                help: example(words),
            };
        };
        Self {
            title,
            label: label.to_owned(),
            help: advice(found, known),
        }
    }
}

/// Below this two names have little in common (0-1).
const LIKELY: f64 = 0.6;

/// A slip of the finger rarely hits the first letter: it breaks a tie.
const SAME_FIRST: f64 = 0.01;

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

fn advice(found: &str, known: &[&str]) -> Option<String> {
    match nearest(found, known) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known here: {}", known.join(", "))),
    }
}

/// What would be right, where the refusal of a type that is not ours leaves it out.
fn example(words: &str) -> Option<String> {
    let example = [
        (
            "socket address",
            "write an address and a port, such as \"127.0.0.1:5060\"",
        ),
        ("IP address", "write an address, such as \"192.0.2.7\""),
        ("expected u16", "write a whole number"),
        ("expected a boolean", "write true or false"),
    ];
    let known = example.into_iter().find(|(part, _)| words.contains(part));
    known.map(|(_, right)| right.to_owned())
}
