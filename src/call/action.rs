use std::fmt;

use serde::Serialize;

use crate::policy::Means;
use crate::words::{
    ConsentFor, Ending, Key, Language, Moment, Party, PhoneNumber, Pii, PromptId, SeatId,
};

use super::{Line, Patch, PromiseKind, Ticket, Utterance};

/// What is to be done. Only `desk/` does it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Tell the caller's side that it rings: 180.
    Ring,
    /// Take the caller's call: 200.
    Answer,
    /// Refuse the caller's call with this SIP status.
    Refuse(u16),
    /// Keep a free seat for this call, unrung, until it is called; `LegNews::Kept` or `NoSeat` follows.
    KeepSeat,
    /// Bring this party to the call.
    Call(Party, Callee),
    /// End this party's leg: BYE or CANCEL, whichever fits.
    HangUp(Party),
    /// Ring this seat, too: once it picks up it is the rep's, and `LegNews::Moved` follows.
    Move(SeatId),
    /// The seat that the call was to move to does not answer: it rings no more.
    StayPut,
    /// Ask the caller's exchange to join him with the target without us (D22);
    /// `LegNews::HandedOff` or `NotHandedOff` of the caller follows.
    HandOff {
        target: String,
    },
    /// Who hears whom from now on.
    Patch(Patch),
    /// The rep dialled the target on his own phone, and the target is there: that call is taken, he talks by it (D23).
    AnswerPhone,
    /// What became of a transfer that the rep asked for by his own phone (D23).
    PhoneTransferOver {
        joined: bool,
    },
    Say(Say),
    Cut(Utterance),
    SendKeys(Party, Vec<Key>),
    /// The rep's own phone asked for this by its keys; refused or done in the same step.
    AskedByKeys(&'static str),
    /// A consent, given, refused or missing: logged before anything follows from it (R19).
    Consent {
        to: ConsentFor,
        given: bool,
        by: ConsentBy,
    },
    /// Say with `Input::Judged` whether this number may be called back.
    Judge(Pii<PhoneNumber>),
    /// The caller's number is known from here on: he has typed it.
    KnowNumber,
    /// Note a callback, then answer with `Input::Promised`.
    Promise {
        ticket: Ticket,
        kind: PromiseKind,
        reason: String,
        particulars: Particulars,
    },
    /// Both sides of the caller's sound are kept, from here on or again, or not for now (D32).
    Record(Recording),
    /// Caller and rep are together: what was promised to this number is kept (D26).
    Joined,
    /// How the attempt to keep a promise went.
    Attempted(Outcome),
    /// The seat does not answer or does not speak.
    SeatAbsent,
    /// Show the rep.
    Tell(Notice),
    /// Show the rep a phrase that would help; he says it, or does not (D18).
    Suggest(PromptId),
    /// Offer this party's leg anew (R26); `Input::Repair` follows.
    Repair {
        party: Party,
        by: Means,
    },
    /// A repair that was taken helped, or did not.
    Repaired {
        party: Party,
        by: Means,
        mended: bool,
    },
    Rated(Key),
    Note(String),
    /// The command that was the input is refused.
    Refused(Refusal),
    /// All legs are ended; nothing follows.
    Over(Ending),
}

/// What a rep adds to his promise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Particulars {
    /// When we dial; without it within the time of its kind.
    pub due: Option<jiff::Timestamp>,
    pub note: Option<Pii<String>>,
    /// Reason and note are those of the promise that this call keeps.
    pub renews: bool,
}

/// What becomes of a recording; it ends with the caller's leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recording {
    Begin,
    Pause,
    Resume,
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callee {
    /// Any ready seat that has not refused this call.
    Seat,
    /// The number this call is about.
    Customer,
    /// A `[[target]]` by its id.
    Target(String),
}

/// A phrase to be said to one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Say {
    pub to: Party,
    pub phrase: PromptId,
    /// Read out after the phrase, digit by digit.
    pub number: Option<Pii<PhoneNumber>>,
    pub language: Language,
    pub utterance: Utterance,
    /// The onset is in the first frame from here on, never before (D3).
    pub not_before: Moment,
}

/// How a consent came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentBy {
    Key,
    /// The rep asked and ticked (D10).
    Rep,
    /// Nobody answered the question.
    Silence,
    /// The microphone was muted for too long (D7): the consent is missing.
    Muted,
    /// The rep's headset is gone: nobody could ask.
    Headset,
    /// The rep's own phone was on hold already (D23): the consent is missing.
    Phone,
}

impl ConsentBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Rep => "rep",
            Self::Silence => "silence",
            Self::Muted => "muted",
            Self::Headset => "headset",
            Self::Phone => "phone",
        }
    }
}

/// How an attempt to call back ended (D25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Joined,
    RepDeclined,
    RepAbsent,
    Busy,
    NoAnswer,
    NoSuchNumber,
    SwitchedOff,
    /// His calls are sent on to somebody else, whom we promised nothing.
    Diverted,
    Refused,
    /// The trunk's fault, and not his.
    Failed,
    /// They hung up before they were joined.
    Abandoned,
    /// They answered, and no rep came.
    NoRep,
    /// An answering machine.
    Machine,
    Fax,
}

/// What the rep is told. The words are in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    NotAgreed,
    TransferFailed,
    TransferDeclined,
    /// The exchange did not take the call: we stay in it (D22).
    NotHandedOff,
    /// The other seat did not take the call: it stays with this one.
    NotMoved,
    CallerSpeaksOnHold,
    CallerOnOwnHold,
    CallerBack,
    /// The verdict about a party's line; `Fine`: what was told before is over.
    Line(Party, Line),
    StillMuted,
    MutedIsHold,
    /// The caller is kept company until there is a headset again.
    HeadsetGone,
    TalkingWhileMuted,
    /// The headset's microphone gives digital zero.
    MicrophoneSilent,
    EchoCancelled,
    /// His phone was on hold, and the caller had not agreed: he is on hold all the same (D23).
    PhoneIsHold,
    /// His phone transfers to somebody the settings do not name.
    TransferToNobody,
    YouAreNotHeard,
    PromiseNoted,
    PromiseNotNoted,
    /// The notice was cut: the caller has not heard it.
    NotRecorded,
}

/// Its key in the catalogue, and its word on the wire.
impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Line(Party::Caller, line) => return write!(f, "line-{}", line.as_str()),
            Self::Line(Party::Rep, line) => return write!(f, "your-line-{}", line.as_str()),
            Self::Line(Party::Target, line) => return write!(f, "target-line-{}", line.as_str()),
            Self::NotAgreed => "not-agreed",
            Self::TransferFailed => "transfer-failed",
            Self::TransferDeclined => "transfer-declined",
            Self::NotHandedOff => "not-handed-off",
            Self::NotMoved => "not-moved",
            Self::CallerSpeaksOnHold => "caller-speaks-on-hold",
            Self::CallerOnOwnHold => "caller-on-own-hold",
            Self::CallerBack => "caller-back",
            Self::StillMuted => "still-muted",
            Self::MutedIsHold => "muted-is-hold",
            Self::HeadsetGone => "headset-gone",
            Self::TalkingWhileMuted => "talking-while-muted",
            Self::MicrophoneSilent => "microphone-silent",
            Self::EchoCancelled => "echo-cancelled",
            Self::PhoneIsHold => "phone-is-hold",
            Self::TransferToNobody => "transfer-to-nobody",
            Self::YouAreNotHeard => "you-are-not-heard",
            Self::PromiseNoted => "promise-noted",
            Self::PromiseNotNoted => "promise-not-noted",
            Self::NotRecorded => "not-recorded",
        };
        f.write_str(word)
    }
}

/// Why a command cannot be done; the codes of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    ConsentRequired,
    QuestionOpen,
    FarewellRequired,
    ReasonRequired,
    NotInThisState,
    UnknownTarget,
    BlindNotAllowed,
    NumberUnknown,
    NotRecorded,
    HeadsetMissing,
    /// The rep's own phone holds us: nobody could return for it.
    PhoneOnHold,
}

impl Refusal {
    pub fn code(self) -> &'static str {
        match self {
            Self::ConsentRequired => "consent-required",
            Self::QuestionOpen => "question-open",
            Self::FarewellRequired => "farewell-required",
            Self::ReasonRequired => "reason-required",
            Self::NotInThisState => "not-in-this-state",
            Self::UnknownTarget => "unknown-target",
            Self::BlindNotAllowed => "mode-refused",
            Self::NumberUnknown => "number-unknown",
            Self::NotRecorded => "not-recorded",
            Self::HeadsetMissing => "headset-missing",
            Self::PhoneOnHold => "phone-on-hold",
        }
    }
}
