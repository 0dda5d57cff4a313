use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::words::{Sentence, Wait};

/// What one direction does to datagrams; nothing, unless it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weather {
    pub delay: Duration,
    /// Each datagram takes up to so much longer, all lengths alike; without `reorder` none overtakes another.
    pub jitter: Duration,
    pub loss: Percent,
    pub burst: Burst,
    /// So many are held back by [`Weather::REORDERED_BY`], and overtaken meanwhile.
    pub reorder: Percent,
    pub duplicate: Percent,
    /// Nothing comes through.
    pub block: bool,
}

/// A part of all datagrams, 0-1; prints in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// How many datagrams are lost in a row, on average, where losses come in bursts; 1 is none of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst(f64);

/// A longer one is an outage: `block`.
const BURST_MAX: f64 = 1_000.0;

/// A datagram that waits longer is a lost one.
const DELAY_MAX: Duration = Duration::from_secs(10);

/// What can be said, in the order it is printed.
const WORDS: [&str; 8] = [
    "delay",
    "jitter",
    "loss",
    "burst",
    "reorder",
    "duplicate",
    "block",
    "clear",
];

impl Weather {
    /// Two frames of 20 ms, and a little: whoever is held back is overtaken by two.
    pub const REORDERED_BY: Duration = Duration::from_millis(45);

    /// The same with one thing said anew: `delay 40ms`, `loss 5%`, `block`, `block off`; `clear` ends all of it.
    pub fn changed(mut self, words: &str) -> Result<Self, Sentence> {
        let mut words = words.split_whitespace();
        let name = words.next().unwrap_or_default();
        let value = words.next().unwrap_or_default();
        match (name, words.next()) {
            ("delay", None) => self.delay = span(value)?,
            ("jitter", None) => self.jitter = span(value)?,
            ("loss", None) => self.loss = value.parse()?,
            ("burst", None) => self.burst = value.parse()?,
            ("reorder", None) => self.reorder = value.parse()?,
            ("duplicate", None) => self.duplicate = value.parse()?,
            ("block", None) if ["", "on"].contains(&value) => self.block = true,
            ("block", None) if value == "off" => self.block = false,
            ("clear", None) if value.is_empty() => return Ok(Self::default()),
            _ => return Err(unknown(name)),
        }
        Ok(self)
    }
}

impl FromStr for Weather {
    type Err = Sentence;

    /// Reads what [`fmt::Display`] prints: `delay 40ms, jitter 10ms, loss 5%`.
    fn from_str(text: &str) -> Result<Self, Sentence> {
        let mut said = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        said.try_fold(Self::default(), |weather, words| weather.changed(words))
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            delay,
            jitter,
            loss,
            burst,
            reorder,
            duplicate,
            block,
        } = self;
        let spans = [("delay", delay), ("jitter", jitter)];
        let spans = spans
            .into_iter()
            .filter(|(_, span)| !span.is_zero())
            .map(|(name, span)| format!("{name} {}", Wait::new(*span)));
        let parts = [
            ("loss", loss),
            ("reorder", reorder),
            ("duplicate", duplicate),
        ];
        let parts = parts
            .into_iter()
            .filter(|(_, part)| part.0 > 0.0)
            .map(|(name, part)| format!("{name} {part}"));
        let burst = (*burst != Burst::default()).then(|| format!("burst {}", burst.0));
        let block = block.then(|| "block".to_owned());
        let said: Vec<String> = spans.chain(parts).chain(burst).chain(block).collect();
        match said.is_empty() {
            true => f.write_str("clear"),
            false => f.write_str(&said.join(", ")),
        }
    }
}

impl Percent {
    /// From 0 to 1.
    pub fn part(self) -> f64 {
        self.0
    }
}

impl FromStr for Percent {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let number = text.strip_suffix('%').and_then(number);
        number
            .filter(|percent| *percent <= 100.0)
            .map(|percent| Self(percent / 100.0))
            .ok_or_else(|| Sentence::of("value.percent").with("found", text))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 5 % are 0.05 in binary, which is not quite that.
        write!(f, "{}%", (self.0 * 1e8).round() / 1e6)
    }
}

impl Burst {
    /// The mean length of a burst, in datagrams.
    pub fn length(self) -> f64 {
        self.0
    }
}

impl Default for Burst {
    fn default() -> Self {
        Self(1.0)
    }
}

impl FromStr for Burst {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        number(text)
            .filter(|length| (1.0..=BURST_MAX).contains(length))
            .map(Self)
            .ok_or_else(|| Sentence::of("value.burst").with("found", text))
    }
}

/// Digits and a point: no sign, no exponent, no infinity.
fn number(text: &str) -> Option<f64> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| plain)
}

fn span(text: &str) -> Result<Duration, Sentence> {
    let span = text.parse::<Wait>()?.get();
    match span <= DELAY_MAX {
        true => Ok(span),
        false => Err(Sentence::of("value.delay").with("found", text)),
    }
}

fn unknown(word: &str) -> Sentence {
    Sentence::of("value.weather")
        .with("found", word)
        .with("known", WORDS.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_prints_the_same() {
        for text in [
            "clear",
            "delay 40ms, jitter 10ms, loss 5%, reorder 2.5%, duplicate 1%, burst 3, block",
            "loss 0.1%",
        ] {
            assert_eq!(text.parse::<Weather>().unwrap().to_string(), text);
        }
        assert_eq!("".parse::<Weather>(), Ok(Weather::default()));
    }

    #[test]
    fn one_thing_is_changed_and_the_others_stay() {
        let weather: Weather = "delay 40ms, loss 5%".parse().unwrap();
        let changed = |words| weather.changed(words).unwrap().to_string();
        assert_eq!(changed("loss 10%"), "delay 40ms, loss 10%");
        assert_eq!(changed("block"), "delay 40ms, loss 5%, block");
        assert_eq!(changed("clear"), "clear");
        let blocked = weather.changed("block").unwrap();
        assert_eq!(blocked.changed("block off").unwrap(), weather);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_would_be_right() {
        for (text, key) in [
            ("delay", "value.wait"),
            ("delay 40", "value.wait"),
            ("delay 1h", "value.delay"),
            ("loss 5", "value.percent"),
            ("loss 101%", "value.percent"),
            ("loss -1%", "value.percent"),
            ("loss NaN%", "value.percent"),
            ("burst 0.5", "value.burst"),
            ("rain 5%", "value.weather"),
            ("loss 5% 6%", "value.weather"),
            ("clear sky", "value.weather"),
        ] {
            assert_eq!(text.parse::<Weather>().unwrap_err().key(), key, "{text}");
        }
    }
}
