use std::fmt;
use std::time::Duration;

use crate::sip::digest::NotAnswered;
use crate::sip::wire::Message;
use crate::words::Moment;

/// How an account stands: for the API and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun, or in the start's jitter.
    Waiting,
    /// A REGISTER is under way, and no binding is known to be alive.
    Trying,
    Registered {
        until: Moment,
    },
    /// The registrar will not have us: somebody must look at the settings.
    Refused {
        code: u16,
        retry_at: Moment,
    },
    /// No target answered, or none could help.
    Unreachable {
        retry_at: Moment,
    },
    Ended,
}

/// What the shell is to do.
#[derive(Clone)]
pub enum Action {
    /// Sends a REGISTER, which lacks only its Via, to one of the resolved targets; `responded` or
    /// `unanswered` must follow.
    Send {
        /// Tells `unanswered` which request it was.
        cseq: u32,
        request: Box<Message>,
        /// Counts from 0 in the order of RFC 3263.
        target: usize,
    },
    /// The account's state has changed.
    State(State),
    Alarm(Alarm),
}

/// What an admin must hear about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The registrar refused; `why` when it asked for a password in vain.
    Refused { code: u16, why: Option<NotAnswered> },
}

impl fmt::Debug for Action {
    /// Without the message: it holds numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { cseq, target, .. } => write!(f, "Send({cseq} to target {target})"),
            Self::State(state) => state.fmt(f),
            Self::Alarm(alarm) => alarm.fmt(f),
        }
    }
}

/// Where the machine is.
#[derive(Debug)]
pub(super) enum Stage {
    /// `begin` has not been called.
    Idle,
    Waiting {
        start_at: Moment,
    },
    Trying(Attempt),
    Registered {
        until: Moment,
        refresh_at: Moment,
    },
    Refused {
        code: u16,
        retry_at: Moment,
    },
    Unreachable {
        retry_at: Moment,
    },
    Ended,
}

/// One round of REGISTERs: with credentials, with a longer expiry, to one target after another.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) purpose: Purpose,
    /// What is asked for; zero to be forgotten.
    pub(super) expires: Duration,
    /// Whether a 423 has raised it.
    pub(super) raised: bool,
    /// Targets that failed in this round.
    pub(super) failed: usize,
    /// The longest Retry-After heard in this round.
    pub(super) retry_after: Duration,
    pub(super) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Register,
    /// The binding lives until then.
    Refresh {
        until: Moment,
    },
    Deregister,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    /// `end` came while the attempt was under way (RFC 3261 10.2: one at a time).
    Leave,
}

impl Attempt {
    pub(super) fn new(purpose: Purpose, expires: Duration) -> Self {
        Self {
            purpose,
            expires,
            raised: false,
            failed: 0,
            retry_after: Duration::ZERO,
            then: Then::Stay,
        }
    }
}

impl Stage {
    pub(super) fn state(&self) -> State {
        match *self {
            Self::Idle | Self::Waiting { .. } => State::Waiting,
            Self::Trying(Attempt { purpose, .. }) => match purpose {
                Purpose::Refresh { until } => State::Registered { until },
                Purpose::Register | Purpose::Deregister => State::Trying,
            },
            Self::Registered { until, .. } => State::Registered { until },
            Self::Refused { code, retry_at } => State::Refused { code, retry_at },
            Self::Unreachable { retry_at } => State::Unreachable { retry_at },
            Self::Ended => State::Ended,
        }
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        match *self {
            Self::Waiting { start_at } => Some(start_at),
            Self::Registered { refresh_at, .. } => Some(refresh_at),
            Self::Refused { retry_at, .. } | Self::Unreachable { retry_at } => Some(retry_at),
            Self::Trying(Attempt { purpose, .. }) => match purpose {
                Purpose::Refresh { until } => Some(until),
                Purpose::Register | Purpose::Deregister => None,
            },
            Self::Idle | Self::Ended => None,
        }
    }
}
