use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::CallId;

/// What was deleted because somebody asked for his number: the proof, which does not name the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// For whoever asked: it names the lines of the proof.
    pub id: String,
    pub at_utc: Timestamp,
    /// Who did it, and why.
    pub by: String,
    pub reason: String,
    /// False while it is at work: a line is written before the first file goes.
    pub done: bool,
    /// The calls of which nothing is kept any more.
    pub calls: Vec<CallId>,
    pub left: Vec<Left>,
    /// There are more calls than are deleted in one go.
    pub more: bool,
    pub removed: Removed,
    /// Callbacks to the number that are still there: it is being called this moment, or the database cannot be written.
    pub callbacks: u64,
}

/// How much of each kind there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub timelines: u64,
    pub records: u64,
    pub recordings: u64,
    /// Of the recordings.
    pub bytes: u64,
    /// Promises to the number, and attempts at keeping them.
    #[serde(default)]
    pub callbacks: u64,
    #[serde(default)]
    pub attempts: u64,
}

/// A call of the number of which something is still kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub call: CallId,
    pub because: StillThere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StillThere {
    /// It is going on.
    Live,
    /// A file could not be removed: the log says why.
    Failed,
}

impl StillThere {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Failed => "failed",
        }
    }
}

impl Deletion {
    /// Nothing of the number is left that can be deleted.
    pub fn is_whole(&self) -> bool {
        self.done && self.left.is_empty() && self.callbacks == 0 && !self.more
    }
}
