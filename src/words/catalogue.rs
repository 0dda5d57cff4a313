use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;

use super::{Language, Sentence};

/// Every text a person reads, by key, in each language (D35). `{name}` marks a value to fill in.
#[derive(Clone, Debug)]
pub struct Catalogue {
    texts: BTreeMap<String, Text>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "zh-CN")]
    zh_cn: String,
    en: String,
}

/// The shipped texts: `config/texts.toml`.
const SHIPPED: &str = include_str!("../../config/texts.toml");

#[derive(Debug)]
pub struct CatalogueError(toml::de::Error);

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read the catalogue of texts: {}", self.0)
    }
}

impl std::error::Error for CatalogueError {}

impl Catalogue {
    /// Read once: it is the largest text there is, and whoever waits should keep little in memory.
    pub fn shipped() -> &'static Self {
        static READ: OnceLock<Catalogue> = OnceLock::new();
        READ.get_or_init(|| Self::parse(SHIPPED).expect("config/texts.toml is checked by a test"))
    }

    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        toml::from_str(text)
            .map(|texts| Self { texts })
            .map_err(CatalogueError)
    }

    /// The text of `key` with its values filled in; the key itself when there is no such text.
    pub fn text(&self, key: &str, language: Language, values: &[(&str, &str)]) -> String {
        let Some(text) = self.texts.get(key) else {
            return key.to_owned();
        };
        let words = match language {
            Language::ZhCn => &text.zh_cn,
            Language::En => &text.en,
        };
        values.iter().fold(words.clone(), |words, (name, value)| {
            words.replace(&format!("{{{name}}}"), value)
        })
    }

    /// A sentence in its reader's language.
    pub fn say(&self, sentence: &Sentence, language: Language) -> String {
        let values: Vec<(&str, String)> = sentence
            .values()
            .iter()
            .map(|(name, value)| (name.as_str(), self.read_out(value, language)))
            .collect();
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.text(sentence.key(), language, &values)
    }

    /// An error's words, with the sentence in them said; words without one stay as they are.
    pub fn read_out(&self, words: &str, language: Language) -> String {
        match Sentence::within(words) {
            Some((before, sentence, after)) => {
                format!("{before}{}{after}", self.say(&sentence, language))
            }
            None => words.to_owned(),
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_the_same_values() {
        let names = |words: &str| -> Vec<String> {
            let mut names: Vec<String> = words
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect();
            names.sort();
            names
        };
        for (key, text) in &Catalogue::shipped().texts {
            assert_eq!(names(&text.zh_cn), names(&text.en), "{key}");
            assert!(!text.zh_cn.is_empty() && !text.en.is_empty(), "{key}");
        }
    }
}
