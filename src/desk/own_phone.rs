//! The transfer button of a rep's own phone (D23): its REFER, and what it is told of it.
//!
//! Only a configured target is ever called so (hardening 11).

use crate::call::{Input, Notice};
use crate::records::What;
use crate::sip::{LegId, ReferAsked};
use crate::words::{CallId, Command, Moment, Party, TransferMode};

use super::Desk;

/// What a phone hears in the end of the transfer it asked for (RFC 3515 2.4.5).
const JOINED: u16 = 200;
const NOT_JOINED: u16 = 503;
const DECLINED: u16 = 603;

impl Desk {
    /// A REFER of somebody who is in a call: the rep's is his transfer button, anybody else's is declined.
    pub(super) fn refer_asked(
        &mut self,
        (id, party): (CallId, Party),
        leg: LegId,
        asked: &ReferAsked,
        now: Moment,
    ) {
        if party != Party::Rep {
            return self.decline_refer(leg, now);
        }
        match &asked.replaces_value {
            Some(_) if self.calls.are_one_phones(id, leg, asked.replaces) => {
                self.refer_taken(id, leg, Input::Command(Command::Join), now);
            }
            Some(_) => self.decline_refer(leg, now),
            None => self.hand_over(id, leg, asked, now),
        }
    }

    /// The caller is to go on without a word of the rep's to the target.
    fn hand_over(&mut self, id: CallId, leg: LegId, asked: &ReferAsked, now: Moment) {
        let Some(target) = self.house.target_named(&asked.to) else {
            tracing::info!(call = %id, "decline a transfer to nobody we know");
            let notice = Notice::TransferToNobody.to_string();
            self.note(id, What::Told { notice }, now);
            return self.decline_refer(leg, now);
        };
        let target = target.to_owned();
        let terms = self.house.terms.targets.get(&target);
        let mode = match terms.is_some_and(|terms| terms.blind) {
            true => TransferMode::Blind,
            false => TransferMode::Announced,
        };
        let input = Input::PhoneTransfer { target, mode };
        self.refer_taken(id, leg, input, now);
    }

    /// 202 first, for all that follows is told by NOTIFY (RFC 3515 2.4.4).
    fn refer_taken(&mut self, id: CallId, leg: LegId, input: Input, now: Moment) {
        if let Err(problem) = self.signalling.endpoint.accept_refer(leg, now) {
            return tracing::debug!(call = %id, %problem, "too late to accept");
        }
        if let Some(call) = self.calls.get_mut(id) {
            call.own_phone.referred = Some(leg);
        }
        if !self.is_done(id, input, now) {
            self.tell_referrer(id, DECLINED, now);
        }
    }

    /// Lets the call do what the rep's phone asks; false where it refuses.
    pub(super) fn is_done(&mut self, id: CallId, input: Input, now: Moment) -> bool {
        self.duty.refusal = None;
        self.later(id, input);
        self.settle(now);
        self.duty.refusal.take().is_none()
    }

    /// His phone is told, and the call of his that rang for the target ends; that of his talk with it, too.
    pub(super) fn phone_transfer_over(&mut self, id: CallId, joined: bool, now: Moment) {
        let code = if joined { JOINED } else { NOT_JOINED };
        self.tell_referrer(id, code, now);
        if !joined {
            self.end_second_call(id, now);
        }
    }

    fn tell_referrer(&mut self, id: CallId, code: u16, now: Moment) {
        let call = self.calls.get_mut(id);
        if let Some(leg) = call.and_then(|call| call.own_phone.referred.take()) {
            let told = self.signalling.endpoint.refer_progress(leg, code, now);
            self.too_late(id, "tell of a transfer", told);
        }
    }

    fn decline_refer(&mut self, leg: LegId, now: Moment) {
        if let Err(problem) = self.signalling.endpoint.refuse_refer(leg, DECLINED, now) {
            tracing::debug!(%problem, "too late to decline");
        }
    }
}
