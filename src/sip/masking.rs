//! A message as it may be kept: whatever names a person or opens something is written as something that means nothing,
//! by as many characters, so that its lengths still count.

use std::ops::Range;

/// Fewer digits in a row are an extension, a port, a status: no person's number.
const NUMBER_DIGITS: usize = 5;
/// What stays of a number, to tell two people apart.
const DIGITS_SHOWN: usize = 2;
/// Headers in which digits in a row are no number of a person, compact forms included (RFC 3261 20, 7.3.3).
const TECHNICAL: [&str; 33] = [
    "via",
    "v",
    "call-id",
    "i",
    "cseq",
    "max-forwards",
    "content-length",
    "l",
    "content-type",
    "c",
    "date",
    "expires",
    "min-expires",
    "min-se",
    "session-expires",
    "x",
    "rseq",
    "rack",
    "timestamp",
    "retry-after",
    "reason",
    "warning",
    "allow",
    "supported",
    "k",
    "require",
    "user-agent",
    "server",
    "replaces",
    "www-authenticate",
    "proxy-authenticate",
    "event",
    "subscription-state",
];

/// The text of a message without the digits of numbers, the proofs of passwords, the keys of SRTP and pressed keys.
pub fn masked(message: &[u8]) -> String {
    let mut text: Vec<u8> = match std::str::from_utf8(message) {
        Ok(_) => message.to_vec(),
        // What is no text is not worth its length in other bytes.
        Err(_) => message
            .iter()
            .map(|byte| if byte.is_ascii() { *byte } else { b'?' })
            .collect(),
    };
    let body = body_of(&text);
    let head = lines_of(&text, 0..body);
    let is_session = head
        .iter()
        .any(|line| is_of_type(&text[line.clone()], b"sdp"));
    for (n, line) in head.into_iter().enumerate() {
        match n {
            0 => uris(&mut text, line),
            _ => header(&mut text, line),
        }
    }
    for line in lines_of(&text, body..text.len()) {
        match is_session {
            true => description(&mut text, line),
            false => pressed(&mut text, line),
        }
    }
    String::from_utf8(text).unwrap_or_default()
}

/// Any text without the digits of numbers.
pub fn masked_text(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    let whole = 0..masked.len();
    numbers(&mut masked, whole);
    String::from_utf8(masked).unwrap_or_default()
}

/// Where the body begins.
fn body_of(text: &[u8]) -> usize {
    let end = text.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(text.len(), |end| end + 4)
}

/// The lines between, without their ends.
fn lines_of(text: &[u8], within: Range<usize>) -> Vec<Range<usize>> {
    let mut at = within.start;
    let lines = text[within].split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| {
            let start = at;
            at += line.len();
            start..start + line.trim_ascii_end().len()
        })
        .collect()
}

fn is_of_type(line: &[u8], kind: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_type = name.eq_ignore_ascii_case(b"content-type") || name.eq_ignore_ascii_case(b"c");
    is_type
        && line
            .windows(kind.len())
            .any(|part| part.eq_ignore_ascii_case(kind))
}

fn header(text: &mut [u8], line: Range<usize>) {
    let colon = text[line.clone()].iter().position(|byte| *byte == b':');
    let value = line.start + colon.map_or(0, |at| at + 1)..line.end;
    let name = String::from_utf8_lossy(&text[line.start..value.start]);
    let name = name.trim_end_matches(':').trim().to_ascii_lowercase();
    uris(text, value.clone());
    if name.ends_with("authorization") {
        quoted(text, value.clone(), b"response=", |_| b'0');
        quoted(text, value, b"username=", masked_digit);
    } else if !TECHNICAL.contains(&&*name) {
        let people = before_parameters(text, value);
        numbers(text, people);
    }
}

/// Of a name-addr what stands before its parameters, where tags are: they may be digits alone.
fn before_parameters(text: &[u8], value: Range<usize>) -> Range<usize> {
    let end = text[value.clone()].iter().position(|byte| *byte == b'<');
    let end = end.or_else(|| text[value.clone()].iter().position(|byte| *byte == b';'));
    value.start..end.map_or(value.end, |at| value.start + at)
}

/// The user of each `sip:`, `sips:` and `tel:` (RFC 3261 19.1, RFC 3966).
fn uris(text: &mut [u8], within: Range<usize>) {
    let mut at = within.start;
    while at < within.end {
        let rest = &text[at..within.end];
        let scheme = [&b"sip:"[..], b"sips:", b"tel:"]
            .into_iter()
            .find(|scheme| {
                rest.len() >= scheme.len() && rest[..scheme.len()].eq_ignore_ascii_case(scheme)
            });
        let Some(scheme) = scheme else {
            at += 1;
            continue;
        };
        let start = at + scheme.len();
        let ends = |byte: &u8| b"@>;,? \t\"".contains(byte);
        let length = text[start..within.end].iter().position(ends);
        let end = length.map_or(within.end, |length| start + length);
        let is_user = text.get(end) == Some(&b'@') || scheme == b"tel:";
        if is_user {
            numbers(text, start..end);
        }
        at = end;
    }
}

/// Runs of digits that are a number; visual separators of it count (RFC 3966 5.1.1).
fn numbers(text: &mut [u8], within: Range<usize>) {
    let mut run = Vec::new();
    for at in within {
        match text[at] {
            b'0'..=b'9' => run.push(at),
            b'-' | b'.' | b'(' | b')' | b' ' if !run.is_empty() => {}
            _ => mask(text, &std::mem::take(&mut run)),
        }
    }
    mask(text, &run);
}

fn mask(text: &mut [u8], run: &[usize]) {
    if run.len() >= NUMBER_DIGITS {
        for at in &run[..run.len() - DIGITS_SHOWN] {
            text[*at] = b'x';
        }
    }
}

fn masked_digit(byte: u8) -> u8 {
    if byte.is_ascii_digit() { b'x' } else { byte }
}

/// What stands in the quotes after `name`.
fn quoted(text: &mut [u8], within: Range<usize>, name: &[u8], as_what: fn(u8) -> u8) {
    let found = text[within.clone()]
        .windows(name.len())
        .position(|part| part.eq_ignore_ascii_case(name));
    let Some(found) = found else { return };
    let start = within.start + found + name.len();
    let quotes = usize::from(text.get(start) == Some(&b'"'));
    let value = text.get_mut(start + quotes..within.end);
    for byte in value.into_iter().flatten() {
        if b"\",".contains(byte) {
            break;
        }
        *byte = as_what(*byte);
    }
}

/// A line of a session description (RFC 8866 5, RFC 4568 9.1, RFC 8839 5.4).
fn description(text: &mut [u8], line: Range<usize>) {
    let is = |start: &[u8]| text[line.clone()].starts_with(start);
    if is(b"a=crypto:") {
        let inline = text[line.clone()]
            .windows(7)
            .position(|part| part == b"inline:");
        let key = line.start + inline.map_or(0, |at| at + 7)..line.end;
        for byte in &mut text[key] {
            if byte.is_ascii_alphanumeric() || b"+/".contains(byte) {
                *byte = b'A';
            }
        }
    } else if is(b"a=ice-pwd:") {
        text[line.start + 10..line.end].fill(b'A');
    } else if is(b"o=") {
        let end = text[line.clone()].iter().position(|byte| *byte == b' ');
        numbers(text, line.start..line.start + end.unwrap_or(0));
    } else if [&b"s="[..], b"i=", b"u=", b"e=", b"p="].into_iter().any(is) {
        numbers(text, line);
    }
}

/// Of a body that may say which key was pressed: `Signal=5` (INFO's dtmf-relay), or `5` alone.
fn pressed(text: &mut [u8], line: Range<usize>) {
    let equals = text[line.clone()].iter().position(|byte| *byte == b'=');
    let value = line.start + equals.map_or(0, |at| at + 1)..line.end;
    let is_key = value.len() == 1;
    for byte in &mut text[value] {
        if is_key || byte.is_ascii_digit() {
            *byte = b'0';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:13800138000@10.0.0.1;user=phone SIP/2.0\r\n\
        Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1234567890\r\n\
        From: \"Wang 139-0013-9000\" <sip:+8613900139000@pbx.example>;tag=1234567890\r\n\
        To: <tel:+86-10-1234-5678>\r\n\
        Call-ID: 1234567890@10.0.0.2\r\n\
        CSeq: 4711471 INVITE\r\n\
        Contact: <sip:1001@10.0.0.2>\r\n\
        X-Caller: 13900139000\r\n\
        Authorization: Digest username=\"13900139000\", realm=\"pbx\", nonce=\"8f2a\", uri=\"sip:13800138000@10.0.0.1\", response=\"0a1b2c3d\", qop=auth\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: 99\r\n\r\n\
        v=0\r\n\
        o=13900139000 3984201 3984201 IN IP4 10.0.0.2\r\n\
        s=-\r\n\
        p=+86 139 0013 9000\r\n\
        m=audio 40000 RTP/SAVP 8\r\n\
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJDREVGR0g=|2^31\r\n\
        a=rtpmap:8 PCMA/8000\r\n";

    #[test]
    fn what_names_a_person_or_opens_something_is_masked() {
        let masked = masked(INVITE.as_bytes());
        assert_eq!(masked.len(), INVITE.len());
        for own in [
            "139001",
            "138001",
            "0013",
            "1234-5678",
            "0a1b2c3d",
            "QUJDREVG",
            "139 0013",
        ] {
            assert!(!masked.contains(own), "{own} in {masked}");
        }
    }

    #[test]
    fn what_tells_how_the_call_went_stays() {
        let masked = masked(INVITE.as_bytes());
        for technical in [
            "INVITE sip:xxxxxxxxx00@10.0.0.1;user=phone",
            "branch=z9hG4bK1234567890",
            "tag=1234567890",
            "Call-ID: 1234567890@10.0.0.2",
            "CSeq: 4711471 INVITE",
            "<sip:1001@10.0.0.2>",
            "nonce=\"8f2a\"",
            "response=\"00000000\", qop=auth",
            "3984201 3984201 IN IP4 10.0.0.2",
            "m=audio 40000 RTP/SAVP 8",
            "AES_CM_128_HMAC_SHA1_80 inline:AAAA",
            "a=rtpmap:8 PCMA/8000",
        ] {
            assert!(masked.contains(technical), "{technical} not in {masked}");
        }
    }

    #[test]
    fn a_pressed_key_is_not_told() {
        let info = "INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=*\r\nDuration=160\r\n";
        let masked = masked(info.as_bytes());
        assert!(
            masked.ends_with("\r\n\r\nSignal=0\r\nDuration=000\r\n"),
            "{masked}"
        );
    }

    #[test]
    fn whatever_comes_keeps_its_length() {
        let mut entropy = crate::words::Entropy::from_seed([7; 32]);
        for length in 0..600 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| entropy.u32().to_le_bytes()[0])
                .collect();
            assert_eq!(masked(&bytes).len(), length);
        }
    }
}
