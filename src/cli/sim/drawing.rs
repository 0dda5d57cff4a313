//! The line of a phone's life, drawn: what happened and when, on one axis.

use std::time::Duration;

use crate::cli::Teller;
use crate::cli::table::Table;
use crate::sim::Mark;

/// Character cells of the axis.
const CELLS: usize = 60;

/// A row for each mark: its time, what it was, and where it lies; what has a length is a bar.
pub(super) fn draw(name: &str, marks: &[Mark], teller: &Teller<'_>) -> Vec<String> {
    let end = marks.iter().map(|mark| mark.at + mark.lasts).max();
    let Some(end) = end.filter(|end| !end.is_zero()) else {
        return Vec::new();
    };
    let mut table = Table::default();
    for mark in marks {
        let at = format!("{:8.2}", mark.at.as_secs_f64());
        let what = teller.texts.say(&mark.what, teller.language);
        table.row(vec![at, what, bar(mark, end)]);
    }
    let mut lines = vec![teller.filled("sim.timeline", &[("name", name)])];
    lines.extend(table.lines());
    lines
}

fn bar(mark: &Mark, end: Duration) -> String {
    let cell = |at: Duration| {
        let part = at.as_secs_f64() / end.as_secs_f64();
        ((part * CELLS as f64) as usize).min(CELLS - 1)
    };
    let (first, last) = (cell(mark.at), cell(mark.at + mark.lasts));
    let letter = if mark.lasts.is_zero() { "|" } else { "=" };
    let (before, after) = (first, CELLS - 1 - last);
    format!(
        "[{}{}{}]",
        ".".repeat(before),
        letter.repeat(last - first + 1),
        ".".repeat(after)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Sentence;

    #[test]
    fn a_bar_lies_where_it_is_heard() {
        let end = Duration::from_secs(60);
        let mark = |at, lasts| Mark {
            at: Duration::from_secs(at),
            lasts: Duration::from_secs(lasts),
            what: Sentence::of("x"),
        };
        assert_eq!(bar(&mark(0, 0), end), format!("[|{}]", ".".repeat(59)));
        let drawn = bar(&mark(10, 5), end);
        assert_eq!(
            drawn,
            format!("[{}======{}]", ".".repeat(10), ".".repeat(44))
        );
        assert_eq!(bar(&mark(60, 0), end), format!("[{}|]", ".".repeat(59)));
    }
}
