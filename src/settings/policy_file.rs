//! A policy file of an admin's, with each fault shown where it was written.

use std::path::Path;
use std::sync::Arc;

use toml::Table;

use super::PolicyFile;
use super::complaint::Complaint;
use super::effective::flatten;
use super::finding::{Finding, SettingsError, Source};
use super::places::{Place, Step};
use super::tree::Tree;
use crate::policy::{Policy, Unkept, overlay};
use crate::words::Sentence;

/// It is shown after all layers of the settings.
const OF_POLICY: usize = usize::MAX - 1;

/// Reads what a file changes of the standard.
pub fn read_policy(path: &Path) -> Result<Policy, SettingsError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|why| {
        let title = Sentence::of("settings.policy-unreadable")
            .with("file", &name)
            .with("why", Sentence::of_io(&why));
        let help = Sentence::of("settings.right.policy");
        SettingsError::new(Finding::plain(Complaint::new(title, help)))
    })?;
    read(Source::of_file(&name, &text, OF_POLICY))
}

/// What a file changes, by `policy.section.key`; nothing where a shipped one is named.
pub fn policy_changes(policy: &PolicyFile) -> Vec<(String, String)> {
    let PolicyFile::File(path) = policy else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let table: Table = toml::from_str(&text).unwrap_or_default();
    let mut changes = Vec::new();
    flatten(&table, &["policy"], &mut |keys, value| {
        changes.push((keys.join("."), value.to_string()));
    });
    changes
}

fn read(source: Source) -> Result<Policy, SettingsError> {
    let source = Arc::new(source);
    let (tree, errors) = Tree::parse(&source.text);
    let at = |span, complaint| match span {
        Some(span) => Finding::at(&source, span, complaint),
        None => Finding::plain(complaint),
    };
    let no_toml = errors.iter().map(|error| {
        let complaint = Complaint::from_words(error.message());
        at(error.span(), complaint)
    });
    let mut findings: Vec<Finding> = no_toml.collect();
    let Tried {
        fitting,
        mut misfits,
    } = Tried::of(&tree.read().unwrap_or_default());
    misfits.dedup_by(|one, other| one.0 == other.0);
    let misfits = misfits.into_iter();
    findings.extend(misfits.map(|(place, complaint)| at(tree.find_key(&place), complaint)));
    let policy = Policy::changed_by(fitting).map_err(|error| {
        let complaint = Complaint::from_words(error.message());
        SettingsError::new(Finding::plain(complaint))
    })?;
    let unkept = policy.unkept().into_iter();
    findings.extend(unkept.map(|it| at(tree.find_key(&place(it.key)), kept(&it))));
    findings.sort_by_key(Finding::order);
    match SettingsError::among(findings) {
        Some(error) => Err(error),
        None => Ok(policy),
    }
}

fn kept(unkept: &Unkept) -> Complaint {
    let title = Sentence::of("settings.rule-broken")
        .with("key", unkept.key)
        .with("rule", unkept.rule);
    Complaint::new(title, Sentence::of(unkept.remedy))
}

fn place(dotted: &str) -> Place {
    Place::new(dotted.split('.').map(named).collect())
}

fn named(key: &str) -> Step {
    Step::Named(key.to_owned())
}

/// The changes that fit the standard, and what is wrong with the others; each is tried alone.
#[derive(Default)]
struct Tried {
    fitting: Table,
    misfits: Vec<(Place, Complaint)>,
}

impl Tried {
    fn of(changes: &Table) -> Self {
        let mut tried = Self::default();
        tried.try_each(changes, &[]);
        tried
    }

    fn try_each(&mut self, changes: &Table, section: &[&str]) {
        for (key, value) in changes {
            let keys: Vec<&str> = section.iter().copied().chain([key.as_str()]).collect();
            match value.as_table() {
                Some(inner) => self.try_each(inner, &keys),
                None => self.try_one(value.clone(), &keys),
            }
        }
    }

    fn try_one(&mut self, value: toml::Value, keys: &[&str]) {
        let alone = keys.iter().rev().fold(value, |inner, key| {
            Table::from_iter([((*key).to_owned(), inner)]).into()
        });
        let toml::Value::Table(alone) = alone else {
            return; // a value without a key, of which there is none
        };
        match Policy::changed_by(alone.clone()) {
            Ok(_) => overlay(&mut self.fitting, alone),
            Err(error) => self.misfits.push(misfit(error.message(), keys)),
        }
    }
}

/// At the section where that is what nobody knows.
fn misfit(words: &str, keys: &[&str]) -> (Place, Complaint) {
    let unknown = |key: &&str| words.starts_with(&format!("unknown field `{key}`"));
    let depth = keys.iter().position(unknown).map_or(keys.len(), |n| n + 1);
    let place = keys.iter().take(depth).map(|key| named(key)).collect();
    (Place::new(place), Complaint::from_words(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(text: &str) -> String {
        let source = Source::of_file("my.toml", text, OF_POLICY);
        read(source).unwrap_err().to_string()
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

    #[test]
    fn all_that_is_wrong_is_shown_at_once() {
        let picture =
            picture("[hold]\nevry = \"30s\"\noffer_after = \"100s\"\n\n[consent]\nno = \"1\"\n");
        for line in [2, 3, 6] {
            assert!(picture.contains(&format!("my.toml:{line}:1")), "{picture}");
        }
    }
}
