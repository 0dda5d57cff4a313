//! The ladder on a terminal.

use std::fmt::Write;
use std::time::Duration;

use super::{Ladder, Row, What};
use crate::records::Way;

/// From one column to the next, in character cells.
const APART: usize = 30;
/// Before the first column: the time.
const MARGIN: usize = 12;

impl Ladder {
    /// A line a row; `ours` and `theirs` head the columns.
    pub fn lines(&self, heads: &[String]) -> Vec<String> {
        let mut lines = vec![self.heads(heads)];
        lines.extend(self.rows.iter().map(|row| self.line(row)));
        lines
    }

    /// Each over its column, as far as it fits.
    fn heads(&self, heads: &[String]) -> String {
        let mut line = " ".repeat(MARGIN - 2);
        for head in heads {
            let room = APART - 1;
            let head: String = head.chars().take(room).collect();
            // Wide characters take two cells.
            let cells: usize = head.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            let _ = write!(line, "{head}{}", " ".repeat(APART.saturating_sub(cells)));
        }
        line.trim_end().to_owned()
    }

    fn line(&self, row: &Row) -> String {
        let time = time(row.after);
        let drawn = match &row.what {
            What::Message {
                party,
                way,
                label,
                again,
            } => {
                let label = if *again {
                    format!("({label})")
                } else {
                    label.clone()
                };
                self.arrow(self.column(*party), *way, &label)
            }
            What::Event(words) => format!("{}  {words}", self.posts(0)),
        };
        format!("{time:>width$}  {drawn}", width = MARGIN - 3)
            .trim_end()
            .to_owned()
    }

    /// From our column, the first, to theirs or back.
    fn arrow(&self, column: usize, way: Way, label: &str) -> String {
        let length = column * APART - 1;
        let label: String = label.chars().take(length.saturating_sub(6)).collect();
        let dashes = length.saturating_sub(label.chars().count() + 4);
        let line = match way {
            Way::Sent => format!("─ {label} {}▶", "─".repeat(dashes)),
            Way::Received => format!("◀{} {label} ─", "─".repeat(dashes)),
        };
        format!("│{line}{}", self.posts(column))
    }

    /// The upright lines from this column on.
    fn posts(&self, from: usize) -> String {
        let mut posts = String::new();
        for column in from..=self.parties.len() {
            posts.push('│');
            if column < self.parties.len() {
                posts += &" ".repeat(APART - 1);
            }
        }
        posts
    }
}

/// Seconds since the first row.
pub(super) fn time(after: Duration) -> String {
    format!("{:.3}", after.as_secs_f64())
}
