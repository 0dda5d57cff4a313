//! What the line doctor calls a fault, and what is done about it.

use serde::{Deserialize, Serialize};

use crate::words::{PromptId, Wait};

use super::{Db, Dbov, Percent};

/// Verdicts about a line: told, suggested, mended (R7, R11, R26-R28; D16-D18).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub again_after: Wait,
    pub after: After,
    pub level: Level,
    pub suggest: Suggest,
    pub repair: Repair,
}

/// How long something lasts before it is a verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    pub no_media: Wait,
    pub media_late: Wait,
    pub media_stopped: Wait,
    pub digital_silence: Wait,
    pub silent_caller: Wait,
    pub music_or_tone: Wait,
}

/// From which level on something is a verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub too_quiet: Dbov,
    pub too_loud: Dbov,
    pub clipped: Percent,
    pub noise_floor: Dbov,
    pub noise_distance: Db,
    pub hum: Dbov,
    pub music: Dbov,
    pub echo_loss: Db,
}

/// The phrase for a verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggest {
    pub too_quiet: PromptId,
    pub too_loud: PromptId,
    pub clipped: PromptId,
    pub line_noise: PromptId,
    pub echo: PromptId,
}

/// Before a hurt call is given up (R26).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// One after the other, each once a leg; none: the phrases come at once.
    pub by: Vec<Means>,
    pub fine_within: Wait,
    pub reported_within: Wait,
}

/// How a leg is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// A re-INVITE with another pair of ports of ours.
    FreshPorts,
    /// A re-INVITE with another codec than the one in use.
    OtherCodec,
}

impl Means {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreshPorts => "fresh-ports",
            Self::OtherCodec => "other-codec",
        }
    }
}
