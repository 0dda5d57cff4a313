use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::{Sentence, read_from_text};

/// Which numbers a rule is for, as telephony admins write it (Asterisk's extension patterns).
///
/// `X` 0-9 · `Z` 1-9 · `N` 2-9 · `[1-5]` one of these · `.` one or more keys · `!` any keys or none,
/// both only at the end · every other key stands for itself. `(..)` keeps a part for `$1` to `$9`.
///
/// A place takes one key, and only the end is open: matching takes one step a key, no search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    places: Vec<Keys>,
    end: End,
    /// Where each `(..)` begins and ends, in places; an open end belongs to a group that ends past it.
    groups: Vec<(usize, usize)>,
}

/// The keys that fit one place, a bit each: `0`-`9`, `*`, `#`, `+`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Keys(u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    /// `.`
    More,
    /// `!`
    Any,
}

/// A number has 32 keys at most; a pattern need not be longer.
const PLACES_MAX: usize = 32;

/// `$1` to `$9`.
const GROUPS_MAX: usize = 9;

/// What a pattern found in a number: the whole, then each group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<'a>(Vec<&'a str>);

impl<'a> Found<'a> {
    /// `$n`; `$0` is the whole number, a group that is not there is empty.
    pub(super) fn part(&self, n: usize) -> &'a str {
        self.0.get(n).copied().unwrap_or_default()
    }
}

impl Keys {
    const DIGITS: Self = Self::range(0, 9);

    const fn range(from: u8, to: u8) -> Self {
        let mut bits = 0;
        let mut digit = from;
        while digit <= to {
            bits |= 1 << digit;
            digit += 1;
        }
        Self(bits)
    }

    fn one(key: char) -> Option<Self> {
        let bit = match key {
            '*' => 10,
            '#' => 11,
            '+' => 12,
            _ => key.to_digit(10)?,
        };
        Some(Self(1 << bit))
    }

    fn hold(self, key: char) -> bool {
        Self::one(key).is_some_and(|key| self.0 & key.0 != 0)
    }
}

impl Pattern {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many `(..)` it has.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// It begins with `+`: for numbers in their international form.
    pub fn is_international(&self) -> bool {
        self.places.first().is_some_and(|keys| keys.hold('+'))
    }

    /// The parts of `number`, where it fits from end to end.
    pub(super) fn find<'a>(&self, number: &'a str) -> Option<Found<'a>> {
        let fits = |(place, key): (&Keys, char)| place.hold(key);
        let rest = number.chars().count().checked_sub(self.places.len())?;
        let length = match self.end {
            End::Closed => rest == 0,
            End::More => rest > 0,
            End::Any => true,
        };
        let same = length && self.places.iter().zip(number.chars()).all(fits);
        same.then(|| {
            let group = |(from, to): &(usize, usize)| {
                let to = if *to > self.places.len() {
                    number.len()
                } else {
                    *to
                };
                number.get(*from..to).unwrap_or_default()
            };
            Found(
                [number]
                    .into_iter()
                    .chain(self.groups.iter().map(group))
                    .collect(),
            )
        })
    }
}

impl FromStr for Pattern {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        read(text).ok_or_else(|| Sentence::of("value.pattern").with("found", text))
    }
}

read_from_text!(Pattern);

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn read(text: &str) -> Option<Pattern> {
    let mut pattern = Pattern {
        text: text.to_owned(),
        places: Vec::new(),
        end: End::Closed,
        groups: Vec::new(),
    };
    let mut opened = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        // Past an open end only its group may close.
        let at_end = pattern.end != End::Closed;
        match c {
            '(' if !at_end && opened.is_none() => opened = Some(pattern.places.len()),
            ')' => {
                let past_end = pattern.places.len().saturating_add(usize::from(at_end));
                pattern.groups.push((opened.take()?, past_end));
            }
            _ if at_end => return None,
            '.' => pattern.end = End::More,
            '!' => pattern.end = End::Any,
            '[' => pattern.places.push(set(&mut rest)?),
            _ => pattern.places.push(place(c)?),
        }
    }
    let some = !pattern.places.is_empty() || pattern.end != End::Closed;
    let bounded = pattern.places.len() <= PLACES_MAX && pattern.groups.len() <= GROUPS_MAX;
    (some && bounded && opened.is_none()).then_some(pattern)
}

fn place(c: char) -> Option<Keys> {
    match c {
        'X' | 'x' => Some(Keys::DIGITS),
        'Z' | 'z' => Some(Keys::range(1, 9)),
        'N' | 'n' => Some(Keys::range(2, 9)),
        _ => Keys::one(c),
    }
}

/// The keys of `[1-57]`, up to and with its bracket.
fn set(rest: &mut std::str::Chars<'_>) -> Option<Keys> {
    let mut keys = Keys(0);
    let mut last: Option<char> = None;
    loop {
        match rest.next()? {
            ']' => return (keys.0 != 0).then_some(keys),
            '-' => {
                let (from, to) = (last?.to_digit(10)?, rest.next()?.to_digit(10)?);
                let (from, to) = (u8::try_from(from).ok()?, u8::try_from(to).ok()?);
                if from > to {
                    return None;
                }
                keys.0 |= Keys::range(from, to).0;
                last = None;
            }
            c => {
                keys.0 |= Keys::one(c)?.0;
                last = Some(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pattern: &str, number: &str) -> Option<Vec<String>> {
        let pattern: Pattern = pattern.parse().unwrap();
        let found = pattern.find(number)?;
        Some(found.0.into_iter().map(str::to_owned).collect())
    }

    fn fits(pattern: &str, number: &str) -> bool {
        parts(pattern, number).is_some()
    }

    #[test]
    fn each_sign_stands_for_its_keys() {
        assert!(fits("NXX", "911") && !fits("NXX", "110"));
        assert!(fits("ZX", "10") && !fits("ZX", "01"));
        assert!(fits("1[3-57]X", "150") && fits("1[3-57]X", "171") && !fits("1[3-57]X", "160"));
        assert!(fits("*21#", "*21#") && !fits("XXXX", "*21#"));
        assert!(fits("+44.", "+442079460000") && !fits("+44.", "442079460000"));
    }

    #[test]
    fn a_number_fits_from_end_to_end() {
        assert!(fits("0X.", "0102") && !fits("0X.", "01") && fits("0X!", "01"));
        assert!(!fits("0X", "012") && !fits("0X", "0"));
        assert!(fits(".", "1") && !fits(".", "") && fits("!", ""));
    }

    #[test]
    fn groups_keep_their_part() {
        assert_eq!(parts("9(0X.)", "9010").unwrap(), ["9010", "010"]);
        assert_eq!(parts("(1)X(XX)", "1234").unwrap(), ["1234", "1", "34"]);
        assert_eq!(parts("0(!)", "0").unwrap(), ["0", ""]);
        assert_eq!(parts("(0)!", "055").unwrap(), ["055", "0"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let long = "X".repeat(33);
        for text in [
            "",
            "()",
            "0.1",
            "0!.",
            "[",
            "[]",
            "[5-1]",
            "[-1]",
            "(0",
            "0)",
            "((0))",
            "a",
            "0 1",
            &long,
            "(1)(2)(3)(4)(5)(6)(7)(8)(9)(0)",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn foreign_letters_in_a_number_fit_nowhere() {
        assert!(!fits("X.", "一二三") && !fits("XX", "é1"));
        // The open end takes what is left; a `PhoneNumber` has no letters.
        assert!(fits("X.", "1é"));
    }
}
