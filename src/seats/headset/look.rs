use std::time::Duration;

use crate::words::Moment;

/// A device that says nothing at all for so long gives digital zero: microphones rustle.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// A device that did not work is looked at again after so long: its switch may have been moved.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// A look at a headset that no call uses: whether it flows, and its microphone lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// None is needed: it was found to work.
    Done,
    /// Its devices are open since then.
    Since(Moment),
    /// It did not work, and is looked at again then.
    Again(Moment),
}

impl Look {
    pub(super) fn begins(now: Moment) -> Self {
        Self::Since(now)
    }

    pub(super) fn fails(now: Moment) -> Self {
        Self::Again(now + AGAIN_AFTER)
    }

    /// Whether it has said nothing for too long.
    pub(super) fn is_dead(self, now: Moment) -> bool {
        matches!(self, Self::Since(since) if now.since(since) >= DEAD_AFTER)
    }

    pub(super) fn is_due(self, now: Moment) -> bool {
        matches!(self, Self::Again(at) if at <= now)
    }

    pub(super) fn timeout(self) -> Option<Moment> {
        match self {
            Self::Done => None,
            Self::Since(since) => Some(since + DEAD_AFTER),
            Self::Again(at) => Some(at),
        }
    }
}
