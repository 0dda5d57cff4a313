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
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

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
