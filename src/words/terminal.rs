//! Text as a terminal shows it.

/// The text, and blanks up to so many cells.
pub fn padded(text: &str, cells: usize) -> String {
    let blank = cells.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(blank))
}

/// How many cells a terminal gives the text: CJK characters take two (Unicode Annex 11, W and F).
pub fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(
        u32::from(c),
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
            | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF
            | 0x20000..=0x3FFFD
    )
}

/// As much of the text from its beginning as so many cells hold.
pub fn fitting(text: &str, cells: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, c)| {
        taken += if is_wide(*c) { 2 } else { 1 };
        taken > cells
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Text from the wire, with what could steer the terminal or turn the line around made visible.
pub fn safe(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, c| {
        if c.is_control() || is_bidi(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
        safe
    })
}

/// Unicode Annex 9, 2: marks, embeddings, overrides and isolates.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_wire_cannot_steer_the_terminal() {
        assert_eq!(safe("a\u{1b}[2J\u{202e}b"), r"a\u{1b}[2J\u{202e}b");
        assert_eq!(safe("王小明 x"), "王小明 x");
    }

    #[test]
    fn a_text_is_cut_and_padded_by_cells() {
        assert_eq!((fitting("正在通话", 5), width("正在通话")), ("正在", 8));
        assert_eq!((fitting("busy", 4), fitting("busy", 0)), ("busy", ""));
        assert_eq!(padded("正在", 5), "正在 ");
    }
}
