use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time as an admin writes it: `200ms`, `2.5s`, `2m`, `1h`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Duration);

/// What can be written after the number, and how many milliseconds it stands for.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// A year: longer waits are mistakes.
const MILLIS_MAX: f64 = 366.0 * 24.0 * 3_600_000.0;

impl Span {
    pub const fn new(length: Duration) -> Self {
        Self(length)
    }

    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    pub const fn get(self) -> Duration {
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASpan(String);

impl fmt::Display for NotASpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" is no length of time: write a number and a unit, such as \"200ms\", \"15s\", \"2m\", \"1h\"",
            self.0
        )
    }
}

impl std::error::Error for NotASpan {}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let refused = || NotASpan(text.to_owned());
        let unit_at = text
            .find(|c: char| c.is_ascii_alphabetic())
            .ok_or_else(refused)?;
        let (number, unit) = text.split_at(unit_at);
        let unit_millis = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(refused)?
            .1;
        let millis = number.parse::<f64>().map_err(|_| refused())? * unit_millis as f64;
        if !(0.0..=MILLIS_MAX).contains(&millis) {
            return Err(refused());
        }
        Ok(Self(Duration::from_secs_f64(millis / 1_000.0)))
    }
}

impl TryFrom<String> for Span {
    type Error = NotASpan;

    fn try_from(text: String) -> Result<Self, NotASpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let fits = |unit: u64| millis != 0 && millis.is_multiple_of(u128::from(unit));
        let (name, unit) = UNITS
            .into_iter()
            .rev()
            .find(|(_, unit)| fits(*unit))
            .unwrap_or(UNITS[0]);
        write!(f, "{}{name}", millis / u128::from(unit))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_back_as_written() {
        for text in ["200ms", "15s", "2m", "1h", "2500ms", "0ms"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("2.5s".parse::<Span>().unwrap(), Span::millis(2_500));
    }

    #[test]
    fn a_number_without_a_unit_is_refused_with_an_example() {
        for text in ["15", "s", "", "-1s", "1 fortnight", "1e99h", "nans"] {
            let error = text.parse::<Span>().unwrap_err();
            assert!(error.to_string().contains("\"15s\""), "{text}");
        }
    }
}
