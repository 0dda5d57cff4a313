//! What is wrong with the settings, or hardly meant: drawn where it was written, in its reader's language.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::complaint::{self, Complaint};
use super::tree::Tree;
use crate::sip::masked_text;
use crate::words::{Catalogue, Language, Sentence};

/// One fault or warning.
#[derive(Clone, Debug)]
pub struct Finding {
    gravity: Gravity,
    complaint: Box<Complaint>,
    spot: Option<Spot>,
}

/// Whether an agent starts with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gravity {
    Error,
    Warning,
}

/// What an admin wrote: a file, a variable, a flag.
#[derive(Debug)]
pub(super) struct Source {
    /// What a person calls it: the file's path, the variable, `--set`.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) is_file: bool,
    /// Of an admin for many PCs.
    pub(super) is_provisioned: bool,
    /// The later layer is the higher.
    pub(super) layer: usize,
}

/// Where in it.
#[derive(Clone, Debug)]
struct Spot {
    source: Arc<Source>,
    span: Range<usize>,
}

/// The settings cannot be used; each fault says where, and what would be right.
///
/// Prints in English, for logs; a person is shown [`SettingsError::drawn`].
#[derive(Debug)]
pub struct SettingsError(Vec<Finding>);

impl SettingsError {
    /// None where there is no fault among them.
    pub(super) fn among(findings: Vec<Finding>) -> Option<Self> {
        let faults = findings.into_iter().filter(Finding::is_error);
        let faults: Vec<Finding> = faults.collect();
        (!faults.is_empty()).then_some(Self(faults))
    }

    pub(super) fn new(fault: Finding) -> Self {
        Self(vec![fault])
    }

    /// From the top; there is one at least.
    pub(super) fn of(mut faults: Vec<Finding>) -> Self {
        faults.sort_by_key(Finding::order);
        Self(faults)
    }

    /// A fault of another text than the settings, drawn as theirs are; `span` counts its bytes.
    pub fn of_text(
        name: &str,
        text: &str,
        span: Range<usize>,
        title: Sentence,
        help: Sentence,
    ) -> Self {
        let source = Arc::new(Source::of_file(name, text, 0));
        Self::new(Finding::at(&source, span, Complaint::new(title, help)))
    }

    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// For a log: where each fault is and what it is. The line itself may hold somebody's number, and stays away.
    pub fn for_log(&self) -> String {
        let texts = Catalogue::shipped();
        let faults = self.0.iter().map(|fault| fault.told(texts, Language::En));
        faults.collect::<Vec<_>>().join("; ")
    }

    /// One picture for each fault, in its reader's language.
    pub fn drawn(&self, texts: &Catalogue, language: Language) -> String {
        let pictures = self.0.iter().map(|fault| fault.drawn(texts, language));
        pictures.collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.drawn(Catalogue::shipped(), Language::En))
    }
}

impl std::error::Error for SettingsError {}

impl Finding {
    /// A fault that no line stands for.
    pub(super) fn plain(complaint: Complaint) -> Self {
        Self {
            gravity: Gravity::Error,
            complaint: Box::new(complaint),
            spot: None,
        }
    }

    pub(super) fn at(source: &Arc<Source>, span: Range<usize>, complaint: Complaint) -> Self {
        let source = Arc::clone(source);
        Self {
            spot: Some(Spot { source, span }),
            ..Self::plain(complaint)
        }
    }

    /// What is allowed and hardly meant.
    pub(super) fn warning(title: Sentence) -> Self {
        Self::plain(Complaint::bare(title)).grave_as(Gravity::Warning)
    }

    #[must_use]
    pub(super) fn grave_as(mut self, gravity: Gravity) -> Self {
        self.gravity = gravity;
        self
    }

    /// As its reader comes upon it: by layer, and there from the top; last what stands nowhere.
    pub(super) fn order(&self) -> (usize, usize) {
        let spot = self.spot.as_ref();
        spot.map_or((usize::MAX, 0), |spot| (spot.source.layer, spot.span.start))
    }

    pub fn is_error(&self) -> bool {
        self.gravity == Gravity::Error
    }

    /// The picture in its reader's language: file, line, caret, and what would be right.
    pub fn drawn(&self, texts: &Catalogue, language: Language) -> String {
        let Complaint { title, label, help } = &*self.complaint;
        let text = |key| texts.text(key, language, &[]);
        let title = texts.say(title, language);
        let level = match self.gravity {
            Gravity::Error => Level::ERROR.with_name(text("settings.error")),
            Gravity::Warning => Level::WARNING.with_name(text("settings.warning")),
        };
        let group = Group::with_title(level.primary_title(&title));
        let label = texts.say(label, language);
        let shown = self.spot.as_ref().map(|spot| spot.source.shown());
        let group = match (&self.spot, &shown) {
            (Some(spot), Some(shown)) => spot.draw(group, shown, label, text("settings.from")),
            (Some(_) | None, _) => group,
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

    /// What is wrong.
    pub fn title(&self) -> &Sentence {
        &self.complaint.title
    }

    /// The sentence alone, without a number, and where it was written: a line of a log.
    pub fn told(&self, texts: &Catalogue, language: Language) -> String {
        let title = masked_text(&texts.say(&self.complaint.title, language));
        match &self.spot {
            Some(Spot { source, span }) if source.is_file => {
                let (line, _) = source.line_and_column(span.start);
                format!("{}:{line}: {title}", source.name)
            }
            Some(Spot { source, .. }) => format!("{}: {title}", source.name),
            None => title,
        }
    }

    /// For editors and CI: where, from 1, and what.
    pub fn json(&self, texts: &Catalogue, language: Language) -> Value {
        let Complaint { title, help, .. } = &*self.complaint;
        let gravity = match self.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
        };
        let mut json = json!({
            "severity": gravity,
            "key": title.key(),
            "message": texts.say(title, language),
            "help": help.as_ref().map(|help| texts.say(help, language)),
        });
        if let (Some(spot), Value::Object(fields)) = (&self.spot, &mut json) {
            let (line, column) = spot.source.line_and_column(spot.span.start);
            let (end_line, end_column) = spot.source.line_and_column(spot.span.end);
            fields.insert("source".to_owned(), spot.source.name.clone().into());
            if spot.source.is_file {
                fields.insert("line".to_owned(), line.into());
                fields.insert("column".to_owned(), column.into());
                fields.insert("end_line".to_owned(), end_line.into());
                fields.insert("end_column".to_owned(), end_column.into());
            }
        }
        json
    }
}

impl Spot {
    /// A variable and a flag have no lines to count: `from` says which it was.
    fn draw<'a>(
        &'a self,
        group: Group<'a>,
        text: &'a str,
        label: String,
        from: String,
    ) -> Group<'a> {
        let annotation = AnnotationKind::Primary.span(self.span.clone()).label(label);
        let snippet = Snippet::source(text).annotation(annotation);
        let name = &*self.source.name;
        match self.source.is_file {
            true => group.element(snippet.path(name)),
            false => group
                .element(snippet.line_numbering(false))
                .element(Level::NOTE.with_name(from).message(name)),
        }
    }
}

impl Source {
    /// A text that somebody here wrote.
    pub(super) fn of_file(name: &str, text: &str, layer: usize) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            is_file: true,
            is_provisioned: false,
            layer,
        }
    }

    /// As it may be shown: a secret that stands there is stars.
    fn shown(&self) -> String {
        let (tree, errors) = Tree::parse(&self.text);
        let mut secrets = tree.texts_of(complaint::is_secret);
        if !errors.is_empty() {
            secrets.extend(complaint::secrets_of_lines(&self.text));
        }
        let mut bytes = self.text.clone().into_bytes();
        for span in secrets {
            let inner = bytes.get_mut(span).into_iter().flatten();
            let letters = inner.filter(|byte| !b"\"'\r\n".contains(*byte));
            letters.for_each(|byte| *byte = b'*');
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// From 1; a column is a character.
    pub(super) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::Inspection;
    use crate::settings::layers::Layers;

    /// All pictures of what is wrong with these settings.
    fn pictures(text: &str) -> String {
        let settings = Inspection::of_layers(Layers::of_file("thirdring.toml", text));
        let error = settings.settings_if_right().unwrap_err();
        error.to_string()
    }

    #[test]
    fn a_password_is_in_no_picture_however_it_is_written() {
        for password in [
            "password = 87654321",
            "password = 8765.4321",
            "password = \"87654321",
            "password = 'x87654321",
            "password = x87654321",
            "password \"87654321\"",
            "password: 87654321",
            "password == \"87654321\"",
            "password = \"87654321\" \"87654321\"",
            "Password = \"87654321",
        ] {
            let text = format!(
                "[[sip.account]]\nname = \"a\"\nusername = \"1\"\ndomain = \"pbx\"\n{password}\n"
            );
            let shown = pictures(&text);
            assert!(!shown.contains("8765"), "{password}:\n{shown}");
        }
    }

    #[test]
    fn a_log_is_told_the_place_and_nobodys_number() {
        let text = "[callbacks]\nnever = [\"13800138000x\", \"13900139000\"]\n";
        let settings = Inspection::of_layers(Layers::of_file("thirdring.toml", text));
        let error = settings.settings_if_right().unwrap_err();
        let (picture, log) = (error.to_string(), error.for_log());
        assert!(picture.contains("13900139000"), "{picture}");
        assert!(log.starts_with("thirdring.toml:2: "), "{log}");
        assert!(
            !log.contains("1380013") && !log.contains("1390013"),
            "{log}"
        );
    }

    #[test]
    fn where_a_password_is_kept_is_shown() {
        let shown = pictures("[[sip.account]]\nname = \"a\"\npassword = { env = PBX }\n");
        assert!(shown.contains("{ env = PBX }"), "{shown}");
    }
}
