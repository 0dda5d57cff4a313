//! Which of the ten faults it was, where a phrase was not heard as it should be.

use std::sync::Arc;
use std::time::Duration;

use super::acoustics::{SILENT_DBOV, flat_part, loudest_dbov};
use super::evidence::{Evidence, Said};
use super::scenario::{Phrase, Scenario};
use super::spoiling::{MediaFault, mistaken};
use crate::ear::{Repertoire, hear_all};
use crate::media::Codec;
use crate::words::Moment;

/// A phrase that begins again so soon after its end is said twice.
const AGAIN_WITHIN: Duration = Duration::from_secs(1);

/// So many samples at the peak, and so many times as many as in the recording, are no voice.
const FLAT_LEAST: f32 = 0.01;
const FLAT_MORE: f32 = 3.0;

/// Of a phrase that was not heard in its language; `due` is when it should have begun.
pub(super) fn of_unheard(
    phrase: &Phrase,
    due: Option<Moment>,
    evidence: &Evidence,
    scenario: &Scenario,
    known: &Arc<Repertoire>,
) -> Option<MediaFault> {
    if evidence.tape.arrivals.is_empty() {
        return Some(MediaFault::OneWay);
    }
    let mut same = evidence.phrases.iter().filter(|said| said.id == phrase.id);
    match same.next() {
        Some(said) if said.language != phrase.language => return Some(MediaFault::WrongLanguage),
        // It was heard, and not so often.
        Some(_) => return None,
        None => {}
    }
    if is_heard_by_another_law(phrase, evidence, known) {
        return Some(MediaFault::WrongCodec);
    }
    let lasts = scenario.length(&phrase.id, phrase.language) as u64;
    let sound = match due {
        Some(due) => evidence.sound(due, Duration::from_micros(lasts * 125)),
        None => &evidence.tape.samples,
    };
    let is_silent = !sound.is_empty() && loudest_dbov(sound) < SILENT_DBOV;
    is_silent.then_some(MediaFault::Muted)
}

/// Listens once more, to the same bytes under the other law of G.711.
fn is_heard_by_another_law(phrase: &Phrase, evidence: &Evidence, known: &Arc<Repertoire>) -> bool {
    let mut arrivals = evidence.tape.arrivals.iter();
    let other = match arrivals.next().map(|arrived| arrived.codec) {
        Some(Codec::Pcma) => Codec::Pcmu,
        Some(Codec::Pcmu) => Codec::Pcma,
        Some(Codec::G722 | Codec::Opus) | None => return false,
    };
    let understood = mistaken(&evidence.tape.samples, other);
    let heard = hear_all(Arc::clone(known), &understood);
    heard.iter().any(|heard| heard.prompt == phrase.id)
}

/// Of a phrase that was heard, but for its time; `is_repeated` where the scenario expects it again.
pub(super) fn of_heard(
    phrase: &Phrase,
    said: &Said,
    is_repeated: bool,
    evidence: &Evidence,
    scenario: &Scenario,
) -> Option<MediaFault> {
    if said.cut_after.is_some() && !phrase.may_be_cut {
        return Some(MediaFault::Cut);
    }
    if said.longest_gap > phrase.gap.unwrap_or_default() {
        return Some(MediaFault::Gapped);
    }
    if is_clipped(phrase, said, evidence, scenario) {
        return Some(MediaFault::Clipped);
    }
    let is_doubled = !is_repeated && is_said_again(said, evidence);
    is_doubled.then_some(MediaFault::Doubled)
}

fn is_clipped(phrase: &Phrase, said: &Said, evidence: &Evidence, scenario: &Scenario) -> bool {
    let heard = flat_part(evidence.sound(said.at, said.until.since(said.at)));
    let clip = scenario.clip(&phrase.id, phrase.language);
    let usual = clip.map_or(0.0, |clip| flat_part(clip.samples()));
    heard > FLAT_LEAST && heard > FLAT_MORE * usual
}

fn is_said_again(said: &Said, evidence: &Evidence) -> bool {
    let later = |it: &&Said| it.at > said.at && it.id == said.id;
    let again = evidence.phrases.iter().find(later);
    again.is_some_and(|again| again.at.since(said.until) < AGAIN_WITHIN)
}
