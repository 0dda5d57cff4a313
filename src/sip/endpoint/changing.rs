//! Our re-INVITE and UPDATE: sent, answered, repeated after a 491.

use bytes::Bytes;

use super::Endpoint;
use super::changes::{By, Change, Why};
use super::events::Event;
use super::legs::LegId;
use super::orders::NotPossible;
use super::responses::Response;
use crate::sip::transaction::{ClientKey, Use};
use crate::words::Moment;

/// How often one change goes out in another form: as a re-INVITE after a 405, or longer after a
/// 422. Past it the refusal stands.
const RESHAPED_MAX: u8 = 3;

impl Endpoint {
    /// Offers anew inside a call, by re-INVITE; `OfferTaken`, `OfferRefused` or `Lost` follows. A
    /// 491 is waited out here (RFC 3261 14.1).
    pub fn reoffer(&mut self, leg: LegId, sdp: Bytes, now: Moment) -> Result<(), NotPossible> {
        self.send_change(leg, Change::ordered(By::Invite, Some(sdp)), now)
    }

    /// Offers anew, or without `sdp` only refreshes, by UPDATE: in a call, and before its answer
    /// once the first offer is settled reliably (RFC 3311 5.1). The events are those of `reoffer`.
    pub fn update(
        &mut self,
        leg: LegId,
        sdp: Option<Bytes>,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let known = self.legs.get(leg).ok_or(NotPossible::NoSuchLeg)?;
        if !known.changes.they_take_update {
            return Err(NotPossible::NotTaken);
        }
        self.send_change(leg, Change::ordered(By::Update, sdp), now)
    }

    pub(super) fn send_change(
        &mut self,
        id: LegId,
        change: Change,
        now: Moment,
    ) -> Result<(), NotPossible> {
        if self.clients.is_full() {
            return Err(NotPossible::TooMany);
        }
        let branch = self.branch();
        let leg = self.legs.get_mut(id).ok_or(NotPossible::NoSuchLeg)?;
        leg.may_send(&change)?;
        let tag = leg.dialog().map(|dialog| dialog.remote_tag().to_owned());
        let dialog = leg.dialog_mut(&tag.unwrap_or_default());
        let dialog = dialog.ok_or(NotPossible::WrongState)?;
        let cseq = dialog.next_cseq();
        let dialog = dialog.clone();
        leg.changes.ours = Some(change.clone());
        let hop = dialog.next_hop();
        let via = self.our_via(&branch, hop.transport);
        let mut message = dialog.request(change.method(), cseq, &via);
        self.introduce(&mut message, hop.transport);
        self.ask_for_session(id, &mut message);
        let used_for = match change.by {
            By::Invite => Use::Reoffer(id),
            By::Update => Use::Update(id),
        };
        if let Some(sdp) = change.sdp {
            message.set_body("application/sdp", sdp);
        }
        self.begin(message, &branch, hop, used_for, now);
        Ok(())
    }

    /// The final response to our re-INVITE or UPDATE.
    pub(super) fn changed(&mut self, id: LegId, key: &ClientKey, response: &Response, now: Moment) {
        let of_invite = matches!(self.clients.get(key), Some(client) if client.is_invite());
        if of_invite && response.code < 300 {
            self.acknowledge_reoffer(id, key, response);
        }
        let Some(leg) = self.legs.get_mut(id) else {
            return; // hung up meanwhile
        };
        let Some(change) = leg.changes.ours.take() else {
            return; // our BYE is on its way
        };
        let confirmed = leg.talking().is_some();
        match response.code {
            ..300 => self.change_taken(id, change, response, now),
            491 => leg
                .changes
                .put_off(change, leg.begun, &mut self.entropy, now),
            // RFC 3261 12.2.1.2: the dialog is gone.
            481 if confirmed => {
                self.drop_leg(id, now);
                self.out.emit(id, Event::Lost { code: 481 });
            }
            408 if confirmed => self.gave_up(id, now),
            _ => self.change_refused(id, change, response, now),
        }
        self.arm_leg(id);
    }

    fn change_taken(&mut self, id: LegId, change: Change, response: &Response, now: Moment) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        leg.changes.learn(&response.message);
        if let Some(dialog) = leg.dialog_mut(response.to_tag()) {
            dialog.refresh(&response.message, response.from);
        }
        let told = change.why == Why::Ordered || change.sdp.is_some();
        if let Some(sdp) = change.sdp {
            leg.changes.described = sdp;
        }
        self.session_confirmed(id, &response.message, now);
        if told {
            let sdp = response.message.sdp();
            self.out.emit(id, Event::OfferTaken { sdp });
        }
    }

    fn change_refused(&mut self, id: LegId, change: Change, response: &Response, now: Moment) {
        let ordered = change.why == Why::Ordered;
        let again = match self.reshaped(id, &change, response) {
            Some(change) => self.send_change(id, change, now).is_ok(),
            None => false,
        };
        let code = response.code;
        match (again, ordered) {
            (true, _) => {}
            (false, true) => self.out.emit(id, Event::OfferRefused { code }),
            (false, false) => self.refresh_later(id, now),
        }
    }

    /// The same change in the form that the refusal asks for.
    fn reshaped(&mut self, id: LegId, change: &Change, response: &Response) -> Option<Change> {
        let leg = self.legs.get_mut(id)?;
        if change.reshaped >= RESHAPED_MAX {
            return None;
        }
        let reshaped = change.reshaped.saturating_add(1);
        match response.code {
            422 => {
                let session = leg.session.as_mut()?;
                session.lengthen(&response.message)?;
                Some(Change {
                    reshaped,
                    ..change.clone()
                })
            }
            405 | 501 if change.why == Why::Refresh && !change.is_invite() => {
                leg.changes.they_take_update = false;
                Some(Change {
                    reshaped,
                    ..leg.changes.refresh()
                })
            }
            _ => None,
        }
    }

    /// They do not answer inside the call: it ends, on the wire too (RFC 3261 12.2.1.2).
    pub(super) fn gave_up(&mut self, id: LegId, now: Moment) {
        self.send_bye(id, None, now);
        self.out.emit(id, Event::Lost { code: 408 });
    }

    /// Our re-INVITE or UPDATE met silence; before the answer of a call only the change fails.
    pub(super) fn change_unanswered(&mut self, id: LegId, now: Moment) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        if leg.changes.ours.take().is_none() {
            return; // our BYE is on its way
        }
        match leg.talking() {
            Some(_) => self.gave_up(id, now),
            None => self.out.emit(id, Event::OfferRefused { code: 408 }),
        }
    }

    /// The pause after a 491 is over.
    pub(super) fn change_again(&mut self, id: LegId, now: Moment) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        let Some(change) = leg.changes.take_again() else {
            return;
        };
        if self.send_change(id, change.clone(), now).is_ok() {
            return;
        }
        // Their own change is under way: ours waits once more.
        if let Some(leg) = self.legs.get_mut(id) {
            leg.changes
                .put_off(change, leg.begun, &mut self.entropy, now);
        }
    }
}
