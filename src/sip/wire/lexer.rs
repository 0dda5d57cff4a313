use std::fmt;

use bytes::Bytes;

use super::header_names::{full_name, header};
use super::message::{Message, Start};
use super::quotes::Quotes;
use super::text::from_wire;

/// The largest message read, in bytes; more is answered 513.
pub(crate) const MESSAGE_MAX: usize = 64 * 1024;
/// The most headers read, after joined values are split; more is answered 513.
const HEADERS_MAX: usize = 256;
/// The longest header value (513) and Request-URI (414) read, in bytes.
pub(crate) const VALUE_MAX: usize = 8 * 1024;
/// The headers whose values are split at commas (RFC 3261 7.3.1): those we take one by one.
const SPLIT: [&str; 6] = [
    "Via",
    "Route",
    "Record-Route",
    "Contact",
    "P-Asserted-Identity",
    "Remote-Party-ID",
];

/// What is wrong with the bytes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing but line ends: a keep-alive (RFC 5626 3.5.1).
    Empty,
    StartLine,
    RequestLine,
    UriTooLong,
    StatusLine,
    Version,
    HeaderWithoutColon,
    HeaderName,
    ContentLength,
    /// The body is shorter than Content-Length says.
    ShortBody,
    /// No empty line ends the headers.
    NoEnd,
    TooLarge,
    TooManyHeaders,
    ValueTooLong,
}

impl Fault {
    /// The status code that tells the sender.
    pub fn code(self) -> u16 {
        match self {
            Self::UriTooLong => 414,
            Self::Version => 505,
            Self::TooLarge | Self::TooManyHeaders | Self::ValueTooLong => 513,
            Self::Empty
            | Self::StartLine
            | Self::RequestLine
            | Self::StatusLine
            | Self::HeaderWithoutColon
            | Self::HeaderName
            | Self::ContentLength
            | Self::ShortBody
            | Self::NoEnd => 400,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing but line ends",
            Self::StartLine => "not a SIP start line",
            Self::UriTooLong => "Request-URI over 8 KiB",
            Self::RequestLine => "malformed request line",
            Self::StatusLine => "malformed status line",
            Self::Version => "not SIP/2.0",
            Self::HeaderWithoutColon => "header without a colon",
            Self::HeaderName => "malformed header name",
            Self::ContentLength => "malformed Content-Length",
            Self::ShortBody => "body shorter than Content-Length",
            Self::NoEnd => "no empty line after the headers",
            Self::TooLarge => "message over 64 KiB",
            Self::TooManyHeaders => "more than 256 headers",
            Self::ValueTooLong => "header value over 8 KiB",
        })
    }
}

/// A message that breaks the grammar, with what could be read of it: enough for an answer, perhaps.
#[derive(Debug)]
pub struct Malformed {
    pub fault: Fault,
    pub salvage: Option<Box<Message>>,
}

/// Reads one datagram (RFC 3261 7 and 18.3): bytes after Content-Length are ignored.
pub fn read(datagram: &[u8]) -> Result<Message, Malformed> {
    if datagram.len() > MESSAGE_MAX {
        return Err(hopeless(Fault::TooLarge));
    }
    let mut lines = Lines { rest: datagram };
    lines.skip_empty();
    if lines.rest.is_empty() {
        return Err(hopeless(Fault::Empty));
    }
    let line = lines.line().ok_or_else(|| hopeless(Fault::StartLine))?;
    let (start, fault) = start_line(&from_wire(line)).map_err(hopeless)?;
    let mut reading = Reading::new(start, fault);
    reading.headers(&mut lines);
    reading.body(lines.rest);
    match reading.fault {
        None => Ok(reading.message),
        Some(fault) => Err(Malformed {
            fault,
            salvage: Some(Box::new(reading.message)),
        }),
    }
}

/// Whether these bytes have the first line of a message, well-formed or not.
pub(super) fn begins_a_message(bytes: &[u8]) -> bool {
    let mut lines = Lines { rest: bytes };
    lines.skip_empty();
    let line = lines.line().map(from_wire);
    line.is_some_and(|line| !matches!(start_line(&line), Err(Fault::StartLine)))
}

fn hopeless(fault: Fault) -> Malformed {
    Malformed {
        fault,
        salvage: None,
    }
}

/// Walks over lines that end in CRLF or LF.
pub(super) struct Lines<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Lines<'a> {
    fn skip_empty(&mut self) {
        while let [b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// The next line without its end; none when no end is left.
    fn line(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The next header with its folded lines (RFC 3261 7.3.1), joined by single spaces.
    pub(super) fn header(&mut self) -> Option<Vec<u8>> {
        let mut whole = self.line()?.to_vec();
        while !whole.is_empty() && matches!(self.rest, [b' ' | b'\t', ..]) {
            let folded = self.line()?;
            whole.truncate(whole.trim_ascii_end().len());
            whole.push(b' ');
            whole.extend_from_slice(folded.trim_ascii());
        }
        Some(whole)
    }
}

/// The first line as far as it can be read; an error when it is no SIP at all.
fn start_line(line: &str) -> Result<(Start, Option<Fault>), Fault> {
    if line
        .get(..4)
        .is_some_and(|it| it.eq_ignore_ascii_case("SIP/"))
    {
        return status_line(line).map(|start| (start, None));
    }
    let (method, rest) = line.split_once(' ').ok_or(Fault::StartLine)?;
    let (uri, version) = rest.trim_end().rsplit_once(' ').ok_or(Fault::StartLine)?;
    let start = Start::Request {
        method: method.to_owned(),
        uri: uri.to_owned(),
    };
    if !version
        .get(..4)
        .is_some_and(|it| it.eq_ignore_ascii_case("SIP/"))
    {
        return Err(Fault::StartLine);
    }
    let fault = if !version.eq_ignore_ascii_case("SIP/2.0") {
        Some(Fault::Version)
    } else if uri.len() > VALUE_MAX {
        Some(Fault::UriTooLong)
    } else if !is_token(method) || !is_request_uri(uri) || rest.ends_with([' ', '\t']) {
        Some(Fault::RequestLine)
    } else {
        None
    };
    Ok((start, fault))
}

/// Only what tells words apart; `Uri` reads the rest.
fn is_request_uri(uri: &str) -> bool {
    !uri.is_empty() && !uri.contains([' ', '\t', '<', '>', '"'])
}

fn status_line(line: &str) -> Result<Start, Fault> {
    let (version, rest) = line.split_once(' ').ok_or(Fault::StatusLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Fault::Version);
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let digits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let code = code.parse().map_err(|_| Fault::StatusLine)?;
    if !digits || !(100..700).contains(&code) {
        return Err(Fault::StatusLine);
    }
    Ok(Start::Response {
        code,
        reason: reason.to_owned(),
    })
}

/// A message under way: reading goes on after the first fault, so that it can be answered.
struct Reading {
    message: Message,
    count: usize,
    content_length: Option<usize>,
    fault: Option<Fault>,
}

impl Reading {
    fn new(start: Start, fault: Option<Fault>) -> Self {
        let mut message = Message::response(0, "");
        message.start = start;
        Self {
            message,
            count: 0,
            content_length: None,
            fault,
        }
    }

    fn blame(&mut self, fault: Fault) {
        self.fault = self.fault.or(Some(fault));
    }

    fn headers(&mut self, lines: &mut Lines<'_>) {
        loop {
            match lines.header() {
                None => return self.blame(Fault::NoEnd),
                Some(line) if line.is_empty() => return,
                Some(_) if self.count >= HEADERS_MAX => return self.blame(Fault::TooManyHeaders),
                Some(line) => self.header(&line),
            }
        }
    }

    fn header(&mut self, line: &[u8]) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = from_wire(halves.next().unwrap_or_default().trim_ascii_end());
        let Some(value) = halves.next() else {
            return self.blame(Fault::HeaderWithoutColon);
        };
        if !is_token(&name) {
            return self.blame(Fault::HeaderName);
        }
        let value = value.trim_ascii();
        if value.len() > VALUE_MAX {
            return self.blame(Fault::ValueTooLong);
        }
        self.store(full_name(&name), &from_wire(value));
    }

    fn store(&mut self, name: &str, value: &str) {
        if name.eq_ignore_ascii_case("Content-Length") {
            return self.content_length(value);
        }
        if !SPLIT.iter().any(|it| it.eq_ignore_ascii_case(name)) {
            return self.push(name, value);
        }
        for value in split(value) {
            if self.count >= HEADERS_MAX {
                return self.blame(Fault::TooManyHeaders);
            }
            self.push(name, value);
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        self.message.headers.push(header(name, value.to_owned()));
        self.count = self.count.saturating_add(1);
    }

    fn content_length(&mut self, value: &str) {
        self.count = self.count.saturating_add(1);
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse() {
            Ok(length) if digits && self.content_length.is_none_or(|it| it == length) => {
                self.content_length = Some(length);
            }
            _ => self.blame(Fault::ContentLength),
        }
    }

    fn body(&mut self, rest: &[u8]) {
        let length = self.content_length.unwrap_or(rest.len());
        match rest.get(..length) {
            Some(body) => self.message.body = Bytes::copy_from_slice(body),
            None => self.blame(Fault::ShortBody),
        }
    }
}

/// RFC 3261 25.1 `token`.
pub(super) fn is_token(text: &str) -> bool {
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(of_token)
}

/// Splits at commas outside quotes and angle brackets.
pub(crate) fn split(value: &str) -> impl Iterator<Item = &str> {
    let (mut quotes, mut bracketed) = (Quotes::default(), false);
    value
        .split(move |c: char| {
            let is_plain = quotes.leave_out(c);
            match c {
                '<' if is_plain => bracketed = true,
                '>' if is_plain => bracketed = false,
                _ => {}
            }
            c == ',' && is_plain && !bracketed
        })
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str) -> Result<Message, Fault> {
        read(text.as_bytes()).map_err(|malformed| malformed.fault)
    }

    fn options(headers: &str) -> String {
        format!("OPTIONS sip:a@b SIP/2.0\r\n{headers}\r\n")
    }

    #[test]
    fn compact_folded_and_joined_headers_are_read() {
        let message = lexed(&options(
            "v: SIP/2.0/UDP a;branch=z9hG4bK1 , SIP/2.0/UDP b;x=\"1,2\"\r\nI:\r\n  one\r\n\ttwo\r\ns :\r\n",
        ))
        .unwrap();
        let vias: Vec<&str> = message.values("Via").collect();
        assert_eq!(
            vias,
            ["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/UDP b;x=\"1,2\""]
        );
        assert_eq!(message.value("Call-ID"), Some("one two"));
        assert_eq!(message.value("Subject"), Some(""));
    }

    #[test]
    fn two_identities_on_one_line_are_two() {
        let joined = "\"Wang, Li\" <sip:8001@pbx.example>, <tel:+8613800138000>";
        let message = lexed(&options(&format!("P-Asserted-Identity: {joined}\r\n"))).unwrap();
        let identities: Vec<&str> = message.values("P-Asserted-Identity").collect();
        let expected = [
            "\"Wang, Li\" <sip:8001@pbx.example>",
            "<tel:+8613800138000>",
        ];
        assert_eq!(identities, expected);
    }

    #[test]
    fn bare_line_feeds_and_leading_empty_lines_are_tolerated() {
        let message = lexed("\r\n\r\nSIP/2.0 183 In Fahrt \nt: <sip:a@b>\n\nrest").unwrap();
        assert_eq!(
            message.start,
            Start::Response {
                code: 183,
                reason: "In Fahrt ".into()
            }
        );
        assert_eq!(message.body, "rest");
    }

    #[test]
    fn content_length_decides_the_body() {
        let body = |length: &str| lexed(&(options(&format!("l: {length}\r\n")) + "12345"));
        assert_eq!(body("3").unwrap().body, "123");
        assert_eq!(body("6").unwrap_err(), Fault::ShortBody);
        for wrong in ["-1", "+3", "x", "", "99999999999999999999999"] {
            assert_eq!(body(wrong).unwrap_err(), Fault::ContentLength, "{wrong}");
        }
        assert_eq!(body("3\r\nl: 4").unwrap_err(), Fault::ContentLength);
    }

    #[test]
    fn a_faulty_message_is_salvaged_for_its_answer() {
        let malformed = read(b"OPTIONS sip:a@b SIP/7.0\r\ni: 1\r\nno colon\r\n\r\n").unwrap_err();
        assert_eq!(malformed.fault.code(), 505);
        assert_eq!(malformed.salvage.unwrap().value("Call-ID"), Some("1"));
    }

    #[test]
    fn what_is_no_sip_is_hopeless() {
        for text in [
            "GET / HTTP/1.1\r\n\r\n",
            "x",
            "SIP/2.0 99 a\r\n\r\n",
            "SIP/2.0 +20 a\r\n\r\n",
        ] {
            assert!(
                read(text.as_bytes()).unwrap_err().salvage.is_none(),
                "{text}"
            );
        }
        assert_eq!(lexed("\r\n\r\n").unwrap_err(), Fault::Empty);
    }

    #[test]
    fn spaces_and_brackets_in_a_request_line_are_refused() {
        for line in [
            "OPTIONS <sip:a@b> SIP/2.0",
            "OPTIONS  sip:a@b SIP/2.0",
            "OPTIONS sip:a@b SIP/2.0 ",
        ] {
            assert_eq!(
                lexed(&format!("{line}\r\n\r\n")).unwrap_err(),
                Fault::RequestLine
            );
        }
    }

    #[test]
    fn limits_are_answered_513() {
        let many = options(&"X: 1\r\n".repeat(257));
        assert_eq!(lexed(&many).unwrap_err(), Fault::TooManyHeaders);
        let commas = options(&format!("m: {}\r\n", ",".repeat(300)));
        assert_eq!(lexed(&commas).unwrap_err(), Fault::TooManyHeaders);
        let long = options(&format!("X: {}\r\n", "a".repeat(VALUE_MAX + 1)));
        assert_eq!(lexed(&long).unwrap_err(), Fault::ValueTooLong);
        assert_eq!(
            lexed(&"a".repeat(MESSAGE_MAX + 1)).unwrap_err(),
            Fault::TooLarge
        );
    }
}
