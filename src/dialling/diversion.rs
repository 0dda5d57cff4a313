//! Who sent a call on to us: Diversion (RFC 5806) and History-Info (RFC 7044), as one chain.

use serde::Serialize;

use super::identity;
use crate::sip::{Invited, NameAddr, split};
use crate::words::{PhoneNumber, Pii};

/// One telephone that sent the call on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diverted {
    /// None when withheld, or an address without a number.
    pub by: Option<Pii<PhoneNumber>>,
    /// `user-busy`, `no-answer`, `unconditional` ... of RFC 5806, or a SIP code such as `486`.
    pub why: Option<String>,
}

/// A longer chain is a loop; what is further from us is left out.
const CHAIN_MAX: usize = 16;

/// Entries read, of whatever chain.
const ENTRIES_MAX: usize = 64;

/// The first to send it on comes first; Diversion where there is one, else History-Info.
pub(super) fn chain(invited: &Invited) -> Vec<Diverted> {
    let diversions = entries(invited, "Diversion");
    if diversions.is_empty() {
        return by_history(&entries(invited, "History-Info"));
    }
    // RFC 5806 4: the latest is on top.
    let nearest = diversions.iter().take(CHAIN_MAX).rev();
    let diverted = nearest.map(|entry| Diverted {
        by: shown(entry),
        why: entry.param("reason").map(word),
    });
    diverted.collect()
}

/// The last entry is us; whoever stands before it sent the call on (RFC 7044 4.1).
fn by_history(entries: &[NameAddr]) -> Vec<Diverted> {
    let Some((_us, before)) = entries.split_last() else {
        return Vec::new();
    };
    let far = before.len().saturating_sub(CHAIN_MAX);
    let diverted = before.iter().skip(far).map(|entry| Diverted {
        by: shown(entry),
        why: cause(entry),
    });
    diverted.collect()
}

/// What each value of `name` says, however many stand on one line.
fn entries(invited: &Invited, name: &str) -> Vec<NameAddr> {
    let values = invited
        .headers
        .iter()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .flat_map(|(_, value)| split(value.reveal()));
    let read = values.filter_map(|value| NameAddr::read(value).ok());
    read.take(ENTRIES_MAX).collect()
}

fn shown(entry: &NameAddr) -> Option<Pii<PhoneNumber>> {
    let privacy = entry.param("privacy").map(word);
    let hidden = privacy.is_some_and(|privacy| !matches!(privacy.as_str(), "off" | "none" | ""));
    let asks = entry.uri().as_str().to_ascii_lowercase();
    if hidden || asks.contains("?privacy=") || asks.contains("&privacy=") {
        return None;
    }
    identity::number(entry.uri())
}

/// The SIP code of `?Reason=SIP%3Bcause%3D486` in the address (RFC 7044 10.2), or its `cause`
/// parameter (RFC 4458).
fn cause(entry: &NameAddr) -> Option<String> {
    let text = entry.uri().as_str().to_ascii_lowercase();
    let reason = text
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("reason="));
    let code = reason.map(|reason| reason.replace("%3b", ";").replace("%3d", "="));
    let code = code.and_then(|reason| {
        let (_, rest) = reason.split_once("cause=")?;
        Some(rest.chars().take_while(char::is_ascii_digit).collect())
    });
    code.or_else(|| entry.uri().param("cause").map(word))
}

fn word(text: &str) -> String {
    text.trim_matches('"').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialling::identity::samples::invited;

    fn told(headers: &[(&'static str, &str)]) -> Vec<(String, String)> {
        let chain = chain(&invited("<sip:1001@192.0.2.1>", &[], headers));
        let number = |by: Option<Pii<PhoneNumber>>| {
            by.map_or("-".to_owned(), |by| by.reveal().as_str().to_owned())
        };
        let told = chain
            .into_iter()
            .map(|it| (number(it.by), it.why.unwrap_or_default()));
        told.collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        expected.iter().map(own).collect()
    }

    #[test]
    fn the_first_to_divert_comes_first() {
        let headers = [
            (
                "Diversion",
                "\"B, Inc\" <sip:8002@192.0.2.1>;reason=\"No-Answer\";counter=1",
            ),
            (
                "Diversion",
                "<tel:+862087654321>;reason=user-busy, <sip:x@192.0.2.1>",
            ),
        ];
        let expected = [
            ("-", ""),
            ("+862087654321", "user-busy"),
            ("8002", "no-answer"),
        ];
        assert_eq!(told(&headers), pairs(&expected));
    }

    #[test]
    fn who_diverts_privately_is_not_named() {
        let headers = [("Diversion", "<sip:8002@192.0.2.1>;reason=away;privacy=full")];
        assert_eq!(told(&headers), pairs(&[("-", "away")]));
        let headers = [(
            "History-Info",
            "<sip:8002@192.0.2.1?Privacy=history>;index=1, <sip:9@192.0.2.1>;index=1.1",
        )];
        assert_eq!(told(&headers), pairs(&[("-", "")]));
    }

    #[test]
    fn history_ends_with_us() {
        let headers = [(
            "History-Info",
            "<sip:8002@192.0.2.1?Reason=SIP%3Bcause%3D486>;index=1,\
             <sip:8003@192.0.2.1;cause=408>;index=1.1,<sip:8001@192.0.2.9>;index=1.2;mp=1",
        )];
        let expected = [("8002", "486"), ("8003", "408")];
        assert_eq!(told(&headers), pairs(&expected));
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn a_chain_is_bounded_and_rubbish_in_it_is_left_out() {
        let long = "<sip:1@192.0.2.1>,".repeat(100);
        assert_eq!(told(&[("Diversion", &long)]).len(), CHAIN_MAX);
        assert_eq!(told(&[("History-Info", &long)]).len(), CHAIN_MAX);
        assert!(told(&[("Diversion", "<<,\"")]).is_empty());
    }
}
