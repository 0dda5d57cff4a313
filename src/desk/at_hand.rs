//! When the phrases are in memory: from the first call's ring until there has been no call for a while.

use std::time::Duration;

use crate::words::Moment;

/// So long after the last call the phrases are still at hand: a line that is used reads them once a day.
const KEEP_FOR: Duration = Duration::from_secs(600);

/// Whether what callers may be told is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AtHand {
    /// Nobody needs it: an agent that waits keeps no sound.
    #[default]
    No,
    Yes,
    /// The last call is over; it is put away then, if there is no other.
    Until(Moment),
}

/// What is to be done with the phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    Fetch,
    PutAway,
}

impl AtHand {
    /// Follows how many calls there are.
    pub(super) fn follow(&mut self, calls: usize, now: Moment) -> Option<Errand> {
        let is_idle = calls == 0;
        let (next, errand) = match *self {
            Self::No if is_idle => (Self::No, None),
            Self::No => (Self::Yes, Some(Errand::Fetch)),
            Self::Yes if is_idle => (Self::Until(now + KEEP_FOR), None),
            Self::Until(end) if is_idle && now >= end => (Self::No, Some(Errand::PutAway)),
            Self::Until(end) if is_idle => (Self::Until(end), None),
            Self::Yes | Self::Until(_) => (Self::Yes, None),
        };
        *self = next;
        errand
    }

    /// When to look again, if no call comes.
    pub(super) fn timeout(self) -> Option<Moment> {
        match self {
            Self::Until(end) => Some(end),
            Self::No | Self::Yes => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_fetched_for_the_first_call_and_put_away_long_after_the_last() {
        let mut phrases = AtHand::default();
        let at = |seconds| Moment::ZERO + Duration::from_secs(seconds);
        assert_eq!(phrases.follow(0, at(0)), None);
        assert_eq!(phrases.timeout(), None, "nothing to wake for");
        assert_eq!(phrases.follow(1, at(10)), Some(Errand::Fetch));
        assert_eq!(phrases.follow(2, at(20)), None);
        assert_eq!(phrases.follow(0, at(100)), None);
        assert_eq!(phrases.timeout(), Some(at(700)));
        assert_eq!(phrases.follow(0, at(699)), None);
        assert_eq!(phrases.follow(0, at(700)), Some(Errand::PutAway));
        assert_eq!(phrases.timeout(), None);
    }

    #[test]
    fn a_call_between_keeps_the_phrases() {
        let mut phrases = AtHand::Until(Moment::ZERO + KEEP_FOR);
        assert_eq!(phrases.follow(1, Moment::ZERO + KEEP_FOR), None);
        assert_eq!(phrases, AtHand::Yes);
    }
}
