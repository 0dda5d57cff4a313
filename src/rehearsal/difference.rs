/// Lines of a script that came to pass otherwise than they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of the script, from 1: where the first of them stands, or should.
    pub line: usize,
    /// In seconds, as transcripts have it; empty where a line has no time.
    pub at: String,
    pub expected: Vec<String>,
    pub got: Vec<String>,
}

/// What two lines with the same words of a transcript share.
struct Common {
    /// `[i][j]`: so many lines from `i` of the one and `j` of the other on are the same.
    lengths: Vec<Vec<u32>>,
}

/// What is compared line by line at most, in lines of the one times lines of the other: more is one difference.
const SQUARE_MAX: usize = 4_000_000;

/// Every stretch in which two transcripts differ, however they are spaced.
pub fn differences(expected: &str, got: &str) -> Vec<Difference> {
    let (expected, got) = (spaced_alike(expected), spaced_alike(got));
    let alike = alike(expected.iter().zip(&got));
    let (expected, got) = (&expected[alike..], &got[alike..]);
    let end = self::alike(expected.iter().rev().zip(got.iter().rev()));
    let (expected, got) = (&expected[..expected.len() - end], &got[..got.len() - end]);
    let mut found = match expected.len().saturating_mul(got.len()) {
        0..=SQUARE_MAX => stretches(expected, got),
        _ => vec![Difference {
            expected: expected.to_vec(),
            got: got.to_vec(),
            ..Difference::at(1)
        }],
    };
    found
        .iter_mut()
        .for_each(|difference| difference.line += alike);
    found.into_iter().map(Difference::timed).collect()
}

/// So many pairs from the first on are two of a kind.
fn alike<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> usize {
    pairs.take_while(|(one, other)| one == other).count()
}

/// Counted from the first of these lines.
fn stretches(expected: &[String], got: &[String]) -> Vec<Difference> {
    let common = Common::of(expected, got);
    let mut found = Vec::new();
    let mut open: Option<Difference> = None;
    let (mut i, mut j) = (0, 0);
    while i < expected.len() || j < got.len() {
        let (ours, theirs) = (expected.get(i), got.get(j));
        if ours == theirs {
            found.extend(open.take());
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let difference = open.get_or_insert_with(|| Difference::at(i + 1));
        if theirs.is_none() || (ours.is_some() && common.after(i + 1, j) >= common.after(i, j + 1))
        {
            difference.expected.extend(ours.cloned());
            i += 1;
        } else {
            difference.got.extend(theirs.cloned());
            j += 1;
        }
    }
    found.extend(open);
    found
}

impl Difference {
    fn at(line: usize) -> Self {
        Self {
            line,
            at: String::new(),
            expected: Vec::new(),
            got: Vec::new(),
        }
    }

    /// The earliest moment that its lines name, of what was done rather than of what came in.
    fn timed(mut self) -> Self {
        let lines = self.expected.iter().chain(&self.got);
        let times = lines.filter_map(|line| {
            let done = line
                .split_once("->")
                .map_or(line.as_str(), |(_, done)| done);
            let time = done.split_whitespace().next()?;
            Some((time.parse::<f64>().ok()?, time.to_owned()))
        });
        let earliest = times.min_by(|one, other| one.0.total_cmp(&other.0));
        self.at = earliest.map(|(_, time)| time).unwrap_or_default();
        self
    }
}

impl Common {
    fn of(one: &[String], other: &[String]) -> Self {
        let mut lengths = vec![vec![0; other.len() + 1]; one.len() + 1];
        for i in (0..one.len()).rev() {
            for j in (0..other.len()).rev() {
                lengths[i][j] = match one[i] == other[j] {
                    true => lengths[i + 1][j + 1] + 1,
                    false => lengths[i + 1][j].max(lengths[i][j + 1]),
                };
            }
        }
        Self { lengths }
    }

    fn after(&self, i: usize, j: usize) -> u32 {
        self.lengths[i][j]
    }
}

fn spaced_alike(transcript: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    transcript.lines().map(words).collect()
}
