use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::scenario::End;
use super::spoiling::MediaFault;
use crate::media::Codec;
use crate::phone::Rtcp;
use crate::words::{Glob, Language, Wait};

/// A scenario as it is written; what its words mean together is `check`'s to say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioText {
    /// Without it the file's name.
    pub(super) title: Option<String>,
    /// Whom `calls` calls where it does not say whom.
    pub(super) target: Option<Spanned<String>>,
    /// What is said and heard where nothing else is told.
    #[serde(default)]
    pub(super) language: Language,
    /// From the first step to the last word.
    #[serde(default = "a_minute")]
    pub(super) at_most: Wait,
    #[serde(default)]
    pub(super) phone: BTreeMap<String, PhoneText>,
    /// Recordings by names of their own; paths count from the scenario's folder.
    #[serde(default)]
    pub(super) sound: BTreeMap<String, Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) step: Vec<StepText>,
    #[serde(default)]
    pub(super) expect: Vec<ExpectText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneText {
    /// Its number or name; `{n}` is the number of the run.
    pub(super) user: Option<String>,
    /// Its address for SIP; port 0 is the system's choice.
    #[serde(default = "loopback")]
    pub(super) at: SocketAddr,
    pub(super) rtp: Option<Spanned<u16>>,
    /// The relay that its sound goes through.
    pub(super) behind: Option<SocketAddr>,
    /// The next hop of its calls, where that is not the target's address.
    pub(super) through: Option<SocketAddr>,
    #[serde(default)]
    pub(super) codec: CodecWord,
    /// What it sends while it says nothing.
    pub(super) quiet: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) rtcp: Rtcp,
    pub(super) fault: Option<MediaFault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepText {
    pub(super) who: Spanned<String>,
    pub(super) does: Spanned<DeedWord>,
    pub(super) what: Option<Spanned<String>>,
    pub(super) after: Option<Spanned<String>>,
    /// Whose event it is; without it the phone's own.
    pub(super) of: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) wait: Wait,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectText {
    pub(super) who: Spanned<String>,

    // What: one of these.
    pub(super) hears: Option<Spanned<String>>,
    pub(super) hears_in_order: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) never_hears: Option<Spanned<String>>,
    pub(super) silence: Option<Spanned<Wait>>,
    pub(super) tone: Option<Spanned<f32>>,
    pub(super) level: Option<Spanned<f32>>,
    pub(super) gap: Option<Spanned<Wait>>,
    pub(super) keys: Option<Spanned<String>>,
    pub(super) status: Option<Spanned<u16>>,
    pub(super) header: Option<Spanned<String>>,
    pub(super) codec: Option<Spanned<CodecWord>>,
    pub(super) ended: Option<Spanned<End>>,

    // More about it.
    pub(super) language: Option<Spanned<Language>>,
    pub(super) nth: Option<Spanned<usize>>,
    pub(super) cut: Option<Spanned<bool>>,
    pub(super) within_db: Option<Spanned<f32>>,
    pub(super) lasts: Option<Spanned<Wait>>,
    pub(super) like: Option<Spanned<Glob>>,
    #[serde(rename = "in")]
    pub(super) of: Option<Spanned<String>>,

    // When.
    pub(super) at: Option<Spanned<Wait>>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) within: Option<Spanned<Wait>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DeedWord {
    Calls,
    Answers,
    Refuses,
    Says,
    Sends,
    Presses,
    Holds,
    Resumes,
    Refers,
    HangsUp,
    /// Nothing: the next step is later.
    Waits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CodecWord {
    #[default]
    Pcma,
    Pcmu,
    G722,
    Opus,
}

impl DeedWord {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Answers => "answers",
            Self::Refuses => "refuses",
            Self::Says => "says",
            Self::Sends => "sends",
            Self::Presses => "presses",
            Self::Holds => "holds",
            Self::Resumes => "resumes",
            Self::Refers => "refers",
            Self::HangsUp => "hangs-up",
            Self::Waits => "waits",
        }
    }
}

impl CodecWord {
    pub(super) fn codec(self) -> Codec {
        match self {
            Self::Pcma => Codec::Pcma,
            Self::Pcmu => Codec::Pcmu,
            Self::G722 => Codec::G722,
            Self::Opus => Codec::Opus,
        }
    }
}

fn a_minute() -> Wait {
    Wait::new(Duration::from_secs(60))
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
