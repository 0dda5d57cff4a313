//! Which verdict was found where which was to be found.

use std::collections::BTreeMap;
use std::fmt;

use thirdring::media::hearing::Verdict;

use super::faults::VERDICTS;

/// The side of one field of the picture, and the room for names, in pixels.
const FIELD: usize = 34;
const NAMES: usize = 130;

#[derive(Debug, Default)]
pub(super) struct Matrix(BTreeMap<(usize, usize), usize>);

impl Matrix {
    /// Counts one call; whether the verdict was right.
    pub(super) fn add(&mut self, expected: Verdict, found: Verdict) -> bool {
        let key = (index(expected), index(found));
        *self.0.entry(key).or_default() += 1;
        key.0 == key.1
    }

    pub(super) fn right_share(&self) -> f32 {
        let right = self
            .0
            .iter()
            .filter(|((expected, found), _)| expected == found);
        let right: usize = right.map(|(_, count)| count).sum();
        right as f32 / self.calls().max(1) as f32
    }

    /// As an SVG picture.
    pub(super) fn drawn(&self) -> String {
        let side = NAMES + FIELD * VERDICTS.len() + 10;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"8\" y=\"18\" font-size=\"13\">Line doctor: expected (rows), found in time (columns); \
             {} calls, {:.1} % right</text>\n",
            side + 20,
            self.calls(),
            100.0 * self.right_share(),
        );
        for (row, verdict) in VERDICTS.iter().enumerate() {
            let (name, at) = (name(*verdict), NAMES + 20 + row * FIELD);
            svg += &format!("<text x=\"8\" y=\"{}\">{name}</text>\n", at + 22);
            let x = NAMES + row * FIELD + 20;
            svg += &format!(
                "<text transform=\"translate({x} {}) rotate(-60)\">{name}</text>\n",
                NAMES + 14
            );
            for column in 0..VERDICTS.len() {
                svg += &self.field(row, column);
            }
        }
        svg + "</svg>\n"
    }

    fn field(&self, row: usize, column: usize) -> String {
        let count = self.count(row, column);
        let all: usize = (0..VERDICTS.len())
            .map(|found| self.count(row, found))
            .sum();
        let share = count as f32 / all.max(1) as f32;
        let (x, y) = (NAMES + column * FIELD, NAMES + 20 + row * FIELD);
        let hue = if row == column { 140 } else { 8 };
        let light = 97.0 - 42.0 * share.sqrt();
        let mut field = format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{FIELD}\" height=\"{FIELD}\" stroke=\"#ccc\" \
             fill=\"hsl({hue} 55% {light:.0}%)\"/>\n"
        );
        if count > 0 {
            let (x, y) = (x + FIELD / 2, y + 22);
            field += &format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{count}</text>\n");
        }
        field
    }

    fn count(&self, expected: usize, found: usize) -> usize {
        self.0.get(&(expected, found)).copied().unwrap_or(0)
    }

    fn calls(&self) -> usize {
        self.0.values().sum()
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "expected (rows), found in time (columns, in the same order)"
        )?;
        for (row, verdict) in VERDICTS.iter().enumerate() {
            write!(f, "{:>20}", name(*verdict))?;
            for column in 0..VERDICTS.len() {
                match self.count(row, column) {
                    0 => write!(f, "   .")?,
                    count => write!(f, "{count:4}")?,
                }
            }
            writeln!(f)?;
        }
        let (calls, right) = (self.calls(), 100.0 * self.right_share());
        write!(f, "{calls} calls, {right:.1} % right in time")
    }
}

/// The warning counts as nothing found.
fn index(verdict: Verdict) -> usize {
    let same = |other: &Verdict| std::mem::discriminant(other) == std::mem::discriminant(&verdict);
    VERDICTS.iter().position(same).unwrap_or(VERDICTS.len() - 1)
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TheyDoNotReceive(_) => "they-do-not-receive",
        Verdict::NoMedia => "no-media",
        Verdict::MediaStopped => "media-stopped",
        Verdict::MediaLate => "media-late",
        Verdict::DigitalSilence => "digital-silence",
        Verdict::SilentCaller => "silent-caller",
        Verdict::MusicOrTone => "music-or-tone",
        Verdict::Clipped => "clipped",
        Verdict::TooLoud => "too-loud",
        Verdict::TooQuiet => "too-quiet",
        Verdict::LineNoise => "line-noise",
        Verdict::Echo => "echo",
        Verdict::Fine => "fine",
    }
}
