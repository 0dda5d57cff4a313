use std::collections::BTreeMap;

use bytes::Bytes;

use super::gate::Request;
use super::logins::LoginId;
use crate::sip::Hop;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{Backoff, ClientKey, GIVE_UP, ServerKey};
use crate::words::Moment;

/// The most legs at once, those that are ending included.
const LEGS_MAX: usize = 8192;
/// The most 2xx of one leg that wait for their ACK; a re-INVITE past it is answered 500.
const UNACKED_MAX: usize = 4;

/// One INVITE dialog usage, whoever began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(u64);

impl LegId {
    #[cfg(test)]
    pub(crate) fn first() -> Self {
        Self(0)
    }
}

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) call_id: String,
    /// Our tag: it names the leg, for it is ours and unguessable.
    pub(super) tag: String,
    pub(super) stage: Stage,
    /// Whose password signs its requests: only where we began it.
    pub(super) login: Option<LoginId>,
    /// A re-INVITE or UPDATE the desk has not answered yet.
    pub(super) offered: Option<Offered>,
}

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
}

#[derive(Debug)]
pub(super) struct Inviting {
    pub(super) client: ClientKey,
    pub(super) branch: String,
    pub(super) dialog: Option<Dialog>,
    pub(super) cancel: Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    /// Wanted, but no 1xx is here yet (RFC 3261 9.1).
    Wanted,
    /// Sent: the INVITE is over at `give_up` whatever they say.
    Sent {
        give_up: Moment,
    },
}

#[derive(Debug)]
pub(super) struct Talking {
    pub(super) dialog: Dialog,
    pub(super) unacked: Vec<Unacked>,
    /// Our re-INVITE under way.
    pub(super) reoffer: Option<ClientKey>,
    /// We want to hang up and wait for the ACK first (RFC 3261 15).
    pub(super) hang_up: Option<HangUp>,
}

#[derive(Clone, Debug)]
pub(super) struct HangUp {
    pub(super) reason: Option<String>,
}

#[derive(Debug)]
pub(super) struct Offered {
    pub(super) server: ServerKey,
    pub(super) request: Request,
}

/// A 2xx of ours without its ACK: repeated until then (RFC 3261 13.3.1.4).
#[derive(Debug)]
pub(super) struct Unacked {
    cseq: u32,
    pub(super) what: AckOf,
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

/// What time did to a leg.
#[derive(Debug)]
pub(super) enum LegTick {
    Send(Hop, Bytes),
    AckMissing,
    CancelUnheard,
}

impl Leg {
    pub(super) fn dialog(&self) -> Option<&Dialog> {
        match &self.stage {
            Stage::Incoming(incoming) => Some(&incoming.dialog),
            Stage::Inviting(inviting) => inviting.dialog.as_ref(),
            Stage::Talking(talking) => Some(&talking.dialog),
            Stage::Ending => None,
        }
    }

    pub(super) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.stage {
            Stage::Incoming(incoming) => Some(&mut incoming.dialog),
            Stage::Inviting(inviting) => inviting.dialog.as_mut(),
            Stage::Talking(talking) => Some(&mut talking.dialog),
            Stage::Ending => None,
        }
    }

    fn is_answered_by(&self, key: &ServerKey) -> bool {
        let offered = self.offered.as_ref().is_some_and(|it| it.server == *key);
        offered || matches!(&self.stage, Stage::Incoming(incoming) if incoming.server == *key)
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(self.stage, Stage::Ending)
    }

    /// The transaction of our INVITE while it waits.
    pub(super) fn invite_key(&self) -> Option<&ClientKey> {
        match &self.stage {
            Stage::Inviting(inviting) => Some(&inviting.client),
            Stage::Incoming(_) | Stage::Talking(_) | Stage::Ending => None,
        }
    }

    pub(super) fn talking_mut(&mut self) -> Option<&mut Talking> {
        match &mut self.stage {
            Stage::Talking(talking) => Some(talking),
            Stage::Incoming(_) | Stage::Inviting(_) | Stage::Ending => None,
        }
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        match &self.stage {
            Stage::Talking(talking) => talking.unacked.iter().map(Unacked::timeout).min(),
            Stage::Inviting(inviting) => match inviting.cancel {
                Cancel::Sent { give_up } => Some(give_up),
                Cancel::No | Cancel::Wanted => None,
            },
            Stage::Incoming(_) | Stage::Ending => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) -> Vec<LegTick> {
        match &mut self.stage {
            Stage::Talking(talking) => talking.repeat_unacked(now),
            Stage::Inviting(inviting) => match inviting.cancel {
                Cancel::Sent { give_up } if now >= give_up => vec![LegTick::CancelUnheard],
                Cancel::Sent { .. } | Cancel::No | Cancel::Wanted => Vec::new(),
            },
            Stage::Incoming(_) | Stage::Ending => Vec::new(),
        }
    }
}

impl Talking {
    pub(super) fn new(dialog: Dialog) -> Self {
        Self {
            dialog,
            unacked: Vec::new(),
            reoffer: None,
            hang_up: None,
        }
    }

    pub(super) fn may_wait_for_ack(&self) -> bool {
        self.unacked.len() < UNACKED_MAX
    }

    pub(super) fn awaits_their_answer(&self) -> bool {
        self.reoffer.is_some() || self.unacked.iter().any(|it| it.what == AckOf::OurOffer)
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
    pub(super) fn new(request: &Request, what: AckOf, response: Bytes, now: Moment) -> Self {
        Self {
            cseq: request.essentials.cseq.number,
            what,
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

/// The legs under way.
#[derive(Debug, Default)]
pub(super) struct Legs {
    next: u64,
    by_id: BTreeMap<LegId, Leg>,
    by_tag: BTreeMap<String, LegId>,
}

impl Legs {
    pub(super) fn is_full(&self) -> bool {
        self.by_id.len() >= LEGS_MAX
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn insert(&mut self, leg: Leg) -> LegId {
        let id = LegId(self.next);
        self.next = self.next.saturating_add(1);
        self.by_tag.insert(leg.tag.clone(), id);
        self.by_id.insert(id, leg);
        id
    }

    pub(super) fn get(&self, id: LegId) -> Option<&Leg> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn dialogs_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        self.by_id.values_mut().filter_map(Leg::dialog_mut)
    }

    pub(super) fn remove(&mut self, id: LegId) -> Option<Leg> {
        let leg = self.by_id.remove(&id)?;
        self.by_tag.remove(&leg.tag);
        Some(leg)
    }

    /// The leg a request inside a dialog is for: both tags and the Call-ID fit (RFC 3261 12.2.2).
    pub(super) fn of_request(&self, request: &Request) -> Option<LegId> {
        let id = *self.by_tag.get(request.essentials.to.tag()?)?;
        let leg = self.get(id)?;
        let same_remote = |dialog: &Dialog| dialog.remote_tag() == request.essentials.sender_tag();
        let fits =
            leg.call_id == request.essentials.call_id && leg.dialog().is_none_or(same_remote);
        fits.then_some(id)
    }

    /// The leg whose INVITE, or re-INVITE, this transaction answers.
    pub(super) fn of_server(&self, key: &ServerKey) -> Option<LegId> {
        let mut legs = self.by_id.iter();
        legs.find(|(_, leg)| leg.is_answered_by(key))
            .map(|(id, _)| *id)
    }

    /// Whether a leg already belongs to the caller's dialog: its INVITE came late or another way.
    pub(super) fn knows_caller(&self, request: &Request) -> bool {
        let essentials = &request.essentials;
        self.by_id.values().any(|leg| {
            leg.call_id == essentials.call_id
                && leg
                    .dialog()
                    .is_some_and(|it| it.remote_tag() == essentials.sender_tag())
        })
    }
}
