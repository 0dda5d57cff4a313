//! Bytes that are not UTF-8 survive in a `String`: byte `0xNN` (0x80-0xFF) stands as `U+F7NN`.
//!
//! A genuine character of that private range is kept as its own three bytes in the same way, so
//! `to_wire(from_wire(bytes)) == bytes` for every input.

/// The private-use block that stands for raw bytes.
const RAW: std::ops::RangeInclusive<char> = '\u{F780}'..='\u{F7FF}';

pub(super) fn from_wire(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if RAW.contains(&c) {
                let mut buffer = [0; 4];
                text.extend(c.encode_utf8(&mut buffer).bytes().map(raw));
            } else {
                text.push(c);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(raw));
    }
    text
}

/// Appends the bytes that `text` stands for. Line breaks and NUL become spaces: a value of ours
/// never begins a second header.
pub(crate) fn to_wire(text: &str, out: &mut Vec<u8>) {
    for c in text.chars() {
        match c {
            '\r' | '\n' | '\0' => out.push(b' '),
            c => push(c, out),
        }
    }
}

/// The bytes that `text` stands for, line breaks and NUL among them: to be escaped, not sent.
pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    text.chars().for_each(|c| push(c, &mut out));
    out
}

fn push(c: char, out: &mut Vec<u8>) {
    if RAW.contains(&c) {
        out.extend(u8::try_from(u32::from(c) & 0xFF));
    } else {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn raw(byte: u8) -> char {
    char::from_u32(0xF700 | u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        to_wire(&from_wire(bytes), &mut out);
        out
    }

    #[test]
    fn a_gbk_name_leaves_as_the_bytes_it_came_as() {
        let gbk = b"\"\xc0\xee\xc0\xcf\xca\xa6\" <sip:li@example.com>";
        assert_eq!(round_trip(gbk), gbk);
    }

    #[test]
    fn private_characters_and_utf8_survive_too() {
        let text = "王 \u{F7A0} é".as_bytes();
        assert_eq!(round_trip(text), text);
    }
}
