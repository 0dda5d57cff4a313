//! REGISTER from the reps' own phones (RFC 3261 10.3): the registrar judges, the endpoint answers.

use std::collections::{BTreeSet, VecDeque};

use super::Endpoint;
use super::gate::{Rejection, Request};
use super::requests::RETRY_AFTER_S;
use crate::sip::registrar::{Binding, Judgements, Outcome, Registrar};
use crate::sip::transaction::{ServerKey, Use, Wake};
use crate::sip::wire::write;
use crate::sip::{FlowId, Hop};
use crate::words::{Moment, SeatId};

/// The seats whose phones have come, moved or gone, waiting to be polled.
#[derive(Debug, Default)]
pub(super) struct Registered {
    registrar: Option<Registrar>,
    /// Each seat once.
    changed: VecDeque<SeatId>,
}

impl Registered {
    fn changed(&mut self, seats: impl IntoIterator<Item = SeatId>) {
        for seat in seats {
            if !self.changed.contains(&seat) {
                self.changed.push_back(seat);
            }
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.registrar.is_some()
    }
}

impl Endpoint {
    /// Takes REGISTER from here on; without a registrar it is answered 405.
    pub fn open_registrar(&mut self, registrar: Registrar) {
        self.registered.registrar = Some(registrar);
    }

    /// A seat whose phone has come, moved or gone; `phone_of` says which.
    pub fn poll_registered(&mut self) -> Option<SeatId> {
        self.registered.changed.pop_front()
    }

    /// Where the seat's phone is; none while it is not registered.
    pub fn phone_of(&self, seat: &SeatId, now: Moment) -> Option<&Binding> {
        self.registered.registrar.as_ref()?.locate(seat, now)
    }

    /// Whose registered phone sends from there.
    pub fn seat_behind(&self, hop: Hop, now: Moment) -> Option<&SeatId> {
        self.registered.registrar.as_ref()?.behind(hop, now)
    }

    /// The connections that registered phones are called over.
    pub fn phone_flows(&self, now: Moment) -> BTreeSet<FlowId> {
        let registrar = self.registered.registrar.as_ref();
        registrar.map_or_else(BTreeSet::new, |registrar| registrar.flows(now))
    }

    /// What the registrar has judged; none where there is no registrar.
    pub fn judgements(&self) -> Option<&Judgements> {
        self.registered
            .registrar
            .as_ref()
            .map(Registrar::judgements)
    }

    /// The phones behind a connection that is gone are gone, too.
    pub(super) fn lose_phones(&mut self, flow: FlowId) {
        if let Some(registrar) = &mut self.registered.registrar {
            let gone = registrar.flow_closed(flow);
            self.registered.changed(gone);
            self.arm_registrar();
        }
    }

    /// Nobody is there: the phones behind `hop` are gone until they register again.
    pub fn phone_gone(&mut self, hop: Hop) {
        if let Some(registrar) = &mut self.registered.registrar {
            let gone = registrar.silent(hop);
            self.registered.changed(gone);
            self.arm_registrar();
        }
    }

    /// A phone that has let a whole INVITE pass without a word need not do so to its seat's next call.
    pub(super) fn lose_silent_phone(&mut self, hop: Hop, used_for: Use) {
        if let Use::Invite(_) = used_for {
            self.phone_gone(hop);
        }
    }

    /// What was done is answered the same again; a refusal leaves nothing behind (RFC 3261 8.2.7).
    pub(super) fn register(
        &mut self,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        if self.servers.is_full() {
            return Err(Rejection::with(503, "Retry-After", RETRY_AFTER_S));
        }
        let Some(registrar) = &mut self.registered.registrar else {
            return Err(Rejection::new(405));
        };
        let Outcome {
            code,
            reason,
            headers,
            changed,
        } = registrar.register(&request.message, request.from, now);
        let tag = self.stateless_tag(&request.message);
        let mut response = request.reply(code, reason, &tag);
        for (name, value) in &headers {
            response.push(name, value.reveal().as_str());
        }
        self.sign(&mut response);
        self.registered.changed(changed);
        self.arm_registrar();
        if code < 300 {
            self.remember(request, &key, now);
            self.respond(&key, response, now);
        } else {
            self.out.refused(code);
            self.out.send(request.reply_to(), write(&response));
        }
        Ok(())
    }

    pub(super) fn registrar_due(&mut self, now: Moment) {
        if let Some(registrar) = &mut self.registered.registrar {
            let gone = registrar.handle_timeout(now);
            self.registered.changed(gone);
        }
        self.arm_registrar();
    }

    fn arm_registrar(&mut self) {
        let registrar = self.registered.registrar.as_ref();
        let at = registrar.and_then(Registrar::timeout);
        self.alarms.set(Wake::Registrar, at);
    }
}
