use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CallingBack, SeatChange, VoiceQuality};
use crate::words::{CallId, Ending, Key, Language, Moment, Party, PromptId, SeatId};

/// One line of a call's timeline: what `timeline.jsonl` keeps and `/events` sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts over all calls of one run, from 1: what `?since=` takes.
    pub seq: u64,
    /// Monotonic nanoseconds (D1).
    pub at: Moment,
    pub utc: Timestamp,
    /// Absent for what concerns the desk as a whole.
    pub call: Option<CallId>,
    pub sip_call_id: Option<String>,
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// A call came in, or we place one.
    Begun {
        inbound: bool,
    },
    /// The call is in another state: `ringing`, `greeting`, `talking`, `holding` ...
    State {
        state: String,
    },
    /// News of a leg: `ringing`, `answered`, `refused`, `hung-up`, `lost` ...; `code` is the SIP status.
    Leg {
        party: Party,
        news: String,
        code: Option<u16>,
    },
    /// The call goes to this seat.
    Seated {
        seat: SeatId,
    },
    /// The first packet of a phrase has left; the numbers are that packet's (RFC 3550 5.1).
    PhraseStarted {
        to: Party,
        phrase: PromptId,
        language: Language,
        utterance: u64,
        ssrc: u32,
        sequence: u16,
        timestamp: u32,
    },
    PhraseEnded {
        to: Party,
        phrase: PromptId,
        utterance: u64,
        whole: bool,
    },
    /// A telephone key; `key` is kept only when it answered a question of ours.
    Key {
        party: Party,
        key: Option<Key>,
    },
    Voice {
        party: Party,
        speaking: bool,
    },
    /// A verdict about a party's line: `no-media`, `media-stopped`, `digital-silence`, `fine` ...
    Line {
        party: Party,
        verdict: String,
    },
    /// What is heard of whom we call: `ringback`, `busy`, `person`, `machine` ...
    Sign {
        sign: String,
    },
    /// How a party's line sounds: told when it sounds otherwise than before, and at the end of the call for the whole.
    Quality {
        party: Party,
        whole: bool,
        quality: VoiceQuality,
    },
    /// A consent was given, refused or is missing; `by`: `key`, `rep`, `muted` ...
    Consent {
        to: String,
        given: bool,
        by: String,
    },
    /// The recording: `began`, `paused`, `resumed`, `ended`, `failed`; `at_s` is the place in the file, in
    /// seconds.
    Recording {
        news: String,
        file: String,
        at_s: f64,
    },
    /// What the rep asked for; `refused` is the problem's code.
    Command {
        command: String,
        refused: Option<String>,
    },
    /// What the rep was told.
    Told {
        notice: String,
    },
    /// A phrase that would help, shown to the rep (D18).
    Suggested {
        phrase: PromptId,
    },
    /// A leg is offered anew (R26), `by` `fresh-ports` or `other-codec`; `news`: `begun`, then `taken`
    /// or `refused`, at last `mended` or `not-mended`.
    Repair {
        party: Party,
        by: String,
        news: String,
    },
    /// A callback's row: `noted`, `not-noted`, `withdrawn`, `done`, `attempted` ...
    Promise {
        callback: Option<String>,
        kind: String,
        news: String,
        /// Who asked for it, where somebody did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The call keeps a promise: what its rep should know before it rings.
    CallsBack(Box<CallingBack>),
    Note {
        text: String,
    },
    Rating {
        key: Key,
    },
    /// An account stands otherwise: `trying`, `registered`, `refused`, `unreachable`, `ended`.
    Registration {
        account: String,
        state: String,
    },
    /// A seat's own phone, which registers here: `registered`, `not-registered`.
    Phone {
        seat: SeatId,
        state: String,
    },
    /// A headset's buttons: `found`, `missing`, `gone`, `denied`, `unfit`.
    Buttons {
        state: String,
        device: String,
    },
    /// The headset of a seat: `ready`, or what is wrong with it.
    Headset {
        seat: SeatId,
        state: String,
    },
    /// A seat stands otherwise. Of no call; kept in a file of its own.
    Seat(SeatChange),
    /// The PBX was told by feature code how a seat stands: `taken`, `refused`, `no-answer`, `no-way`; `told` is the name
    /// of the code, `code` the SIP status, `again` whether it is tried once more. Of no call.
    Pbx {
        seat: SeatId,
        told: String,
        news: String,
        code: Option<u16>,
        again: bool,
    },
    /// A caller was refused (488), for his offer cannot be used: `no-common-codec`, and then the encodings he offered;
    /// `no-audio`, `srtp-only`, `rtp-only`, `no-common-crypto`. Of no call.
    OfferRefused {
        why: String,
        offered: Vec<String>,
    },
    /// The database was damaged: so many promises were taken over from it, and so many were not whole. Of no call.
    Salvaged {
        taken_over: usize,
        lost: usize,
    },
    /// No new calls are taken, or are again (D29). Of no call.
    Drain {
        on: bool,
    },
    /// The settings were read anew: keys that count for calls from now on, and keys that wait for a restart. Of no call.
    SettingsReloaded {
        changed: Vec<String>,
        after_restart: Vec<String>,
    },
    /// Something an admin should see: `store-failed`, `disk-full`, `clock-jumped` ...
    Alarm {
        alarm: String,
    },
    Ended {
        ending: Ending,
    },
}
