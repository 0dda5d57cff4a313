//! A message as it may be kept: whatever names a person or opens something is written as something that means nothing,
//! by as many characters, so that its lengths still count.

mod body;
mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

use self::body::Body;
use self::names::names;

/// Fewer digits in a row are an extension, a port, a status: no person's number.
const NUMBER_DIGITS: usize = 5;
/// What stays of a number, to tell two people apart.
const DIGITS_SHOWN: usize = 2;
/// A number is known again by so many of its last digits, whatever stands before them: +86, 0.
const KNOWN_BY: usize = 8;
/// Headers in which digits in a row are no number of a person, compact forms included (RFC 3261 20, 7.3.3).
const TECHNICAL: [&str; 31] = [
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
    let Parts {
        start,
        headers,
        body,
    } = Parts::of(&text);
    let kind = Body::of(headers.iter().map(|header| &text[header.clone()]));
    let before = text[..body].to_vec();
    start_line(&mut text, start);
    for line in headers {
        header(&mut text, line);
    }
    again(&mut text, &before);
    for line in lines_of(&text, body..text.len()) {
        kind.mask(&mut text, line);
    }
    String::from_utf8(text).unwrap_or_default()
}

/// Masks the numbers that were found where people stand also in Call-IDs, tags and branches: some phones make these of
/// who calls. `before` is the head as it came.
fn again(text: &mut [u8], before: &[u8]) {
    let known = found(text, before);
    let mut run = Vec::new();
    for at in 0..=before.len() {
        if at < before.len() && text[at].is_ascii_digit() {
            run.push(at);
            continue;
        }
        let digits: Vec<u8> = run.iter().map(|at| text[*at]).collect();
        let tail = digits.len().checked_sub(KNOWN_BY).map(|at| &digits[at..]);
        if tail.is_some_and(|tail| known.contains(tail)) {
            mask(text, &run);
        }
        run.clear();
    }
}

/// The last digits of what has been masked.
fn found(text: &[u8], before: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < before.len() {
        if text[at] == before[at] || !before[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let rest = &before[at..];
        let is_part = |byte: &u8| byte.is_ascii_digit() || SEPARATORS.contains(byte);
        let end = rest.iter().position(|byte| !is_part(byte));
        let whole = &rest[..end.unwrap_or(rest.len())];
        let digits: Vec<u8> = whole.iter().copied().filter(u8::is_ascii_digit).collect();
        if let Some(tail) = digits.len().checked_sub(KNOWN_BY) {
            found.insert(digits[tail..].to_vec());
        }
        at += whole.len();
    }
    found
}

/// Any text without the digits of numbers.
pub fn masked_text(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    let whole = 0..masked.len();
    numbers(&mut masked, whole);
    String::from_utf8(masked).unwrap_or_default()
}

/// Where what stands in a message, read as leniently as the lexer reads it: lines end in CRLF or LF, a line that begins
/// with a blank goes on with the header above it (RFC 3261 7.3.1).
struct Parts {
    start: Range<usize>,
    headers: Vec<Range<usize>>,
    /// Where it begins.
    body: usize,
}

impl Parts {
    fn of(text: &[u8]) -> Self {
        let first = text.iter().position(|byte| !b"\r\n".contains(byte));
        let first = first.unwrap_or(text.len());
        let mut lines = lines_of(text, first..text.len()).into_iter().peekable();
        let start = lines.next().unwrap_or(first..first);
        let mut headers: Vec<Range<usize>> = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.is_empty()) {
            let is_folded = b" \t".contains(&text[line.start]);
            match headers.last_mut().filter(|_| is_folded) {
                Some(above) => above.end = line.end,
                None => headers.push(line),
            }
        }
        let body = lines.nth(1).map_or(text.len(), |line| line.start);
        Self {
            start,
            headers,
            body,
        }
    }
}

/// The lines between, without their ends.
fn lines_of(text: &[u8], within: Range<usize>) -> Vec<Range<usize>> {
    let mut at = within.start;
    let lines = text[within].split_inclusive(|byte| *byte == b'\n');
    let ranges = lines.map(|line| {
        let start = at;
        at += line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        start..start + line.len()
    });
    ranges.collect()
}

/// Of a request its URI, of a response what it says beside its status.
fn start_line(text: &mut [u8], line: Range<usize>) {
    uris(text, line.clone());
    let is_response = text[line.clone()].to_ascii_uppercase().starts_with(b"SIP/");
    let mut words = text[line.clone()].splitn(3, |byte| *byte == b' ');
    let phrase = words.nth(2).map_or(0, <[u8]>::len);
    if is_response {
        numbers(text, line.end - phrase..line.end);
    }
}

fn header(text: &mut [u8], line: Range<usize>) {
    let Some(colon) = text[line.clone()].iter().position(|byte| *byte == b':') else {
        return numbers(text, line);
    };
    let name = String::from_utf8_lossy(&text[line.start..line.start + colon]);
    let name = name.trim().to_ascii_lowercase();
    let value = line.start + colon + 1..line.end;
    uris(text, value.clone());
    match &*name {
        name if name.ends_with("authorization") => credentials(text, value),
        name if name.ends_with("authentication-info") => {
            parameter(text, value, b"rspauth", |_| b'0');
        }
        // A PASSporT has both numbers in it (RFC 8224 4.1).
        "identity" | "y" => hide(text, value),
        "reason" | "warning" => quotes(text, value),
        name if TECHNICAL.contains(&name) => {}
        _ => {
            for name in names(&text[value.clone()]) {
                numbers(text, value.start + name.start..value.start + name.end);
            }
        }
    }
}

/// Of a digest the proof and the name, of other schemes all that follows (RFC 7235 2.1).
fn credentials(text: &mut [u8], value: Range<usize>) {
    let words = text[value.clone()].trim_ascii_start();
    let begins = value.end - words.len();
    let scheme = words.iter().position(u8::is_ascii_whitespace);
    let scheme = scheme.unwrap_or(words.len());
    if !words[..scheme].eq_ignore_ascii_case(b"digest") {
        return hide(text, begins + scheme..value.end);
    }
    parameter(text, value.clone(), b"response", |_| b'0');
    parameter(text, value, b"username", masked_digit);
}

/// Nothing of it is told but how long its words are.
fn hide(text: &mut [u8], within: Range<usize>) {
    let words = text[within].iter_mut();
    let letters = words.filter(|byte| !byte.is_ascii_whitespace());
    letters.for_each(|byte| *byte = b'A');
}

/// The user of each `sip:`, `sips:` and `tel:`, and his password (RFC 3261 19.1, RFC 3966).
fn uris(text: &mut [u8], within: Range<usize>) {
    let mut at = within.start;
    // Looked for once, however many schemes stand in a row: reading takes time linear in the size.
    let mut no_user_before = within.start;
    while at < within.end {
        let rest = &text[at..within.end];
        let is_next = |scheme: &&[u8]| {
            let begins = rest.get(..scheme.len());
            begins.is_some_and(|begins| begins.eq_ignore_ascii_case(scheme))
        };
        let schemes = [&b"sip:"[..], b"sips:", b"tel:"];
        let Some(scheme) = schemes.into_iter().find(is_next) else {
            at += 1;
            continue;
        };
        at += scheme.len();
        let rest = &text[at..within.end];
        let end = |ends: &[u8]| {
            let end = rest.iter().position(|byte| ends.contains(byte));
            end.unwrap_or(rest.len())
        };
        let user = match scheme {
            b"tel:" => Some(end(b"<> \t\"\r\n;,?")),
            _ if at < no_user_before => None,
            // A user may hold what parameters are made of: `sip:+86139;phone-context=b@c`.
            _ => {
                let length = end(b"@<> \t\"\r\n");
                no_user_before = at + length;
                (rest.get(length) == Some(&b'@')).then_some(length)
            }
        };
        if let Some(length) = user {
            self::user(text, at..at + length);
            at += length;
        }
    }
}

fn user(text: &mut [u8], user: Range<usize>) {
    let colon = text[user.clone()].iter().position(|byte| *byte == b':');
    let name = user.start..colon.map_or(user.end, |at| user.start + at);
    if colon.is_some() {
        text[name.end + 1..user.end].fill(b'A');
    }
    numbers(text, name);
}

/// What may stand between the digits of one number: its visual separators (RFC 3966 5.1.1), and escapes (RFC 3261 25.1).
const SEPARATORS: [u8; 6] = *b"-.() %";

/// Runs of digits that are a number.
fn numbers(text: &mut [u8], within: Range<usize>) {
    let mut run = Vec::new();
    for at in within {
        match text[at] {
            b'0'..=b'9' => run.push(at),
            byte if SEPARATORS.contains(&byte) && !run.is_empty() => {}
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

/// The value of each parameter of this name, in quotes or not; blanks may stand around its `=` (RFC 3261 25.1).
fn parameter(text: &mut [u8], within: Range<usize>, name: &[u8], as_what: fn(u8) -> u8) {
    let mut at = within.start;
    while at + name.len() < within.end {
        let is_name = text[at..at + name.len()].eq_ignore_ascii_case(name);
        at += 1;
        if !is_name {
            continue;
        }
        let after = &text[at - 1 + name.len()..within.end];
        let Some(value) = after.trim_ascii_start().strip_prefix(b"=") else {
            continue;
        };
        let value = value.trim_ascii_start();
        let start = within.end - value.len();
        let length = match value.strip_prefix(b"\"") {
            Some(inner) => 1 + quoted(inner),
            None => {
                let end = value.iter().position(|byte| b", \t\r\n".contains(byte));
                end.unwrap_or(value.len())
            }
        };
        for byte in &mut text[start..start + length] {
            *byte = if *byte == b'"' { b'"' } else { as_what(*byte) };
        }
        at = start + length;
    }
}

/// How long a quoted text is whose first quote has been read, without its last one.
fn quoted(inner: &[u8]) -> usize {
    let mut is_escaped = false;
    let end = inner.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.unwrap_or(inner.len())
}

/// The numbers in quoted texts alone: what stands around them are codes and addresses (RFC 3326, RFC 3261 20.43).
fn quotes(text: &mut [u8], value: Range<usize>) {
    let mut at = value.start;
    while let Some(quote) = text[at..value.end].iter().position(|byte| *byte == b'"') {
        let start = at + quote + 1;
        let length = quoted(&text[start..value.end]);
        numbers(text, start..start + length);
        at = (start + length + 1).min(value.end);
    }
}
