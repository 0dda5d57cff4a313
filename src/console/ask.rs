use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{CallView, CallbackView, DrainView, HealthView, Problem, RegistrationView, SeatView};
use crate::callbacks::{CallbackId, Wish};
use crate::records::{Deletion, Entry, SipMessage};
use crate::seating::Choice;
use crate::words::{CallId, Command, Owed, PhoneNumber, Pii, SeatId};

/// One question to the desk, and where its answer goes.
#[derive(Debug)]
pub struct Request {
    pub ask: Ask,
    pub reply: oneshot::Sender<Result<Answer, Problem>>,
}

/// Everything the API can ask of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Live calls; with a SIP Call-ID also the ended one that bore it.
    ListCalls {
        sip_call_id: Option<String>,
    },
    GetCall(CallId),
    /// Kept after the call's end.
    Timeline(CallId),
    /// What was said in it by SIP; the same.
    SipMessages(CallId),
    Dial {
        to: Pii<PhoneNumber>,
    },
    Command {
        call: CallId,
        command: Command,
    },
    ListCallbacks,
    ExportCallbacks(Export),
    GetCallback(CallbackId),
    AddCallback(NewCallback),
    /// A callback is to be kept otherwise.
    Wish {
        id: CallbackId,
        wish: Wish,
        by: String,
    },
    /// All that is kept of a number's calls goes, and a proof stays.
    Delete(NewDeletion),
    ListSeats,
    GetSeat(SeatId),
    OrderSeat {
        id: SeatId,
        order: SeatOrder,
    },
    ListRegistrations,
    /// How far the agent is on its way out.
    GetDrain,
    /// No new calls, and the end of the agent once nothing keeps it (D29); or calls again.
    Drain {
        on: bool,
    },
    Health,
}

/// What a rep wants of his seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatOrder {
    Choose(Choice),
    ExtendWrapUp,
    EndWrapUp,
}

/// A callback entered by hand: `POST /callbacks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCallback {
    pub number: Pii<PhoneNumber>,
    pub reason: String,
    /// Absent: as soon as a seat is free.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// The same in minutes from when it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_min: Option<u32>,
    /// Who owes the answer.
    #[serde(default)]
    pub kind: Owed,
    /// For whoever calls back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Pii<String>>,
    /// Who should call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<SeatId>,
    /// The header `Idempotency-Key`: a second promise with the same is the first one's retry (I5).
    #[serde(skip)]
    pub key: Option<String>,
}

/// Promises with their attempts, so many at a time: `GET /callbacks/export`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub format: ExportFormat,
    /// The last one of those before.
    pub after: Option<CallbackId>,
    pub numbers: Numbers,
    /// Who asks for the numbers.
    pub by: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Csv,
    Jsonl,
}

/// How numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    Masked,
    Whole,
}

/// Who asks that what is kept of a number be deleted, and why: `POST /deletions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDeletion {
    pub number: Pii<PhoneNumber>,
    pub by: String,
    pub reason: String,
}

/// What the desk answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Done, and nothing to show: 204.
    Done,
    Calls(Vec<CallView>),
    Call(Box<CallView>),
    /// To `Ask::Dial`: 201.
    Dialled(Box<CallView>),
    Timeline(Vec<Entry>),
    SipMessages(Vec<SipMessage>),
    Callbacks(Vec<CallbackView>),
    Exported {
        format: ExportFormat,
        body: String,
    },
    /// As it stands, with its attempts where it was asked for.
    Callback(Box<CallbackView>),
    /// To `Ask::AddCallback`: 201.
    Noted(Box<CallbackView>),
    Deleted(Box<Deletion>),
    Seats(Vec<SeatView>),
    Seat(SeatView),
    Registrations(Vec<RegistrationView>),
    Drain(DrainView),
    Health(HealthView),
}
