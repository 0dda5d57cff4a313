use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::code::{Code, Feature};
use super::wish::Wish;
use super::{Failure, News, Told};
use crate::seating::State;
use crate::words::Moment;

/// A code has done its work long before; its call ends by then, whatever is played to it.
pub(super) const CALL_LASTS: Duration = Duration::from_secs(5);

/// From a failure to the one other try.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// One seat as the PBX takes it, and the call that tells it otherwise.
#[derive(Debug)]
pub(super) struct Extension {
    /// What there are keys for.
    codes: BTreeSet<Code>,
    /// None until the seat has stood in a state that means something to the PBX.
    wish: Option<Wish>,
    /// Nothing is dialled for the wish before.
    not_before: Moment,
    /// What the PBX took last; where it is in doubt there is nothing.
    in_force: BTreeMap<Feature, Code>,
    /// Codes that failed since the wish is what it is.
    failed: BTreeMap<Code, Failed>,
    call: Call,
}

/// The call to a code; never two at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    None,
    Dialled {
        code: Code,
        until: Moment,
    },
    Answered {
        until: Moment,
    },
    /// Nobody answered in time; its leg is not over yet.
    TakenBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    Once { again_at: Moment },
    ForGood,
}

/// A call that has lasted as long as it may.
pub(super) enum Late {
    Answered,
    Unanswered(Told),
}

impl Extension {
    pub(super) fn new(codes: BTreeSet<Code>, now: Moment) -> Self {
        Self {
            codes,
            wish: None,
            not_before: now,
            in_force: BTreeMap::new(),
            failed: BTreeMap::new(),
            call: Call::None,
        }
    }

    /// The last wish counts; what failed for another one may be tried again.
    pub(super) fn stands(&mut self, state: State, now: Moment) {
        let Some((wish, lasting)) = Wish::of(state) else {
            return;
        };
        let at = now + lasting;
        if self.wish.replace(wish) == Some(wish) {
            self.not_before = self.not_before.min(at);
        } else {
            self.failed.clear();
            self.not_before = at;
        }
    }

    pub(super) fn has_call(&self) -> bool {
        self.call != Call::None
    }

    /// Nothing is under way, nor will be before something happens.
    pub(super) fn is_settled(&self) -> bool {
        let is_given_up = |code: &Code| self.dialled_from(*code).is_none();
        !self.has_call() && self.wanted().iter().all(is_given_up)
    }

    /// The code to be dialled now.
    pub(super) fn due(&self, now: Moment) -> Option<Code> {
        let is_due = |code: &Code| self.dialled_from(*code).is_some_and(|at| at <= now);
        let mut wanted = self.wanted().into_iter();
        wanted.find(is_due).filter(|_| !self.has_call())
    }

    pub(super) fn dial(&mut self, code: Code, now: Moment) {
        let until = now + CALL_LASTS;
        self.call = Call::Dialled { code, until };
    }

    /// News of its call.
    pub(super) fn heard(&mut self, news: News, now: Moment) -> Option<Told> {
        match (self.call, news) {
            (Call::Dialled { code, until }, News::Answered) => {
                self.call = Call::Answered { until };
                Some(self.taken(code))
            }
            (Call::Dialled { code, .. }, News::Failed(failure)) => {
                self.call = Call::None;
                Some(self.not_taken(code, failure, now))
            }
            (Call::Dialled { code, .. }, News::HungUp) => {
                self.call = Call::None;
                Some(self.not_taken(code, Failure::NoAnswer, now))
            }
            (Call::Answered { .. } | Call::TakenBack, News::Failed(_) | News::HungUp) => {
                self.call = Call::None;
                None
            }
            (Call::Answered { .. } | Call::TakenBack, News::Answered) | (Call::None, _) => None,
        }
    }

    /// The end of a call that has lasted too long. One that was answered is over with our BYE.
    pub(super) fn late(&mut self, now: Moment) -> Option<Late> {
        match self.call {
            Call::Dialled { code, until } if until <= now => {
                self.call = Call::TakenBack;
                Some(Late::Unanswered(self.not_taken(
                    code,
                    Failure::NoAnswer,
                    now,
                )))
            }
            Call::Answered { until } if until <= now => {
                self.call = Call::None;
                Some(Late::Answered)
            }
            Call::Dialled { .. } | Call::Answered { .. } | Call::TakenBack | Call::None => None,
        }
    }

    /// When time alone changes something, after this moment: what could be done by then waits for something else.
    pub(super) fn timeout(&self, after: Moment) -> Option<Moment> {
        match self.call {
            Call::Dialled { until, .. } | Call::Answered { until } => Some(until),
            Call::TakenBack => None,
            Call::None => {
                let wanted = self.wanted().into_iter();
                let times = wanted.filter_map(|code| self.dialled_from(code));
                times.filter(|at| *at > after).min()
            }
        }
    }

    fn taken(&mut self, code: Code) -> Told {
        self.failed.remove(&code);
        self.in_force.insert(code.feature(), code);
        Told {
            code,
            outcome: Ok(()),
            again: false,
        }
    }

    fn not_taken(&mut self, code: Code, failure: Failure, now: Moment) -> Told {
        if failure.leaves_doubt() {
            self.in_force.remove(&code.feature());
        }
        let failed = match self.failed.get(&code) {
            None if failure.may_pass() => Failed::Once {
                again_at: now + AGAIN_AFTER,
            },
            None | Some(_) => Failed::ForGood,
        };
        self.failed.insert(code, failed);
        Told {
            code,
            outcome: Err(failure),
            again: failed != Failed::ForGood && self.wanted().contains(&code),
        }
    }

    /// What is missing for the wish: first what is to be on, and only then what is to be off. Between the two nobody is
    /// sent calls that he does not want.
    fn wanted(&self) -> Vec<Code> {
        let codes = self.wish.map(|wish| wish.codes(&self.codes));
        let mut missing = codes.unwrap_or_default();
        missing.retain(|code| !self.is_in_force(*code));
        if missing.first().is_some_and(|code| code.turns_on()) {
            missing.truncate(1);
        }
        missing
    }

    fn is_in_force(&self, code: Code) -> bool {
        self.in_force.get(&code.feature()) == Some(&code)
    }

    /// None: it is not tried again for this wish.
    fn dialled_from(&self, code: Code) -> Option<Moment> {
        match self.failed.get(&code) {
            None => Some(self.not_before),
            Some(Failed::Once { again_at }) => Some(self.not_before.max(*again_at)),
            Some(Failed::ForGood) => None,
        }
    }
}
