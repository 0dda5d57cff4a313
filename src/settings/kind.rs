//! What kind of value a key takes, asked of the types themselves: a value is tried, and the refusal says what fits.

use super::Settings;
use super::manual::Manual;

/// Of a key's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    YesOrNo,
    /// A whole number from 0 to this.
    Number {
        most: u64,
    },
    /// `"15s"`.
    Length,
    /// One of these.
    Word(Vec<String>),
    /// `{ env = ".." }`, `{ file = ".." }`.
    Secret,
    Text,
    /// Of texts, or of these words.
    List(Vec<String>),
    Table,
}

/// Each is a table of its own: `[[seat]]`.
pub(super) const LISTS: [&str; 5] = ["seat", "target", "sip.account", "sip.peer", "dial.rule"];

/// What the types call their numbers, and the largest.
const NUMBERS: [(&str, u64); 3] = [
    ("expected u8", u8::MAX as u64),
    ("expected u16", u16::MAX as u64),
    ("expected u32", u32::MAX as u64),
];

/// What is missing is filled in; no entry needs more.
const MISSING_MAX: usize = 8;

impl Kind {
    /// Which words there are.
    pub fn words(&self) -> &[String] {
        match self {
            Self::Word(words) | Self::List(words) => words,
            Self::YesOrNo
            | Self::Number { .. }
            | Self::Length
            | Self::Secret
            | Self::Text
            | Self::Table => &[],
        }
    }

    /// Its text in the catalogue is `kind.<name>`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::YesOrNo => "yes-or-no",
            Self::Number { .. } => "number",
            Self::Length => "length",
            Self::Word(_) => "word",
            Self::Secret => "secret",
            Self::Text => "text",
            Self::List(_) => "list",
            Self::Table => "table",
        }
    }
}

impl Manual {
    /// What kind of value the key takes.
    pub fn kind(&self, key: &str) -> Kind {
        let takes = |value: &str| self.refusal(key, value).is_none();
        if takes("true") {
            return Kind::YesOrNo;
        }
        let below = self.refusal(key, "-1").unwrap_or_default();
        let number = NUMBERS.iter().find(|(name, _)| below.contains(name));
        if let Some((_, most)) = number.filter(|_| !takes("\"1\"")) {
            return Kind::Number { most: *most };
        }
        if takes("[]") {
            return Kind::List(self.words(key, |word| format!("[{word}]")));
        }
        let words = self.words(key, str::to_owned);
        if !words.is_empty() {
            Kind::Word(words)
        } else if takes("{ env = \"A\" }") && takes("{ file = \"a\" }") {
            Kind::Secret
        } else if takes("\"15s\"") && !takes("\"15\"") {
            Kind::Length
        } else if takes("{}") {
            Kind::Table
        } else {
            Kind::Text
        }
    }

    pub(super) fn takes(&self, key: &str, value: &str) -> bool {
        self.refusal(key, value).is_none()
    }

    /// The words that the key takes, where it takes no others.
    fn words(&self, key: &str, wrapped: impl Fn(&str) -> String) -> Vec<String> {
        let refusal = self.refusal(key, &wrapped("\"~\"")).unwrap_or_default();
        if !refusal.starts_with("unknown variant") {
            return Vec::new();
        }
        let known = refusal.split('`').skip(3).step_by(2).map(str::to_owned);
        let known: Vec<String> = known.collect();
        let is_all = |word: &String| self.takes(key, &wrapped(&format!("\"{word}\"")));
        if known.iter().all(is_all) {
            known
        } else {
            Vec::new()
        }
    }

    /// What an entry of the list must say.
    pub(super) fn required(&self, list: &str) -> Vec<String> {
        let (mut required, none) = (Vec::new(), format!("{list}.no_such"));
        self.fill_in(&none, &mut required, |given| written(&none, None, given));
        let own = required
            .iter()
            .filter_map(|(key, _)| key.strip_prefix(list));
        own.map(|key| key.trim_start_matches('.').to_owned())
            .collect()
    }

    /// In serde's words, why the key does not take the value.
    fn refusal(&self, key: &str, value: &str) -> Option<String> {
        let mut given = Vec::new();
        self.fill_in(key, &mut given, |given| written(key, Some(value), given))
    }

    /// Tries a text until nothing is missing beside the key; `given` is what was.
    fn fill_in(
        &self,
        key: &str,
        given: &mut Vec<(String, String)>,
        text: impl Fn(&[(String, String)]) -> String,
    ) -> Option<String> {
        loop {
            let error = toml::from_str::<Settings>(&text(given)).err()?;
            let missing = error.message().strip_prefix("missing field `");
            let missing = missing.and_then(|rest| rest.split('`').next());
            match missing.and_then(|name| self.sample(key, name)) {
                Some(sample) if given.len() < MISSING_MAX => given.push(sample),
                Some(_) | None => return Some(error.message().to_owned()),
            }
        }
    }

    /// What the manual gives as an example of a key beside, or above, this one.
    fn sample(&self, beside: &str, name: &str) -> Option<(String, String)> {
        let mut section = beside;
        while let Some((above, _)) = section.rsplit_once('.') {
            let key = format!("{above}.{name}");
            if let Some(entry) = self.entries().iter().find(|entry| entry.key == key) {
                return Some((key, entry.written.clone()));
            }
            section = above;
        }
        None
    }
}

/// A text of settings that says this, and what else must be said.
fn written(key: &str, value: Option<&str>, given: &[(String, String)]) -> String {
    let said = given
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()));
    let said = said.chain(value.map(|value| (key, value)));
    let is_in = |list: &&&str| {
        key.strip_prefix(**list)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    match LISTS.iter().find(is_in) {
        None => said
            .map(|(key, value)| format!("{} = {value}\n", quoted(key)))
            .collect(),
        Some(list) => {
            let own = |key: &str| quoted(key.get(list.len() + 1..).unwrap_or_default());
            let said = said.map(|(key, value)| format!("{} = {value}", own(key)));
            let said: Vec<String> = said.collect();
            format!("{list} = [{{ {} }}]\n", said.join(", "))
        }
    }
}

/// A dotted key as TOML writes it.
pub(super) fn quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let part = |part: &str| match !part.is_empty() && part.chars().all(is_bare) {
        true => part.to_owned(),
        false => toml::Value::from(part).to_string(),
    };
    key.split('.').map(part).collect::<Vec<_>>().join(".")
}
