use super::{Note, Refusal, WrapUpRules};
use crate::words::{CallId, Moment};

/// The work after a call: a countdown, and perhaps a note that it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrapUp {
    pub(super) call: CallId,
    /// `None` once it is over and only the note is waited for.
    pub(super) until: Option<Moment>,
    pub(super) note_owed: bool,
    extended: u8,
}

impl WrapUp {
    /// Nothing where there is no time for it and no note is owed.
    pub(super) fn begin(
        call: CallId,
        has_note: bool,
        rules: &WrapUpRules,
        now: Moment,
    ) -> Option<Self> {
        let note_owed = rules.note == Note::Required && !has_note;
        let until = (!rules.lasts.is_zero()).then(|| now + rules.lasts);
        (note_owed || until.is_some()).then_some(Self {
            call,
            until,
            note_owed,
            extended: 0,
        })
    }

    /// As it was when the last run ended; its extensions count anew.
    pub(super) fn recall(call: CallId, until: Option<Moment>, note_owed: bool) -> Self {
        Self {
            call,
            until,
            note_owed,
            extended: 0,
        }
    }

    pub(super) fn extend(&mut self, rules: &WrapUpRules, now: Moment) -> Result<(), Refusal> {
        if self.extended >= rules.extensions {
            return Err(Refusal::NoMoreExtensions);
        }
        self.extended += 1;
        self.until = Some(self.until.unwrap_or(now) + rules.extend_by);
        Ok(())
    }

    /// The countdown is out, and nothing is waited for.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        !self.note_owed && self.until.is_none_or(|until| until <= now)
    }
}
