//! What an admin gives this PC.

use jiff::Timestamp;

use crate::doctor::Finding;
use crate::words::Sentence;

/// What the server says, and what was taken before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Provisioned {
    NotSet,
    /// Signed right; `is_taken` where it is what is in use.
    Offered {
        url: String,
        serial: u64,
        is_taken: bool,
    },
    /// What is in use, with when it was last known to be the newest; none: nothing was ever taken.
    Refused {
        why: Sentence,
        held: Option<(u64, Timestamp)>,
    },
}

pub(in crate::doctor) fn provision(found: &Provisioned, now: Timestamp) -> Finding {
    match found {
        Provisioned::NotSet => Finding::skipped(Sentence::of("doctor.provision.not-set")),
        Provisioned::Offered {
            url,
            serial,
            is_taken,
        } => {
            let key = match is_taken {
                true => "doctor.provision.newest",
                false => "doctor.provision.waiting",
            };
            let told = Sentence::of(key).with("url", url);
            Finding::ok(told.with("serial", serial))
        }
        Provisioned::Refused { why, held: None } => {
            Finding::fault(Sentence::of("doctor.provision.without-copy").with("why", why))
        }
        Provisioned::Refused {
            why,
            held: Some((serial, confirmed)),
        } => {
            let age = now.duration_since(*confirmed);
            let told = Sentence::of("doctor.provision.with-copy")
                .with("why", why)
                .with("serial", serial);
            Finding::warning(told.with("hours", age.as_hours().max(0)))
        }
    }
}
