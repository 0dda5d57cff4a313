//! Why a call is taken back (RFC 3326).

use crate::sip::wire::{Message, Params, split};

/// Reasons of one message that are looked at.
const REASONS_MAX: usize = 8;

/// All Reason values of a message, in one.
pub(super) fn of(message: &Message) -> Option<String> {
    let values: Vec<&str> = message.values("Reason").take(REASONS_MAX).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Whether a Reason says that somebody else has taken the call: by another device of the same
/// extension (RFC 3326 2, `SIP;cause=200`; Q.850 calls it 26, non-selected user clearing).
pub fn is_answered_elsewhere(reason: &str) -> bool {
    causes(reason).any(|(protocol, cause)| {
        matches!(
            (protocol.as_str(), cause.as_str()),
            ("SIP", "200") | ("Q.850", "26")
        )
    })
}

/// The cause of the telephone network that a message tells (RFC 3326 2).
pub(super) fn q850(message: &Message) -> Option<u16> {
    let reason = of(message)?;
    let mut causes = causes(&reason).filter(|(protocol, _)| protocol == "Q.850");
    causes.find_map(|(_, cause)| cause.parse().ok())
}

/// Protocol and cause of each value.
fn causes(reason: &str) -> impl Iterator<Item = (String, String)> {
    split(reason).take(REASONS_MAX).map(|value| {
        let at = value.find(';').unwrap_or(value.len());
        let (protocol, params) = value.split_at(at);
        let params = Params::new(params);
        let cause = params.get("cause").unwrap_or_default().to_owned();
        (protocol.trim().to_ascii_uppercase(), cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answered_elsewhere_is_told_by_the_cause_alone() {
        for told in [
            "SIP;cause=200;text=\"Call completed elsewhere\"",
            "sip ; cause=200",
            "Q.850;cause=16, SIP;cause=200",
            "Q.850;cause=26;text=\"x, SIP;cause=486\"",
        ] {
            assert!(is_answered_elsewhere(told), "{told}");
        }
        for other in [
            "SIP;cause=487",
            "Q.850;cause=200",
            "SIP;text=\";cause=200\"",
            "SIP",
            "",
            "preemption;cause=200",
        ] {
            assert!(!is_answered_elsewhere(other), "{other}");
        }
    }
}
