use serde::Deserialize;

use crate::words::Language;

/// One phrase, as `phrases.toml` has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// Where its wording comes from: `002 P1`, `own`.
    pub rule: String,
    pub when: When,
    /// The callback that whoever says it promises: its row is committed first (D24).
    pub promises: Option<Promised>,
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    pub en: String,
}

/// Who says a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The agent, by policy.
    Auto,
    /// The rep, by one key.
    Rep,
}

impl When {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Rep => "rep",
        }
    }
}

/// The kind of callback a phrase promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promised {
    LineFault,
    Crash,
    Rep,
    Supervisor,
}

impl Phrase {
    pub fn words(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh_cn,
            Language::En => &self.en,
        }
    }
}
