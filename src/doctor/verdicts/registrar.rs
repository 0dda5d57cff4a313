//! What became of an account at its registrar.

use std::time::Duration;

use crate::doctor::Finding;
use crate::sip::digest::NotAnswered;
use crate::words::Sentence;

/// What a registrar that was asked says of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Outcome {
    /// So many phones are registered there; how long it took.
    Known {
        bindings: usize,
        took: Duration,
    },
    Refused {
        code: u16,
        why: Option<NotAnswered>,
    },
    /// Nobody answers at this place.
    Silent {
        at: String,
    },
    /// Its name leads nowhere.
    NotFound(String),
    /// We cannot even ask: the password is missing, a name is none.
    NotAsked(Sentence),
    /// It does not register.
    Not,
    /// The agent that runs is registered, or is not: its own word, and the status that refused it.
    Agents {
        state: String,
        code: Option<u16>,
    },
}

pub(in crate::doctor) fn registration(account: &str, outcome: &Outcome) -> Finding {
    let of = |key: &str| Sentence::of(key).with("account", account);
    match outcome {
        Outcome::Known { bindings, took } => Finding::ok(
            of("doctor.registration.known")
                .with("bindings", bindings)
                .with("took", format!("{} ms", took.as_millis())),
        ),
        Outcome::Refused { code, why } => refused(of(refusal(*code, *why)).with("code", code)),
        Outcome::Silent { at } => Finding::fault(of("doctor.registration.silent").with("at", at)),
        Outcome::NotFound(why) => {
            Finding::fault(of("doctor.registration.not-found").with("why", why))
        }
        Outcome::NotAsked(why) => {
            Finding::fault(of("doctor.registration.not-asked").with("why", why))
        }
        Outcome::Not => Finding::skipped(of("doctor.registration.not")),
        Outcome::Agents { state, code } => agents(state, *code, of),
    }
}

fn refused(why: Sentence) -> Finding {
    Finding::fault(why)
}

fn refusal(code: u16, why: Option<NotAnswered>) -> &'static str {
    match (code, why) {
        (_, Some(NotAnswered::Refused)) => "doctor.registration.password",
        (_, Some(_)) => "doctor.registration.challenge",
        (403, None) => "doctor.registration.forbidden",
        (404, None) => "doctor.registration.unknown",
        (500..=599, None) => "doctor.registration.ill",
        (_, None) => "doctor.registration.refused",
    }
}

/// In the agent's words: see `RegistrationView`.
fn agents(state: &str, code: Option<u16>, of: impl Fn(&str) -> Sentence) -> Finding {
    match (state, code) {
        ("registered", _) => Finding::ok(of("doctor.registration.agent-is")),
        ("refused", Some(code)) => refused(of(refusal(code, wrong(code))).with("code", code)),
        (state, _) => Finding::fault(of("doctor.registration.agent-not").with("state", state)),
    }
}

/// The agent has answered the challenge before it tells this status.
fn wrong(code: u16) -> Option<NotAnswered> {
    matches!(code, 401 | 407).then_some(NotAnswered::Refused)
}

pub(in crate::doctor) fn no_account() -> Finding {
    Finding::skipped(Sentence::of("doctor.registration.no-account"))
}
