//! What the standard demands of any policy, whatever an admin wrote.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::words::Key;

use super::{CountsFrom, Policy};

/// A policy that breaks the standard: which rule, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unkept {
    /// `section.key` of the policy file.
    pub key: &'static str,
    pub rule: &'static str,
    /// What would be right: a key of the catalogue.
    pub remedy: &'static str,
}

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} breaks {}: {}", self.key, self.rule, self.remedy)
    }
}

/// A silent caller hears at least this many phrases (R24).
const OPENING_PHRASES_MIN: usize = 2;
/// Nobody is left before this much time has passed (R24).
const OPENING_MIN: Duration = Duration::from_secs(5);
const RINGS: std::ops::RangeInclusive<u8> = 1..=10;
/// Shorter grids would be all phrase and no pause.
const EVERY_MIN: Duration = Duration::from_secs(5);
/// How often a number may be typed.
const TRIES: std::ops::RangeInclusive<u8> = 1..=5;
/// Nobody finds the next key sooner, nor on a phone that sends its keys two seconds apart.
const KEY_MIN: Duration = Duration::from_secs(3);

impl Policy {
    /// Each rule that it breaks.
    pub fn unkept(&self) -> Vec<Unkept> {
        let sections = [
            self.rings(),
            self.grid(),
            self.opening().into_iter().collect(),
            self.line(),
            self.number(),
            self.keys(),
        ];
        sections.into_iter().flatten().collect()
    }

    fn rings(&self) -> Vec<Unkept> {
        let answer = &self.answer;
        let rings = [
            ("answer.after_rings", answer.after_rings),
            ("answer.within_rings", answer.within_rings),
        ];
        let wrong = rings
            .into_iter()
            .filter(|(_, rings)| !RINGS.contains(rings));
        let mut unkept: Vec<Unkept> = wrong
            .map(|(key, _)| broken(key, "R1", "policy.right.rings"))
            .collect();
        if unkept.is_empty() && answer.deadline().is_zero() {
            unkept.push(broken("answer.margin", "D2", "policy.right.margin"));
        }
        unkept
    }

    fn grid(&self) -> Vec<Unkept> {
        let every = self.hold.every.get();
        if every < EVERY_MIN {
            return vec![broken("hold.every", "R20", "policy.right.grid")];
        }
        let on_grid = |wait: Duration| wait.as_nanos().is_multiple_of(every.as_nanos());
        let from_start = self.hold.counts_from == CountsFrom::Start;
        let limits = [
            ("hold.offer_after", self.hold.offer_after.get()),
            ("hold.offer_again", Some(self.hold.offer_again.get())),
            ("waiting.busy_after", Some(self.waiting.busy_after.get())),
            ("waiting.offer_after", self.waiting.offer_after.get()),
        ];
        let is_off = |limit: Duration| limit.is_zero() || (from_start && !on_grid(limit));
        let off = limits.into_iter().filter(|(_, it)| it.is_some_and(is_off));
        off.map(|(key, _)| broken(key, "D4", "policy.right.multiple"))
            .collect()
    }

    fn opening(&self) -> Option<Unkept> {
        let opening = &self.line_fault.opening;
        let key = "line_fault.opening";
        if opening.len() < OPENING_PHRASES_MIN {
            return Some(broken(key, "R24", "policy.right.two-phrases"));
        }
        let total: Duration = opening.iter().map(|step| step.wait.get()).sum();
        (total < OPENING_MIN).then(|| broken(key, "R24", "policy.right.waits"))
    }

    /// A warning comes before the fault, nobody is too quiet and too loud at once, and what did not
    /// help is not tried again.
    fn line(&self) -> Vec<Unkept> {
        let (after, level, by) = (&self.line.after, &self.line.level, &self.line.repair.by);
        let late = broken("line.after.media_late", "D16", "policy.right.warning");
        let quiet = broken("line.level.too_quiet", "R27", "policy.right.quieter");
        let twice = broken("line.repair.by", "R26", "policy.right.each-once");
        let rules = [
            (after.media_late >= after.media_stopped, late),
            (level.too_quiet >= level.too_loud, quiet),
            (by.iter().collect::<BTreeSet<_>>().len() < by.len(), twice),
        ];
        those_broken(rules)
    }

    /// Who mistypes may try again, and nobody is asked for ever.
    fn number(&self) -> Vec<Unkept> {
        let number = &self.number;
        let tries = broken("number.tries", "R41", "policy.right.tries");
        let typing = |key| broken(key, "R41", "policy.right.typing");
        let rules = [
            (!TRIES.contains(&number.tries), tries),
            (
                number.first_within.get() < KEY_MIN,
                typing("number.first_within"),
            ),
            (
                number.next_within.get() < KEY_MIN,
                typing("number.next_within"),
            ),
        ];
        those_broken(rules)
    }

    fn keys(&self) -> Vec<Unkept> {
        let keys = &self.rating.keys;
        let telephone = |c: char| Key::try_from(c).is_ok();
        let no = broken("consent.no", "D11", "policy.right.another-key");
        let rating = broken("rating.keys", "R56", "policy.right.telephone-keys");
        let rules = [
            (self.consent.yes == self.consent.no, no),
            (keys.is_empty() || !keys.chars().all(telephone), rating),
        ];
        those_broken(rules)
    }
}

fn broken(key: &'static str, rule: &'static str, remedy: &'static str) -> Unkept {
    Unkept { key, rule, remedy }
}

fn those_broken<const N: usize>(rules: [(bool, Unkept); N]) -> Vec<Unkept> {
    let broken = rules.into_iter().filter(|(is_broken, _)| *is_broken);
    broken.map(|(_, unkept)| unkept).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, PolicyError};

    fn broken_key(changes: &str) -> &'static str {
        match Policy::parse(changes).unwrap_err() {
            PolicyError::Unkept(unkept) => unkept.key,
            PolicyError::Unread(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_silent_caller_is_never_left_after_one_phrase() {
        let one = "[[line_fault.opening]]\nsay = \"please_speak\"\nwait = \"9s\"";
        assert_eq!(broken_key(one), "line_fault.opening");
    }

    #[test]
    fn a_hurried_ladder_is_refused() {
        let step = "[[line_fault.opening]]\nsay = \"please_speak\"\nwait = \"2s\"\n";
        assert_eq!(broken_key(&step.repeat(2)), "line_fault.opening");
    }

    #[test]
    fn offers_fall_on_the_grid() {
        assert_eq!(
            broken_key("[hold]\noffer_after = \"100s\""),
            "hold.offer_after"
        );
        assert_eq!(broken_key("[hold]\nevery = \"1s\""), "hold.every");
    }

    #[test]
    fn a_line_doctor_that_contradicts_itself_is_refused() {
        let late = "[line.after]\nmedia_late = \"3s\"";
        assert_eq!(broken_key(late), "line.after.media_late");
        let quiet = "[line.level]\ntoo_quiet = \"-12dBov\"";
        assert_eq!(broken_key(quiet), "line.level.too_quiet");
        let twice = "[line.repair]\nby = [\"other-codec\", \"other-codec\"]";
        assert_eq!(broken_key(twice), "line.repair.by");
    }

    #[test]
    fn nobody_is_hurried_over_his_number_or_asked_for_it_for_ever() {
        assert_eq!(broken_key("[number]\ntries = 0"), "number.tries");
        assert_eq!(broken_key("[number]\ntries = 6"), "number.tries");
        let hurried = "[number]\nnext_within = \"1s\"";
        assert_eq!(broken_key(hurried), "number.next_within");
    }

    #[test]
    fn yes_and_no_are_two_keys() {
        assert_eq!(broken_key("[consent]\nno = \"1\""), "consent.no");
        assert_eq!(broken_key("[rating]\nkeys = \"1x\""), "rating.keys");
    }
}
