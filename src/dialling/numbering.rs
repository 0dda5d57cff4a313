use super::plan::{self, Form, Plan};
use super::{Class, Pattern, Prefix};
use crate::words::{Country, PhoneNumber};

/// How numbers are written where the hotline is, and what one number is in every way of writing it.
#[derive(Clone, Debug)]
pub struct Numbering {
    country: Country,
    plan: &'static Plan,
    ranges: Vec<Numbers>,
    /// Dialled for an outside line; none without a PBX that wants one.
    outside_prefix: Option<Prefix>,
    /// Ours, without trunk prefix; none where unknown.
    area_code: Option<Prefix>,
}

/// A number as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub class: Class,
    /// `+` and E.164 where there is such a form, else as it was written, without outside prefix:
    /// equal for all ways to write one number (D26).
    pub canonical: PhoneNumber,
    /// As it is dialled within the country, without outside prefix.
    pub(super) national: String,
}

#[derive(Clone, Debug)]
struct Numbers {
    class: Class,
    form: Form,
    pattern: Pattern,
}

/// ITU-T E.164 6.1, and the fewest that make sense behind a country code.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Extensions are not longer; in China and the UK a number of seven digits is somebody outside.
const EXTENSION_DIGITS_MAX: usize = 6;

impl Numbering {
    /// `area_code` may have its trunk prefix (`010`) or not (`10`).
    pub fn new(
        country: Country,
        outside_prefix: Option<Prefix>,
        area_code: Option<Prefix>,
    ) -> Self {
        let plan = plan::of(country);
        let area_code = area_code.and_then(|code| code.without(plan.trunk));
        Self {
            country,
            plan,
            ranges: numbers(plan),
            outside_prefix,
            area_code,
        }
    }

    /// One caller, one form: for comparing (D26).
    pub fn canonical(&self, number: &PhoneNumber) -> PhoneNumber {
        self.read(number).canonical
    }

    /// With and without an outside prefix or the country code (D34).
    pub fn is_emergency(&self, number: &PhoneNumber) -> bool {
        let text = number.as_str();
        let known = |rest| self.country.emergency_numbers().contains(&rest);
        let domestic = text
            .strip_prefix('+')
            .and_then(|rest| rest.strip_prefix(self.plan.code));
        self.country.is_emergency(number)
            || self.inside(text).is_some_and(known)
            || domestic.is_some_and(known)
    }

    /// What the number is, whichever way it is written.
    pub fn read(&self, number: &PhoneNumber) -> Reading {
        let text = number.as_str();
        if self.is_emergency(number) {
            return reading(Class::Emergency, text, text);
        }
        let plain = self.read_plain(text);
        match self.inside(text).map(|rest| self.read_plain(rest)) {
            Some(inside) if is_meant(&inside, &plain) => inside,
            Some(_) | None => plain,
        }
    }

    /// As the PBX wants it: with the outside prefix where the number is outside.
    pub(super) fn outside(&self, reading: &Reading) -> String {
        match reading.class {
            Class::Emergency | Class::Internal | Class::Other => reading.national.clone(),
            Class::Service
            | Class::Local
            | Class::National
            | Class::Mobile
            | Class::Premium
            | Class::International => {
                let prefix = self.outside_prefix.as_ref().map_or("", Prefix::as_str);
                format!("{prefix}{}", reading.national)
            }
        }
    }

    pub(super) fn has_outside_prefix(&self) -> bool {
        self.outside_prefix.is_some()
    }

    /// What follows the outside prefix.
    fn inside<'a>(&self, text: &'a str) -> Option<&'a str> {
        let prefix = self.outside_prefix.as_ref()?;
        text.strip_prefix(prefix.as_str())
            .filter(|rest| !rest.is_empty())
    }

    fn read_plain(&self, text: &str) -> Reading {
        let abroad = text
            .strip_prefix('+')
            .or_else(|| text.strip_prefix(self.plan.abroad));
        match abroad.filter(|digits| is_e164(digits)) {
            Some(digits) => self.read_international(digits),
            None => self.read_domestic(text),
        }
    }

    fn read_international(&self, digits: &str) -> Reading {
        let known = digits
            .strip_prefix(self.plan.code)
            .and_then(|significant| self.known(significant, Written::Significant));
        known.unwrap_or_else(|| {
            let ours = digits.starts_with(self.plan.code);
            let class = if ours {
                Class::Other
            } else {
                Class::International
            };
            let national = format!("{}{digits}", self.plan.abroad);
            reading(class, &format!("+{digits}"), &national)
        })
    }

    fn read_domestic(&self, text: &str) -> Reading {
        self.known(text, Written::Dialled).unwrap_or_else(|| {
            let digits = text.bytes().all(|key| key.is_ascii_digit());
            let extension = digits && text.len() <= EXTENSION_DIGITS_MAX;
            let class = if extension {
                Class::Internal
            } else {
                Class::Other
            };
            reading(class, text, text)
        })
    }

    /// The first range of the plan that the number is in.
    fn known(&self, text: &str, written: Written) -> Option<Reading> {
        self.ranges.iter().find_map(|numbers| {
            let significant = self.significant(numbers, text, written)?;
            let code = self.plan.code;
            let whole = format!("+{code}{significant}");
            Some(match numbers.form {
                Form::Short => reading(numbers.class, significant, significant),
                Form::Trunk => {
                    let class = self.near(numbers.class, significant);
                    reading(class, &whole, &format!("{}{significant}", self.plan.trunk))
                }
                Form::Either | Form::Bare => {
                    reading(self.near(numbers.class, significant), &whole, significant)
                }
                Form::Subscriber => match &self.area_code {
                    Some(area) => {
                        let whole = format!("+{code}{}{significant}", area.as_str());
                        reading(numbers.class, &whole, significant)
                    }
                    None => reading(numbers.class, significant, significant),
                },
            })
        })
    }

    /// The significant number, where it is in this range and written in this range's form.
    fn significant<'a>(
        &self,
        numbers: &Numbers,
        text: &'a str,
        written: Written,
    ) -> Option<&'a str> {
        let behind_trunk = text.strip_prefix(self.plan.trunk);
        let candidates = match (numbers.form, written) {
            (Form::Trunk, Written::Dialled) => [None, behind_trunk],
            // `+44 (0)20 ...` is a common slip.
            (Form::Trunk, Written::Significant) | (Form::Either, _) => [Some(text), behind_trunk],
            (Form::Bare | Form::Short, _) => [Some(text), None],
            (Form::Subscriber, Written::Dialled) if self.is_whole(text) => [Some(text), None],
            (Form::Subscriber, _) => [None, None],
        };
        let mut candidates = candidates.into_iter().flatten();
        candidates.find(|text| numbers.pattern.find(text).is_some())
    }

    /// Is it a subscriber's number here? Without an area code, what an extension cannot be.
    fn is_whole(&self, text: &str) -> bool {
        let Some(area) = &self.area_code else {
            return text.len() > EXTENSION_DIGITS_MAX;
        };
        let whole = format!("{}{text}", area.as_str());
        let mut ranges = self.ranges.iter();
        ranges.any(|numbers| {
            numbers.class == Class::National && numbers.pattern.find(&whole).is_some()
        })
    }

    fn near(&self, class: Class, significant: &str) -> Class {
        let ours = |area: &Prefix| significant.starts_with(area.as_str());
        if class == Class::National && self.area_code.as_ref().is_some_and(ours) {
            Class::Local
        } else {
            class
        }
    }
}

/// Where the digits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// As one dials within the country.
    Dialled,
    /// What follows `+` and the country code.
    Significant,
}

/// An outside prefix was dialled if what follows it is a whole number, or if only then it is one at all.
fn is_meant(inside: &Reading, plain: &Reading) -> bool {
    let unknown = |class| matches!(class, Class::Internal | Class::Other);
    let whole = inside.canonical.as_str().starts_with('+');
    !unknown(inside.class) && (whole || unknown(plain.class))
}

fn numbers(plan: &Plan) -> Vec<Numbers> {
    let ranges = plan.ranges.iter();
    let numbers = ranges.flat_map(|range| {
        range.numbers.split_whitespace().map(|pattern| Numbers {
            class: range.class,
            form: range.form,
            pattern: pattern.parse().expect("a test reads every plan"),
        })
    });
    numbers.collect()
}

fn is_e164(digits: &str) -> bool {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    plain && !digits.starts_with('0') && E164_DIGITS.contains(&digits.len())
}

fn reading(class: Class, canonical: &str, national: &str) -> Reading {
    let number = PhoneNumber::parse(canonical);
    Reading {
        class,
        canonical: number.expect("a number's own keys, at most an area code more"),
        national: national.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_form_for_comparing_is_its_own(text in "\\+?[0-9*#]{1,31}", outside in "[09]?") {
            let number = PhoneNumber::parse(&text).unwrap();
            for country in [Country::Cn, Country::Us, Country::Uk] {
                let numbering = numbering(country, &outside, "20");
                let once = numbering.canonical(&number);
                prop_assert!(numbering.canonical(&once) == once, "{}", once.as_str());
            }
        }
    }

    fn numbering(country: Country, outside: &str, area: &str) -> Numbering {
        Numbering::new(country, outside.parse().ok(), area.parse().ok())
    }

    fn canonical(numbering: &Numbering, number: &str) -> String {
        let number = PhoneNumber::parse(number).unwrap();
        numbering.canonical(&number).as_str().to_owned()
    }

    #[test]
    fn one_caller_is_one_number_however_he_is_written() {
        let cn = numbering(Country::Cn, "9", "010");
        for number in [
            "+86 138 0013 8000",
            "008613800138000",
            "13800138000",
            "013800138000",
            "913800138000",
            "9008613800138000",
        ] {
            assert_eq!(canonical(&cn, number), "+8613800138000", "{number}");
        }
        for number in ["62345678", "01062345678", "962345678", "+86 010 6234 5678"] {
            assert_eq!(canonical(&cn, number), "+861062345678", "{number}");
        }
        let us = numbering(Country::Us, "9", "415");
        for number in [
            "5550100",
            "4155550100",
            "14155550100",
            "914155550100",
            "+14155550100",
        ] {
            assert_eq!(canonical(&us, number), "+14155550100", "{number}");
        }
        let uk = numbering(Country::Uk, "9", "020");
        for number in [
            "79460000",
            "02079460000",
            "902079460000",
            "+44 (0)20 7946 0000",
        ] {
            assert_eq!(canonical(&uk, number), "+442079460000", "{number}");
        }
    }

    #[test]
    fn an_outside_prefix_that_also_begins_numbers_is_told_apart() {
        let cn = numbering(Country::Cn, "0", "");
        for (number, is) in [
            ("01062345678", "+861062345678"),
            ("001062345678", "+861062345678"),
            ("0013800138000", "+8613800138000"),
            ("00442079460000", "+442079460000"),
            ("000442079460000", "+442079460000"),
        ] {
            assert_eq!(canonical(&cn, number), is, "{number}");
        }
        let nine = numbering(Country::Cn, "9", "");
        assert_eq!(canonical(&nine, "95588"), "95588");
        assert_eq!(canonical(&nine, "910086"), "10086");
        assert_eq!(canonical(&nine, "98001"), "98001");
    }

    #[test]
    fn emergency_numbers_are_found_behind_any_prefix_of_ours() {
        let cn = numbering(Country::Cn, "8", "");
        let is = |number| cn.is_emergency(&PhoneNumber::parse(number).unwrap());
        assert!(
            ["110", "8110", "0110", "9119", "+86110"]
                .into_iter()
                .all(is)
        );
        assert!(!["8001", "11012", "13800138110"].into_iter().any(is));
    }

    #[test]
    fn every_plan_reads_and_a_longest_number_breaks_nothing() {
        let long = PhoneNumber::parse(&"9".repeat(32)).unwrap();
        for country in [Country::Cn, Country::Us, Country::Uk] {
            let numbering = numbering(country, "9", "1");
            assert!(!numbering.ranges.is_empty());
            assert_eq!(numbering.read(&long).class, Class::Other);
        }
    }
}
