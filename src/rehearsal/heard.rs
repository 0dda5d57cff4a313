use std::collections::BTreeMap;

use crate::call::{Say, Utterance};
use crate::words::{Moment, Party, PromptId};

/// What is, and was, said to whom.
#[derive(Debug, Default)]
pub(super) struct Heard {
    playing: BTreeMap<Party, (Utterance, PromptId)>,
    /// The last phrase the caller heard to its end, or to its cut.
    told_last: Option<PromptId>,
    /// Nothing was said to the caller since.
    pub(super) quiet_since: Moment,
}

impl Heard {
    /// A phrase begins; false when it is said over another.
    pub(super) fn begins(&mut self, say: &Say) -> bool {
        let playing = (say.utterance, say.phrase.clone());
        self.playing.insert(say.to, playing).is_none()
    }

    pub(super) fn ends(&mut self, utterance: Utterance, now: Moment) {
        if let Some((party, phrase)) = self.take(utterance)
            && party == Party::Caller
        {
            self.told_last = Some(phrase);
            self.quiet_since = now;
        }
    }

    /// Heard until now, and not told.
    pub(super) fn is_cut(&mut self, utterance: Utterance, now: Moment) {
        if let Some((Party::Caller, _)) = self.take(utterance) {
            self.quiet_since = now;
        }
    }

    pub(super) fn is_silent(&self) -> bool {
        !self.playing.contains_key(&Party::Caller)
    }

    /// Whether one of these is the last the caller was told, to its end.
    pub(super) fn told_last(&self, phrases: &[&PromptId]) -> bool {
        let told = self.told_last.as_ref();
        self.is_silent() && told.is_some_and(|told| phrases.contains(&told))
    }

    fn take(&mut self, utterance: Utterance) -> Option<(Party, PromptId)> {
        let mut playing = self.playing.iter();
        let party = *playing.find(|(_, (of, _))| *of == utterance)?.0;
        let (_, phrase) = self.playing.remove(&party)?;
        Some((party, phrase))
    }
}
