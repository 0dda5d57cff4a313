//! What a check found, before its reader's language is known.

use std::path::PathBuf;

use crate::words::Sentence;

/// How grave it is; the gravest decides how the examination ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There is nothing to look at, or somebody else looks after it; the cause says why.
    Skipped,
    Ok,
    /// Calls are taken, and something will hurt one of them some day.
    Warning,
    /// Calls fail.
    Fault,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// What was seen, with its figures.
    pub cause: Sentence,
    /// What `--fix` may do about it.
    pub mend: Option<Mend>,
}

/// What can be mended without a question: nobody loses anything by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    MakeFolder(PathBuf),
    /// Its owner's alone.
    MakePrivate(PathBuf),
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Skipped, Self::Ok, Self::Warning, Self::Fault];

    /// As it stands in JSON; its text in the catalogue is `doctor.verdict.<word>`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

impl Finding {
    pub(super) fn ok(cause: Sentence) -> Self {
        Self::new(Verdict::Ok, cause)
    }

    pub(super) fn skipped(cause: Sentence) -> Self {
        Self::new(Verdict::Skipped, cause)
    }

    pub(super) fn warning(cause: Sentence) -> Self {
        Self::new(Verdict::Warning, cause)
    }

    pub(super) fn fault(cause: Sentence) -> Self {
        Self::new(Verdict::Fault, cause)
    }

    fn new(verdict: Verdict, cause: Sentence) -> Self {
        Self {
            verdict,
            cause,
            mend: None,
        }
    }

    #[must_use]
    pub(super) fn mended_by(mut self, mend: Mend) -> Self {
        self.mend = Some(mend);
        self
    }

    /// What to do about it: the text `<cause>.remedy`, with the same values.
    pub fn remedy(&self) -> Option<Sentence> {
        let is_wrong = self.verdict >= Verdict::Warning;
        is_wrong.then(|| {
            let remedy = Sentence::of(&format!("{}.remedy", self.cause.key()));
            let values = self.cause.values().iter();
            values.fold(remedy, |remedy, (name, value)| remedy.with(name, value))
        })
    }
}
