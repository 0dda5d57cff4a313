use bytes::Bytes;

use super::header_names::name_and_value;
use super::message::{Message, Start};
use super::text::to_wire;

/// The usual size of a message, in bytes: one allocation for most.
const TYPICAL: usize = 1500;

/// The bytes of a message, with the one Content-Length that is true.
pub(crate) fn write(message: &Message) -> Bytes {
    let mut out = Vec::with_capacity(TYPICAL.saturating_add(message.body.len()));
    match &message.start {
        Start::Request { method, uri } => to_wire(&format!("{method} {uri} SIP/2.0"), &mut out),
        Start::Response { code, reason } => to_wire(&format!("SIP/2.0 {code} {reason}"), &mut out),
    }
    out.extend_from_slice(b"\r\n");
    for (name, value) in message.headers.iter().map(name_and_value) {
        if name.eq_ignore_ascii_case("Content-Length") {
            continue;
        }
        to_wire(name, &mut out);
        out.extend_from_slice(b": ");
        to_wire(value, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", message.body.len()).as_bytes());
    out.extend_from_slice(&message.body);
    out.shrink_to_fit(); // transactions keep it
    out.into()
}

#[cfg(test)]
mod tests {
    use super::super::lexer::read;
    use super::*;

    /// Another method, an unknown header, GBK, escapes, parameters, a binary body.
    const FOREIGN: &[u8] = b"DANCE sip:%61%2fb;x=%3B@[2001:db8::1];lr?Replaces=a%3Bb SIP/2.0\r\n\
        Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nX-oWn: a,b ;\"c\r\nFrom: \"\xc0\xee\" <tel:+86-10;x=%20>;tag=1\r\n\
        Subject: \r\nContent-Length: 5\r\n\r\n\0\xff\r\n\x80";

    #[test]
    fn what_is_not_understood_leaves_as_it_came_byte_for_byte() {
        let message = read(FOREIGN).unwrap();
        assert_eq!(write(&message), FOREIGN);
    }

    #[test]
    fn a_line_break_in_a_value_begins_no_second_header() {
        let mut message = Message::response(200, "OK\r\nEvil: 1");
        message.push("Subject", "x\r\nEvil: 2");
        let text = String::from_utf8(write(&message).to_vec()).unwrap();
        assert_eq!(
            text,
            "SIP/2.0 200 OK  Evil: 1\r\nSubject: x  Evil: 2\r\nContent-Length: 0\r\n\r\n"
        );
    }
}
