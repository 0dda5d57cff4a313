use std::ops::Range;

use super::{hide, numbers};

/// What a body is, by its Content-Type.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// A session description (RFC 8866).
    Session,
    /// Several parts, one of which may be a session description (RFC 5621).
    Several,
    /// How far a transfer is: the beginning of a message (RFC 3420).
    Fragment,
    /// What a person wrote.
    Words,
    Other,
}

/// What opens something, whatever the body is called (RFC 4568 9.1, RFC 8839 5.4, RFC 4567 3, RFC 4566 5.12).
const KEYS: [&[u8]; 4] = [b"a=crypto:", b"a=ice-pwd:", b"a=key-mgmt:", b"k="];
/// What of a session description people choose the words of (RFC 8866 5).
const WORDS: [&[u8]; 5] = [b"s=", b"i=", b"u=", b"e=", b"p="];

impl Body {
    pub(super) fn of<'t>(mut headers: impl Iterator<Item = &'t [u8]>) -> Self {
        let kind = headers.find_map(|header| {
            let colon = header.iter().position(|byte| *byte == b':')?;
            let name = header[..colon].trim_ascii().to_ascii_lowercase();
            let is_it = name == b"content-type" || name == b"c";
            is_it.then(|| header[colon + 1..].trim_ascii().to_ascii_lowercase())
        });
        match kind.unwrap_or_default() {
            kind if kind.starts_with(b"application/sdp") => Self::Session,
            kind if kind.starts_with(b"multipart/") => Self::Several,
            kind if kind.starts_with(b"message/sipfrag") => Self::Fragment,
            kind if kind.starts_with(b"text/") => Self::Words,
            _ => Self::Other,
        }
    }

    pub(super) fn mask(self, text: &mut [u8], line: Range<usize>) {
        let is_described = matches!(text[line.clone()], [b'a'..=b'z', b'=', ..]);
        match self {
            _ if is_key(&text[line.clone()]) => key(text, line),
            Self::Session => description(text, line),
            Self::Several if is_described => description(text, line),
            Self::Fragment if text[line.clone()].starts_with(b"SIP/") => {
                super::start_line(text, line);
            }
            Self::Fragment => super::header(text, line),
            Self::Words => hide(text, line),
            Self::Several | Self::Other => pressed(text, line),
        }
    }
}

fn is_key(line: &[u8]) -> bool {
    let line = line.to_ascii_lowercase();
    KEYS.iter().any(|begin| line.starts_with(begin))
}

/// Of a crypto line its suite stays.
fn key(text: &mut [u8], line: Range<usize>) {
    let inline = text[line.clone()]
        .windows(7)
        .position(|part| part.eq_ignore_ascii_case(b"inline:"));
    let colon = text[line.clone()].iter().position(|byte| *byte == b':');
    let start = match (inline, colon) {
        (Some(inline), _) => line.start + inline + 7,
        (None, Some(colon)) => line.start + colon + 1,
        (None, None) => line.start + 2,
    };
    hide(text, start..line.end);
}

fn description(text: &mut [u8], line: Range<usize>) {
    let is = |start: &[u8]| text[line.clone()].starts_with(start);
    if is(b"o=") {
        let end = text[line.clone()].iter().position(|byte| *byte == b' ');
        numbers(text, line.start..end.map_or(line.end, |at| line.start + at));
    } else if WORDS.into_iter().any(is) {
        super::uris(text, line.clone());
        numbers(text, line);
    }
}

/// Of a body that may say which key was pressed: `Signal=5` (INFO's dtmf-relay), or `5` alone.
fn pressed(text: &mut [u8], line: Range<usize>) {
    let equals = text[line.clone()].iter().position(|byte| *byte == b'=');
    let value = line.start + equals.map_or(0, |at| at + 1)..line.end;
    let is_key = text[value.clone()].trim_ascii().len() == 1;
    for at in line {
        let is_of_key = is_key && at >= value.start && !text[at].is_ascii_whitespace();
        if is_of_key || text[at].is_ascii_digit() {
            text[at] = b'0';
        }
    }
}
