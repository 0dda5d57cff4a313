//! The expectations held against the evidence.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::acoustics::{SILENT_DBOV, level_dbov, loudest_dbov, tone_part};
use super::diagnosis::Case;
use super::evidence::{Evidence, Said};
use super::scenario::{End, Event, Expectation, Level, Phrase, Scenario, What, When};
use super::spoiling::MediaFault;
use super::wording::{expected, in_dbov, nothing, or_nothing, seconds, told};
use crate::ear::Repertoire;
use crate::media::Codec;
use crate::phone::Progress;
use crate::words::{Key, Moment, PromptId, Sentence};

/// The part of the power that a tone has at its frequency, at least.
const TONE_PART: f32 = 0.5;

/// What became of one expectation.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub who: String,
    pub expected: Sentence,
    pub found: Sentence,
    pub is_met: bool,
    /// What was wrong with what was heard, where that has a name.
    pub fault: Option<MediaFault>,
    /// How long it took from the moment that its time is counted from.
    pub took: Option<Duration>,
}

/// Without who and what was expected.
struct Found {
    found: Sentence,
    is_met: bool,
    fault: Option<MediaFault>,
    took: Option<Duration>,
}

/// One phone's expectations, and what there is to judge them by.
struct Judge<'a> {
    who: &'a str,
    case: Case<'a>,
}

/// A verdict for each expectation, in their order.
pub(super) fn judge(
    scenario: &Scenario,
    lived: &BTreeMap<String, Evidence>,
    known: &Arc<Repertoire>,
) -> Vec<Verdict> {
    let verdict = |expectation: &Expectation| {
        let case = Case {
            scenario,
            known,
            evidence: lived.get(&expectation.who)?,
        };
        let who = &expectation.who;
        let judge = Judge { who, case };
        Some(judge.verdict(expectation))
    };
    scenario.expectations.iter().filter_map(verdict).collect()
}

impl Judge<'_> {
    fn verdict(&self, expectation: &Expectation) -> Verdict {
        let Expectation { who, what, when } = expectation;
        let when = when.as_ref();
        let Found {
            found,
            is_met,
            fault,
            took,
        } = self.find(what, when);
        Verdict {
            who: who.clone(),
            expected: expected(what, when),
            found,
            is_met,
            fault,
            took,
        }
    }

    fn find(&self, what: &What, when: Option<&When>) -> Found {
        match what {
            What::Hears(phrase) => self.hears(phrase, when),
            What::HearsInOrder(ids) => self.in_order(ids),
            What::NeverHears(id) => self.never(id),
            What::Silence(lasts) => self.sounding(when, *lasts, |sound| {
                let loudest = loudest_dbov(sound);
                Found::plain(loudest < SILENT_DBOV, in_dbov(loudest))
            }),
            What::Tone { hz, lasts } => self.sounding(when, *lasts, |sound| {
                let part = tone_part(sound, *hz);
                let found = Sentence::of("sim.found.tone").with("percent", (part * 100.0).round());
                Found::plain(part >= TONE_PART, found)
            }),
            What::Level { level, lasts } => self.sounding(when, *lasts, |sound| {
                let found = level_dbov(sound);
                Found::plain(level.takes(found), in_dbov(found))
            }),
            What::Gap(most) => {
                let hole = self.case.evidence.longest_hole();
                let found = Sentence::of("sim.found.hole").with("ms", hole.as_millis());
                let came = self.case.evidence.tape.arrivals.len() > 1;
                Found::plain(came && hole <= *most, found)
            }
            What::Keys(keys) => self.keys(keys, when),
            What::Status(code) => self.status(*code, when),
            What::Header { name, like, of } => {
                let value = self.case.evidence.header(name, of);
                let is_met = value.is_some_and(|value| like.fits(value));
                Found::plain(is_met, or_nothing(value))
            }
            What::Codec(codec) => self.codec(*codec),
            What::Ended(end) => self.ended(*end, when),
        }
    }

    fn hears(&self, phrase: &Phrase, when: Option<&When>) -> Found {
        let mut all = self.of(phrase);
        let Some(said) = all.nth(phrase.nth.saturating_sub(1)) else {
            return self.unheard(phrase, when);
        };
        let fault = self.case.of_heard(phrase, said, self.is_repeated(phrase));
        let fault = fault.or_else(|| self.untimely(said, when?));
        let level = phrase.level;
        let found = Found {
            found: told(said),
            is_met: fault.is_none() && level.is_none_or(|it| it.takes(said.level_dbov)),
            fault,
            took: None,
        };
        self.timed(found, Some(said.at), when)
    }

    /// What it is called when a phrase comes at another time than it should.
    fn untimely(&self, said: &Said, when: &When) -> Option<MediaFault> {
        let origin = self.origin(&when.from, said.at)?;
        match (when.takes(origin, said.at), self.is_out_of_order(said)) {
            (true, _) => None,
            (false, true) => Some(MediaFault::Reordered),
            (false, false) => Some(MediaFault::Shifted),
        }
    }

    /// The same, if it came in time; what never came did not.
    fn timed(&self, found: Found, at: Option<Moment>, when: Option<&When>) -> Found {
        let (Some(when), Some(at)) = (when, at) else {
            let is_met = found.is_met && when.is_none();
            return Found { is_met, ..found };
        };
        let Some(origin) = self.origin(&when.from, at) else {
            return Found::without(&when.from);
        };
        let took = at.since(origin);
        Found {
            found: Sentence::of("sim.found.after")
                .with("what", found.found)
                .with("seconds", seconds(took))
                .with("from", &when.from),
            is_met: found.is_met && when.takes(origin, at),
            fault: found.fault,
            took: Some(took),
        }
    }

    fn of(&self, phrase: &Phrase) -> impl Iterator<Item = &Said> {
        let is_it = |said: &&Said| said.id == phrase.id && said.language == phrase.language;
        self.case.evidence.phrases.iter().filter(is_it)
    }

    fn unheard(&self, phrase: &Phrase, when: Option<&When>) -> Found {
        let due = when.and_then(|when| Some(self.moment(&when.from)? + when.at));
        let heard = self.case.evidence.phrases.iter();
        let others: Vec<&str> = heard.map(|it| it.id.as_str()).collect();
        let found = match others.is_empty() {
            true => Sentence::of("sim.found.no-phrase"),
            false => Sentence::of("sim.found.others").with("phrases", others.join(", ")),
        };
        Found {
            found,
            is_met: false,
            fault: self.case.of_unheard(phrase, due),
            took: None,
        }
    }

    /// Whether the scenario expects the phrase once more.
    fn is_repeated(&self, phrase: &Phrase) -> bool {
        self.mine().any(|it| {
            if let What::HearsInOrder(ids) = &it.what {
                ids.iter().filter(|id| **id == phrase.id).count() > phrase.nth
            } else if let What::Hears(other) = &it.what {
                other.id == phrase.id && other.nth > phrase.nth
            } else {
                false
            }
        })
    }

    fn mine(&self) -> impl Iterator<Item = &Expectation> {
        let expectations = self.case.scenario.expectations.iter();
        expectations.filter(|it| it.who == self.who)
    }

    /// Whether it changed places with another phrase of the scenario, which are expected in the order they are written.
    fn is_out_of_order(&self, said: &Said) -> bool {
        let first = |it: &'_ Expectation| match it.what.phrase() {
            Some(phrase) if phrase.nth == 1 => Some(phrase.id.clone()),
            Some(_) | None => None,
        };
        let written: Vec<PromptId> = self.mine().filter_map(first).collect();
        let place = |id: &PromptId| written.iter().position(|it| it == id);
        let Some(mine) = place(&said.id) else {
            return false;
        };
        self.case.evidence.phrases.iter().any(|other| {
            let theirs = place(&other.id);
            theirs.is_some_and(|theirs| theirs != mine && (theirs < mine) != (other.at < said.at))
        })
    }

    fn in_order(&self, ids: &[PromptId]) -> Found {
        let heard: Vec<&PromptId> = self.case.evidence.phrases.iter().map(|it| &it.id).collect();
        let is_met = heard.iter().copied().eq(ids);
        let names: Vec<&str> = heard.iter().map(|id| id.as_str()).collect();
        let mut once = heard.clone();
        once.dedup();
        let (mut sorted, mut wanted) = (heard.clone(), ids.iter().collect::<Vec<_>>());
        sorted.sort();
        wanted.sort();
        let fault = match is_met {
            true => None,
            false if once.iter().copied().eq(ids) => Some(MediaFault::Doubled),
            false => (sorted == wanted).then_some(MediaFault::Reordered),
        };
        let found = or_nothing(Some(names.join(", ").as_str()).filter(|it| !it.is_empty()));
        Found {
            fault,
            ..Found::plain(is_met, found)
        }
    }

    fn never(&self, id: &PromptId) -> Found {
        let said = self
            .case
            .evidence
            .phrases
            .iter()
            .find(|said| said.id == *id);
        Found::plain(said.is_none(), said.map_or_else(nothing, told))
    }

    /// A stretch of sound from a moment on; where it was not received to its end, there is nothing to judge.
    fn sounding(
        &self,
        when: Option<&When>,
        lasts: Duration,
        judged: impl Fn(&[i16]) -> Found,
    ) -> Found {
        let Some(when) = when else {
            return Found::plain(false, nothing());
        };
        let Some(origin) = self.origin(&when.from, Moment::from_nanos(u64::MAX)) else {
            return Found::without(&when.from);
        };
        match self.case.evidence.whole_sound(origin + when.at, lasts) {
            None => Found::plain(false, Sentence::of("sim.found.no-packets")),
            Some(sound) => judged(sound),
        }
    }

    fn origin(&self, from: &Event, before: Moment) -> Option<Moment> {
        match from {
            Event::LastPhrase => self.case.evidence.last_phrase(before),
            Event::Invite
            | Event::Status(_)
            | Event::Ack
            | Event::Ring(_)
            | Event::Ended
            | Event::Key
            | Event::Begins(_)
            | Event::Phrase(_) => self.moment(from),
        }
    }

    /// Their time is that of the first.
    fn keys(&self, keys: &[Key], when: Option<&When>) -> Found {
        let pressed = self.case.evidence.diary.keys.iter().map(|(key, _)| *key);
        let is_met = pressed.clone().eq(keys.iter().copied());
        let pressed: String = pressed.map(Key::as_char).collect();
        let found = or_nothing(Some(pressed.as_str()).filter(|it| !it.is_empty()));
        let at = self.moment(&Event::Key);
        self.timed(Found::plain(is_met, found), at, when)
    }

    fn status(&self, code: u16, when: Option<&When>) -> Found {
        let at = self.moment(&Event::Status(code));
        let found = match at {
            Some(_) => Found::plain(true, Sentence::of("sim.found.came")),
            None => Found::plain(false, nothing()),
        };
        self.timed(found, at, when)
    }

    fn moment(&self, event: &Event) -> Option<Moment> {
        self.case.evidence.moment(event, self.case.scenario)
    }

    fn codec(&self, codec: Codec) -> Found {
        let arrivals = &self.case.evidence.tape.arrivals;
        let mut names: Vec<&str> = arrivals.iter().map(|it| it.codec.encoding_name()).collect();
        names.sort_unstable();
        names.dedup();
        let is_met = !names.is_empty() && arrivals.iter().all(|it| it.codec == codec);
        let found = or_nothing(Some(names.join(", ").as_str()).filter(|it| !it.is_empty()));
        Found::plain(is_met, found)
    }

    fn ended(&self, end: End, when: Option<&When>) -> Found {
        let progress = &self.case.evidence.diary.last_end;
        let (is_met, found) = match progress {
            Progress::HungUp { by_us: true } => (end == End::ByUs, Sentence::of("sim.end.by-us")),
            Progress::HungUp { by_us: false } => {
                (end == End::ByThem, Sentence::of("sim.end.by-them"))
            }
            Progress::Refused { code } => {
                let found = Sentence::of("sim.end.refused-with").with("code", code);
                (end == End::Refused, found)
            }
            Progress::Cancelled => (end == End::Cancelled, Sentence::of("sim.end.cancelled")),
            Progress::Idle
            | Progress::Calling
            | Progress::RingsThere
            | Progress::Rings
            | Progress::Talking => (false, nothing()),
        };
        let at = self.moment(&Event::Ended);
        self.timed(Found::plain(is_met, found), at, when)
    }
}

impl Found {
    fn plain(is_met: bool, found: Sentence) -> Self {
        Self {
            found,
            is_met,
            fault: None,
            took: None,
        }
    }

    /// The moment that its time is counted from never came.
    fn without(from: &Event) -> Self {
        Self::plain(
            false,
            Sentence::of("sim.found.no-origin").with("from", from),
        )
    }
}

impl When {
    fn takes(&self, origin: Moment, at: Moment) -> bool {
        let due = origin + self.at;
        due.since(at).max(at.since(due)) <= self.within
    }
}

impl Level {
    fn takes(self, dbov: f32) -> bool {
        (dbov - self.dbov).abs() <= self.give_db
    }
}
