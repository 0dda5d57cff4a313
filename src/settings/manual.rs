//! The manual of the settings, `config/thirdring.toml` and `config/thirdring.zh-CN.toml`: what each key means, read from
//! the comment that stands above it.

use super::complaint::advice;
use crate::words::{Language, Sentence};

const EN: &str = include_str!("../../config/thirdring.toml");
const ZH_CN: &str = include_str!("../../config/thirdring.zh-CN.toml");

/// In the order of the file.
pub struct Manual(Vec<Entry>);

/// What is said of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `sip.listen`; of a list `seat.uri`, whichever entry.
    pub key: String,
    pub text: String,
    /// Its value in the file, as TOML.
    pub written: String,
    /// Whether that is the default; else it is an example, and not set is the default.
    pub is_default: bool,
    /// Rules of the standard (R1) and decisions (D1) that the text names.
    pub rules: Vec<String>,
}

/// What a line of the file is.
enum Line<'a> {
    Blank,
    Comment(&'a str),
    /// `[sip]`, `# [[seat]]`.
    Section(&'a str),
    Key {
        name: &'a str,
        value: &'a str,
        is_default: bool,
    },
    /// Of a value that began above.
    Rest(&'a str),
}

impl Manual {
    pub fn shipped(language: Language) -> Self {
        Self::parse(match language {
            Language::ZhCn => ZH_CN,
            Language::En => EN,
        })
    }

    fn parse(text: &str) -> Self {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.read(line));
        Self(reader.entries)
    }

    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The key itself, or all keys of the section.
    pub fn under(&self, key: &str) -> Vec<&Entry> {
        let is_under = |entry: &&Entry| {
            let rest = entry.key.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.0.iter().filter(is_under).collect()
    }

    /// What was probably meant by a key that is none.
    pub fn advice(&self, key: &str) -> Sentence {
        let mut known: Vec<&str> = self.0.iter().map(|entry| entry.key.as_str()).collect();
        let sections = known.iter().filter_map(|key| key.split_once('.'));
        let mut sections: Vec<&str> = sections.map(|(section, _)| section).collect();
        sections.dedup();
        let near = known
            .iter()
            .find(|name| name.rsplit('.').next() == Some(key));
        if let Some(name) = near {
            return Sentence::of("settings.did-you-mean").with("name", name);
        }
        known.extend(&sections);
        let meant = advice(key, &known).filter(|it| it.key() == "settings.did-you-mean");
        let all = || Sentence::of("settings.known").with("names", sections.join(", "));
        meant.unwrap_or_else(all)
    }
}

impl Entry {
    /// What is written, read as TOML.
    pub fn value(&self) -> Option<toml::Value> {
        let line = format!("it = {}", self.written);
        toml::from_str::<toml::Table>(&line).ok()?.remove("it")
    }

    /// `default`, or `example`.
    pub fn written_as(&self) -> &'static str {
        match self.is_default {
            true => "default",
            false => "example",
        }
    }
}

/// What stands above the line that is read.
#[derive(Default)]
struct Reader<'a> {
    entries: Vec<Entry>,
    section: &'a str,
    about_section: String,
    comment: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, line: &'a str) {
        match Line::of(line) {
            Line::Blank => self.comment.clear(),
            Line::Comment(text) => self.comment.push(text),
            Line::Section(name) => {
                self.section = name;
                self.about_section = self.comment.join("\n");
                self.comment.clear();
            }
            Line::Key {
                name,
                value,
                is_default,
            } => self.key(name, value, is_default),
            Line::Rest(text) => {
                if let Some(entry) = self.entries.last_mut() {
                    let space = if text == "]" { "" } else { " " };
                    entry.written = format!("{}{space}{text}", entry.written);
                }
            }
        }
    }

    /// A key without words of its own shares those above it, or its section's.
    fn key(&mut self, name: &str, value: &str, is_default: bool) {
        let name = name.trim_matches('"');
        let key = match self.section {
            "" => name.to_owned(),
            section => format!("{section}.{name}"),
        };
        let section = key.rsplit_once('.').map(|(section, _)| section);
        let above = self.entries.last();
        let above =
            above.filter(|it| it.key.rsplit_once('.').map(|(section, _)| section) == section);
        let text = match above {
            _ if !self.comment.is_empty() => self.comment.join("\n"),
            Some(above) => above.text.clone(),
            None => self.about_section.clone(),
        };
        self.comment.clear();
        self.entries.push(Entry {
            rules: rules(&text),
            key,
            text,
            written: value.to_owned(),
            is_default,
        });
    }
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        if line.is_empty() {
            return Self::Blank;
        }
        let (text, is_default) = match line.strip_prefix("# ") {
            Some(text) => (text, false),
            None => (line, true),
        };
        let section = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(section) = section.filter(|name| !name.contains([' ', '"'])) {
            return Self::Section(section.trim_matches(['[', ']']));
        }
        match text.split_once(" = ") {
            Some((name, value)) if !name.contains(' ') => Self::Key {
                name,
                value,
                is_default,
            },
            _ if is_default && !line.starts_with('#') => Self::Rest(line.trim()),
            _ => Self::Comment(text.trim_start_matches('#')), // words, or an empty line between them
        }
    }
}

/// `R18`, `D3` and the like, each once.
fn rules(text: &str) -> Vec<String> {
    let mut rules = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let is_rule = word
            .strip_prefix(['R', 'D'])
            .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()));
        if is_rule && !rules.iter().any(|rule| rule == word) {
            rules.push(word.to_owned());
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_chinese(text: &str) -> bool {
        text.chars().any(|c| ('一'..='龥').contains(&c))
    }

    #[test]
    fn every_key_is_explained_in_both_languages() {
        let [zh, en] = [Language::ZhCn, Language::En].map(Manual::shipped);
        let words = |manual: &Manual| -> Vec<(String, String, bool)> {
            let entries = manual.entries().iter().cloned();
            entries
                .map(|it| (it.key, it.written, it.is_default))
                .collect()
        };
        assert_eq!(words(&zh), words(&en));
        assert!(en.entries().len() > 100);
        for (zh, en) in zh.entries().iter().zip(en.entries()) {
            assert!(has_chinese(&zh.text), "{}: {}", zh.key, zh.text);
            assert!(!en.text.is_empty() && !has_chinese(&en.text), "{}", en.key);
            assert_eq!(zh.rules, en.rules, "{}", en.key);
        }
    }

    #[test]
    fn the_words_above_a_key_are_its_own() {
        let manual = Manual::shipped(Language::En);
        let of = |key: &str| manual.under(key).into_iter().next().unwrap().clone();
        assert!(
            of("sip.listen")
                .text
                .contains("port 0 lets the system choose")
        );
        assert_eq!(of("sip.listen").written, "\"127.0.0.1:5060\"");
        assert_eq!(of("sip.listen_tls").text, of("sip.listen_tcp").text);
        assert!(of("callbacks.due.rep").text.contains("a promise is due"));
        assert!(
            of("seat.pbx.resume").text.contains("feature code")
                || !of("seat.pbx.resume").is_default
        );
        assert!(of("headset.prefer").written.ends_with("\"*USB*\",]"));
        assert!(manual.under("sip.tls").len() == 5);
    }

    #[test]
    fn a_key_that_is_none_is_met_by_the_nearest() {
        let manual = Manual::shipped(Language::En);
        assert!(manual.under("sip.lisen").is_empty());
        for (key, meant) in [
            ("sip.lisen", "sip.listen"),
            ("listen_tls", "sip.listen_tls"),
        ] {
            assert!(
                manual
                    .advice(key)
                    .values()
                    .iter()
                    .any(|(_, it)| it == meant),
                "{key}"
            );
        }
    }
}
