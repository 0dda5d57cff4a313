//! The ladder as a picture, for a ticket or a mail.

use std::fmt::Write;

use super::text::time;
use super::{Ladder, Row, What};
use crate::records::Way;
use crate::words::xml;

/// In pixels.
const LEFT: usize = 90;
const APART: usize = 280;
const TOP: usize = 54;
const ROW: usize = 22;
/// Where the words of events stand, right of the last column.
const WORDS: usize = 24;
const WORDS_WIDE: usize = 460;

const STYLE: &str = "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}\
    .t{fill:#6b7280;text-anchor:end}.h{font-weight:600;text-anchor:middle}.m{text-anchor:middle}\
    .e{fill:#4b5563}line{stroke:#9ca3af}.s line{stroke:#1d4ed8}.r line{stroke:#047857}\
    .f line{stroke:#b91c1c}.f .m{fill:#b91c1c}.a{opacity:.5}.s path{fill:#1d4ed8}.r path{fill:#047857}\
    .f path{fill:#b91c1c}";

impl Ladder {
    /// A whole SVG 1.1 document; `title` says which call it is.
    pub fn svg(&self, title: &str, heads: &[String]) -> String {
        let columns = self.parties.len();
        let width = LEFT + columns * APART + WORDS + WORDS_WIDE;
        let height = TOP + (self.rows.len() + 1) * ROW;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            title = xml(title),
        );
        for (column, head) in (0..=columns).zip(heads) {
            let x = LEFT + column * APART;
            let bottom = height - ROW / 2;
            let _ = writeln!(
                svg,
                "<text class=\"h\" x=\"{x}\" y=\"{y}\">{head}</text><line x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\"/>",
                y = TOP - 24,
                top = TOP - 14,
                head = xml(head),
            );
        }
        for (n, row) in self.rows.iter().enumerate() {
            self.row(&mut svg, TOP + n * ROW + ROW / 2, row);
        }
        svg += "</svg>\n";
        svg
    }

    fn row(&self, svg: &mut String, y: usize, row: &Row) {
        let (base, at) = (y + 4, time(row.after));
        let _ = write!(
            svg,
            "<text class=\"t\" x=\"{}\" y=\"{base}\">{at}</text>",
            LEFT - 14
        );
        let _ = match &row.what {
            What::Event(words) => {
                let x = LEFT + self.parties.len() * APART + WORDS;
                writeln!(
                    svg,
                    "<text class=\"e\" x=\"{x}\" y=\"{base}\">{}</text>",
                    xml(words)
                )
            }
            What::Message {
                party,
                way,
                label,
                again,
            } => {
                let there = LEFT + self.column(*party) * APART;
                let kind = match way {
                    _ if is_failure(label) => "f",
                    Way::Sent => "s",
                    Way::Received => "r",
                };
                let faint = if *again { " a" } else { "" };
                let head = match way {
                    Way::Sent => format!("M{there} {y}l-8 -4v8z"),
                    Way::Received => format!("M{LEFT} {y}l8 -4v8z"),
                };
                let middle = LEFT + APART / 2;
                writeln!(
                    svg,
                    "<g class=\"{kind}{faint}\"><line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{there}\" y2=\"{y}\"/><path d=\"{head}\"/>\
                     <text class=\"m\" x=\"{middle}\" y=\"{above}\">{label}</text></g>",
                    above = y - 3,
                    label = xml(label),
                )
            }
        };
    }
}

/// 4xx to 6xx (RFC 3261 7.2).
fn is_failure(label: &str) -> bool {
    let mut letters = label.chars();
    matches!(letters.next(), Some('4'..='6')) && letters.next().is_some_and(|c| c.is_ascii_digit())
}
