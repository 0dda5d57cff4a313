use serde::{Deserialize, Serialize};

use super::PhoneNumber;

/// Where the hotline is: ring cadence (D2) and emergency numbers (D34).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Country {
    #[default]
    Cn,
    Us,
    Uk,
}

/// Digits a PBX commonly asks for before an outside line.
const OUTSIDE_PREFIXES: [char; 2] = ['0', '9'];

impl Country {
    /// Numbers that bypass every gate and are never called back (D34).
    pub fn emergency_numbers(self) -> &'static [&'static str] {
        match self {
            Self::Cn => &["110", "112", "119", "120", "122"],
            Self::Us => &["112", "911"],
            Self::Uk => &["112", "999"],
        }
    }

    /// True with and without an outside prefix.
    pub fn is_emergency(self, number: &PhoneNumber) -> bool {
        let numbers = self.emergency_numbers();
        let dialled = number.as_str();
        let outside = dialled.strip_prefix(OUTSIDE_PREFIXES).unwrap_or(dialled);
        numbers.contains(&dialled) || numbers.contains(&outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emergency_numbers_are_known_by_country_and_behind_an_outside_prefix() {
        let number = |text| PhoneNumber::parse(text).unwrap();
        for text in ["110", "0110", "9119", "120"] {
            assert!(Country::Cn.is_emergency(&number(text)), "{text}");
        }
        assert!(Country::Us.is_emergency(&number("9911")));
        assert!(Country::Uk.is_emergency(&number("999")));
        assert!(!Country::Us.is_emergency(&number("110")));
        assert!(!Country::Cn.is_emergency(&number("13800138110")));
    }
}
