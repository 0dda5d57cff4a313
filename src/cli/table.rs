/// Rows, each column as wide as its widest cell.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

/// Between two columns, in character cells.
const GAP: usize = 2;

impl Table {
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        self.rows.iter().map(|row| aligned(row, &widths)).collect()
    }

    fn widths(&self) -> Vec<usize> {
        self.rows.iter().fold(Vec::new(), |mut widths, row| {
            widths.resize(widths.len().max(row.len()), 0);
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
            widths
        })
    }
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, column) in row.iter().zip(widths) {
        line += cell;
        let blank = (column + GAP).saturating_sub(width(cell));
        line.extend(std::iter::repeat_n(' ', blank));
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text, and blanks up to so many cells.
pub(super) fn padded(text: &str, cells: usize) -> String {
    let blank = cells.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(blank))
}

/// How many cells a terminal gives the text: CJK characters take two (Unicode Annex 11, W and F).
pub(super) fn width(text: &str) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_latin_columns_stand_under_each_other() {
        let mut table = Table::default();
        table.row(vec!["座席".into(), "状态".into()]);
        table.row(vec!["rep1".into(), "空闲".into()]);
        table.row(vec!["r".into(), "busy".into()]);
        assert_eq!(table.lines(), ["座席  状态", "rep1  空闲", "r     busy"]);
    }
}
