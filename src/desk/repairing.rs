//! A hurt leg is offered anew (R26): the call says when and by which means, and hears what came of it.

use std::fmt;
use std::io;

use bytes::Bytes;

use crate::call::{Input, RepairNews};
use crate::policy::Means;
use crate::records::What;
use crate::sip::NotPossible;
use crate::sip::offer_answer::{self, Negotiated};
use crate::words::{CallId, Moment, Party};

use super::Desk;
use super::sound::{self, Port};

/// An offer of ours inside the call, until it is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repair {
    by: Means,
    /// The ports it names, where they are fresh: both pairs are heard until the answer.
    fresh: Option<Port>,
}

/// Why there is no new offer.
#[derive(Debug)]
enum NotOffered {
    NoLeg,
    /// The last one is not answered yet.
    UnderWay,
    NoPort(io::Error),
    Sip(NotPossible),
}

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeg => f.write_str("there is no SIP leg with sound"),
            Self::UnderWay => f.write_str("the last offer is not answered yet"),
            Self::NoPort(error) => write!(f, "open an RTP port: {error}"),
            Self::Sip(problem) => write!(f, "{problem}"),
        }
    }
}

impl Desk {
    /// Offers the leg anew; `Input::Repair` follows in any case.
    pub(super) fn repair(&mut self, id: CallId, party: Party, by: Means, now: Moment) {
        self.note_repair(id, party, by, "begun", now);
        if let Err(problem) = self.offer_anew(id, party, by, now) {
            tracing::info!(call = %id, party = %party, by = by.as_str(), %problem, "mend a leg");
            self.repair_refused(id, party, by, now);
        }
    }

    pub(super) fn note_repair(
        &mut self,
        id: CallId,
        party: Party,
        by: Means,
        news: &str,
        now: Moment,
    ) {
        let news = news.to_owned();
        let by = by.as_str().to_owned();
        self.note(id, What::Repair { party, by, news }, now);
    }

    fn offer_anew(
        &mut self,
        id: CallId,
        party: Party,
        by: Means,
        now: Moment,
    ) -> Result<(), NotOffered> {
        let leg = self.calls.leg_mut(id, party).ok_or(NotOffered::NoLeg)?;
        let (Some(sip), Some(port)) = (leg.sip, leg.port) else {
            return Err(NotOffered::NoLeg);
        };
        if leg.repair.is_some() {
            return Err(NotOffered::UnderWay);
        }
        leg.origin.version += 1;
        let (origin, payload_type) = (leg.origin, leg.payload_type);
        let codecs = leg.codecs(&self.house.codecs);
        let (offer, fresh) = match by {
            Means::FreshPorts => {
                let fresh = self.sound.open_beside(port).map_err(NotOffered::NoPort)?;
                self.signalling.new_keys(&mut leg.shield);
                let offer = offer_answer::offer(fresh.told, origin, &codecs);
                (offer, Some(fresh))
            }
            Means::OtherCodec => {
                let offer = offer_answer::offer_without(port.told, origin, payload_type);
                (offer, None)
            }
        };
        let offer = leg.shield.offer(offer);
        if let Err(problem) = self.signalling.endpoint.reoffer(sip, offer, now) {
            self.give_back(fresh);
            return Err(NotOffered::Sip(problem));
        }
        if let Some(leg) = self.calls.leg_mut(id, party) {
            leg.repair = Some(Repair { by, fresh });
        }
        Ok(())
    }

    /// Their answer: from here on the fresh ports are the only ones.
    pub(super) fn offer_taken(
        &mut self,
        id: CallId,
        party: Party,
        answer: Option<Bytes>,
        now: Moment,
    ) {
        let Some(repair) = self.take_repair(id, party) else {
            return; // their session was refreshed: what is agreed stays so
        };
        let agreed = answer.and_then(|answer| self.usable(id, party, &answer));
        let Some(agreed) = agreed else {
            self.give_back(repair.fresh);
            return self.repair_refused(id, party, repair.by, now);
        };
        if let Some(fresh) = repair.fresh {
            self.sound.move_port(fresh.key);
            self.calls.move_port(id, party, fresh);
        }
        self.connect(id, party, sound::spec(&agreed));
        self.hold_news(id, party, agreed.direction, now);
        self.note_repair(id, party, repair.by, "taken", now);
        self.later(id, Input::Repair(party, RepairNews::Taken));
    }

    /// 488, 491 once too often, a timeout: the leg lives on as it was.
    pub(super) fn offer_refused(&mut self, id: CallId, party: Party, code: u16, now: Moment) {
        if let Some(repair) = self.take_repair(id, party) {
            tracing::info!(call = %id, party = %party, code, "a new offer is refused");
            self.give_back(repair.fresh);
            self.repair_refused(id, party, repair.by, now);
        }
    }

    fn repair_refused(&mut self, id: CallId, party: Party, by: Means, now: Moment) {
        self.note_repair(id, party, by, "refused", now);
        self.later(id, Input::Repair(party, RepairNews::Refused));
    }

    fn take_repair(&mut self, id: CallId, party: Party) -> Option<Repair> {
        self.calls.leg_mut(id, party)?.repair.take()
    }

    fn give_back(&self, fresh: Option<Port>) {
        if let Some(port) = fresh {
            self.sound.close_beside(port.key);
        }
    }

    fn usable(&mut self, id: CallId, party: Party, answer: &[u8]) -> Option<Negotiated> {
        let answer = offer_answer::read(answer).ok()?;
        let codecs = &self.house.codecs;
        let shield = &self.calls.leg_mut(id, party)?.shield;
        let answer = shield.weigh_answer(answer);
        let agreed = offer_answer::settle(&answer, codecs).ok()?;
        let agreed = self.seen(id, party, agreed);
        let they_are = self.whence_of(id, party);
        self.may_send_to(&agreed, they_are).then_some(agreed)
    }
}
