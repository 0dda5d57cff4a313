use tokio::sync::watch;

use crate::ear::Heard;
use crate::sip::{Message, read_message};
use crate::words::{Key, Moment};

/// Phrases, keys and messages kept of a phone's life; what comes later is not written down.
const ENTRIES_MAX: usize = 10_000;

/// Where a phone's call is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// No call yet.
    #[default]
    Idle,
    /// We called; nothing has come back.
    Calling,
    /// Ours rings there.
    RingsThere,
    /// An INVITE came; we ring.
    Rings,
    Talking,
    /// Over, by our own hand or theirs.
    HungUp {
        by_us: bool,
    },
    /// Our INVITE was not answered with 200: 408 when nobody answered at all.
    Refused {
        code: u16,
    },
    /// The caller took the INVITE back.
    Cancelled,
}

impl Progress {
    /// Whether there is a call, in whatever state.
    pub fn is_call(&self) -> bool {
        match self {
            Self::Calling | Self::RingsThere | Self::Rings | Self::Talking => true,
            Self::Idle | Self::HungUp { .. } | Self::Refused { .. } | Self::Cancelled => false,
        }
    }
}

/// A phrase found in what a phone received.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardPhrase {
    pub heard: Heard,
    pub ssrc: u32,
    /// The RTP timestamp of its first sample.
    pub rtp_timestamp: u32,
    /// When its first sample was heard, behind a jitter buffer that waits for nobody.
    pub at: Moment,
}

/// A SIP message that a phone sent or got.
#[derive(Clone, Debug)]
pub struct Passed {
    pub at: Moment,
    pub way: Way,
    pub message: Message,
}

/// Where a message went, as the phone sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Sent,
    Received,
}

/// What a phone has lived through; written by its tasks, awaited by its verbs.
#[derive(Clone, Debug, Default)]
pub struct Diary {
    pub progress: Progress,
    /// INVITEs that came.
    pub invites: u32,
    /// Calls that ended, and how the last one did.
    pub ended: u32,
    pub last_end: Progress,
    /// The Call-ID of the last call.
    pub call_id: Option<String>,
    /// In the order in which they ended.
    pub heard: Vec<HeardPhrase>,
    pub keys: Vec<(Key, Moment)>,
    /// In the order in which they passed, repetitions too.
    pub messages: Vec<Passed>,
}

impl Diary {
    pub(super) fn note_heard(&mut self, phrase: HeardPhrase) {
        if self.heard.len() < ENTRIES_MAX {
            self.heard.push(phrase);
        }
    }

    pub(super) fn note_key(&mut self, key: Key, at: Moment) {
        if self.keys.len() < ENTRIES_MAX {
            self.keys.push((key, at));
        }
    }

    /// What is no SIP is passed over.
    pub(crate) fn note_message(&mut self, way: Way, datagram: &[u8], at: Moment) {
        if self.messages.len() >= ENTRIES_MAX {
            return;
        }
        if let Ok(message) = read_message(datagram) {
            self.messages.push(Passed { at, way, message });
        }
    }

    pub(super) fn note_end(&mut self, progress: Progress) {
        self.progress = progress.clone();
        self.last_end = progress;
        self.ended += 1;
    }
}

pub(super) type DiaryPen = std::sync::Arc<watch::Sender<Diary>>;
