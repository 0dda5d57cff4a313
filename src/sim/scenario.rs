use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::check;
use super::sounds::Sounds;
use crate::ear::Repertoire;
use crate::media::{Clip, Codec};
use crate::phone::{PhoneAddress, Rtcp, Sends};
use crate::settings::SettingsError;
use crate::sip::Uri;
use crate::words::{Glob, Key, Language, PromptId};

/// What phones do, and what they are to hear.
#[derive(Clone)]
pub struct Scenario {
    pub title: String,
    /// Whom a phone calls that is told no other; the command line may say another.
    pub target: Option<Uri>,
    pub language: Language,
    pub at_most: Duration,
    pub phones: BTreeMap<String, Actor>,
    pub steps: Vec<Step>,
    pub expectations: Vec<Expectation>,
    pub(super) sounds: Sounds,
}

/// One phone of a scenario.
#[derive(Clone, Debug)]
pub struct Actor {
    pub user: String,
    pub at: PhoneAddress,
    pub through: Option<SocketAddr>,
    pub codec: Codec,
    pub quiet: Sends,
    pub rtcp: Rtcp,
}

/// What a phone does once its time has come.
#[derive(Clone, Debug)]
pub struct Step {
    pub who: String,
    pub deed: Deed,
    pub after: Option<After>,
    pub wait: Duration,
}

#[derive(Clone, Debug)]
pub enum Deed {
    Call(Callee),
    Answer,
    Refuse(u16),
    Say(Arc<Clip>),
    Send(Sends),
    Press(Vec<Key>),
    Hold,
    Resume,
    Refer(Callee),
    HangUp,
    Wait,
}

#[derive(Clone, Debug)]
pub enum Callee {
    Target,
    /// Another phone of the scenario.
    Phone(String),
    Uri(Uri),
}

/// The next event of a phone, after the one that was waited for last.
#[derive(Clone, Debug)]
pub struct After {
    pub event: Event,
    pub whose: String,
}

/// What happens to a phone, and times are counted from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The INVITE, sent or received.
    Invite,
    /// A response to it.
    Status(u16),
    Ack,
    /// The end of this ring: counted from the 180, a ring of one second each five (D2, cn).
    Ring(u32),
    /// The end of the call.
    Ended,
    /// A key that was received.
    Key,
    /// The beginning of this phrase, known of once it has ended.
    Begins(PromptId),
    /// The end of this phrase.
    Phrase(PromptId),
    /// The end of the phrase before the one in question.
    LastPhrase,
}

/// What a phone is to have lived through.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub who: String,
    pub what: What,
    pub when: Option<When>,
}

#[derive(Clone, Debug)]
pub enum What {
    Hears(Phrase),
    /// These and no others.
    HearsInOrder(Vec<PromptId>),
    NeverHears(PromptId),
    Silence(Duration),
    /// In Hz.
    Tone {
        hz: f32,
        lasts: Duration,
    },
    Level {
        level: Level,
        lasts: Duration,
    },
    /// No two packets of sound are further apart.
    Gap(Duration),
    Keys(Vec<Key>),
    Status(u16),
    Header {
        name: String,
        like: Glob,
        of: HeaderOf,
    },
    Codec(Codec),
    Ended(End),
}

#[derive(Clone, Debug)]
pub struct Phrase {
    pub id: PromptId,
    pub language: Language,
    /// Counted from 1.
    pub nth: usize,
    pub may_be_cut: bool,
    pub level: Option<Level>,
    /// The longest hole; the ear tells those of more than 40 ms.
    pub gap: Option<Duration>,
}

/// In dBov, give or take so many dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    pub dbov: f32,
    pub give_db: f32,
}

/// In which message a header is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderOf {
    Request(String),
    /// A response to the INVITE.
    Response(u16),
}

/// How a call ended, as the phone sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    ByUs,
    ByThem,
    Refused,
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct When {
    pub from: Event,
    pub at: Duration,
    /// Give or take.
    pub within: Duration,
}

impl Scenario {
    /// Reads a scenario; `name` is what people call it, `folder` where its recordings are, and `target` whom it calls instead of
    /// its own. The error is all that is wrong with it, drawn where it is written.
    pub fn read(
        name: &str,
        text: &str,
        folder: &Path,
        target: Option<&Uri>,
    ) -> Result<Self, SettingsError> {
        check::read(name, text, folder, target)
    }

    /// What the ears of its phones know.
    pub fn repertoire(&self) -> Arc<Repertoire> {
        self.sounds.repertoire(self.language, &self.named())
    }

    /// The phrases that are waited for or expected.
    fn named(&self) -> BTreeSet<PromptId> {
        let awaited = self.steps.iter().filter_map(|step| step.after.as_ref());
        let awaited = awaited.filter_map(|after| after.event.phrase());
        let expected = self.expectations.iter().flat_map(|it| it.what.phrases());
        awaited.chain(expected).collect()
    }

    /// How many samples a phrase has.
    pub(super) fn length(&self, id: &PromptId, language: Language) -> usize {
        let clip = self.sounds.clip(id.as_str(), language);
        clip.map_or(0, |clip| clip.len())
    }

    /// Its samples; none where nothing is known of it.
    pub(super) fn clip(&self, id: &PromptId, language: Language) -> Option<Arc<Clip>> {
        self.sounds.clip(id.as_str(), language)
    }

    /// Whether a run needs ports that only one can have.
    pub fn has_fixed_ports(&self) -> bool {
        let fixed = |actor: &Actor| actor.at.sip.port() != 0 || actor.at.rtp.is_some();
        self.phones.values().any(fixed)
    }
}

impl What {
    /// The phrase that is to be heard.
    pub(super) fn phrase(&self) -> Option<&Phrase> {
        if let Self::Hears(phrase) = self {
            Some(phrase)
        } else {
            None
        }
    }

    /// All phrases that it names.
    fn phrases(&self) -> Vec<PromptId> {
        if let Self::HearsInOrder(ids) = self {
            ids.clone()
        } else if let Self::NeverHears(id) = self {
            vec![id.clone()]
        } else {
            self.phrase().into_iter().map(|it| it.id.clone()).collect()
        }
    }
}

impl Event {
    fn phrase(&self) -> Option<PromptId> {
        if let Self::Phrase(id) | Self::Begins(id) = self {
            Some(id.clone())
        } else {
            None
        }
    }
}

impl fmt::Display for Event {
    /// As it is written in a scenario.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invite => f.write_str("invite"),
            Self::Status(code) => write!(f, "{code}"),
            Self::Ack => f.write_str("ack"),
            Self::Ring(nth) => write!(f, "ring {nth}"),
            Self::Ended => f.write_str("ended"),
            Self::Key => f.write_str("key"),
            Self::Begins(id) => write!(f, "{id} begins"),
            Self::Phrase(id) => f.write_str(id.as_str()),
            Self::LastPhrase => f.write_str("last-phrase"),
        }
    }
}
