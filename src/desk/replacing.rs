//! Another phone takes the place of one that talks with us (RFC 3891).

use crate::records::What;
use crate::sip::offer_answer::{self, Description};
use crate::sip::{LegId, Refusal};
use crate::words::{CallId, Moment, Party};

use super::{Desk, signalling, sound};

impl Desk {
    /// Answers the call that `sip` brings at once, on the port of the leg `place`, and hangs that
    /// one up. The call goes on, and hears nothing of it.
    pub(super) fn replace(
        &mut self,
        sip: LegId,
        place: LegId,
        offer: Option<&Description>,
        now: Moment,
    ) {
        let Some((id, party)) = self.calls.of_sip(place) else {
            return self.reject(sip, Refusal::new(481), now);
        };
        let origin = self.signalling.origin();
        let leg = self.calls.leg_mut(id, party).filter(|leg| leg.up);
        let Some(port) = leg.and_then(|leg| leg.port) else {
            // A seat that rings is not picked up by another phone.
            return self.reject(sip, Refusal::new(481), now);
        };
        let answer = offer.map(|offer| offer_answer::answer(offer, port.address, origin));
        let (ours, agreed) = match answer.transpose() {
            Ok(Some((answer, agreed))) => (answer, Some(agreed)),
            Ok(None) => (offer_answer::offer(port.address, origin), None),
            Err(problem) => return self.reject(sip, signalling::unusable(&problem), now),
        };
        if let Err(problem) = self.signalling.endpoint.answer(sip, ours, now) {
            tracing::debug!(call = %id, party = %party, %problem, "too late to replace");
            return;
        }
        self.changes_dialog(id, party, sip, now);
        if let Some(agreed) = agreed {
            self.connect(id, party, sound::spec(&agreed));
            self.hold_news(id, party, agreed.direction, now);
        }
    }

    /// The leg lives on in another dialog; the old one ends.
    fn changes_dialog(&mut self, id: CallId, party: Party, sip: LegId, now: Moment) {
        let old = self.calls.set_sip(id, party, sip);
        if let Some(old) = old
            && let Err(problem) = self.signalling.endpoint.bye(old, None, now)
        {
            tracing::debug!(call = %id, party = %party, %problem, "hang up who was replaced");
        }
        let replaced = What::Leg {
            party,
            news: "replaced".to_owned(),
            code: None,
        };
        self.note(id, replaced, now);
    }
}
