//! A policy file of an admin's, with each fault shown where it was written.

use std::ops::Range;
use std::path::Path;

use toml::Table;
use toml_edit::Document;

use super::error::{Complaint, SettingsError};
use crate::policy::{Policy, PolicyError, Unkept};
use crate::words::Sentence;

/// Reads what a file changes of the standard.
pub fn read_policy(path: &Path) -> Result<Policy, SettingsError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|why| {
        let title = Sentence::of("settings.policy-unreadable")
            .with("file", &name)
            .with("why", Sentence::of_io(&why));
        let help = Sentence::of("settings.right.policy");
        SettingsError::plain(Complaint::new(title, help))
    })?;
    Policy::parse(&text).map_err(|error| draw(&name, &text, error))
}

fn draw(name: &str, text: &str, error: PolicyError) -> SettingsError {
    let (span, complaint) = match error {
        PolicyError::Unkept(unkept) => {
            let place = unkept.key.split_once('.');
            let span = place.and_then(|(section, key)| span_of(text, section, key));
            (span, kept(&unkept))
        }
        PolicyError::Unread(error) => match error.span() {
            Some(span) => (Some(span), Complaint::from_words(error.message())),
            None => culprit(text).unwrap_or((None, Complaint::from_words(error.message()))),
        },
    };
    match span {
        Some(span) => SettingsError::at(name, text, span, complaint),
        None => SettingsError::plain(complaint),
    }
}

fn kept(unkept: &Unkept) -> Complaint {
    let title = Sentence::of("settings.rule-broken")
        .with("key", unkept.key)
        .with("rule", unkept.rule);
    Complaint::new(title, Sentence::of(unkept.remedy))
}

/// Each change is tried alone on the standard: the first that does not fit is the fault.
fn culprit(text: &str) -> Option<(Option<Range<usize>>, Complaint)> {
    let changes: Table = toml::from_str(text).ok()?;
    for (section, value) in &changes {
        let Some(keys) = value.as_table() else {
            if let Some(complaint) = misfit(section, value.clone()) {
                return Some((span_of_key(text, section), complaint));
            }
            continue;
        };
        for (key, value) in keys {
            let alone = Table::from_iter([(key.clone(), value.clone())]);
            if let Some(complaint) = misfit(section, alone.into()) {
                return Some((span_of(text, section, key), complaint));
            }
        }
    }
    None
}

fn misfit(section: &str, value: toml::Value) -> Option<Complaint> {
    let alone = Table::from_iter([(section.to_owned(), value)]);
    match Policy::parse(&alone.to_string()) {
        Err(PolicyError::Unread(error)) => Some(Complaint::from_words(error.message())),
        Ok(_) | Err(PolicyError::Unkept(_)) => None,
    }
}

/// Where `key` stands in `[section]`; the section itself where the key is not written.
fn span_of(text: &str, section: &str, key: &str) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let table = document.get(section)?.as_table_like()?;
    match table.get_key_value(key) {
        Some((key, item)) => key.span().or_else(|| item.span()),
        None => span_of_key(text, section),
    }
}

fn span_of_key(text: &str, key: &str) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let (key, item) = document.as_table().get_key_value(key)?;
    key.span().or_else(|| item.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(text: &str) -> String {
        let error = Policy::parse(text).unwrap_err();
        draw("my.toml", text, error).to_string()
    }

    #[test]
    fn a_misspelt_key_is_shown_with_the_likely_one() {
        let picture = picture("[answer]\nafter_rings = 2\n\n[hold]\nevry = \"30s\"\n");
        assert!(picture.contains("my.toml:5:1"), "{picture}");
        assert!(picture.contains("did you mean `every`?"), "{picture}");
    }

    #[test]
    fn a_broken_rule_is_shown_where_it_is_broken() {
        let picture = picture("[hold]\noffer_after = \"100s\"\n");
        assert!(
            picture.contains("my.toml:2:1") && picture.contains("D4"),
            "{picture}"
        );
    }

    #[test]
    fn a_wrong_value_and_wrong_toml_have_their_line() {
        assert!(picture("[hold]\n\nevery = 15\n").contains("my.toml:3:1"));
        assert!(picture("[hold]\nevery = \n").contains("my.toml:2:"));
        assert!(picture("nmae = \"x\"\n").contains("did you mean `name`?"));
    }
}
