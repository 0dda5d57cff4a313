//! Which of the ten faults it was, where a phrase was not heard as it should be.

use std::sync::Arc;
use std::time::Duration;

use super::acoustics::{SILENT_DBOV, flat_part, loudest_dbov};
use super::evidence::{Evidence, Said};
use super::scenario::{Phrase, Scenario};
use super::spoiling::{MediaFault, mistaken};
use crate::ear::{Ended, Heard, Repertoire, hear_all};
use crate::media::{Codec, lasting};
use crate::words::Moment;

/// A phrase that begins again so soon after its end is said twice.
const AGAIN_WITHIN: Duration = Duration::from_secs(1);

/// So many samples at the peak, and so many times as many as in the recording, are no voice.
const FLAT_LEAST: f32 = 0.01;
const FLAT_MORE: f32 = 3.0;

/// One phone's evidence, and what it can be held against.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) known: &'a Arc<Repertoire>,
    pub(super) evidence: &'a Evidence,
}

impl Case<'_> {
    /// Of a phrase that was not heard in its language; `due` is when it should have begun.
    pub(super) fn of_unheard(self, phrase: &Phrase, due: Option<Moment>) -> Option<MediaFault> {
        let Evidence { tape, phrases, .. } = self.evidence;
        if tape.arrivals.is_empty() {
            return Some(MediaFault::OneWay);
        }
        let mut same = phrases.iter().filter(|said| said.id == phrase.id);
        match same.next() {
            Some(said) if said.language != phrase.language => {
                return Some(MediaFault::WrongLanguage);
            }
            // It was heard, and not so often.
            Some(_) => return None,
            None => {}
        }
        if self.is_whole_by_another_law(phrase) {
            return Some(MediaFault::WrongCodec);
        }
        let lasts = self.scenario.length(&phrase.id, phrase.language) as u64;
        let sound = match due {
            Some(due) => self.evidence.sound(due, lasting(lasts)),
            None => &tape.samples,
        };
        let is_silent = !sound.is_empty() && loudest_dbov(sound) < SILENT_DBOV;
        is_silent.then_some(MediaFault::Muted)
    }

    /// Of a phrase that was heard, but for its time; `is_repeated` where the scenario expects it again.
    pub(super) fn of_heard(
        self,
        phrase: &Phrase,
        said: &Said,
        is_repeated: bool,
    ) -> Option<MediaFault> {
        if said.cut_after.is_some() && !phrase.may_be_cut {
            // Loud pieces of a phrase are like themselves under the wrong law, too.
            return Some(match self.is_whole_by_another_law(phrase) {
                true => MediaFault::WrongCodec,
                false => MediaFault::Cut,
            });
        }
        if said.longest_gap > phrase.gap.unwrap_or_default() {
            return Some(MediaFault::Gapped);
        }
        if self.is_clipped(phrase, said) {
            return Some(MediaFault::Clipped);
        }
        let is_doubled = !is_repeated && self.is_said_again(said);
        is_doubled.then_some(MediaFault::Doubled)
    }

    /// Listens once more, to the same bytes under the other law of G.711.
    fn is_whole_by_another_law(self, phrase: &Phrase) -> bool {
        let mut arrivals = self.evidence.tape.arrivals.iter();
        let other = match arrivals.next().map(|arrived| arrived.codec) {
            Some(Codec::Pcma) => Codec::Pcmu,
            Some(Codec::Pcmu) => Codec::Pcma,
            Some(Codec::G722 | Codec::Opus) | None => return false,
        };
        let understood = mistaken(&self.evidence.tape.samples, other);
        let heard = hear_all(Arc::clone(self.known), &understood);
        let is_it = |it: &Heard| it.prompt == phrase.id && it.ended == Ended::Whole;
        heard.iter().any(is_it)
    }

    fn is_clipped(self, phrase: &Phrase, said: &Said) -> bool {
        let lasted = said.until.since(said.at);
        let heard = flat_part(self.evidence.sound(said.at, lasted));
        let clip = self.scenario.clip(&phrase.id, phrase.language);
        let usual = clip.map_or(0.0, |clip| flat_part(clip.samples()));
        heard > FLAT_LEAST && heard > FLAT_MORE * usual
    }

    fn is_said_again(self, said: &Said) -> bool {
        let later = |it: &&Said| it.at > said.at && it.id == said.id;
        let again = self.evidence.phrases.iter().find(later);
        again.is_some_and(|again| again.at.since(said.until) < AGAIN_WITHIN)
    }
}
