//! Numbers and the addresses they lead to (D34).

use crate::policy::AnswerMode;
use crate::sip::{Invited, NameAddr};
use crate::words::{PhoneNumber, Pii};

/// Who calls: by the word of the network where it is trusted, else by From; `None` when withheld.
pub(super) fn caller(invited: &Invited, trusted: bool) -> Option<Pii<PhoneNumber>> {
    let withheld = invited.header("Privacy").is_some_and(|privacy| {
        privacy
            .split(';')
            .any(|value| value.trim().eq_ignore_ascii_case("id"))
    });
    if withheld && !trusted {
        return None;
    }
    let asserted = if trusted {
        invited.identities.as_slice()
    } else {
        &[]
    };
    asserted
        .iter()
        .chain([&invited.from])
        .find_map(number)
        .map(Pii::new)
}

fn number(address: &NameAddr) -> Option<PhoneNumber> {
    PhoneNumber::parse(&address.uri().user()?).ok()
}

/// The headers that make a rep's phone pick up by itself; in manual mode he does (D2, D5).
pub(super) fn auto_answer(mode: AnswerMode) -> Vec<(String, String)> {
    match mode {
        AnswerMode::Manual => Vec::new(),
        AnswerMode::Auto => [
            ("Call-Info", "<sip:thirdring>;answer-after=0"),
            (
                "Alert-Info",
                "<http://www.notused.com>;info=alert-autoanswer;delay=0",
            ),
            ("Answer-Mode", "Auto"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
    }
}
