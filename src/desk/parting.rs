//! Attempts that are over while the customer's telephone may still ring, or is up: with a machine, or with nobody.
//!
//! Our CANCEL waits for their first word (RFC 3261 9.1), and the INVITE is sent again until then, for 32 s. The book hears of
//! the end once the line is free: nobody dials that number before (I2).

use std::collections::BTreeMap;

use crate::callbacks;
use crate::sip::LegId;
use crate::words::{CallId, Moment, Party};

use super::Desk;

/// What the queue is to hear once the leg is gone; the endpoint has no more legs than it can hold.
#[derive(Debug, Default)]
pub(super) struct Parting(BTreeMap<LegId, callbacks::Input>);

impl Desk {
    /// Of this call's attempt, that was not joined.
    pub(super) fn attempt_over(&mut self, id: CallId, over: callbacks::Input, now: Moment) {
        let leg = self.calls.leg(id, Party::Caller);
        match leg.and_then(|leg| leg.sip) {
            Some(leg) => drop(self.promises.parting.0.insert(leg, over)),
            None => self.tell_queue(over, now),
        }
    }

    pub(super) fn tell_of_free_lines(&mut self, now: Moment) {
        let endpoint = &self.signalling.endpoint;
        let is_gone = |leg: &LegId, _: &mut _| endpoint.call_id(*leg).is_none();
        let free = self.promises.parting.0.extract_if(.., is_gone);
        for over in free.map(|(_, over)| over).collect::<Vec<_>>() {
            self.tell_queue(over, now);
        }
    }

    /// We leave: nobody will hear of them later.
    pub(super) fn tell_of_all_lines(&mut self, now: Moment) {
        for over in std::mem::take(&mut self.promises.parting.0).into_values() {
            self.tell_queue(over, now);
        }
    }
}
