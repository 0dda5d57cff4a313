//! Watches the desk from outside: does what happened keep the standard? Pure.
//!
//! It reads the timeline only, so it shares no mistake with the states that made it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::records::{Entry, What};
use crate::words::{Because, CallId, Moment, Party, PromptId};

/// No phrase of ours is longer.
const LONGEST_PHRASE: Duration = Duration::from_secs(20);

/// What was promised to every caller, and how often it was broken.
#[derive(Debug)]
pub(super) struct Vows {
    /// To calls that begin now.
    owed: Arc<Owed>,
    calls: BTreeMap<CallId, Watched>,
    broken: u64,
}

/// What the policy says that callers are owed.
#[derive(Debug)]
struct Owed {
    /// Without a word on hold, at most.
    longest: Duration,
    /// Heard whole before anything is recorded.
    notice: PromptId,
}

#[derive(Debug)]
struct Watched {
    owed: Arc<Owed>,
    answered: bool,
    /// On hold or waiting since, or since the last phrase there (R20).
    alone_since: Option<Moment>,
    /// The last phrase to the caller was heard to its end.
    said_whole: bool,
    /// The rep said the farewell himself (D28).
    farewell_by_rep: bool,
    /// He knows that he is recorded (D32).
    noticed: bool,
}

impl Vows {
    pub(super) fn new(every: Duration, notice: PromptId) -> Self {
        let longest = every + LONGEST_PHRASE;
        Self {
            owed: Arc::new(Owed { longest, notice }),
            calls: BTreeMap::new(),
            broken: 0,
        }
    }

    /// Calls that are there keep what they were promised.
    pub(super) fn renew(&mut self, every: Duration, notice: PromptId) {
        self.owed = Self::new(every, notice).owed;
    }

    pub(super) fn broken(&self) -> u64 {
        self.broken
    }

    /// Judges an entry; says which rule it breaks.
    pub(super) fn judge(&mut self, entry: &Entry) -> Option<&'static str> {
        let call = entry.call?;
        let began = || Watched::new(Arc::clone(&self.owed));
        let watched = self.calls.entry(call).or_insert_with(began);
        let verdict = watched.judge(&entry.what, entry.at);
        if matches!(entry.what, What::Ended { .. }) {
            self.calls.remove(&call);
        }
        self.broken += u64::from(verdict.is_some());
        verdict
    }
}

impl Watched {
    fn new(owed: Arc<Owed>) -> Self {
        Self {
            owed,
            answered: false,
            alone_since: None,
            said_whole: false,
            farewell_by_rep: false,
            noticed: false,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no vow is about the others")]
    fn judge(&mut self, what: &What, at: Moment) -> Option<&'static str> {
        let longest = self.owed.longest;
        match what {
            What::Leg {
                party: Party::Caller,
                news,
                ..
            } => {
                self.answered |= news == "acknowledged" || news == "answered";
                if news == "holds" {
                    self.alone_since = None;
                }
                None
            }
            What::State { state } => {
                let alone = is_alone(state);
                let too_long = self.too_long(at, longest).filter(|_| !alone);
                self.alone_since = alone.then(|| self.alone_since.unwrap_or(at));
                too_long
            }
            What::PhraseStarted {
                to: Party::Caller, ..
            } => {
                self.said_whole = false;
                let too_long = self.too_long(at, longest);
                self.alone_since = self.alone_since.map(|_| at);
                too_long
            }
            What::PhraseEnded {
                to: Party::Caller,
                phrase,
                whole,
                ..
            } => {
                self.said_whole = *whole;
                self.noticed |= *whole && *phrase == self.owed.notice;
                None
            }
            What::Recording { news, .. } => (news == "began" && !self.noticed)
                .then_some("D32: a caller was recorded who had not heard so"),
            What::Command {
                command,
                refused: None,
            } => {
                self.farewell_by_rep |= command == "closing-said";
                None
            }
            What::Ended { ending } => {
                let owed = self.answered && owes_farewell(ending.because) && !self.farewell_by_rep;
                (owed && !self.said_whole).then_some("R29: a caller was left without a farewell")
            }
            _ => None,
        }
    }

    fn too_long(&self, at: Moment, longest: Duration) -> Option<&'static str> {
        let since = self.alone_since?;
        (at.since(since) > longest).then_some("R20: a waiting caller heard nothing for too long")
    }
}

fn is_alone(state: &str) -> bool {
    matches!(
        state,
        "holding" | "waiting" | "connecting" | "transferring" | "consulting" | "announcing"
    )
}

/// Ours to end politely; the others are D27's exceptions.
fn owes_farewell(because: Because) -> bool {
    match because {
        Because::Closed
        | Because::SilentCaller
        | Because::MediaLost
        | Because::CallerCannotHear
        | Because::CallbackPromised
        | Because::CallbackNotNoted
        | Because::SessionOver
        | Because::NoRep
        | Because::ShuttingDown => true,
        Because::Cancelled
        | Because::AnsweredElsewhere
        | Because::HungUp
        | Because::HandedOff
        | Because::Forced
        | Because::NeverAcknowledged
        | Because::DialogLost
        | Because::NoAnswer
        | Because::Refused
        | Because::Machine
        | Because::Busy => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{EndedBy, Ending, Language};

    fn entry(seconds: u64, what: What) -> Entry {
        Entry {
            seq: 1,
            at: Moment::from_nanos(seconds * 1_000_000_000),
            utc: jiff::Timestamp::UNIX_EPOCH,
            call: Some(CallId::new(1, [0; 10])),
            sip_call_id: None,
            what,
        }
    }

    fn said() -> What {
        What::PhraseStarted {
            to: Party::Caller,
            phrase: "hold_still".parse().unwrap(),
            language: Language::En,
            utterance: 1,
            ssrc: 0,
            sequence: 0,
            timestamp: 0,
        }
    }

    fn state(name: &str) -> What {
        What::State {
            state: name.to_owned(),
        }
    }

    fn acknowledged() -> What {
        What::Leg {
            party: Party::Caller,
            news: "acknowledged".to_owned(),
            code: None,
        }
    }

    fn ended(because: Because) -> What {
        What::Ended {
            ending: Ending {
                by: EndedBy::Agent,
                because,
            },
        }
    }

    fn broken(entries: impl IntoIterator<Item = (u64, What)>) -> u64 {
        let notice = "recording_notice".parse().unwrap();
        let mut vows = Vows::new(Duration::from_secs(15), notice);
        for (seconds, what) in entries {
            vows.judge(&entry(seconds, what));
        }
        vows.broken()
    }

    #[test]
    fn a_held_caller_who_hears_nothing_breaks_a_vow() {
        assert_eq!(
            broken([(0, state("holding")), (30, said()), (45, said())]),
            0
        );
        assert_eq!(broken([(0, state("holding")), (36, said())]), 1);
        assert_eq!(broken([(0, state("holding")), (60, state("talking"))]), 1);
    }

    #[test]
    fn who_is_recorded_has_heard_all_of_the_notice() {
        let notice = |whole| What::PhraseEnded {
            to: Party::Caller,
            phrase: "recording_notice".parse().unwrap(),
            utterance: 1,
            whole,
        };
        let began = || What::Recording {
            news: "began".to_owned(),
            file: "a.wav".to_owned(),
            at_s: 0.0,
        };
        assert_eq!(broken([(0, notice(true)), (0, began())]), 0);
        assert_eq!(broken([(0, notice(false)), (0, began())]), 1);
        assert_eq!(broken([(0, began())]), 1);
    }

    #[test]
    fn a_silent_hang_up_breaks_a_vow_and_a_forced_one_does_not() {
        assert_eq!(
            broken([(0, acknowledged()), (9, ended(Because::SilentCaller))]),
            1
        );
        assert_eq!(
            broken([(0, acknowledged()), (9, ended(Because::Forced))]),
            0
        );
        assert_eq!(broken([(9, ended(Because::ShuttingDown))]), 0);
    }
}
