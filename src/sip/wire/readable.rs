use encoding_rs::{GBK, WINDOWS_1252};

use super::text::to_wire;

/// Text of the wire for a person's eyes. What is not UTF-8 (all that RFC 3261 knows) is read as
/// GBK where it makes Chinese, else as Latin-1.
pub fn readable(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    to_wire(text, &mut bytes);
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(foreign) => decoded(foreign.as_bytes()),
    }
}

fn decoded(bytes: &[u8]) -> String {
    chinese(bytes)
        .or_else(|| latin(bytes))
        .unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}

/// A name in GBK has bytes above 0x7F side by side; one in Latin-1 has them alone, mostly.
fn chinese(bytes: &[u8]) -> Option<String> {
    let side_by_side = |pair: &[u8]| pair.iter().all(|byte| !byte.is_ascii());
    if !bytes.windows(2).any(side_by_side) {
        return None;
    }
    let text = GBK.decode_without_bom_handling_and_without_replacement(bytes)?;
    let is_chinese = |c: char| {
        c.is_ascii()
            || matches!(c, '·' | '\u{3000}'..='\u{303F}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}')
    };
    text.chars().all(is_chinese).then(|| text.into_owned())
}

/// None where some of it is UTF-8: then only a part is damaged.
fn latin(bytes: &[u8]) -> Option<String> {
    let mut chunks = bytes.utf8_chunks();
    if !chunks.all(|chunk| chunk.valid().is_ascii()) {
        return None;
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::text::from_wire;
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        readable(&from_wire(bytes))
    }

    #[test]
    fn names_in_gbk_latin_1_and_utf_8_are_shown_as_they_were_meant() {
        assert_eq!(shown(b"\xc0\xee\xc0\xcf\xca\xa6 (2)"), "李老师 (2)");
        // Its bytes are UTF-8 in part.
        assert_eq!(shown(b"\xc1\xaa\xcd\xa8"), "联通");
        assert_eq!(shown(b"J\xfcrgen M\xfc\xdfer"), "Jürgen Müßer");
        assert_eq!(shown("Łukasz 王".as_bytes()), "Łukasz 王");
    }

    #[test]
    fn a_damaged_name_is_shown_as_far_as_it_can_be() {
        assert_eq!(
            shown("王小".as_bytes().split_last().unwrap().1),
            "王\u{FFFD}"
        );
        assert_eq!(shown("x\u{F7A0}".as_bytes()), "x\u{F7A0}");
    }
}
