use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::complaint::{Complaint, advice};
use super::finding::{Finding, SettingsError, Source};
use super::reading::Reading;
use crate::words::Sentence;

/// A TOML text of another kind that is read as settings are: to its end, each fault drawn where it was written.
pub struct Document {
    source: Arc<Source>,
    findings: Vec<Finding>,
}

impl Document {
    /// Reads what can be read; without what every such text must have there are only its faults.
    pub fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<(Self, T), SettingsError> {
        let source = Arc::new(Source::of_file(name, text, 0));
        let reading = Reading::of::<T>(&source, None);
        let mut findings = reading.findings();
        match reading.tree.read() {
            Ok(read) => Ok((Self { source, findings }, read)),
            Err(error) => {
                if findings.is_empty() {
                    findings.push(Finding::plain(Complaint::from_words(error.message())));
                }
                Err(SettingsError::of(findings))
            }
        }
    }

    /// A fault between values; `span` counts bytes of the text.
    pub fn fault(&mut self, span: Range<usize>, title: Sentence, help: Sentence) {
        self.note(span, Complaint::new(title, help));
    }

    /// A name that is none of those there are: the nearest, or all of them, would be right.
    pub fn unknown(&mut self, span: Range<usize>, title: Sentence, found: &str, known: &[&str]) {
        let complaint = match advice(found, known) {
            Some(help) => Complaint::new(title, help),
            None => Complaint::bare(title),
        };
        self.note(span, complaint);
    }

    /// All that is wrong with it, from the top.
    pub fn faults(self) -> Result<(), SettingsError> {
        match self.findings.is_empty() {
            true => Ok(()),
            false => Err(SettingsError::of(self.findings)),
        }
    }

    fn note(&mut self, span: Range<usize>, complaint: Complaint) {
        self.findings
            .push(Finding::at(&self.source, span, complaint));
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use toml::Spanned;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Recipe {
        name: String,
        #[serde(default)]
        step: Vec<Step>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Step {
        takes: Spanned<String>,
    }

    #[test]
    fn what_fits_is_read_and_every_fault_is_drawn() {
        let text =
            "name = \"tea\"\nnmae = 1\n\n[[step]]\ntaks = \"x\"\n\n[[step]]\ntakes = \"watr\"\n";
        let (mut document, recipe) = Document::read::<Recipe>("tea.toml", text).unwrap();
        assert_eq!((recipe.name.as_str(), recipe.step.len()), ("tea", 1));
        let takes = &recipe.step[0].takes;
        let title = Sentence::of("settings.unknown-word").with("name", takes.get_ref());
        document.unknown(takes.span(), title, takes.get_ref(), &["water", "leaves"]);
        let drawn = document.faults().unwrap_err().to_string();
        for told in [
            "tea.toml:2:1",
            "`name`",
            "tea.toml:5:1",
            "tea.toml:8:9",
            "`water`",
        ] {
            assert!(drawn.contains(told), "{told}: {drawn}");
        }
    }
}
