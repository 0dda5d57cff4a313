use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Sentence, read_from_text};

/// A length of time as an admin writes it: `"200ms"`, `"15s"`, `"2m"`, `"1h"`, `"30d"`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wait(Duration);

/// The units, and how many milliseconds each has.
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// What is longer is a typing error.
const SECONDS_MAX: f64 = 366.0 * 24.0 * 3_600.0;

impl Wait {
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }

    pub const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Wait {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text.get(number.len()..).unwrap_or_default();
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let plain = |c: char| c.is_ascii_digit() || c == '.';
        let count = number
            .parse::<f64>()
            .ok()
            .filter(|_| number.chars().all(plain));
        let seconds = known
            .zip(count)
            .map(|((_, ms), count)| count * *ms as f64 / 1_000.0);
        seconds
            .filter(|seconds| *seconds <= SECONDS_MAX)
            .map(|seconds| Self(Duration::from_secs_f64(seconds)))
            .ok_or_else(|| Sentence::of("value.wait").with("found", text))
    }
}

impl fmt::Display for Wait {
    /// In the largest unit that leaves a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let whole = |(_, unit): &&(&str, u64)| ms >= *unit && ms % unit == 0;
        let (name, unit) = UNITS.iter().rev().find(whole).unwrap_or(&("s", 1_000));
        write!(f, "{}{name}", ms / unit)
    }
}

read_from_text!(Wait; Debug);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_reads_as_it_prints() {
        for text in ["200ms", "15s", "90s", "2m", "1h", "30d", "0s"] {
            assert_eq!(text.parse::<Wait>().unwrap().to_string(), text);
        }
        assert_eq!("2.5s".parse::<Wait>().unwrap().to_string(), "2500ms");
        for text in [
            "", "15", "s", "-1s", ".", "1.5.s", "15 s", "15sec", "99999h",
        ] {
            assert!(text.parse::<Wait>().is_err(), "{text}");
        }
    }
}
