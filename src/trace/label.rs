//! A SIP message in a few words.

use crate::records::SipMessage;

/// `INVITE sdp`, `180 Ringing`, `200 OK INVITE sdp sendonly`, `BYE cause=16`.
pub(super) fn label(message: &SipMessage) -> String {
    let (head, body) = match message.text.split_once("\r\n\r\n") {
        Some(parts) => parts,
        None => (&*message.text, ""),
    };
    let start = head.lines().next().unwrap_or_default();
    let mut words: Vec<String> = match start.strip_prefix("SIP/2.0 ") {
        Some(status) => {
            let method = value(head, "cseq").and_then(|cseq| cseq.split_whitespace().nth(1));
            // What answers an INVITE is the rule.
            let method = method.filter(|method| *method != "INVITE");
            [Some(status), method]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect()
        }
        None => start.split(' ').take(1).map(str::to_owned).collect(),
    };
    words.extend(described(body));
    words.extend(reason(head));
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// A header's value; of several the first.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim())
    })
}

/// That there is a session description, and whether it holds the other side (RFC 3264 8.4).
fn described(body: &str) -> Option<String> {
    let held = ["sendonly", "recvonly", "inactive"]
        .into_iter()
        .find(|direction| {
            body.lines()
                .any(|line| line.strip_prefix("a=") == Some(*direction))
        });
    body.starts_with("v=0").then(|| match held {
        Some(direction) => format!("sdp {direction}"),
        None => "sdp".to_owned(),
    })
}

/// Why, where it is said (RFC 3326).
fn reason(head: &str) -> Option<String> {
    let parameters = value(head, "reason")?.split(';').map(str::trim);
    parameters
        .filter(|parameter| parameter.starts_with("cause="))
        .map(str::to_owned)
        .next()
}
