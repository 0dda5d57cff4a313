use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::words::{Catalogue, Language};

/// A refusal: what the API says no with (RFC 9457), in the reader's language once it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// Fill the `{names}` of the code's texts.
    pub values: Vec<(&'static str, String)>,
}

/// Stable codes: scripts depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The caller has not agreed (D10).
    ConsentRequired,
    /// One question at a time (D11).
    QuestionOpen,
    /// Ask for a hang-up without `force`, the farewell comes first (D27).
    FarewellRequired,
    NotInThisState,
    /// There is no recording to pause.
    NotRecorded,
    /// The rep has no headset to come back with.
    HeadsetMissing,
    /// The rep's own phone holds the call: only the phone takes it off hold (D23).
    PhoneOnHold,
    UnknownCall,
    UnknownSeat,
    /// The break's reason is not in the settings' list.
    UnknownReason,
    /// There is no wrap-up to extend or to end.
    NotWrappingUp,
    NoMoreExtensions,
    /// The call's note is still to be written.
    NoteRequired,
    UnknownTarget,
    UnknownPhrase,
    /// The target does not allow this mode of transfer (D20).
    ModeRefused,
    /// A number we never dial: emergency, or no rule for it (D34).
    NumberRefused,
    /// Somebody dials it, or talks to it (I2).
    NumberInUse,
    /// The caller withheld his number: nothing can be promised to him.
    NumberUnknown,
    /// Force and promises need a reason.
    ReasonRequired,
    NoSeat,
    DeskFull,
    /// The desk did not take or answer the question in time.
    DeskBusy,
    /// The promise could not be written down (D24).
    StoreFailed,
    /// The proof of a deletion could not be written down, or the desk was too busy: nothing was deleted.
    NotDeleted,
    UnknownCallback,
    /// It is done, given up or cancelled.
    CallbackOver,
    /// Somebody is just being called for it.
    CallbackInFlight,
    /// The seat has promised callbacks: they are handed over first (D29).
    PromisesOpen,
    /// The number is on the list of those nobody calls.
    DoNotCall,
    /// The idempotency key is that of another promise.
    KeyReused,
    /// As many promises as may be are open.
    CallbacksFull,
    /// It was put off, or given to others, as often as may be.
    TooManyWishes,
    BadRequest,
    Unauthorised,
    HostRefused,
    OriginRefused,
    NoSuchPage,
    MethodRefused,
    BodyTooLarge,
    BodyTooSlow,
    /// `since` is older than what is kept, or of another run.
    EventsGone,
    WebsocketRequired,
}

impl Code {
    pub const ALL: [Self; 43] = [
        Self::ConsentRequired,
        Self::QuestionOpen,
        Self::FarewellRequired,
        Self::NotInThisState,
        Self::NotRecorded,
        Self::HeadsetMissing,
        Self::PhoneOnHold,
        Self::UnknownCall,
        Self::UnknownSeat,
        Self::UnknownReason,
        Self::NotWrappingUp,
        Self::NoMoreExtensions,
        Self::NoteRequired,
        Self::UnknownTarget,
        Self::UnknownPhrase,
        Self::ModeRefused,
        Self::NumberRefused,
        Self::NumberInUse,
        Self::NumberUnknown,
        Self::ReasonRequired,
        Self::NoSeat,
        Self::DeskFull,
        Self::DeskBusy,
        Self::StoreFailed,
        Self::NotDeleted,
        Self::UnknownCallback,
        Self::CallbackOver,
        Self::CallbackInFlight,
        Self::PromisesOpen,
        Self::DoNotCall,
        Self::KeyReused,
        Self::CallbacksFull,
        Self::TooManyWishes,
        Self::BadRequest,
        Self::Unauthorised,
        Self::HostRefused,
        Self::OriginRefused,
        Self::NoSuchPage,
        Self::MethodRefused,
        Self::BodyTooLarge,
        Self::BodyTooSlow,
        Self::EventsGone,
        Self::WebsocketRequired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConsentRequired => "consent-required",
            Self::QuestionOpen => "question-open",
            Self::FarewellRequired => "farewell-required",
            Self::NotInThisState => "not-in-this-state",
            Self::NotRecorded => "not-recorded",
            Self::HeadsetMissing => "headset-missing",
            Self::PhoneOnHold => "phone-on-hold",
            Self::UnknownCall => "unknown-call",
            Self::UnknownSeat => "unknown-seat",
            Self::UnknownReason => "unknown-reason",
            Self::NotWrappingUp => "not-wrapping-up",
            Self::NoMoreExtensions => "no-more-extensions",
            Self::NoteRequired => "note-required",
            Self::UnknownTarget => "unknown-target",
            Self::UnknownPhrase => "unknown-phrase",
            Self::ModeRefused => "mode-refused",
            Self::NumberRefused => "number-refused",
            Self::NumberInUse => "number-in-use",
            Self::NumberUnknown => "number-unknown",
            Self::ReasonRequired => "reason-required",
            Self::NoSeat => "no-seat",
            Self::DeskFull => "desk-full",
            Self::DeskBusy => "desk-busy",
            Self::StoreFailed => "store-failed",
            Self::NotDeleted => "not-deleted",
            Self::UnknownCallback => "unknown-callback",
            Self::CallbackOver => "callback-over",
            Self::CallbackInFlight => "callback-in-flight",
            Self::PromisesOpen => "promises-open",
            Self::DoNotCall => "do-not-call",
            Self::KeyReused => "key-reused",
            Self::CallbacksFull => "callbacks-full",
            Self::TooManyWishes => "too-many-wishes",
            Self::BadRequest => "bad-request",
            Self::Unauthorised => "unauthorised",
            Self::HostRefused => "host-refused",
            Self::OriginRefused => "origin-refused",
            Self::NoSuchPage => "no-such-page",
            Self::MethodRefused => "method-refused",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyTooSlow => "body-too-slow",
            Self::EventsGone => "events-gone",
            Self::WebsocketRequired => "websocket-required",
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::ConsentRequired
            | Self::QuestionOpen
            | Self::FarewellRequired
            | Self::NotInThisState
            | Self::NotRecorded
            | Self::HeadsetMissing
            | Self::PhoneOnHold
            | Self::NotWrappingUp
            | Self::NoMoreExtensions
            | Self::NoteRequired
            | Self::CallbackOver
            | Self::CallbackInFlight
            | Self::NumberInUse
            | Self::TooManyWishes
            | Self::PromisesOpen => StatusCode::CONFLICT,
            Self::UnknownCall | Self::UnknownSeat | Self::UnknownCallback | Self::NoSuchPage => {
                StatusCode::NOT_FOUND
            }
            Self::UnknownTarget
            | Self::UnknownReason
            | Self::UnknownPhrase
            | Self::ModeRefused
            | Self::NumberRefused
            | Self::NumberUnknown
            | Self::DoNotCall
            | Self::KeyReused
            | Self::ReasonRequired => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoSeat
            | Self::DeskFull
            | Self::DeskBusy
            | Self::StoreFailed
            | Self::CallbacksFull
            | Self::NotDeleted => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::HostRefused | Self::OriginRefused => StatusCode::FORBIDDEN,
            Self::MethodRefused => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::EventsGone => StatusCode::GONE,
            Self::WebsocketRequired => StatusCode::UPGRADE_REQUIRED,
        }
    }
}

/// The problem as it stands in the response, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemBody {
    pub status: u16,
    pub code: String,
    /// What is refused.
    pub title: String,
    /// Why here, and what to do next.
    pub detail: String,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            code,
            values: Vec::new(),
        }
    }
}

impl Problem {
    /// Fills `{name}` of the texts.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    /// A request that cannot be read; `what` is for its developer.
    pub(super) fn bad_request(what: impl ToString) -> Self {
        Self::from(Code::BadRequest).with("what", what)
    }

    pub fn told(&self, texts: &Catalogue, language: Language) -> ProblemBody {
        let readable: Vec<(&str, String)> = self
            .values
            .iter()
            .map(|(name, value)| (*name, in_words(texts, language, name, value)))
            .collect();
        let values: Vec<(&str, &str)> = readable
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let code = self.code.as_str();
        let text = |part| texts.text(&format!("problem.{code}.{part}"), language, &values);
        ProblemBody {
            status: self.code.status().as_u16(),
            code: code.to_owned(),
            title: text("title"),
            detail: text("detail"),
        }
    }

    pub(super) fn response(&self, texts: &Catalogue, language: Language) -> Response {
        let mut response = (self.code.status(), Json(self.told(texts, language))).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.tag()),
        );
        if self.code == Code::Unauthorised {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A state's name is put into the reader's language; other values stay as they are.
fn in_words(texts: &Catalogue, language: Language, name: &str, value: &str) -> String {
    let key = format!("{name}.{value}");
    let text = texts.text(&key, language, &[]);
    if text == key {
        texts.read_out(value, language)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_title_and_a_detail_in_both_languages() {
        let texts = Catalogue::shipped();
        let keys: Vec<&str> = texts.keys().collect();
        for code in Code::ALL {
            for part in ["title", "detail"] {
                let key = format!("problem.{}.{part}", code.as_str());
                assert!(keys.contains(&key.as_str()), "{key}");
            }
        }
    }

    #[test]
    fn a_code_is_spelt_the_same_everywhere() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn values_fill_the_texts() {
        let told =
            Problem::bad_request("line 1: no comma").told(Catalogue::shipped(), Language::En);
        assert_eq!(told.status, 400);
        assert!(told.detail.contains("line 1: no comma"), "{}", told.detail);
    }
}
