//! The session description inside a multipart body (RFC 2046 5.1, RFC 5621).
//!
//! What stands beside it is not looked at, though a part whose handling is required and unknown
//! deserves 415 (RFC 3261 20.11): exchanges add signalling of their own to calls we can well take.

use bytes::Bytes;

use super::lexer::Lines;
use super::params::Params;
use super::text::from_wire;

/// How many multiparts within each other are looked into.
const DEPTH_MAX: usize = 4;
/// The most parts of one multipart looked at.
const PARTS_MAX: usize = 32;
/// RFC 2046 5.1.1, in characters.
const BOUNDARY_MAX: usize = 70;

/// The body, or the first part of it, that is a session description.
pub(super) fn session_description(content_type: &str, body: &Bytes) -> Option<Bytes> {
    find(content_type, body, DEPTH_MAX)
}

/// A media type in lower case, without its parameters.
pub(super) fn media_type(content_type: &str) -> String {
    let name = content_type.split(';').next().unwrap_or_default();
    name.trim().to_ascii_lowercase()
}

fn find(content_type: &str, body: &Bytes, depth: usize) -> Option<Bytes> {
    let media_type = media_type(content_type);
    if media_type == "application/sdp" {
        return Some(body.clone()).filter(|body| !body.is_empty());
    }
    let depth = depth.checked_sub(1)?;
    if !media_type.starts_with("multipart/") {
        return None;
    }
    let (_, params) = content_type.split_once(';')?;
    let params = Params::new(&format!(";{params}"));
    let boundary = params.get("boundary").filter(|it| !it.is_empty())?;
    if boundary.len() > BOUNDARY_MAX {
        return None;
    }
    let parts = Parts::new(body, boundary).take(PARTS_MAX);
    parts.map(|part| Part::read(&part)).find_map(|part| {
        let wanted = part.is_plain() && part.is_of_the_session();
        find(&part.content_type, &part.body, depth).filter(|_| wanted)
    })
}

/// Cuts a multipart body at its boundary lines.
struct Parts<'a> {
    whole: &'a Bytes,
    rest: &'a [u8],
    delimiter: Vec<u8>,
    is_over: bool,
}

impl<'a> Parts<'a> {
    fn new(whole: &'a Bytes, boundary: &str) -> Self {
        let mut parts = Self {
            whole,
            rest: whole,
            delimiter: format!("--{boundary}").into_bytes(),
            is_over: false,
        };
        parts.next(); // the preamble
        parts
    }

    /// Whether the line is a boundary, and whether it is the last.
    fn boundary(&self, line: &[u8]) -> Option<bool> {
        match line
            .strip_prefix(self.delimiter.as_slice())?
            .trim_ascii_end()
        {
            b"" => Some(false),
            b"--" => Some(true),
            _ => None,
        }
    }
}

impl Iterator for Parts<'_> {
    type Item = Bytes;

    /// What stands before the next boundary, or the end.
    fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let (start, mut length) = (self.rest, 0_usize);
        for line in start.split_inclusive(|byte| *byte == b'\n') {
            let next = length.saturating_add(line.len());
            if let Some(is_last) = self.boundary(line) {
                self.is_over = is_last;
                self.rest = start.get(next..).unwrap_or_default();
                return Some(self.cut(start.get(..length)?));
            }
            length = next;
        }
        self.is_over = true;
        Some(self.cut(start))
    }
}

impl Parts<'_> {
    /// The line end before a boundary belongs to the boundary.
    fn cut(&self, part: &[u8]) -> Bytes {
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        self.whole
            .slice_ref(part.strip_suffix(b"\r").unwrap_or(part))
    }
}

/// One part: its own headers and body.
struct Part {
    content_type: String,
    disposition: String,
    encoding: String,
    body: Bytes,
}

impl Part {
    fn read(part: &Bytes) -> Self {
        let mut lines = Lines { rest: part };
        let mut read = Self {
            content_type: "text/plain".to_owned(),
            disposition: String::new(),
            encoding: String::new(),
            body: Bytes::new(),
        };
        while let Some(line) = lines.header().filter(|line| !line.is_empty()) {
            let line = from_wire(&line);
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            read.header(name.trim_end(), value.trim());
        }
        read.body = part.slice_ref(lines.rest);
        read
    }

    fn header(&mut self, name: &str, value: &str) {
        let place = match name.to_ascii_lowercase().as_str() {
            "content-type" | "c" => &mut self.content_type,
            "content-disposition" => &mut self.disposition,
            "content-transfer-encoding" => &mut self.encoding,
            _ => return, // the others say nothing about how to read it
        };
        value.clone_into(place);
    }

    fn is_plain(&self) -> bool {
        let plain = ["", "binary", "8bit", "7bit"];
        plain.contains(&self.encoding.to_ascii_lowercase().as_str())
    }

    /// Not `early-session` (RFC 3959), which is another than ours.
    fn is_of_the_session(&self) -> bool {
        let disposition = media_type(&self.disposition);
        ["", "session"].contains(&disposition.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(boundary: &str, body: &str) -> Option<String> {
        let content_type = format!("Multipart/Mixed ;a=\"b\"; boundary={boundary}");
        let sdp = session_description(&content_type, &Bytes::from(body.to_owned()))?;
        Some(String::from_utf8(sdp.to_vec()).unwrap())
    }

    const SDP: &str = "Content-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n";

    #[test]
    fn the_description_is_found_among_other_parts_byte_for_byte() {
        let body = format!(
            "preamble\r\n--x\r\nContent-Type: application/isup;\r\n version=itu\r\n\r\n\u{1}\n--xy\n\
             \r\n--x \r\n{SDP}\r\n--x--\r\nepilogue"
        );
        let sdp = found("\"x\"", &body);
        assert_eq!(sdp.as_deref(), Some("v=0\r\ns=-\r\n"));
    }

    #[test]
    fn it_is_found_inside_another_multipart_and_without_a_last_boundary() {
        let inner = "c: multipart/alternative;boundary=y\r\n\r\n--y\r\n\r\nhello";
        let body = format!("--x\r\n{inner}\r\n--y\r\n{SDP}");
        assert_eq!(found("x", &body).as_deref(), Some("v=0\r\ns=-"));
    }

    #[test]
    fn what_is_no_plain_description_of_the_session_is_not_taken() {
        for header in [
            "Content-Disposition: early-session\r\n",
            "Content-Transfer-Encoding: base64\r\n",
        ] {
            assert_eq!(found("x", &format!("--x\r\n{header}{SDP}--x--")), None);
        }
        assert_eq!(found("", &format!("--\r\n{SDP}\r\n--")), None);
        assert_eq!(found("x", "--x\r\n\r\nhello\r\n--x--"), None);
        assert_eq!(found("x", "--x"), None);
        assert_eq!(found("x", "--x\r\nc: application/sdp\r\n\r\n--x--"), None);
    }

    #[test]
    fn depth_and_number_of_parts_are_bounded() {
        let nested = |depth: usize| {
            let opens = (1..depth).map(|n| {
                format!(
                    "--b{n}\r\nContent-Type: multipart/mixed;boundary=b{}\r\n\r\n",
                    n + 1
                )
            });
            opens.collect::<String>() + &format!("--b{depth}\r\n{SDP}")
        };
        assert!(found("b1", &nested(DEPTH_MAX)).is_some());
        assert_eq!(found("b1", &nested(DEPTH_MAX + 1)), None);
        let many = "--x\r\n\r\n.\r\n".repeat(PARTS_MAX);
        assert_eq!(found("x", &format!("{many}--x\r\n{SDP}")), None);
    }
}
