//! Who calls: an INVITE becomes a call, joins one, or is refused at once.

use crate::call::{Arrival, Beginning, Behind};
use crate::dialling::Identity;
use crate::journal::Began;
use crate::records::What;
use crate::sip::offer_answer::{self, Description, Shield, SrtpPolicy, Unusable};
use crate::sip::{Invited, LegId, Refusal};
use crate::words::{Moment, Party};

use super::calls::{CALLS_MAX, DeskCall, Facts, Leg};
use super::draining::Stage;
use super::journals::Cast;
use super::lines::Line;
use super::second_call::CallingRep;
use super::{Desk, clock, signalling, sound};

/// What an INVITE offers, weighed by our share in SRTP; nothing where we are to offer.
pub(super) struct Offer {
    pub(super) theirs: Option<Description>,
    pub(super) shield: Shield,
}

impl Desk {
    /// A caller. What we cannot serve is refused at once, so that whoever sent him can go on (D9).
    pub(super) fn invited_by(&mut self, leg: LegId, invited: Invited, now: Moment) {
        let offer = match invited.offer.as_deref().map(offer_answer::read).transpose() {
            Ok(offer) => offer,
            Err(problem) => {
                tracing::info!(%problem, "refuse an offer");
                return self.reject(leg, Refusal::new(488), now);
            }
        };
        let called = invited.called.user();
        let line = self
            .signalling
            .line_of(invited.source, called.as_deref(), now);
        let Some(line) = line else {
            // Its connection ended under it, and with it the proof whose it was.
            return self.reject(leg, Refusal::new(403), now);
        };
        let begins = invited.replaces.is_none() && !line.outside;
        let rep = self.calling_rep(&invited, now).filter(|_| begins);
        let srtp = self.srtp_beside(&invited, rep.as_ref());
        let srtp = srtp.unwrap_or(line.srtp);
        let shield = self.signalling.shield(srtp);
        let offer = Offer {
            theirs: offer.map(|offer| shield.weigh_offer(offer)),
            shield,
        };
        if rep.as_ref().is_some_and(|rep| rep.consults.is_none()) {
            return self.decline_rep(leg, now);
        }
        if let Some(Err(refusal)) = offer
            .theirs
            .as_ref()
            .map(|it| self.check_offer(it, (&invited, &line), now))
        {
            return self.reject(leg, refusal, now);
        }
        if let Some(consults) = rep.and_then(|rep| rep.consults) {
            return self.dial_second(consults, leg, offer, (&invited, &line), now);
        }
        if let Some(old) = invited.replaces {
            return self.replace(old, leg, offer, (&invited, &line), now);
        }
        if let Some(code) = self.no_room(line.behind) {
            return self.reject(leg, Refusal::new(code), now);
        }
        self.begin_inbound(leg, offer, (&invited, &line), now);
    }

    /// Who takes a leg's place, and a rep's second call, is protected as the first was: a phone of its own setting,
    /// whichever line it calls by.
    fn srtp_beside(&self, invited: &Invited, rep: Option<&CallingRep>) -> Option<SrtpPolicy> {
        let consults = rep.and_then(|rep| rep.consults.as_ref());
        let (id, party) = match (invited.replaces, consults) {
            (Some(replaced), _) => self.calls.of_sip(replaced)?,
            (None, consults) => (consults?.call, Party::Rep),
        };
        Some(self.calls.leg(id, party)?.shield.policy())
    }

    /// Whether we can take part in it, and its sound leads to the caller.
    fn check_offer(
        &mut self,
        offer: &Description,
        (invited, line): (&Invited, &Line),
        now: Moment,
    ) -> Result<(), Refusal> {
        let source = invited.source.address.ip();
        let agreed = offer_answer::settle(offer, &self.house.codecs);
        let agreed = agreed.map_err(|why| self.offer_unusable(&why, now))?;
        let agreed = sound::seen_at(agreed, line.seen_at(source));
        if self.may_send_to(&agreed, self.whence(source)) {
            return Ok(());
        }
        tracing::info!(remote = %agreed.remote, "refuse an offer that leads to us or nowhere");
        Err(Refusal::new(488))
    }

    /// Told as an event: the settings of one side must change before such a caller is served.
    fn offer_unusable(&mut self, why: &Unusable, now: Moment) -> Refusal {
        tracing::warn!(%why, "refuse an offer");
        let what = What::OfferRefused {
            why: why.as_str().to_owned(),
            offered: why.offered().to_vec(),
        };
        self.note_desk(what, now);
        signalling::unusable(why)
    }

    pub(super) fn reject(&mut self, leg: LegId, refusal: Refusal, now: Moment) {
        self.chronicle.metrics.call_refused(refusal.code);
        if let Err(problem) = self.signalling.endpoint.reject(leg, &refusal, now) {
            tracing::debug!(%problem, "too late to refuse");
        }
    }

    /// Behind a queue nobody is kept who cannot be served now: 480 not ready, 486 busy.
    fn no_room(&self, behind: Behind) -> Option<u16> {
        match () {
            () if self.duty.stage != Stage::Working => Some(480),
            () if self.calls.len() >= self.house.calls_max.min(CALLS_MAX) => Some(486),
            () if behind == Behind::Queue && !self.seating.is_staffed() => Some(480),
            () if behind == Behind::Queue && !self.seating.has_free() => Some(486),
            () => None,
        }
    }

    fn begin_inbound(
        &mut self,
        sip: LegId,
        Offer { theirs, shield }: Offer,
        (invited, line): (&Invited, &Line),
        now: Moment,
    ) {
        let identity = Identity::of(invited, line.trust());
        let id = self.new_call_id();
        let beginning = Beginning {
            id,
            number: identity.caller.clone(),
            language: self.house.language,
            records: line.records,
        };
        let arrival = arrival(invited, line);
        let Cast {
            call,
            actions,
            journal,
        } = self.cast(beginning, Began::Incoming(arrival), now);
        let mut facts = Facts::new(true, invited.call_id.clone(), clock::utc());
        facts.caller_is = self.whence(invited.source.address.ip());
        facts.identity = Some(identity);
        facts.skill.clone_from(&line.skill);
        self.calls.add(DeskCall::new(call, journal, facts));
        let mut leg = Leg::new(self.signalling.origin(), shield);
        (leg.sip, leg.offer) = (Some(sip), theirs);
        leg.seen_at = line.seen_at(invited.source.address.ip());
        self.calls.set_leg(id, Party::Caller, leg);
        self.note(id, What::Begun { inbound: true }, now);
        self.begun(id, actions, now);
    }
}

/// On whose word we answer before the policy would (RFC 5373 6: only where it is allowed).
fn arrival(invited: &Invited, line: &Line) -> Arrival {
    let answer_after = invited.auto_answer.filter(|_| line.auto_answer);
    if invited.auto_answer.is_some() && answer_after.is_none() {
        tracing::info!(line = line.name, "a caller may not make us answer");
    }
    Arrival {
        behind: line.behind,
        answer_after,
    }
}
