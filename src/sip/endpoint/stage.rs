//! How far a leg is, each stage with what only it has.

use bytes::Bytes;

use super::changes::Change;
use super::early::Earlies;
use super::gate::Request;
use super::leg::LegTick;
use crate::sip::Hop;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{Backoff, ClientKey, GIVE_UP, ServerKey};
use crate::words::Moment;

/// The most 2xx of one leg that wait for their ACK; a re-INVITE past it is answered 500.
const UNACKED_MAX: usize = 4;

#[derive(Debug)]
pub(super) enum Stage {
    /// Their INVITE waits for our answer.
    Incoming(Box<Incoming>),
    /// Our INVITE waits for theirs.
    Inviting(Box<Inviting>),
    /// Answered, one way or the other.
    Talking(Box<Talking>),
    /// Our BYE is on its way.
    Ending,
}

#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) server: ServerKey,
    pub(super) request: Request,
    pub(super) dialog: Dialog,
    pub(super) exchange: Exchange,
}

/// How far the first offer and its answer are (RFC 3264 4: one exchange at a time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// The INVITE had no offer, and we made none yet.
    Unbegun,
    /// They offered; our answer is not out, or only in a response that may be lost.
    Theirs,
    /// We offered in a reliable 1xx; their answer comes with the PRACK.
    Ours,
    Settled,
}

#[derive(Debug)]
pub(super) struct Inviting {
    pub(super) client: ClientKey,
    pub(super) branch: String,
    pub(super) earlies: Earlies,
    pub(super) cancel: Cancel,
    /// How often a 422 made us ask for a longer session.
    pub(super) lengthened: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    /// Wanted, but no 1xx is here yet (RFC 3261 9.1).
    Wanted {
        reason: Option<&'static str>,
    },
    /// Sent: the INVITE is over at `give_up` whatever they say.
    Sent {
        give_up: Moment,
    },
}

#[derive(Debug)]
pub(super) struct Talking {
    pub(super) dialog: Dialog,
    pub(super) unacked: Vec<Unacked>,
    /// We want to hang up and wait for the ACK first (RFC 3261 15).
    pub(super) hang_up: Option<HangUp>,
}

#[derive(Clone, Debug)]
pub(super) struct HangUp {
    pub(super) reason: Option<String>,
}

/// A 2xx of ours without its ACK: repeated until then (RFC 3261 13.3.1.4).
#[derive(Debug)]
pub(super) struct Unacked {
    cseq: u32,
    pub(super) what: AckOf,
    /// The transaction that answered.
    pub(super) server: ServerKey,
    to: Hop,
    response: Bytes,
    repeat: Backoff,
    until: Moment,
}

/// What an ACK completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AckOf {
    Answer,
    Reoffer,
    /// As `Answer` or `Reoffer`, but the 2xx held our offer: theirs is not to cross it.
    OurOffer,
}

impl Exchange {
    /// Where it is once a description of ours is out reliably.
    pub(super) fn after_ours(self) -> Self {
        match self {
            Self::Unbegun => Self::Ours,
            Self::Theirs | Self::Ours | Self::Settled => Self::Settled,
        }
    }
}

impl Inviting {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel != Cancel::No
    }
}

impl Stage {
    pub(super) fn timeout(&self) -> Option<Moment> {
        match self {
            Self::Talking(talking) => talking.unacked.iter().map(Unacked::timeout).min(),
            Self::Inviting(inviting) => match inviting.cancel {
                Cancel::Sent { give_up } => Some(give_up),
                Cancel::No | Cancel::Wanted { .. } => None,
            },
            Self::Incoming(_) | Self::Ending => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) -> Vec<LegTick> {
        match self {
            Self::Talking(talking) => talking.repeat_unacked(now),
            Self::Inviting(inviting) => match inviting.cancel {
                Cancel::Sent { give_up } if now >= give_up => vec![LegTick::CancelUnheard],
                Cancel::Sent { .. } | Cancel::No | Cancel::Wanted { .. } => Vec::new(),
            },
            Self::Incoming(_) | Self::Ending => Vec::new(),
        }
    }
}

impl Talking {
    pub(super) fn new(dialog: Dialog) -> Self {
        Self {
            dialog,
            unacked: Vec::new(),
            hang_up: None,
        }
    }

    pub(super) fn may_wait_for_ack(&self) -> bool {
        self.unacked.len() < UNACKED_MAX
    }

    /// Whether our 2xx held an offer that no ACK has answered yet.
    pub(super) fn awaits_their_answer(&self) -> bool {
        self.unacked.iter().any(|it| it.what == AckOf::OurOffer)
    }

    /// An UPDATE without an offer crosses nothing; all else waits until the last answer is settled.
    pub(super) fn may_send(&self, change: &Change) -> bool {
        self.hang_up.is_none() && (!change.offers() || self.unacked.is_empty())
    }

    /// Takes the 2xx that an ACK with this CSeq number completes.
    pub(super) fn take_unacked(&mut self, cseq: u32) -> Option<Unacked> {
        let at = self.unacked.iter().position(|it| it.cseq == cseq)?;
        Some(self.unacked.remove(at))
    }

    fn repeat_unacked(&mut self, now: Moment) -> Vec<LegTick> {
        let mut ticks = Vec::new();
        self.unacked.retain_mut(|unacked| {
            if now >= unacked.until {
                ticks.push(LegTick::AckMissing);
                return false;
            }
            if unacked.repeat.is_due(now) {
                ticks.push(LegTick::Send(unacked.to, unacked.response.clone()));
            }
            true
        });
        ticks
    }
}

impl Unacked {
    pub(super) fn new(
        (server, request): (ServerKey, &Request),
        what: AckOf,
        response: Bytes,
        now: Moment,
    ) -> Self {
        Self {
            cseq: request.essentials.cseq.number,
            what,
            server,
            to: request.reply_to(),
            response,
            repeat: Backoff::up_to_t2(now),
            until: now + GIVE_UP,
        }
    }

    fn timeout(&self) -> Moment {
        self.repeat.next().min(self.until)
    }
}
