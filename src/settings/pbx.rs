//! `[[seat]] pbx`: by which feature codes the PBX is told how a seat stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::check::{Fault, fault};
use super::check_lines::{LINES, dialling_lines};
use super::complaint::advice;
use super::places::Step;
use super::{Seat, Settings};
use crate::dialling::Class;
use crate::seating::towards_pbx::Code;
use crate::words::{PhoneNumber, Sentence, read_from_text};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pbx {
    /// The name of the account or peer that the codes are dialled by.
    pub via: String,
    pub pause: Option<FeatureCode>,
    pub resume: Option<FeatureCode>,
    pub dnd_on: Option<FeatureCode>,
    pub dnd_off: Option<FeatureCode>,
}

/// Keys that a PBX does something at: digits, `*` and `#`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FeatureCode(PhoneNumber);

/// What one of them turns on the other must turn off.
const PAIRS: [(Code, Code); 2] = [(Code::Pause, Code::Resume), (Code::DndOn, Code::DndOff)];

impl Pbx {
    pub fn code(&self, code: Code) -> Option<&FeatureCode> {
        match code {
            Code::Pause => self.pause.as_ref(),
            Code::Resume => self.resume.as_ref(),
            Code::DndOn => self.dnd_on.as_ref(),
            Code::DndOff => self.dnd_off.as_ref(),
        }
    }

    /// Those that are set.
    pub fn codes(&self) -> impl Iterator<Item = (Code, &FeatureCode)> {
        let all = Code::ALL.into_iter();
        all.filter_map(|code| Some((code, self.code(code)?)))
    }
}

impl FeatureCode {
    pub fn number(&self) -> &PhoneNumber {
        &self.0
    }
}

impl FromStr for FeatureCode {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let is_key = |key: char| key.is_ascii_digit() || "*#".contains(key);
        let number = text.chars().all(is_key).then(|| PhoneNumber::parse(text));
        let wrong = || Sentence::of("value.feature-code").with("found", text);
        number.and_then(Result::ok).map(Self).ok_or_else(wrong)
    }
}

read_from_text!(FeatureCode);

impl fmt::Display for FeatureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let of_seat = |(n, seat, pbx)| {
        [
            line(settings, n, seat, pbx),
            half(n, seat, pbx),
            somebodys_number(settings, n, seat, pbx),
            one_agent_of_two(settings, n, seat, pbx),
        ]
    };
    told(settings).flat_map(of_seat).flatten().collect()
}

/// The seats that the PBX is told of.
fn told(settings: &Settings) -> impl Iterator<Item = (usize, &Seat, &Pbx)> {
    let seats = settings.seat.iter().enumerate();
    seats.filter_map(|(n, seat)| Some((n, seat, seat.pbx.as_ref()?)))
}

fn line(settings: &Settings, n: usize, seat: &Seat, pbx: &Pbx) -> Option<Fault> {
    let dials = dialling_lines(settings);
    let none = || Sentence::of("settings.right.pbx-line");
    (!dials.contains(&pbx.via.as_str())).then(|| {
        fault(
            &at(n, "via"),
            Sentence::of("settings.pbx-line")
                .with("id", &seat.id)
                .with("via", &pbx.via),
            advice(&pbx.via, &dials).unwrap_or_else(none),
        )
        .leaning_on(LINES)
    })
}

/// A seat that is paused for ever; or no code at all.
fn half(n: usize, seat: &Seat, pbx: &Pbx) -> Option<Fault> {
    let is_set = |code: Code| pbx.code(code).is_some();
    let half = PAIRS.iter().find(|(on, off)| is_set(*on) != is_set(*off));
    let (set, missing) = match half {
        Some((on, off)) if is_set(*on) => (on, off),
        Some((on, off)) => (off, on),
        None if Code::ALL.into_iter().any(is_set) => return None,
        None => {
            return Some(fault(
                &at(n, "via"),
                Sentence::of("settings.pbx-nothing").with("id", &seat.id),
                Sentence::of("settings.right.pbx-nothing"),
            ));
        }
    };
    Some(fault(
        &at(n, set.as_str()),
        Sentence::of("settings.pbx-half")
            .with("id", &seat.id)
            .with("set", set.as_str())
            .with("missing", missing.as_str()),
        Sentence::of("settings.right.pbx-half").with("missing", missing.as_str()),
    ))
}

/// It would ring at each break of the rep.
fn somebodys_number(settings: &Settings, n: usize, seat: &Seat, pbx: &Pbx) -> Option<Fault> {
    let numbering = settings.numbering();
    let is_somebodys = |keys: &FeatureCode| {
        let class = numbering.read(keys.number()).class;
        !matches!(class, Class::Internal | Class::Other)
    };
    let (code, _) = pbx.codes().find(|(_, keys)| is_somebodys(keys))?;
    Some(fault(
        &at(n, code.as_str()),
        Sentence::of("settings.pbx-number")
            .with("id", &seat.id)
            .with("code", code.as_str()),
        Sentence::of("settings.right.pbx-number"),
    ))
}

/// To the PBX they are one: the break of one would be the other's.
fn one_agent_of_two(settings: &Settings, n: usize, seat: &Seat, pbx: &Pbx) -> Option<Fault> {
    let mut earlier = told(settings).take_while(|(other, ..)| *other < n);
    let (code, other) = earlier.find_map(|(_, other, its)| {
        let is_same = |(code, keys): &(Code, &FeatureCode)| its.code(*code) == Some(*keys);
        let (code, _) = pbx.codes().find(|it| its.via == pbx.via && is_same(it))?;
        Some((code, &other.id))
    })?;
    Some(fault(
        &at(n, code.as_str()),
        Sentence::of("settings.pbx-twice")
            .with("id", &seat.id)
            .with("other", other),
        Sentence::of("settings.right.pbx-twice"),
    ))
}

fn at(n: usize, key: &'static str) -> [Step; 4] {
    let (list, entry) = (Step::Key("seat"), Step::Nth(n));
    [list, entry, Step::Key("pbx"), Step::Key(key)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Catalogue, Language};

    const LINE: &str =
        "[[sip.account]]\nname = \"hotline\"\nusername = \"8001\"\ndomain = \"pbx.example\"\n";

    fn seat(id: &str, pbx: &str) -> String {
        format!("[[seat]]\nid = \"{id}\"\nkind = \"echo\"\npbx = {{ {pbx} }}\n")
    }

    /// What is said of these seats.
    fn said(seats: &str) -> Option<[String; 2]> {
        let faults = faults(&toml::from_str(&format!("{LINE}{seats}")).unwrap());
        let fault = faults.into_iter().next()?;
        let texts = Catalogue::shipped();
        let help = fault.help().expect("each says what would be right");
        Some([fault.title(), help].map(|it| texts.say(it, Language::En)))
    }

    fn wrong(pbx: &str) -> [String; 2] {
        said(&seat("rep1", pbx)).unwrap_or_else(|| panic!("{pbx}"))
    }

    #[test]
    fn one_pair_of_codes_is_enough() {
        let paused = "via = \"hotline\", pause = \"*46\", resume = \"*47\"";
        let undisturbed = "via = \"hotline\", dnd_on = \"*78\", dnd_off = \"*79\"";
        assert_eq!(said(&seat("rep1", paused)), None);
        assert_eq!(said(&seat("rep1", undisturbed)), None);
        let both = seat("rep1", paused) + &seat("rep2", undisturbed);
        assert_eq!(said(&both), None);
    }

    #[test]
    fn a_misspelt_line_is_met_by_the_nearest_one() {
        let [title, help] = wrong("via = \"hotlin\", pause = \"*46\", resume = \"*47\"");
        assert!(title.contains("`hotlin`"), "{title}");
        assert!(help.contains("did you mean `hotline`?"), "{help}");
    }

    #[test]
    fn what_is_turned_on_can_be_turned_off() {
        let [title, help] = wrong("via = \"hotline\", pause = \"*46\"");
        assert!(
            title.contains("pause") && help.contains("resume"),
            "{title}; {help}"
        );
        let [title, _] = wrong("via = \"hotline\", dnd_off = \"*79\"");
        assert!(title.contains("dnd_off"), "{title}");
        wrong("via = \"hotline\"");
    }

    #[test]
    fn a_number_is_no_code() {
        for number in ["110", "13800138000", "10086", "008529999999"] {
            wrong(&format!(
                "via = \"hotline\", pause = \"{number}\", resume = \"*47\""
            ));
        }
        let short = "via = \"hotline\", pause = \"7401\", resume = \"7402\"";
        assert_eq!(said(&seat("rep1", short)), None);
    }

    #[test]
    fn two_seats_are_not_one_agent_of_the_pbx() {
        let pbx = "via = \"hotline\", pause = \"*46\", resume = \"*47\"";
        let [title, _] = said(&(seat("rep1", pbx) + &seat("rep2", pbx))).unwrap();
        assert!(title.contains("rep1") && title.contains("rep2"), "{title}");
    }

    #[test]
    fn a_code_is_digits_stars_and_hashes() {
        for code in ["*46", "*46*8001", "##", "74"] {
            assert_eq!(code.parse::<FeatureCode>().unwrap().to_string(), code);
        }
        for text in ["", "+46", "*4 6", "*46{reason}", "pause"] {
            assert!(text.parse::<FeatureCode>().is_err(), "{text}");
        }
    }
}
