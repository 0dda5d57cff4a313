use bytes::Bytes;

use super::changes::{Change, Changes};
use super::logins::LoginId;
use super::orders::NotPossible;
use super::referrals::Referrals;
use super::reliable::Reliable;
use super::session_timer::SessionTimer;
use super::stage::{Cancel, Exchange, Incoming, Inviting, Stage, Talking};
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{ClientKey, ServerKey};
use crate::sip::{FlowId, Hop};
use crate::words::Moment;

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) call_id: String,
    /// Our tag: it names the leg, for it is ours and unguessable.
    pub(super) tag: String,
    pub(super) begun: Begun,
    /// Whose password signs its requests: only where we began it.
    pub(super) login: Option<LoginId>,
    /// Our requests go where its answers came from, whatever its Contact says.
    pub(super) symmetric: bool,
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
            login: None,
            symmetric: false,
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

    /// A connection ended: no dialog of the leg takes it any more.
    pub(super) fn lose(&mut self, flow: FlowId) {
        match &mut self.stage {
            Stage::Incoming(incoming) => incoming.dialog.lose(flow),
            Stage::Inviting(inviting) => {
                let earlies = inviting.earlies.iter_mut();
                earlies.for_each(|early| early.dialog.lose(flow));
            }
            Stage::Talking(talking) => talking.dialog.lose(flow),
            Stage::Ending => {}
        }
    }

    /// Whether a request from the side of this tag may be for the leg.
    pub(super) fn may_hear(&self, remote_tag: &str) -> bool {
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

    pub(super) fn is_answered_by(&self, key: &ServerKey) -> bool {
        let offered = self.changes.theirs.as_ref();
        let offered = offered.is_some_and(|it| it.server == *key);
        offered || matches!(&self.stage, Stage::Incoming(incoming) if incoming.server == *key)
    }

    /// Whether the desk has hung up, though our BYE may still wait for their ACK.
    pub(super) fn is_hung_up(&self) -> bool {
        match &self.stage {
            Stage::Talking(talking) => talking.hang_up.is_some(),
            Stage::Ending => true,
            Stage::Incoming(_) | Stage::Inviting(_) => false,
        }
    }

    /// Whether a CANCEL waits for their first 1xx, or a BYE for their ACK.
    pub(super) fn owes_words(&self) -> bool {
        match &self.stage {
            Stage::Inviting(inviting) => matches!(inviting.cancel, Cancel::Wanted { .. }),
            Stage::Talking(talking) => talking.hang_up.is_some(),
            Stage::Incoming(_) | Stage::Ending => false,
        }
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
                    let settled = inviting
                        .earlies
                        .last()
                        .is_some_and(|early| early.answer.is_some());
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
