//! `[seats]`: which seat is rung, why reps take breaks, what follows a call.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::check::{Fault, fault};
use super::places::Step;
use crate::seating::{Note, Ring, Rules, WrapUpRules};
use crate::words::{Sentence, Wait};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seats {
    pub ring: Ring,
    /// Calls that want a skill wait for a seat that has it.
    pub skill_only: bool,
    pub break_reasons: Vec<String>,
    pub wrap_up: WrapUp,
}

/// `[seats.wrap_up]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrapUp {
    #[serde(rename = "for")]
    pub lasts: Wait,
    pub extend_by: Wait,
    pub extensions: u8,
    pub note: Note,
}

/// R53: after a bad call there is a break.
const USUAL_REASONS: [&str; 4] = ["lunch", "rest", "training", "cool-down"];
/// What a console shows without scrolling.
const REASONS_MAX: usize = 50;
/// Of a reason or a skill, in characters.
const NAME_MAX: usize = 40;

impl Default for Seats {
    fn default() -> Self {
        Self {
            ring: Ring::default(),
            skill_only: false,
            break_reasons: USUAL_REASONS.map(str::to_owned).to_vec(),
            wrap_up: WrapUp::default(),
        }
    }
}

impl Default for WrapUp {
    fn default() -> Self {
        Self {
            lasts: Wait::default(),
            extend_by: Wait::new(Duration::from_secs(30)),
            extensions: 2,
            note: Note::default(),
        }
    }
}

impl Seats {
    pub fn rules(&self) -> Rules {
        let wrap_up = &self.wrap_up;
        Rules {
            ring: self.ring,
            skill_only: self.skill_only,
            break_reasons: self.break_reasons.clone(),
            wrap_up: WrapUpRules {
                lasts: wrap_up.lasts.get(),
                extend_by: wrap_up.extend_by.get(),
                extensions: wrap_up.extensions,
                note: wrap_up.note,
            },
        }
    }
}

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let mut faults = skills(settings);
    faults.extend(reasons(&settings.seats.break_reasons));
    faults.extend(extension(&settings.seats.wrap_up));
    faults
}

fn reasons(reasons: &[String]) -> Option<Fault> {
    let each: BTreeSet<&String> = reasons.iter().collect();
    let is_right = each.len() == reasons.len()
        && reasons.len() <= REASONS_MAX
        && reasons.iter().all(|reason| is_name(reason));
    (!is_right).then(|| {
        fault(
            &[Step::Key("seats"), Step::Key("break_reasons")],
            Sentence::of("settings.break-reasons"),
            Sentence::of("settings.right.break-reasons")
                .with("most", REASONS_MAX)
                .with("length", NAME_MAX),
        )
    })
}

fn extension(wrap_up: &WrapUp) -> Option<Fault> {
    let is_nothing = wrap_up.extensions > 0 && wrap_up.extend_by.get().is_zero();
    is_nothing.then(|| {
        fault(
            &[
                Step::Key("seats"),
                Step::Key("wrap_up"),
                Step::Key("extend_by"),
            ],
            Sentence::of("settings.no-extension"),
            Sentence::of("settings.right.no-extension"),
        )
    })
}

/// A skill that no seat has is a typing error: its callers would wait for ever, or for anybody.
fn skills(settings: &Settings) -> Vec<Fault> {
    let seats = settings.seat.iter();
    let known: BTreeSet<&str> = seats
        .flat_map(|seat| &seat.skills)
        .map(String::as_str)
        .collect();
    let unfit = |name: &&str| !is_name(name) || !known.contains(name);
    let wanted = wanted(settings).into_iter();
    let of_nobody = wanted.filter(|(_, skill)| unfit(skill));
    let fault = |(place, skill): (Vec<Step>, &str)| {
        fault(
            &place,
            Sentence::of("settings.skill-of-nobody").with("skill", skill),
            Sentence::of("settings.right.skill-of-nobody"),
        )
        .leaning_on(&["seat"])
    };
    of_nobody.map(fault).collect()
}

/// What the lines want, and where they say so.
fn wanted(settings: &Settings) -> Vec<(Vec<Step>, &str)> {
    let sip = &settings.sip;
    let nth = |list, n| {
        vec![
            Step::Key("sip"),
            Step::Key(list),
            Step::Nth(n),
            Step::Key("skill"),
        ]
    };
    let trunk = sip.trunk_skill.as_deref();
    let trunk = trunk.map(|skill| (vec![Step::Key("sip"), Step::Key("trunk_skill")], skill));
    let accounts = sip.account.iter().enumerate();
    let accounts = accounts.filter_map(|(n, it)| Some((nth("account", n), it.skill.as_deref()?)));
    let peers = sip.peer.iter().enumerate();
    let peers = peers.filter_map(|(n, it)| Some((nth("peer", n), it.skill.as_deref()?)));
    trunk.into_iter().chain(accounts).chain(peers).collect()
}

fn is_name(text: &str) -> bool {
    let is_plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    is_plain && text.chars().count() <= NAME_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(text: &str) -> Option<Fault> {
        faults(&toml::from_str(text).unwrap()).pop()
    }

    #[test]
    fn reasons_are_names_and_each_once() {
        assert!(fault_of("").is_none());
        assert!(fault_of("seats.break_reasons = []").is_none());
        for wrong in [r#"["a", "a"]"#, r#"[""]"#, r#"["a\u0007"]"#] {
            assert!(
                fault_of(&format!("seats.break_reasons = {wrong}")).is_some(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_extension_by_nothing_is_none() {
        assert!(fault_of("seats.wrap_up.extend_by = \"0s\"").is_some());
        assert!(fault_of("[seats.wrap_up]\nextend_by = \"0s\"\nextensions = 0").is_none());
    }

    #[test]
    fn a_skill_that_a_line_wants_is_some_seats() {
        let line = "sip.trunk_skill = \"billing\"\n[[seat]]\nid = \"rep1\"\nkind = \"echo\"\n";
        assert!(fault_of(line).is_some());
        assert!(fault_of(&format!("{line}skills = [\"billing\"]")).is_none());
    }
}
