//! Levels as an admin writes them, with their unit: `"-42dBov"`, `"10dB"`, `"0.5%"`.

use serde::{Deserialize, Serialize};

use crate::words::Sentence;

/// A level against the overload point of the codec (ITU-T G.100.1).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dbov(f32);

/// A distance between two levels.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Db(f32);

/// A share of all.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent(f32);

impl Dbov {
    pub const fn get(self) -> f32 {
        self.0
    }
}

impl Db {
    pub const fn get(self) -> f32 {
        self.0
    }
}

impl Percent {
    /// Of one.
    pub fn share(self) -> f32 {
        self.0 / 100.0
    }
}

impl From<Dbov> for String {
    fn from(Dbov(level): Dbov) -> Self {
        format!("{level}dBov")
    }
}

impl From<Db> for String {
    fn from(Db(distance): Db) -> Self {
        format!("{distance}dB")
    }
}

impl From<Percent> for String {
    fn from(Percent(share): Percent) -> Self {
        format!("{share}%")
    }
}

impl TryFrom<String> for Dbov {
    type Error = Sentence;

    /// Nothing is louder than 0 dBov, and nothing is heard below -96.
    fn try_from(text: String) -> Result<Self, Sentence> {
        measure(&text, "dBov", -96.0..=0.0).map(Self)
    }
}

impl TryFrom<String> for Db {
    type Error = Sentence;

    fn try_from(text: String) -> Result<Self, Sentence> {
        measure(&text, "dB", 0.0..=96.0).map(Self)
    }
}

impl TryFrom<String> for Percent {
    type Error = Sentence;

    fn try_from(text: String) -> Result<Self, Sentence> {
        measure(&text, "%", 0.0..=100.0).map(Self)
    }
}

fn measure(
    text: &str,
    unit: &'static str,
    range: std::ops::RangeInclusive<f32>,
) -> Result<f32, Sentence> {
    let number = text
        .strip_suffix(unit)
        .and_then(|number| number.parse().ok());
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            Sentence::of("value.measure")
                .with("found", text)
                .with("unit", unit)
                .with("least", range.start())
                .with("most", range.end())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_has_its_unit_and_its_bounds() {
        let level = |text: &str| Dbov::try_from(text.to_owned()).map(Dbov::get);
        assert_eq!(level("-42dBov").unwrap(), -42.0);
        assert!(level("-42").is_err() && level("-42dB").is_err() && level("6dBov").is_err());
        let share = Percent::try_from("0.5%".to_owned()).unwrap().share();
        assert_eq!(share, 0.005);
        assert!(Db::try_from("NaNdB".to_owned()).is_err());
    }
}
