use jiff::Timestamp;

use super::label::{parts, value};
use crate::records::{SipMessage, Way};
use crate::words::{Moment, safe};

/// They end nothing: a password is asked for, a CANCEL of ours is obeyed, an offer is to be made again (RFC 3261 22.2,
/// 9.2, 14.1).
const NO_END: [&str; 4] = ["401", "407", "487", "491"];

/// What the other side said when it ended the call: its last refusal, or the Reason of its last BYE or CANCEL
/// (RFC 3326). What was refused before the call was `answered` is of others, who did not take it.
pub fn last_words(
    messages: &[SipMessage],
    answered: Option<Timestamp>,
    ended: Moment,
) -> Option<String> {
    let heard = messages.iter().filter(|message| {
        let is_of_the_end = answered.is_none_or(|answered| message.utc >= answered);
        message.way == Way::Received && message.at <= ended && is_of_the_end
    });
    let words = heard.rev().find_map(said_in_parting)?;
    words.map(|words| safe(&words))
}

/// None where a message ends nothing; of one that does, why, where it says so.
fn said_in_parting(message: &SipMessage) -> Option<Option<String>> {
    let (head, _) = parts(message);
    let start = head.lines().next()?;
    if let Some(status) = start.strip_prefix("SIP/2.0 ") {
        let is_refusal = status.starts_with(['4', '5', '6']);
        let ends = is_refusal && !NO_END.iter().any(|code| status.starts_with(code));
        return ends.then(|| Some(status.to_owned()));
    }
    let is_parting = start.starts_with("BYE ") || start.starts_with("CANCEL ");
    is_parting.then(|| value(head, "reason").map(str::to_owned))
}
