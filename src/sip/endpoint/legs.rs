use std::collections::BTreeMap;

use bytes::Bytes;

use super::changes::{Change, Changes};
use super::early::Earlies;
use super::gate::Request;
use super::orders::NotPossible;
use super::referrals::Referrals;
use super::reliable::Reliable;
use super::session_timer::SessionTimer;
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
    pub(super) begun: Begun,
    pub(super) stage: Stage,
    pub(super) changes: Changes,
    pub(super) session: Option<SessionTimer>,
    /// Our provisional responses that need a PRACK.
    pub(super) reliable: Reliable,
    pub(super) referrals: Referrals,
}

/// Who sent the INVITE, and so made the Call-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    ByUs,
    ByThem,
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
    PrackMissing,
    ChangeAgain,
    Refresh,
    Expiring(Moment),
    Expired,
    ReferUnheard,
}

impl Leg {
    pub(super) fn new(call_id: String, tag: String, begun: Begun, stage: Stage) -> Self {
        Self {
            call_id,
            tag,
            begun,
            stage,
            changes: Changes::default(),
            session: None,
            reliable: Reliable::default(),
            referrals: Referrals::default(),
        }
    }

    /// The dialog; of the forks of our INVITE the one heard last.
    pub(super) fn dialog(&self) -> Option<&Dialog> {
        match &self.stage {
            Stage::Incoming(incoming) => Some(&incoming.dialog),
            Stage::Inviting(inviting) => inviting.earlies.last().map(|early| &early.dialog),
            Stage::Talking(talking) => Some(&talking.dialog),
            Stage::Ending => None,
        }
    }

    /// The dialog with the side of this tag.
    pub(super) fn dialog_mut(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        match &mut self.stage {
            Stage::Incoming(incoming) => Some(&mut incoming.dialog),
            Stage::Inviting(inviting) => {
                let early = inviting.earlies.get_mut(remote_tag);
                early.map(|early| &mut early.dialog)
            }
            Stage::Talking(talking) => Some(&mut talking.dialog),
            Stage::Ending => None,
        }
    }

    /// Whether a request from the side of this tag may be for the leg.
    fn may_hear(&self, remote_tag: &str) -> bool {
        match &self.stage {
            Stage::Inviting(inviting) => inviting.earlies.may_know(remote_tag),
            Stage::Incoming(_) | Stage::Talking(_) | Stage::Ending => self
                .dialog()
                .is_none_or(|dialog| dialog.remote_tag() == remote_tag),
        }
    }

    /// Whether one of its dialogs is with the side of this tag.
    pub(super) fn is_with(&self, remote_tag: &str) -> bool {
        self.dialog().is_some() && self.may_hear(remote_tag)
    }

    fn is_answered_by(&self, key: &ServerKey) -> bool {
        let offered = self.changes.theirs.as_ref();
        let offered = offered.is_some_and(|it| it.server == *key);
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

    pub(super) fn incoming_mut(&mut self) -> Option<&mut Incoming> {
        match &mut self.stage {
            Stage::Incoming(incoming) => Some(incoming),
            Stage::Inviting(_) | Stage::Talking(_) | Stage::Ending => None,
        }
    }

    pub(super) fn is_inviting(&self) -> bool {
        matches!(self.stage, Stage::Inviting(_))
    }

    pub(super) fn inviting_mut(&mut self) -> Option<&mut Inviting> {
        match &mut self.stage {
            Stage::Inviting(inviting) => Some(inviting),
            Stage::Incoming(_) | Stage::Talking(_) | Stage::Ending => None,
        }
    }

    pub(super) fn talking(&self) -> Option<&Talking> {
        match &self.stage {
            Stage::Talking(talking) => Some(talking),
            Stage::Incoming(_) | Stage::Inviting(_) | Stage::Ending => None,
        }
    }

    pub(super) fn talking_mut(&mut self) -> Option<&mut Talking> {
        match &mut self.stage {
            Stage::Talking(talking) => Some(talking),
            Stage::Incoming(_) | Stage::Inviting(_) | Stage::Ending => None,
        }
    }

    /// Whether we may send `change` at this point.
    pub(super) fn may_send(&self, change: &Change) -> Result<(), NotPossible> {
        let free = self.changes.is_free(change)
            && match &self.stage {
                Stage::Talking(talking) => talking.may_send(change),
                Stage::Incoming(incoming) => {
                    let settled = incoming.exchange == Exchange::Settled;
                    settled && !self.reliable.is_waiting() && !change.is_invite()
                }
                Stage::Inviting(inviting) => {
                    let settled = inviting.earlies.last().is_some_and(|early| early.settled);
                    settled && !change.is_invite()
                }
                Stage::Ending => false,
            };
        free.then_some(()).ok_or(NotPossible::WrongState)
    }

    /// The leg is ending: nothing of it may happen any more but its BYE.
    pub(super) fn silence(&mut self) {
        self.changes = Changes::default();
        self.session = None;
        self.reliable = Reliable::default();
        self.referrals = Referrals::default();
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        let timeouts = [
            self.stage.timeout(),
            self.changes.timeout(),
            self.session.as_ref().and_then(SessionTimer::timeout),
            self.reliable.timeout(),
            self.referrals.timeout(),
        ];
        timeouts.into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) -> Vec<LegTick> {
        let mut ticks = self.stage.handle_timeout(now);
        ticks.extend(self.reliable.handle_timeout(now));
        ticks.extend(self.changes.is_due(now).then_some(LegTick::ChangeAgain));
        let session = self.session.as_mut();
        ticks.extend(session.and_then(|session| session.handle_timeout(now)));
        ticks.extend(self.referrals.is_due(now).then_some(LegTick::ReferUnheard));
        ticks
    }
}

impl Inviting {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel != Cancel::No
    }
}

impl Stage {
    fn timeout(&self) -> Option<Moment> {
        match self {
            Self::Talking(talking) => talking.unacked.iter().map(Unacked::timeout).min(),
            Self::Inviting(inviting) => match inviting.cancel {
                Cancel::Sent { give_up } => Some(give_up),
                Cancel::No | Cancel::Wanted => None,
            },
            Self::Incoming(_) | Self::Ending => None,
        }
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<LegTick> {
        match self {
            Self::Talking(talking) => talking.repeat_unacked(now),
            Self::Inviting(inviting) => match inviting.cancel {
                Cancel::Sent { give_up } if now >= give_up => vec![LegTick::CancelUnheard],
                Cancel::Sent { .. } | Cancel::No | Cancel::Wanted => Vec::new(),
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
    fn may_send(&self, change: &Change) -> bool {
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

    pub(super) fn remove(&mut self, id: LegId) -> Option<Leg> {
        let leg = self.by_id.remove(&id)?;
        self.by_tag.remove(&leg.tag);
        Some(leg)
    }

    /// The leg a request inside a dialog is for: both tags and the Call-ID fit (RFC 3261 12.2.2).
    pub(super) fn of_request(&self, request: &Request) -> Option<LegId> {
        let id = *self.by_tag.get(request.essentials.to.tag()?)?;
        let leg = self.get(id)?;
        let essentials = &request.essentials;
        let fits = leg.call_id == essentials.call_id && leg.may_hear(essentials.sender_tag());
        fits.then_some(id)
    }

    /// The leg with these names of its dialog, ours and theirs.
    pub(super) fn of_dialog(&self, call_id: &str, ours: &str, theirs: &str) -> Option<LegId> {
        let id = *self.by_tag.get(ours)?;
        let leg = self.get(id)?;
        (leg.call_id == call_id && leg.may_hear(theirs)).then_some(id)
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
        let mut legs = self.by_id.values();
        legs.any(|leg| leg.call_id == essentials.call_id && leg.is_with(essentials.sender_tag()))
    }
}
