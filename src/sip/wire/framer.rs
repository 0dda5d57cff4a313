use bytes::{Buf, Bytes, BytesMut};

use super::lexer::{Fault, MESSAGE_MAX, begins_a_message};

/// Cuts messages out of a stream (RFC 3261 18.3), however the network has split it.
///
/// What it holds is bounded: past 64 KiB without a whole message the stream is broken. Every byte
/// is looked at once for the end of the headers.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// No end of headers before this.
    scanned: usize,
    /// We have pinged: the next line end between messages is the answer.
    pong_due: bool,
    broken: bool,
}

/// What a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Message(Bytes),
    /// Two line ends between messages: one goes back (RFC 5626 3.5.1).
    Ping,
    /// The line end that answers our ping.
    Pong,
    /// Where the next message begins is not to be known: answer these headers, and close.
    Broken {
        head: Bytes,
        fault: Fault,
    },
}

impl Framer {
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// We send a ping: one line end is its answer, not half of a ping of theirs.
    pub fn expect_pong(&mut self) {
        self.pong_due = true;
    }

    /// Whether a message has begun and is not whole: it must not take for ever. Line ends before
    /// a message are none of it.
    pub fn is_midway(&self) -> bool {
        self.buffer.iter().any(|byte| !b"\r\n".contains(byte))
    }

    /// The next piece; none until more bytes come, and after a broken one none ever.
    pub fn next_piece(&mut self) -> Option<Piece> {
        if self.broken {
            return None;
        }
        if let Some(ping) = self.line_ends() {
            return Some(ping);
        }
        let Some(head) = self.head() else {
            return (self.buffer.len() > MESSAGE_MAX).then(|| self.give_up(Fault::TooLarge));
        };
        let body = match self.buffer.get(..head).map(length_of_body) {
            Some(Ok(length)) => length,
            Some(Err(fault)) => return Some(self.give_up_at(head, fault)),
            None => return None,
        };
        let whole = head.saturating_add(body);
        if whole > MESSAGE_MAX {
            return Some(self.give_up_at(head, Fault::TooLarge));
        }
        if self.buffer.len() < whole {
            return None;
        }
        self.scanned = 0;
        Some(Piece::Message(self.buffer.split_to(whole).freeze()))
    }

    /// Line ends before a message: two are a ping, one alone a pong or the rest of some message.
    fn line_ends(&mut self) -> Option<Piece> {
        if self.pong_due && self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            self.pong_due = false;
            return Some(Piece::Pong);
        }
        if self.buffer.starts_with(b"\r\n\r\n") {
            self.buffer.advance(4);
            return Some(Piece::Ping);
        }
        while let [b'\r', b'\n', after, ..] | [b'\n', after, ..] = self.buffer.as_ref()
            && *after != b'\r'
        {
            self.buffer.advance(1);
        }
        None
    }

    /// The length of the headers with the empty line that ends them.
    fn head(&mut self) -> Option<usize> {
        let new = self.buffer.get(self.scanned..).unwrap_or_default();
        let ends = new.windows(4).position(|it| it == b"\r\n\r\n");
        match ends {
            Some(at) => Some(self.scanned.saturating_add(at).saturating_add(4)),
            None => {
                self.scanned = self.buffer.len().saturating_sub(3);
                None
            }
        }
    }

    fn give_up(&mut self, fault: Fault) -> Piece {
        self.give_up_at(self.buffer.len(), fault)
    }

    fn give_up_at(&mut self, head: usize, fault: Fault) -> Piece {
        let head = self.buffer.split_to(head.min(self.buffer.len())).freeze();
        self.broken = true;
        self.buffer.clear();
        Piece::Broken { head, fault }
    }
}

/// How much follows these headers. Where something else than a message begins, an earlier length
/// was a lie, and what comes is a body's rest.
fn length_of_body(head: &[u8]) -> Result<usize, Fault> {
    if !begins_a_message(head) {
        return Err(Fault::StartLine);
    }
    content_length(head)
}

/// The Content-Length among these headers: in a stream there must be one (RFC 3261 20.14).
fn content_length(head: &[u8]) -> Result<usize, Fault> {
    let values = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = halves.next()?.trim_ascii();
        let is_length =
            name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l");
        halves.next().filter(|_| is_length)
    });
    let mut lengths =
        values.map(|value| std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok());
    match (lengths.next(), lengths.next()) {
        (Some(Some(length)), None) => Ok(length),
        _ => Err(Fault::ContentLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "OPTIONS sip:a@b SIP/2.0\r\nl: 5\r\n\r\nhello";

    fn pieces(framer: &mut Framer) -> Vec<Piece> {
        std::iter::from_fn(|| framer.next_piece()).collect()
    }

    fn message() -> Piece {
        Piece::Message(Bytes::from(MESSAGE))
    }

    #[test]
    fn messages_are_found_however_the_stream_is_split() {
        let stream = format!("\r\n\r\n{MESSAGE}\r\n{MESSAGE}\r\n\r\n{MESSAGE}");
        for size in 1..stream.len() {
            let mut framer = Framer::default();
            let mut found = Vec::new();
            for part in stream.as_bytes().chunks(size) {
                framer.push(part);
                found.extend(pieces(&mut framer));
            }
            let expected = [Piece::Ping, message(), message(), Piece::Ping, message()];
            assert_eq!(found, expected, "in parts of {size}");
            assert!(!framer.is_midway());
        }
    }

    #[test]
    fn a_line_end_after_our_ping_is_its_answer_and_no_half_message() {
        let mut framer = Framer::default();
        framer.push(b"\r\n");
        assert_eq!(framer.next_piece(), None);
        assert!(!framer.is_midway());
        framer.expect_pong();
        assert_eq!(pieces(&mut framer), [Piece::Pong]);
        framer.expect_pong();
        framer.push(format!("\r\n\r\n\r\n{MESSAGE}").as_bytes());
        assert_eq!(pieces(&mut framer), [Piece::Pong, Piece::Ping, message()]);
    }

    #[test]
    fn without_a_length_the_stream_is_lost() {
        for head in ["A sip:b SIP/2.0\r\n\r\n", "A sip:b SIP/2.0\r\nl: x\r\n\r\n"] {
            let mut framer = Framer::default();
            framer.push(head.as_bytes());
            let broken = Piece::Broken {
                head: Bytes::from(head),
                fault: Fault::ContentLength,
            };
            assert_eq!(framer.next_piece(), Some(broken));
            framer.push(MESSAGE.as_bytes());
            assert_eq!(framer.next_piece(), None);
        }
    }

    #[test]
    fn where_no_message_begins_the_stream_is_lost() {
        let rest = "v=0\r\ns=-\r\n";
        let mut framer = Framer::default();
        framer.push(format!("{MESSAGE}{rest}{MESSAGE}{MESSAGE}").as_bytes());
        assert_eq!(framer.next_piece(), Some(message()));
        let fault = Fault::StartLine;
        assert!(
            matches!(framer.next_piece(), Some(Piece::Broken { fault: found, .. }) if found == fault)
        );
        assert_eq!(framer.next_piece(), None);
    }

    #[test]
    fn nothing_larger_than_a_message_may_be_is_held() {
        let mut endless = Framer::default();
        for _ in 0..100 {
            endless.push(&[b'x'; 1024]);
            let Some(piece) = endless.next_piece() else {
                continue;
            };
            assert!(matches!(
                piece,
                Piece::Broken {
                    fault: Fault::TooLarge,
                    ..
                }
            ));
            assert!(!endless.is_midway());
            return;
        }
        panic!("100 KiB were held");
    }

    #[test]
    fn a_length_past_the_limit_is_told_at_once() {
        let mut framer = Framer::default();
        framer.push(b"A sip:b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n");
        let piece = framer.next_piece();
        assert!(matches!(
            piece,
            Some(Piece::Broken {
                fault: Fault::TooLarge,
                ..
            })
        ));
    }
}
