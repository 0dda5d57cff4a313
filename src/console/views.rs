use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{CallingBack, Entry, VoiceQuality};
use crate::words::{
    CallId, ConsentFor, Ending, Language, Party, PhoneNumber, Pii, PromptId, SeatId,
};

/// A call as a rep sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallView {
    pub id: CallId,
    pub sip_call_id: String,
    pub inbound: bool,
    /// `ringing`, `greeting`, `talking`, `holding`, ... as in the timeline.
    pub state: String,
    /// When its INVITE came or went.
    pub since_utc: Timestamp,
    /// How long the caller has been on hold or waiting, in seconds; 0 otherwise.
    pub waiting_s: u64,
    pub language: Language,
    /// Absent when withheld.
    pub caller: Option<Pii<PhoneNumber>>,
    pub seat: Option<SeatId>,
    pub target: Option<String>,
    /// The question the caller has not answered yet (D11).
    pub question: Option<ConsentFor>,
    pub line: LineView,
    /// Phrases that would help the caller's line; `say` says one (D18).
    #[serde(default)]
    pub suggestions: Vec<PromptId>,
    /// How each party's line sounds now; over the whole call once it is over. Absent until it was measured.
    #[serde(default)]
    pub quality: BTreeMap<Party, VoiceQuality>,
    /// A callback is promised to this caller.
    pub promised: bool,
    /// The promise this call keeps.
    #[serde(default)]
    pub calls_back: Option<CallingBack>,
    /// `running` or `paused`, where the call is recorded.
    #[serde(default)]
    pub recording: Option<String>,
    /// Of a number that was dialled by hand, once, in the answer: `do-not-call`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Present once it is over.
    pub ending: Option<Ending>,
    /// Only where one call is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Entry>,
}

/// The verdict about each line: `fine`, `no-media`, `digital-silence`, ..., `unknown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    pub caller: String,
    pub rep: String,
}

/// A rep's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    pub id: SeatId,
    /// `phone`, `headset`, `echo`, `file`, `silent` (D8).
    pub kind: String,
    /// The rep says that he takes calls.
    pub ready: bool,
    /// `available`, `ringing`, `in-call`, `wrap-up`, `on-break`, `busy`, `offline`, or the gravest of its faults.
    pub state: String,
    /// Of the break, this or the one that is chosen for afterwards.
    #[serde(default)]
    pub reason: Option<String>,
    /// While it has a call: what the rep chose for afterwards.
    #[serde(default)]
    pub then: Option<String>,
    /// Since when it stands so.
    #[serde(default)]
    pub since_utc: Option<Timestamp>,
    /// When the wrap-up ends by itself; absent while only the note is waited for.
    #[serde(default)]
    pub until_utc: Option<Timestamp>,
    /// The wrap-up does not end before a note is written.
    #[serde(default)]
    pub note_owed: bool,
    /// What keeps it from calls: `not-registered`, `no-headset`, `dead-microphone`, `absent`.
    #[serde(default)]
    pub faults: Vec<String>,
    /// That it rings for, talks for or wraps up.
    pub call: Option<CallId>,
    /// While its phone is registered here: when that ends unless it registers again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_until_utc: Option<Timestamp>,
}

/// A promise to phone somebody back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackView {
    pub id: String,
    pub kind: String,
    pub number: Pii<PhoneNumber>,
    pub due_utc: Timestamp,
    pub state: String,
    pub attempts: u32,
    pub reason: String,
    /// The call it was promised in.
    pub origin: Option<CallId>,
    /// When the next attempt may begin, while it is open.
    #[serde(default)]
    pub next_utc: Option<Timestamp>,
    /// Since when he is in the line for a seat, where he keeps his place in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_utc: Option<Timestamp>,
    /// Why it was given up or cancelled.
    #[serde(default)]
    pub because: Option<String>,
    /// How its attempts ended, the first first.
    #[serde(default)]
    pub outcomes: Vec<String>,
    #[serde(default)]
    pub note: Option<Pii<String>>,
    /// Who should call.
    #[serde(default)]
    pub seat: Option<SeatId>,
    /// Of the call it was promised in: its file, below the folder of recordings.
    #[serde(default)]
    pub recording: Option<String>,
    /// Its attempts; only where one callback is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<AttemptView>,
    /// What was wished of it and came true; only where one callback is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<WishView>,
}

/// What somebody wished of a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishView {
    pub at_utc: Timestamp,
    pub by: String,
    /// `snooze`, `done`, `cancel`, `redial`, `assign`.
    pub wish: String,
    /// Why it was cancelled, until when it was snoozed, or the seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A try at keeping a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// From 1.
    pub number: u32,
    /// Of the call to the customer, by which `GET /calls` finds it, too.
    pub sip_call_id: String,
    pub seat: SeatId,
    pub begun_utc: Timestamp,
    /// Absent while it is in flight.
    pub ended_utc: Option<Timestamp>,
    pub outcome: Option<String>,
    /// With what the call to the customer was refused, and in which words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_reason: Option<String>,
    /// The cause of ITU-T Q.850, where the network behind told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q850: Option<u16>,
}

/// How an account stands at its registrar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationView {
    pub account: String,
    /// `waiting`, `trying`, `registered`, `refused`, `unreachable`, `ended`.
    pub state: String,
    /// While registered: when the binding would end.
    pub until_utc: Option<Timestamp>,
    /// While refused: the SIP status.
    pub code: Option<u16>,
    /// While refused or unreachable: when it is tried again.
    pub retry_at_utc: Option<Timestamp>,
}

/// What keeps an agent from its end that takes no more calls (D29).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainView {
    pub on: bool,
    pub calls: usize,
    /// Promises that are in memory or in the outbox, and in no book that outlives this machine.
    pub unsaved: bool,
}

/// Does the agent take calls? Told without a token, so it names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    pub ok: bool,
    pub calls: usize,
    /// The alarms that stand: `store-failed`, `disk-full`, ...
    pub alarms: Vec<String>,
}
